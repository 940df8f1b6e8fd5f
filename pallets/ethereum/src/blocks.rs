//! `eth_simulateV1`: blocks of calls, each on the one before, of which nothing stays.

use crate::{BaseFeePerGas, BlockHashes, Config, Pallet, history, simulation};
use alloc::vec::Vec;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip7702};
use alloy_eips::{Encodable2718, eip1559::BaseFeeParams};
use alloy_primitives::{Signature, TxKind, U256};
use hanse_primitives::{
    CallOutcome, CallRequest, ExecutedTransaction, SimulatedBlock, SimulatedOutcome, Simulation, SimulationError,
    TransactionError, convert, transaction::Envelope,
};
use pallet_evm::{Environment, Execution};
use sp_core::H256;

/// What one block has come to so far.
#[derive(Default)]
struct Progress {
    trace_transfers: bool,
    gas_used: u64,
    executed: Vec<ExecutedTransaction>,
    outcomes: Vec<CallOutcome>,
}

impl<T: Config> Pallet<T> {
    /// Simulates blocks on the current state and throws them away.
    ///
    /// # Errors
    /// When a call can't be executed at all; then nothing is told of the others. A call that reverts is no error.
    pub fn simulate(simulation: Simulation) -> Result<Vec<SimulatedOutcome>, SimulationError> {
        sp_io::storage::start_transaction();
        let result = Self::simulate_blocks(simulation);
        sp_io::storage::rollback_transaction();
        result
    }

    fn simulate_blocks(simulation: Simulation) -> Result<Vec<SimulatedOutcome>, SimulationError> {
        let Simulation { blocks, validation, gas_limit, trace_transfers } = simulation;
        let mut gas_left = gas_limit;
        let mut next_base_fee = Self::base_fee_after_current();
        let mut outcomes = Vec::with_capacity(blocks.len());
        for (block, position) in blocks.into_iter().zip(0..) {
            let environment = simulated_environment::<T>(&block, validation, next_base_fee);
            if let Ok(number) = u32::try_from(environment.block.number) {
                history::record::<T>(number);
            }
            pallet_evm::overrides::apply::<T>(&block.overrides.accounts);
            let mut progress = Progress { trace_transfers, ..Progress::default() };
            for (request, call) in block.calls.into_iter().zip(0..) {
                let wanted = request.gas_limit.unwrap_or(environment.block.gas_limit.saturating_sub(progress.gas_used));
                let total = progress.gas_used.saturating_add(wanted);
                if total > environment.block.gas_limit {
                    return Err(SimulationError::BlockGasLimit { wanted: total, limit: environment.block.gas_limit });
                }
                let execution = Self::simulate_transaction(&environment, &request, wanted.min(gas_left), &mut progress)
                    .map_err(|error| match error {
                        TransactionError::IntrinsicGas | TransactionError::FloorDataGas if gas_left < wanted => {
                            SimulationError::GasExhausted { limit: gas_limit }
                        }
                        error => SimulationError::Refused { block: position, call, error },
                    })?;
                gas_left = gas_left.saturating_sub(execution.gas_used);
            }
            next_base_fee = next_base_fee.map(|_| {
                let block = &environment.block;
                alloy_eips::calc_next_block_base_fee(
                    progress.gas_used,
                    block.gas_limit,
                    block.basefee,
                    BaseFeeParams::ethereum(),
                )
            });
            let block = Self::assemble(&environment, progress.executed, progress.gas_used);
            // For BLOCKHASH in the blocks that follow.
            if let Ok(number) = u32::try_from(environment.block.number) {
                BlockHashes::<T>::insert(number, block.hash);
            }
            outcomes.push(SimulatedOutcome { block, calls: progress.outcomes });
        }
        Ok(outcomes)
    }

    /// The base fee of the block that follows the current one; `None` on a gasless chain.
    fn base_fee_after_current() -> Option<u64> {
        // Between blocks the stored one is already the next block's.
        BaseFeePerGas::<T>::get()
    }

    fn simulate_transaction(
        environment: &Environment,
        request: &CallRequest,
        gas_limit: u64,
        progress: &mut Progress,
    ) -> Result<Execution, TransactionError> {
        let tx = simulation::tx_env::<T>(request, gas_limit, environment.cfg.chain_id);
        let nonce = tx.nonce;
        let execute = if progress.trace_transfers {
            pallet_evm::runner::execute_logging_transfers::<T>
        } else {
            pallet_evm::runner::execute::<T>
        };
        let execution = execute(environment.clone(), tx)?;
        progress.gas_used = progress.gas_used.saturating_add(execution.gas_used);
        let raw = unsigned(request, nonce, gas_limit, environment.cfg.chain_id);
        let created = request.to.is_none().then(|| convert::address(request.from).create(nonce));
        let base_fee = u128::from(environment.block.basefee);
        let tip = request.max_priority_fee_per_gas.unwrap_or(0);
        let most = request.max_fee_per_gas.unwrap_or(0);
        progress.executed.push(ExecutedTransaction {
            hash: H256(sp_io::hashing::keccak_256(&raw)),
            raw,
            from: request.from,
            to: request.to,
            contract_address: created.map(convert::h160),
            gas_used: execution.gas_used,
            effective_gas_price: most.min(base_fee.saturating_add(tip)),
            success: execution.succeeded(),
            logs: execution.logs.clone(),
        });
        progress.outcomes.push(simulation::outcome(&execution, execution.gas_used));
        Ok(execution)
    }
}

/// The block that the calls see. Without validation there is no base fee unless one is named.
fn simulated_environment<T: Config>(block: &SimulatedBlock, validation: bool, base_fee: Option<u64>) -> Environment {
    let mut environment = Environment::current::<T>();
    environment.block.basefee = if validation { base_fee.unwrap_or(0) } else { 0 };
    // What is random in a real block isn't known before; geth has zero too.
    environment.block.prevrandao = Some(Default::default());
    environment.with(&block.overrides.block).for_simulated_block(validation)
}

/// The transaction that the call would be, with a signature of zeros.
fn unsigned(request: &CallRequest, nonce: u64, gas_limit: u64, chain_id: u64) -> Vec<u8> {
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    let max_fee_per_gas = request.max_fee_per_gas.unwrap_or(0);
    let max_priority_fee_per_gas = request.max_priority_fee_per_gas.unwrap_or(0);
    let (value, input) = (convert::ru256(request.value), request.data.clone().into());
    let access_list = simulation::access_list(request);
    let authorization_list = simulation::authorizations(request);
    let envelope = match request.to.map(convert::address) {
        Some(to) if !authorization_list.is_empty() => {
            let tx = TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                authorization_list,
                input,
            };
            Envelope::Eip7702(tx.into_signed(signature))
        }
        to => {
            let tx = TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: to.map_or(TxKind::Create, TxKind::Call),
                value,
                access_list,
                input,
            };
            Envelope::Eip1559(tx.into_signed(signature))
        }
    };
    envelope.encoded_2718()
}
