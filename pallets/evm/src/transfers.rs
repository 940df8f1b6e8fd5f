//! Transfers of the native coin as logs, for simulations that ask for them (`traceTransfers` of `eth_simulateV1`).

use crate::{Config, runner::EvmContext};
use alloc::{vec, vec::Vec};
use revm::{
    context::{ContextTr, JournalTr},
    inspector::Inspector,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter},
    primitives::{Address, B256, Log, LogData, U256, address, b256},
};

/// Where the logs seem to come from: the address that stands for the native coin.
const EMITTER: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/// `Transfer(address,address,uint256)`, as of EIP-20.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

#[derive(Clone, Copy)]
struct Transfer {
    from: Address,
    to: Address,
    value: U256,
}

/// Logs every transfer, in the order in which they happen. What is reverted takes its logs along, since they are in the
/// journal.
#[derive(Default)]
pub(crate) struct TransferLogs {
    /// Of each open frame what its beginning moves, until the frame's checkpoint is set and it can be logged.
    beginning: Vec<Option<Transfer>>,
    /// What a SELFDESTRUCT has moved; it ends its frame.
    destroyed: Option<Transfer>,
}

impl TransferLogs {
    fn begin(&mut self, from: Address, to: Address, value: U256) {
        self.beginning.push((!value.is_zero()).then_some(Transfer { from, to, value }));
    }

    fn end<T: Config>(&mut self, context: &mut EvmContext<T>, succeeded: bool) {
        // There is one left only where no code ran.
        let beginning = self.beginning.pop().flatten();
        let destroyed = self.destroyed.take();
        if succeeded {
            beginning.into_iter().chain(destroyed).for_each(|transfer| log(context, transfer));
        }
    }
}

fn log<T: Config>(context: &mut EvmContext<T>, Transfer { from, to, value }: Transfer) {
    let topics = vec![TRANSFER, from.into_word(), to.into_word()];
    let data = LogData::new_unchecked(topics, value.to_be_bytes_vec().into());
    context.journal_mut().log(Log { address: EMITTER, data });
}

impl<T: Config> Inspector<EvmContext<T>> for TransferLogs {
    fn initialize_interp(&mut self, _: &mut Interpreter, context: &mut EvmContext<T>) {
        if let Some(transfer) = self.beginning.last_mut().and_then(Option::take) {
            log(context, transfer);
        }
    }

    fn call(&mut self, _: &mut EvmContext<T>, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let value = inputs.transfer_value().unwrap_or_default();
        self.begin(inputs.transfer_from(), inputs.transfer_to(), value);
        None
    }

    fn call_end(&mut self, context: &mut EvmContext<T>, _: &CallInputs, outcome: &mut CallOutcome) {
        self.end(context, outcome.result.is_ok());
    }

    fn create(&mut self, context: &mut EvmContext<T>, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let Ok(creator) = context.journal_mut().load_account(inputs.caller());
        let nonce = creator.data.info.nonce;
        self.begin(inputs.caller(), inputs.created_address(nonce), inputs.value());
        None
    }

    fn create_end(&mut self, context: &mut EvmContext<T>, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.end(context, outcome.result.is_ok());
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.destroyed = (!value.is_zero()).then_some(Transfer { from: contract, to: target, value });
    }
}
