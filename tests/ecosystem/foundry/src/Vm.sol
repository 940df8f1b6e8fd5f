// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// The cheat codes of Foundry that this project uses.
interface Vm {
    function deal(address account, uint256 balance) external;
    function envAddress(string calldata name) external view returns (address);
    function envUint(string calldata name) external view returns (uint256);
    function expectRevert(bytes4 error) external;
    function expectRevert(bytes calldata error) external;
    function prank(address sender) external;
    function startBroadcast(uint256 key) external;
    function stopBroadcast() external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
