//! Who may deploy contracts.
//!
//! The permission is the transaction sender's (`ORIGIN`). It covers the contract that a transaction creates itself and
//! every `CREATE` and `CREATE2` in its frames, whichever contract runs them: an account that may not deploy doesn't get
//! round that through somebody's factory, and a factory serves those who may.
//!
//! A transaction that would create is refused. A creation in one of its frames ends as if the init code had reverted at
//! once, for the same reason; Solidity's `new` passes that on. The creating contract keeps its nonce and its gas.

use crate::{Config, TransactionError, precompile::revert_with};
use alloc::string::ToString;
use frame_support::traits::Contains;
use hanse_primitives::convert;
use revm::{
    context::TxEnv,
    context_interface::Host,
    interpreter::{
        InstructionContext, InstructionExecResult, InstructionResult,
        instructions::contract,
        interpreter::EthInterpreter,
        interpreter_types::{ReturnData, RuntimeFlag},
    },
    primitives::{Address, U256},
};

/// Refuses a transaction that would create a contract for a sender who may not.
pub(crate) fn check<T: Config>(tx: &TxEnv) -> Result<(), TransactionError> {
    if tx.kind.is_create() && !may_deploy::<T>(tx.caller) {
        return Err(TransactionError::DeploymentNotPermitted);
    }
    Ok(())
}

/// `CREATE` and `CREATE2` (EIP-1014) of a sender who may; else zero, with the reason as what was returned.
pub(crate) fn create<T: Config, const IS_CREATE2: bool, H: Host>(
    context: InstructionContext<'_, H, EthInterpreter>,
) -> InstructionExecResult {
    if may_deploy::<T>(context.host.caller()) {
        return contract::create::<IS_CREATE2, _, _>(context);
    }
    let interpreter = context.interpreter;
    if interpreter.runtime_flag.is_static() {
        return Err(InstructionResult::StateChangeDuringStaticCall);
    }
    let stack = &mut interpreter.stack;
    let complete = if IS_CREATE2 { stack.popn::<4>().is_some() } else { stack.popn::<3>().is_some() };
    if !complete {
        return Err(InstructionResult::StackUnderflow);
    }
    if !interpreter.gas.record_regular_cost(context.host.gas_params().create_cost()) {
        return Err(InstructionResult::OutOfGas);
    }
    let reason = TransactionError::DeploymentNotPermitted.to_string();
    interpreter.return_data.set_buffer(revert_with(&reason).into());
    if interpreter.stack.push(U256::ZERO) { Ok(()) } else { Err(InstructionResult::StackOverflow) }
}

/// Nobody holds the key of the zero address: what comes from it is a call without a sender (`eth_call`), which deploys
/// nothing.
fn may_deploy<T: Config>(sender: Address) -> bool {
    sender.is_zero() || T::Deployers::contains(&convert::h160(sender))
}
