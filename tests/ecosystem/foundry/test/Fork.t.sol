// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Locker} from "../src/Locker.sol";
import {vm} from "../src/Vm.sol";

/// Runs on a fork of the chain: the locker was deployed there.
contract ForkTest {
    Locker private locker;

    function setUp() public {
        locker = Locker(vm.envAddress("LOCKER"));
    }

    function test_readsTheForkedState() public view {
        require(block.chainid == vm.envUint("CHAIN_ID"), "chain id");
        require(block.number >= vm.envUint("BLOCK_NUMBER"), "block number");
        require(locker.value() == 7, "value");
        require(locker.owner().balance > 0, "balance");
    }

    function test_changesOnlyTheFork() public {
        address owner = locker.owner();
        vm.deal(owner, 3 ether);
        vm.prank(owner);
        locker.store{value: 2 ether}(9);
        require(locker.value() == 9 && owner.balance == 1 ether, "stored");
    }

    function test_othersMayNot() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        locker.store(9);
        vm.prank(locker.owner());
        vm.expectRevert(Locker.Locked.selector);
        locker.store(0);
    }
}
