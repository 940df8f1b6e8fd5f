// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// Checks signatures on chain: typed data (EIP-712), messages (EIP-191), and as a contract account (EIP-1271).
contract Clerk is EIP712, IERC1271 {
    bytes32 private constant ORDER = keccak256("Order(address buyer,uint256 amount,string item)");

    address public immutable owner;

    constructor(address owner_) EIP712("Clerk", "1") {
        owner = owner_;
    }

    function buyerOf(address buyer, uint256 amount, string calldata item, bytes calldata signature)
        external
        view
        returns (address)
    {
        bytes32 order = keccak256(abi.encode(ORDER, buyer, amount, keccak256(bytes(item))));
        return ECDSA.recover(_hashTypedDataV4(order), signature);
    }

    function writerOf(bytes calldata message, bytes calldata signature) external pure returns (address) {
        return ECDSA.recover(MessageHashUtils.toEthSignedMessageHash(message), signature);
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecover(hash, signature);
        bool valid = error == ECDSA.RecoverError.NoError && signer == owner;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
