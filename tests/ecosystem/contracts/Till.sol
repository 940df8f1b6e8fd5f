// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Takes payments, and fails in each way that Solidity knows.
contract Till {
    event Paid(address indexed payer, uint256 amount, string memo);

    error TooLittle(uint256 sent, uint256 wanted);

    uint256 public immutable price;
    mapping(address => uint256) public paid;
    uint256[] private shelf;

    constructor(uint256 price_) {
        price = price_;
    }

    function pay(string calldata memo) external payable {
        if (msg.value < price) revert TooLittle(msg.value, price);
        paid[msg.sender] += msg.value;
        emit Paid(msg.sender, msg.value, memo);
    }

    function refuse() external pure {
        revert("closed on Sundays");
    }

    function share(uint256 people) external view returns (uint256) {
        return address(this).balance / people;
    }

    function item(uint256 index) external view returns (uint256) {
        return shelf[index];
    }
}
