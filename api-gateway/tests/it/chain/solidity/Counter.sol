// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Counts, tells of it, and refuses: what the REST API for contracts is tried on.
contract Counter {
    struct Step {
        uint8 by;
        string why;
    }

    event Counted(address indexed who, uint256 value, Step step);

    error TooFar(uint256 value, uint256 limit);

    uint256 public value;
    uint256 public immutable limit;
    mapping(address => int64) public balances;

    constructor(uint256 limit_) {
        limit = limit_;
    }

    function count(Step[] calldata steps) external {
        for (uint256 i = 0; i < steps.length; i++) {
            value += steps[i].by;
            if (value > limit) revert TooFar(value, limit);
            balances[msg.sender] -= int64(uint64(steps[i].by));
            emit Counted(msg.sender, value, steps[i]);
        }
    }

    function check(uint256 more) external view returns (uint256 sum, bool fits) {
        sum = value + more;
        if (sum > 2 * limit) revert TooFar(sum, limit);
        fits = sum <= limit;
    }

    function echo(uint256 given) external pure returns (uint256) {
        return given;
    }

    function echo(bytes32[2] calldata given) external pure returns (bytes32[2] memory) {
        return given;
    }
}
