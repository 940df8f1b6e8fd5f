// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// Behind a transparent proxy or a beacon.
contract Box is OwnableUpgradeable {
    uint256 public value;

    function initialize(address owner, uint256 value_) external initializer {
        __Ownable_init(owner);
        value = value_;
    }
}

// Those below inherit `initialize`; OpenZeppelin's check wants to see one in each contract.

/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract BoxV2 is Box {
    string public label;

    function relabel(string calldata label_) external onlyOwner {
        label = label_;
    }
}

/// Behind a UUPS proxy: it carries the upgrade itself.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract SelfBox is Box, UUPSUpgradeable {
    function _authorizeUpgrade(address) internal override onlyOwner {}
}

/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract SelfBoxV2 is BoxV2, UUPSUpgradeable {
    function _authorizeUpgrade(address) internal override onlyOwner {}
}
