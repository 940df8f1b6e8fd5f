//! Runs one transaction.

use crate::precompile::Precompiles;
use crate::{
    Config, Environment, PrecompileSet, TransactionError, crypto, db, db::FrameDb, deployment, flush::flush, hash_seed,
    instructions::instructions, journal::MirroredJournal, transfers::TransferLogs,
};
use alloc::vec::Vec;
use core::convert::Infallible;
use hanse_primitives::{Log, convert};
use revm::{
    ExecuteEvm, InspectEvm,
    context::{
        BlockEnv, CfgEnv, Context, Evm, JournalTr, TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultAndState},
    },
    handler::{EthFrame, Handler, MainnetHandler, instructions::EthInstructions},
    interpreter::interpreter::EthInterpreter,
    primitives::Address,
    state::Account,
};
use sp_core::{H160, H256};

/// What revm works on.
pub type EvmContext<T> = Context<BlockEnv, TxEnv, CfgEnv, FrameDb<T>, MirroredJournal<FrameDb<T>>, ()>;
type FrameEvm<T> =
    Evm<EvmContext<T>, (), EthInstructions<EthInterpreter, EvmContext<T>>, Precompiles<T>, EthFrame<EthInterpreter>>;
type RunError = EVMError<Infallible, InvalidTransaction>;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It returned, with this output.
    Success(Vec<u8>),
    /// It reverted, for this reason.
    Revert(Vec<u8>),
    /// It was cut short; all its gas is spent. The text is geth's.
    Halt(&'static str),
}

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// How it ended.
    pub status: Status,
    /// Gas to pay for, refunds taken off.
    pub gas_used: u64,
    /// Gas that it held at its peak, before refunds.
    pub gas_spent: u64,
    /// The contract that it created.
    pub contract_address: Option<H160>,
    /// Empty unless it succeeded.
    pub logs: Vec<Log>,
}

impl Execution {
    /// The receipt's status (EIP-658).
    pub fn succeeded(&self) -> bool {
        matches!(self.status, Status::Success(_))
    }
}

/// What this process, or Wasm instance, needs once before its first transaction.
fn prepare_instance() {
    if crypto::install() {
        hash_seed::install();
    }
}

fn evm<T: Config>(environment: Environment) -> FrameEvm<T> {
    prepare_instance();
    let spec = environment.cfg.spec;
    let context: EvmContext<T> =
        EvmContext::<T>::new(FrameDb::default(), spec).with_block(environment.block).with_cfg(environment.cfg);
    Evm::new(context, instructions::<T, _>(spec), Precompiles::new(spec))
}

/// Executes a transaction and writes what it changed.
///
/// The sender's nonce grows by one and the gas is paid for, also when it reverts. An error changes nothing.
pub fn execute<T: Config>(environment: Environment, tx: TxEnv) -> Result<Execution, TransactionError> {
    let outcome = transact::<T>(environment, tx)?;
    flush::<T>(outcome.state);
    Ok(execution(outcome.result))
}

/// As [`execute`], and logs transfers of the native coin like a token's (`traceTransfers` of `eth_simulateV1`).
pub fn execute_logging_transfers<T: Config>(
    environment: Environment,
    tx: TxEnv,
) -> Result<Execution, TransactionError> {
    deployment::check::<T>(&tx)?;
    let outcome = evm::<T>(environment).with_inspector(TransferLogs::default()).inspect_tx(tx).map_err(refusal)?;
    flush::<T>(outcome.state);
    Ok(execution(outcome.result))
}

/// Executes a transaction and throws away what it changed.
pub fn simulate<T: Config>(environment: Environment, tx: TxEnv) -> Result<Execution, TransactionError> {
    sp_io::storage::start_transaction();
    let result = transact::<T>(environment, tx).map(|outcome| execution(outcome.result));
    sp_io::storage::rollback_transaction();
    result
}

/// Accounts, and slots of each, as an access list (EIP-2930) names them.
pub type Accessed = Vec<(H160, Vec<H256>)>;

/// Simulates a transaction, and says which accounts and slots it accessed beside those that every transaction does (its
/// sender, its receiver or the contract that it creates, the block's beneficiary, precompiles): what an access list
/// (EIP-2930) can name with use. In the order of addresses and slots.
pub fn accesses<T: Config>(environment: Environment, tx: TxEnv) -> Result<(Execution, Accessed), TransactionError> {
    deployment::check::<T>(&tx)?;
    let free = [environment.block.beneficiary, tx.caller];
    let receiver = tx.kind.into_to();
    sp_io::storage::start_transaction();
    let mut evm = evm::<T>(environment);
    let result = evm.transact_one(tx).map_err(refusal).map(execution);
    let precompiles = evm.ctx.journaled_state.precompile_addresses().clone();
    let state = evm.finalize();
    sp_io::storage::rollback_transaction();
    let execution = result?;
    let listed = |address: &Address, account: &Account| {
        let known = free.contains(address)
            || receiver == Some(*address)
            || account.is_created()
            || precompiles.contains(address)
            || T::Precompiles::contains(&convert::h160(*address));
        !account.storage.is_empty() || !known
    };
    let mut accessed: Vec<_> = state
        .iter()
        .filter(|(address, account)| listed(address, account))
        .map(|(address, account)| {
            let mut slots: Vec<H256> = account.storage.keys().map(|slot| db::slot(*slot)).collect();
            slots.sort_unstable();
            (convert::h160(*address), slots)
        })
        .collect();
    accessed.sort_unstable();
    Ok((execution, accessed))
}

