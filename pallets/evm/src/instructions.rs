//! The EVM's instructions, with `KECCAK256` on the node's native code, and creations for those who may deploy.
//!
//! alloy's feature `native-keccak` is no way to that: it imports the function from a Wasm module named `vm_hooks`, under a
//! mangled symbol that the runtime can't define, and the node knows no such module.

use crate::{Config, deployment};
use hanse_primitives::convert;
use revm::{
    bytecode::opcode,
    context_interface::Host,
    handler::instructions::EthInstructions,
    interpreter::{
        Instruction, InstructionContext, InstructionExecResult, InstructionResult,
        interpreter::{EthInterpreter, resize_memory},
    },
    primitives::{KECCAK_EMPTY, U256, hardfork::SpecId},
};
use sp_core::H256;

/// Those of a fork.
pub(crate) fn instructions<T: Config, H: Host>(spec: SpecId) -> EthInstructions<EthInterpreter, H> {
    let mut instructions = EthInstructions::new_mainnet_with_spec(spec);
    let table = instructions.instruction_table_mut();
    table[usize::from(opcode::KECCAK256)] = Instruction::new(keccak256);
    table[usize::from(opcode::CREATE)] = Instruction::new(deployment::create::<T, false, H>);
    table[usize::from(opcode::CREATE2)] = Instruction::new(deployment::create::<T, true, H>);
    instructions
}

/// As revm's own, but for who computes the hash. The fixed 30 gas are the gas table's.
fn keccak256<H: Host>(context: InstructionContext<'_, H, EthInterpreter>) -> InstructionExecResult {
    let interpreter = context.interpreter;
    let Some(([offset], top)) = interpreter.stack.popn_top() else {
        return Err(InstructionResult::StackUnderflow);
    };
    let length = in_memory(*top)?;
    if !interpreter.gas.record_regular_cost(context.host.gas_params().keccak256_cost(length)) {
        return Err(InstructionResult::OutOfGas);
    }
    let hash = if length == 0 {
        KECCAK_EMPTY
    } else {
        let offset = in_memory(offset)?;
        let gas_params = context.host.gas_params();
        resize_memory(&mut interpreter.gas, &mut interpreter.memory, gas_params, offset, length)?;
        convert::b256(H256(sp_io::hashing::keccak_256(&interpreter.memory.slice_len(offset, length))))
    };
    *top = hash.into();
    Ok(())
}

/// An offset or a length; what doesn't fit costs more gas than there is.
fn in_memory(word: U256) -> InstructionExecResult<usize> {
    usize::try_from(word).map_err(|_| InstructionResult::InvalidOperandOOG)
}
