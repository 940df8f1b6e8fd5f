//! Native pallets as contracts.

use crate::{Config, db::FrameDb, journal::MirroredJournal};
use alloc::{string::String, vec::Vec};
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use hanse_primitives::{Log, convert};
use revm::{
    context::{Cfg, ContextTr, JournalTr},
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, CallScheme, Gas, InstructionResult, InterpreterResult},
    primitives::{Address, AddressSet, Bytes, hardfork::SpecId},
};
use sp_core::{H160, U256};

/// The code that a precompile of Hanse shows: the invalid opcode, so that `EXTCODESIZE` isn't zero and running it as
/// code can do nothing.
pub const CODE: [u8; 1] = [0xfe];

/// Gas of a log (`GLOG`), of each topic (`GLOGTOPIC`) and of each byte (`GLOGDATA`): yellow paper, appendix G.
const LOG_GAS: u64 = 375;
const LOG_TOPIC_GAS: u64 = 375;
const LOG_BYTE_GAS: u64 = 8;

/// Why a precompile didn't return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrecompileError {
    /// The gas ran out; all of it is spent.
    OutOfGas,
    /// A write inside `STATICCALL`; all gas is spent, as for `SSTORE` there.
    StaticViolation,
    /// The ABI encoding of an error; the unspent gas is returned.
    Revert(Vec<u8>),
}

/// The native contracts of a runtime.
pub trait PrecompileSet {
    /// Whether an address is one of the set. Depends on the address alone, never on state: an account's code must not
    /// change under a running transaction.
    fn contains(address: &H160) -> bool;

    /// The code of an address that has it from the runtime. Depends on the address alone. A precompile's isn't run; that
    /// of other addresses is, as any contract's.
    fn code(address: &H160) -> Option<&'static [u8]> {
        Self::contains(address).then_some(&CODE)
    }

    /// Runs the contract at `handle.address`.
    ///
    /// Storage that it writes is rolled back when it returns an error, or when a frame around it reverts.
    fn call(handle: &mut Handle) -> Result<Vec<u8>, PrecompileError>;
}

impl PrecompileSet for () {
    fn contains(_: &H160) -> bool {
        false
    }

    fn call(_: &mut Handle) -> Result<Vec<u8>, PrecompileError> {
        Err(PrecompileError::Revert(Vec::new()))
    }
}

/// One call of a precompile.
#[derive(Debug)]
pub struct Handle<'a> {
    /// Who calls.
    pub caller: H160,
    /// The precompile that is called.
    pub address: H160,
    /// The call data.
    pub input: &'a [u8],
    /// Wei that came with the call.
    pub value: U256,
    /// Whether nothing may be written.
    pub is_static: bool,
    gas_left: u64,
    weight_per_gas: Weight,
    logs: Vec<Log>,
}

impl<'a> Handle<'a> {
    /// A call with so much gas, of which each unit is worth so much time.
    pub fn new(caller: H160, address: H160, input: &'a [u8], gas: u64, weight_per_gas: Weight) -> Self {
        Self {
            caller,
            address,
            input,
            value: U256::zero(),
            is_static: false,
            gas_left: gas,
            weight_per_gas,
            logs: Vec::new(),
        }
    }

    /// Takes gas.
    pub fn charge_gas(&mut self, gas: u64) -> Result<(), PrecompileError> {
        self.gas_left = self.gas_left.checked_sub(gas).ok_or(PrecompileError::OutOfGas)?;
        Ok(())
    }

    /// Takes the gas that this much time costs, rounded up.
    pub fn charge_weight(&mut self, weight: Weight) -> Result<(), PrecompileError> {
        let per_gas = self.weight_per_gas.ref_time().max(1);
        self.charge_gas(weight.ref_time().div_ceil(per_gas))
    }

    /// Emits logs, at the price of `LOG0` to `LOG4`.
    pub fn emit(&mut self, logs: Vec<Log>) -> Result<(), PrecompileError> {
        self.require_writable()?;
        for log in logs {
            let topics = LOG_TOPIC_GAS.saturating_mul(log.topics.len() as u64);
            let data = LOG_BYTE_GAS.saturating_mul(log.data.len() as u64);
            self.charge_gas(LOG_GAS.saturating_add(topics).saturating_add(data))?;
            self.logs.push(log);
        }
        Ok(())
    }

