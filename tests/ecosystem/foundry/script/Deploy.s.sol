// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Locker} from "../src/Locker.sol";
import {vm} from "../src/Vm.sol";

/// Deploys two lockers and stores a number in each.
contract Deploy {
    function run(address owner) external returns (Locker first, Locker second) {
        vm.startBroadcast(vm.envUint("DEPLOYER_KEY"));
        first = new Locker(owner, 1);
        first.store(7);
        second = new Locker(owner, 2);
        second.store{value: 1 ether}(8);
        vm.stopBroadcast();
    }
}
