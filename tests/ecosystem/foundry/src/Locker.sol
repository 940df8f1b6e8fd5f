// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// Keeps a number and coins for its owner.
contract Locker is Ownable {
    event Stored(address indexed by, uint256 value);

    error Locked();

    uint256 public value;

    constructor(address owner, uint256 value_) Ownable(owner) {
        value = value_;
    }

    function store(uint256 value_) external payable onlyOwner {
        if (value_ == 0) revert Locked();
        value = value_;
        emit Stored(msg.sender, value_);
    }
}