fn transact<T: Config>(environment: Environment, tx: TxEnv) -> Result<ResultAndState<HaltReason>, TransactionError> {
    deployment::check::<T>(&tx)?;
    #[cfg(feature = "std")]
    if let Some(tracer) = crate::tracing::installed::<T>() {
        return transact_traced(&mut *tracer.borrow_mut(), environment, tx);
    }
    evm::<T>(environment).transact(tx).map_err(refusal)
}

#[cfg(feature = "std")]
fn transact_traced<T: Config>(
    tracer: &mut dyn crate::tracing::Tracer<T>,
    environment: Environment,
    tx: TxEnv,
) -> Result<ResultAndState<HaltReason>, TransactionError> {
    let block = environment.block.clone();
    let result = evm::<T>(environment).with_inspector(&mut *tracer).inspect_tx(tx.clone()).map_err(refusal)?;
    tracer.ended(crate::tracing::Outcome { tx: &tx, block: &block, result: &result });
    Ok(result)
}

/// Whether a transaction could be executed now: all checks of execution, without running it.
pub fn validate<T: Config>(environment: Environment, tx: TxEnv) -> Result<(), TransactionError> {
    deployment::check::<T>(&tx)?;
    let mut evm = evm::<T>(environment);
    evm.ctx.tx = tx;
    let handler = MainnetHandler::<FrameEvm<T>, RunError, EthFrame<EthInterpreter>>::default();
    handler.validate(&mut evm).map(|_| ()).map_err(refusal)
}

fn execution(result: ExecutionResult<HaltReason>) -> Execution {
    let gas_used = result.tx_gas_used();
    let gas_spent = result.gas().total_gas_spent();
    let contract_address = result.created_address().map(convert::h160);
    let (status, logs) = match result {
        ExecutionResult::Success { output, logs, .. } => (Status::Success(output.into_data().to_vec()), logs),
        ExecutionResult::Revert { output, .. } => (Status::Revert(output.to_vec()), Vec::new()),
        ExecutionResult::Halt { reason, .. } => (Status::Halt(halt_text(&reason)), Vec::new()),
    };
    Execution { status, gas_used, gas_spent, contract_address, logs: logs.iter().map(convert::log).collect() }
}

/// geth's words (core/vm/errors.go).
fn halt_text(reason: &HaltReason) -> &'static str {
    match reason {
        // geth tells an operand of more than 64 bits apart; for the Wasm, where 32 bits are the most, it is another one.
        HaltReason::OutOfGas(_) => "out of gas",
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode",
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID",
        HaltReason::InvalidJump => "invalid jump destination",
        HaltReason::StackUnderflow => "stack underflow",
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)",
        HaltReason::OutOfOffset => "return data out of bounds",
        HaltReason::CreateCollision => "contract address collision",
        HaltReason::PrecompileError | HaltReason::PrecompileErrorWithContext(_) => "precompile failed",
        HaltReason::NonceOverflow => "nonce uint64 overflow",
        HaltReason::CreateContractSizeLimit => "max code size exceeded",
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef",
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded",
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => "write protection",
        HaltReason::OverflowPayment | HaltReason::OutOfFunds => "insufficient balance for transfer",
        HaltReason::CallTooDeep => "max call depth exceeded",
    }
}

fn refusal(error: RunError) -> TransactionError {
    let EVMError::Transaction(invalid) = error else {
        return TransactionError::Internal;
    };
    match invalid {
        InvalidTransaction::PriorityFeeGreaterThanMaxFee => TransactionError::TipAboveFeeCap,
        InvalidTransaction::GasPriceLessThanBasefee => TransactionError::FeeCapTooLow,
        InvalidTransaction::CallerGasLimitMoreThanBlock => TransactionError::GasLimitReached,
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. } => TransactionError::IntrinsicGas,
        InvalidTransaction::GasFloorMoreThanGasLimit { .. } => TransactionError::FloorDataGas,
        InvalidTransaction::RejectCallerWithCode => TransactionError::SenderNotEoa,
        InvalidTransaction::LackOfFundForMaxFee { .. } => TransactionError::InsufficientFunds,
        InvalidTransaction::OverflowPaymentInTransaction => TransactionError::Overflow,
        InvalidTransaction::NonceOverflowInTransaction => TransactionError::NonceMax,
        InvalidTransaction::NonceTooHigh { .. } => TransactionError::NonceTooHigh,
        InvalidTransaction::NonceTooLow { .. } => TransactionError::NonceTooLow,
        InvalidTransaction::CreateInitCodeSizeLimit => TransactionError::InitCodeTooLarge,
        InvalidTransaction::InvalidChainId | InvalidTransaction::MissingChainId => TransactionError::InvalidChainId,
        InvalidTransaction::TxGasLimitGreaterThanCap { .. } => TransactionError::GasLimitTooHigh,
        InvalidTransaction::AuthorizationListInvalidFields | InvalidTransaction::EmptyAuthorizationList => {
            TransactionError::InvalidAuthorizationList
        }
        InvalidTransaction::Str(_) => TransactionError::Internal,
        _ => TransactionError::TypeNotSupported,
    }
}