    /// Refuses inside `STATICCALL`.
    pub fn require_writable(&self) -> Result<(), PrecompileError> {
        if self.is_static { Err(PrecompileError::StaticViolation) } else { Ok(()) }
    }

    /// Gas that is left.
    pub fn gas_left(&self) -> u64 {
        self.gas_left
    }

    /// The logs so far.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }
}

/// Ethereum's precompiles first, then the runtime's.
#[derive(Debug)]
pub struct Precompiles<T> {
    ethereum: EthPrecompiles,
    _config: PhantomData<T>,
}

impl<T> Precompiles<T> {
    /// Those of a fork.
    pub fn new(spec: SpecId) -> Self {
        Self { ethereum: EthPrecompiles::new(spec), _config: PhantomData }
    }
}

/// `Error(string)` of Solidity.
pub fn revert_with(message: &str) -> Vec<u8> {
    let mut data = Vec::with_capacity(100);
    data.extend_from_slice(&[0x08, 0xc3, 0x79, 0xa0]);
    data.extend_from_slice(&U256::from(32).to_big_endian());
    data.extend_from_slice(&U256::from(message.len()).to_big_endian());
    data.extend_from_slice(message.as_bytes());
    let padding = (32 - message.len() % 32) % 32;
    data.resize(data.len() + padding, 0);
    data
}

impl<T, CTX> PrecompileProvider<CTX> for Precompiles<T>
where
    T: Config,
    CTX: ContextTr<Journal = MirroredJournal<FrameDb<T>>, Cfg: Cfg<Spec = SpecId>>,
{
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: SpecId) -> bool {
        PrecompileProvider::<CTX>::set_spec(&mut self.ethereum, spec)
    }

    fn run(&mut self, context: &mut CTX, inputs: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        if let Some(result) = self.ethereum.run(context, inputs)? {
            return Ok(Some(result));
        }
        let address = convert::h160(inputs.bytecode_address);
        if !T::Precompiles::contains(&address) {
            return Ok(None);
        }
        Ok(Some(run_native::<T, CTX>(context, inputs, address)))
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.ethereum.warm_addresses()
    }

    fn contains(&self, address: &Address) -> bool {
        self.ethereum.contains(address) || T::Precompiles::contains(&convert::h160(*address))
    }
}

fn run_native<T, CTX>(context: &mut CTX, inputs: &CallInputs, address: H160) -> InterpreterResult
where
    T: Config,
    CTX: ContextTr<Journal = MirroredJournal<FrameDb<T>>>,
{
    let mut gas = Gas::new_with_regular_gas_and_reservoir(inputs.gas_limit, inputs.reservoir);
    // With these two the precompile would act in the name of whoever called the contract.
    if matches!(inputs.scheme, CallScheme::DelegateCall | CallScheme::CallCode) {
        let reason = revert_with("precompile: delegatecall and callcode are not allowed");
        return InterpreterResult::new(InstructionResult::Revert, reason.into(), gas);
    }
    context.journal_mut().open_layers();
    let (outcome, gas_left, logs) = {
        // Lent, not copied: no gas is paid for it yet.
        let input = inputs.input.as_bytes(context);
        let caller = convert::h160(inputs.caller);
        let mut handle = Handle::new(caller, address, &input, inputs.gas_limit, T::WeightPerGas::get());
        handle.value = convert::u256(inputs.value.get());
        handle.is_static = inputs.is_static;
        let outcome = T::Precompiles::call(&mut handle);
        (outcome, handle.gas_left, handle.logs)
    };
    let spent = inputs.gas_limit.saturating_sub(gas_left);
    let (result, output) = match outcome {
        Ok(output) => (InstructionResult::Return, Bytes::from(output)),
        Err(PrecompileError::Revert(reason)) => (InstructionResult::Revert, Bytes::from(reason)),
        Err(PrecompileError::OutOfGas) => (InstructionResult::PrecompileOOG, Bytes::new()),
        Err(PrecompileError::StaticViolation) => (InstructionResult::StateChangeDuringStaticCall, Bytes::new()),
    };
    if result.is_ok() {
        for log in &logs {
            context.journal_mut().log(convert::alloy_log(log));
        }
    }
    if result.is_halt() {
        gas.spend_all();
    } else {
        // Never more than the limit: `charge_gas` refuses first.
        let _ = gas.record_regular_cost(spent);
    }
    InterpreterResult::new(result, output, gas)
}
