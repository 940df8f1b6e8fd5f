//! Tracers that end: by a time and by a size.
//!
//! What a transaction does is bounded by its gas, but what is written down about it isn't: one unit of gas may copy
//! megabytes, and one step of the EVM shows a thousand words. So everything that is recorded is counted first, by the
//! least that it takes as JSON, and the transaction is cut short at the limit or at the deadline. A trace that was cut
//! short is never given out.

use hanse_runtime::Runtime;
use pallet_evm::{
    revm::{
        Inspector,
        bytecode::opcode,
        context::ContextTr,
        inspector::JournalExt,
        interpreter::{
            CallInputs, CallOutcome, CreateInputs, CreateOutcome, InstructionResult, Interpreter,
            interpreter_types::{InputsTr, Jumps},
        },
        primitives::{Address, Log, U256},
    },
    runner::EvmContext,
    tracing::{Outcome, Tracer},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, HashSet},
    io,
    time::Instant,
};

/// Steps between two looks at the clock.
const STEPS_PER_LOOK: u64 = 256;

/// The least that things take as JSON, in bytes.
mod json {
    /// A step: `{"pc":0,"op":"POP","gas":0,"gasCost":2,"depth":1},`.
    pub const STEP: usize = 50;
    /// A word of the stack: `"0x0",`.
    pub const STACK_WORD: usize = 6;
    /// A word of memory: 64 digits, quotes and comma.
    pub const MEMORY_WORD: usize = 67;
    /// A slot and its value: twice 64 digits, quotes, colon and comma.
    pub const SLOT: usize = 134;
    /// A call, with two addresses.
    pub const CALL: usize = 150;
}

/// What a tracer may not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When it has to be done.
    pub deadline: Instant,
    /// Bytes of JSON that it may make.
    pub max_bytes: usize,
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The deadline passed.
    #[error("execution timeout")]
    Timeout,
    /// It became larger than this.
    #[error("the trace exceeds the limit of {0} bytes")]
    TooLarge(usize),
    /// The transaction, or call, couldn't be executed at all.
    #[error("the transaction was not executed")]
    NotExecuted,
}

/// What an inspector writes down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded {
    /// Each call and creation, with its input and output.
    pub calls: bool,
    /// So many steps.
    pub steps: u64,
    /// The stack before each of them.
    pub stack: bool,
    /// All memory.
    pub memory: bool,
    /// What the last call returned.
    pub return_data: bool,
    /// The slots that the contract used so far, at each use.
    pub storage: bool,
}

/// An inspector, what becomes of what it has seen, and the limits of both.
pub struct Limited<I, F, O> {
    inspector: I,
    describe: Option<F>,
    recorded: Recorded,
    limits: Limits,
    bytes: usize,
    seen: u64,
    slots: HashMap<Address, HashSet<U256>>,
    output: Result<O, Stopped>,
}

impl<I, F, O> Limited<I, F, O> {
    /// `describe` is called once, when the transaction has ended and before it is written.
    pub fn new(inspector: I, recorded: Recorded, limits: Limits, describe: F) -> Self {
        Self {
            inspector,
            describe: Some(describe),
            recorded,
            limits,
            bytes: 0,
            seen: 0,
            slots: HashMap::new(),
            output: Err(Stopped::NotExecuted),
        }
    }

    /// What was described.
    ///
    /// # Errors
    /// When a limit was hit or nothing was executed.
    pub fn into_output(self) -> Result<O, Stopped> {
        self.output
    }

    /// Whether a limit was hit.
    fn is_stopped(&self) -> bool {
        matches!(self.output, Err(Stopped::Timeout | Stopped::TooLarge(_)))
    }

    fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.max_bytes {
            self.stop(Stopped::TooLarge(self.limits.max_bytes));
        }
    }

    fn look_at_clock(&mut self) {
        if Instant::now() > self.limits.deadline {
            self.stop(Stopped::Timeout);
        }
    }

    fn stop(&mut self, why: Stopped) {
        if !self.is_stopped() {
            self.output = Err(why);
        }
    }

    fn count_call(&mut self, input_bytes: usize) {
        self.look_at_clock();
        if self.recorded.calls {
            self.add(json::CALL + 2 * input_bytes);
        }
    }

    fn count_output(&mut self, output_bytes: usize) {
        if self.recorded.calls {
            self.add(2 * output_bytes);
        }
    }

    fn count_step(&mut self, interpreter: &Interpreter) {
        self.seen += 1;
        if self.seen.is_multiple_of(STEPS_PER_LOOK) {
            self.look_at_clock();
        }
        if self.seen > self.recorded.steps {
            return;
        }
        let mut bytes = json::STEP;
        if self.recorded.stack {
            bytes += json::STACK_WORD * interpreter.stack.len();
        }
        if self.recorded.memory {
            bytes += json::MEMORY_WORD * (interpreter.memory.len() / 32);
        }
        if self.recorded.return_data {
            bytes += 2 * interpreter.return_data.0.len();
        }
        if self.recorded.storage && matches!(interpreter.bytecode.opcode(), opcode::SLOAD | opcode::SSTORE) {
            let slots = self.slots.entry(interpreter.input.target_address()).or_default();
            slots.extend(interpreter.stack.data().last());
            bytes += json::SLOT * slots.len();
        }
        self.add(bytes);
    }
}

/// Once stopped, the inner inspector isn't told of anything any more, and every frame ends at its next step.
impl<CTX, I, F, O> Inspector<CTX> for Limited<I, F, O>
where
    CTX: ContextTr<Journal: JournalExt>,
    I: Inspector<CTX>,
{
    fn initialize_interp(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if !self.is_stopped() {
            self.inspector.initialize_interp(interpreter, context);
        }
    }

    fn step(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if !self.is_stopped() {
            self.count_step(interpreter);
        }
        if !self.is_stopped() {
            self.inspector.step(interpreter, context);
        } else {
            interpreter.halt(InstructionResult::OutOfGas);
        }
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if !self.is_stopped() {
            self.inspector.step_end(interpreter, context);
        }
    }

    fn log_full(&mut self, interpreter: &mut Interpreter, context: &mut CTX, log: Log) {
        if !self.is_stopped() {
            self.inspector.log_full(interpreter, context, log);
        }
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        if !self.is_stopped() {
            self.inspector.log(context, log);
        }
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.count_call(inputs.input.len());
        if self.is_stopped() {
            let range = inputs.return_memory_offset.clone();
            return Some(CallOutcome::new_oog(inputs.gas_limit, range, inputs.reservoir));
        }
        self.inspector.call(context, inputs)
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.count_output(outcome.result.output.len());
        if !self.is_stopped() {
            self.inspector.call_end(context, inputs, outcome);
        }
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.count_call(inputs.init_code().len());
        if self.is_stopped() {
            return Some(CreateOutcome::new_oog(inputs.gas_limit(), inputs.reservoir()));
        }
        self.inspector.create(context, inputs)
    }

    fn create_end(&mut self, context: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.count_output(outcome.result.output.len());
        if !self.is_stopped() {
            self.inspector.create_end(context, inputs, outcome);
        }
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        if !self.is_stopped() {
            Inspector::<CTX>::selfdestruct(&mut self.inspector, contract, target, value);
        }
    }
}

impl<I, F, O> Tracer<Runtime> for Limited<I, F, O>
where
    I: Inspector<EvmContext<Runtime>>,
    F: FnOnce(&mut I, Outcome<'_>) -> Result<O, Stopped>,
{
    fn ended(&mut self, outcome: Outcome<'_>) {
        if !self.is_stopped()
            && let Some(describe) = self.describe.take()
        {
            self.output = describe(&mut self.inspector, outcome);
        }
    }
}

/// The value as JSON.
///
/// # Errors
/// When that is longer than `most` bytes.
pub fn bounded_json(value: &impl Serialize, most: usize) -> Result<Box<RawValue>, Stopped> {
    let mut sink = Bounded { bytes: Vec::new(), most };
    serde_json::to_writer(&mut sink, value).map_err(|_| Stopped::TooLarge(most))?;
    let text = String::from_utf8(sink.bytes).expect("serde_json writes UTF-8; qed");
    Ok(RawValue::from_string(text).expect("serde_json writes JSON; qed"))
}

struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_whole_or_refused() {
        let value = vec![1, 2, 3];
        assert_eq!(bounded_json(&value, 7).map(|json| json.get().to_owned()), Ok("[1,2,3]".into()));
        assert_eq!(bounded_json(&value, 6).map(|json| json.get().to_owned()), Err(Stopped::TooLarge(6)));
    }
}
