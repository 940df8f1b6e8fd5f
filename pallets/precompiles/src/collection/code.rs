//! The code that every collection shows and runs. The EVM's own, so that a receiver can be called in a frame of its own and
//! may call back; by then the item has moved.

use hanse_primitives::addresses::COLLECTION_ENGINE;
use pallet_evm::revm::bytecode::opcode as op;

/// Of an ERC-721 collection; it fails with `ERC721InvalidReceiver(address)`.
pub(crate) static CODE_721: [u8; LENGTH] = code([0x64, 0xa0, 0xae, 0x92]);
/// Of an ERC-1155 collection; it fails with `ERC1155InvalidReceiver(address)`.
pub(crate) static CODE_1155: [u8; LENGTH] = code([0x57, 0xf4, 0x47, 0xce]);

const LENGTH: usize = 187;

// Where it jumps to.
const DONE: u8 = 0x3f;
const NEXT: u8 = 0x42;
const RECORD: u8 = 0x4a;
const ASK: u8 = 0x5b;
const CALL: u8 = 0x64;
const REFUSED: u8 = 0x79;
const ANSWERED: u8 = 0x84;
const INVALID: u8 = 0x98;
const SKIP: u8 = 0xad;
const NO_COIN: u8 = 0xb5;

/// Opcodes beside the stack, whose top is on the right. Runs under any fork since Constantinople.
const fn code(invalid_receiver: [u8; 4]) -> [u8; LENGTH] {
    let e = COLLECTION_ENGINE.0;
    let [i0, i1, i2, i3] = invalid_receiver;
    #[rustfmt::skip]
    let code = [
        op::CALLVALUE, op::PUSH1, NO_COIN, op::JUMPI,
        // The engine's input: the caller and the call data.
        op::CALLER, op::PUSH1, 0, op::MSTORE,
        op::CALLDATASIZE, op::PUSH1, 0, op::PUSH1, 32, op::CALLDATACOPY,
        op::PUSH1, 0, op::PUSH1, 0, op::CALLDATASIZE, op::PUSH1, 32, op::ADD, op::PUSH1, 0, op::PUSH1, 0,
        op::PUSH20, e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7], e[8], e[9],
        e[10], e[11], e[12], e[13], e[14], e[15], e[16], e[17], e[18], e[19],
        op::GAS, op::CALL,                                              // done
        op::RETURNDATASIZE, op::PUSH1, 0, op::PUSH1, 0, op::RETURNDATACOPY,
        op::RETURNDATASIZE, op::SWAP1, op::PUSH1, DONE, op::JUMPI,      // end
        op::PUSH1, 0, op::REVERT,
        op::JUMPDEST, op::PUSH1, 0,                                     // end at
        // NEXT: are there more records?
        op::JUMPDEST, op::DUP2, op::DUP2, op::LT, op::PUSH1, RECORD, op::JUMPI,
        op::STOP,
        // RECORD: a target, a length, and so many bytes.
        op::JUMPDEST, op::DUP1, op::MLOAD,                              // end at target
        op::DUP2, op::PUSH1, 32, op::ADD, op::MLOAD,                    // end at target length
        op::DUP3, op::PUSH1, 64, op::ADD,                               // end at target length data
        op::DUP3, op::PUSH1, ASK, op::JUMPI,
        op::RETURN,
        // ASK: a contract?
        op::JUMPDEST, op::DUP3, op::EXTCODESIZE, op::PUSH1, CALL, op::JUMPI,
        op::PUSH1, SKIP, op::JUMP,
        // CALL: its answer overwrites the target, which is on the stack.
        op::JUMPDEST, op::PUSH1, 32, op::DUP5, op::DUP4, op::DUP4, op::PUSH1, 0, op::DUP8, op::GAS, op::CALL,
        op::PUSH1, ANSWERED, op::JUMPI,
        op::RETURNDATASIZE, op::PUSH1, REFUSED, op::JUMPI,
        op::PUSH1, INVALID, op::JUMP,
        // REFUSED: for a reason of its own, which is handed on.
        op::JUMPDEST, op::RETURNDATASIZE, op::PUSH1, 0, op::PUSH1, 0, op::RETURNDATACOPY,
        op::RETURNDATASIZE, op::PUSH1, 0, op::REVERT,
        // ANSWERED: by a word that is the called selector?
        op::JUMPDEST, op::PUSH1, 31, op::RETURNDATASIZE, op::GT,
        op::DUP5, op::MLOAD, op::DUP3, op::MLOAD, op::PUSH1, 224, op::SHR, op::PUSH1, 224, op::SHL, op::EQ,
        op::AND, op::PUSH1, SKIP, op::JUMPI,
        // INVALID: the error, with the receiver.
        op::JUMPDEST, op::PUSH4, i0, i1, i2, i3, op::PUSH1, 224, op::SHL, op::PUSH1, 0, op::MSTORE,
        op::DUP3, op::PUSH1, 4, op::MSTORE,
        op::PUSH1, 36, op::PUSH1, 0, op::REVERT,
        // SKIP: to the record behind.
        op::JUMPDEST, op::ADD, op::SWAP2, op::POP, op::POP, op::PUSH1, NEXT, op::JUMP,
        // NO_COIN
        op::JUMPDEST, op::PUSH1, 0, op::PUSH1, 0, op::REVERT,
    ];
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolError;
    use pallet_tokens::abi::{ICollection721, ICollection1155};

    #[test]
    fn every_jump_lands() {
        for at in [DONE, NEXT, RECORD, ASK, CALL, REFUSED, ANSWERED, INVALID, SKIP, NO_COIN] {
            assert_eq!(CODE_721[usize::from(at)], op::JUMPDEST, "{at:#x}");
        }
    }

    #[test]
    fn the_errors_are_those_of_the_interfaces() {
        assert_eq!(CODE_721, code(ICollection721::ERC721InvalidReceiver::SELECTOR));
        assert_eq!(CODE_1155, code(ICollection1155::ERC1155InvalidReceiver::SELECTOR));
    }
}
