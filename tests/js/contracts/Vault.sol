// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Holds any ERC-20 for its depositors: what an ordinary dApp does with a token, by OpenZeppelin's `SafeERC20`.
contract Vault {
    using SafeERC20 for IERC20;

    mapping(IERC20 token => mapping(address account => uint256)) public deposits;

    function deposit(IERC20 token, uint256 value) external {
        deposits[token][msg.sender] += value;
        token.safeTransferFrom(msg.sender, address(this), value);
    }

    function withdraw(IERC20 token, uint256 value) external {
        deposits[token][msg.sender] -= value;
        token.safeTransfer(msg.sender, value);
    }
}
