//! What the index holds, in Ethereum's types.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Log};
use alloy_rlp::{Decodable, Encodable};
use hanse_primitives::{EthereumBlock, ExecutedTransaction, convert};

/// One block with everything that JSON-RPC says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// keccak-256 of the header.
    pub hash: B256,
    /// The hash by which the chain itself knows the block.
    pub substrate_hash: B256,
    /// The header, decoded.
    pub header: Header,
    /// The header's RLP, as the runtime made it.
    pub header_rlp: Vec<u8>,
    /// Length of the RLP of the whole block.
    pub size_bytes: u64,
    /// In the order of execution.
    pub transactions: Vec<TransactionRecord>,
}

/// One transaction with its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// keccak-256 of `raw`.
    pub hash: B256,
    /// As it was sent (EIP-2718).
    pub raw: Bytes,
    /// Recovered from the signature.
    pub from: Address,
    /// `None` created a contract.
    pub to: Option<Address>,
    /// The contract that it created.
    pub contract_address: Option<Address>,
    /// Gas of this transaction alone.
    pub gas_used: u64,
    /// Gas of the block's transactions up to and including this one.
    pub cumulative_gas_used: u64,
    /// In wei.
    pub effective_gas_price: u128,
    /// The receipt's status.
    pub success: bool,
    /// Position in the block of the first log.
    pub first_log: u64,
    /// In the order of emission.
    pub logs: Vec<Log>,
}

/// A transaction and where it stands, without the rest of its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedTransaction {
    /// Header of the block that holds it.
    pub header: Header,
    /// Ethereum hash of that block.
    pub block_hash: B256,
    /// Position in the block.
    pub position: u64,
    /// The transaction.
    pub transaction: TransactionRecord,
}

/// A log and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedLog {
    /// Height of the block.
    pub block_number: u64,
    /// Ethereum hash of the block.
    pub block_hash: B256,
    /// Unix time of the block, in seconds.
    pub block_timestamp: u64,
    /// The transaction that emitted it.
    pub transaction_hash: B256,
    /// Position of that transaction in the block.
    pub transaction_position: u64,
    /// Position of the log in the block.
    pub position: u64,
    /// The log.
    pub log: Log,
}

impl BlockRecord {
    /// From what the runtime says of the block `substrate_hash`.
    ///
    /// # Errors
    /// When the header isn't valid RLP.
    pub fn from_runtime(substrate_hash: B256, block: EthereumBlock) -> Result<Self, alloy_rlp::Error> {
        let header = Header::decode(&mut block.header.as_slice())?;
        let mut cumulative_gas_used = 0u64;
        let mut first_log = 0u64;
        let transactions: Vec<_> = block
            .transactions
            .into_iter()
            .map(|executed| {
                cumulative_gas_used = cumulative_gas_used.saturating_add(executed.gas_used);
                let record = TransactionRecord::from_runtime(executed, cumulative_gas_used, first_log);
                first_log += record.logs.len() as u64;
                record
            })
            .collect();
        let size_bytes =
            block_size(&header, block.header.len(), transactions.iter().map(|transaction| &transaction.raw));
        Ok(Self {
            hash: convert::b256(block.hash),
            substrate_hash,
            header,
            header_rlp: block.header,
            size_bytes,
            transactions,
        })
    }

    /// Height of the block.
    pub fn number(&self) -> u64 {
        self.header.number
    }

    /// Bytes that it takes in memory, about.
    pub fn memory(&self) -> usize {
        let transactions: usize = self.transactions.iter().map(TransactionRecord::memory).sum();
        size_of::<Self>() + self.header_rlp.len() + transactions
    }

    /// The transaction at `position`, located.
    pub fn located(&self, position: u64) -> Option<LocatedTransaction> {
        let transaction = self.transactions.get(usize::try_from(position).ok()?)?.clone();
        Some(LocatedTransaction { header: self.header.clone(), block_hash: self.hash, position, transaction })
    }

    /// All logs of the block in order.
    pub fn logs(&self) -> impl Iterator<Item = LocatedLog> + '_ {
        self.logs_where(|_| true)
    }

    /// The logs of the block that are `wanted`, in order.
    pub fn logs_where<'a>(
        &'a self,
        wanted: impl Fn(&Log) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = LocatedLog> + 'a {
        self.transactions.iter().enumerate().flat_map(move |(transaction_position, transaction)| {
            transaction.logs.iter().enumerate().filter(move |(_, log)| wanted(log)).map(move |(i, log)| LocatedLog {
                block_number: self.header.number,
                block_hash: self.hash,
                block_timestamp: self.header.timestamp,
                transaction_hash: transaction.hash,
                transaction_position: transaction_position as u64,
                position: transaction.first_log + i as u64,
                log: log.clone(),
            })
        })
    }
}

impl TransactionRecord {
    fn memory(&self) -> usize {
        let of_log = |log: &Log| size_of::<Log>() + size_of_val(log.topics()) + log.data.data.len();
        size_of::<Self>() + self.raw.len() + self.logs.iter().map(of_log).sum::<usize>()
    }

    fn from_runtime(executed: ExecutedTransaction, cumulative_gas_used: u64, first_log: u64) -> Self {
        Self {
            hash: convert::b256(executed.hash),
            raw: executed.raw.into(),
            from: convert::address(executed.from),
            to: executed.to.map(convert::address),
            contract_address: executed.contract_address.map(convert::address),
            gas_used: executed.gas_used,
            cumulative_gas_used,
            effective_gas_price: executed.effective_gas_price,
            success: executed.success,
            first_log,
            logs: executed.logs.iter().map(convert::alloy_log).collect(),
        }
    }
}

/// Length of the RLP list of header, transactions, (no) ommers and (no) withdrawals. A typed transaction is an RLP
/// string of its EIP-2718 bytes, a legacy one is a list by itself.
fn block_size<'a>(header: &Header, header_bytes: usize, transactions: impl Iterator<Item = &'a Bytes>) -> u64 {
    let list = |payload: usize| alloy_rlp::Header { list: true, payload_length: payload }.length_with_payload();
    let transactions = transactions
        .map(|raw| if raw.first().is_some_and(|first| *first >= 0xc0) { raw.len() } else { raw[..].length() })
        .sum();
    let withdrawals = if header.withdrawals_root.is_some() { list(0) } else { 0 };
    list(header_bytes + list(transactions) + list(0) + withdrawals) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{Block, BlockBody, SignableTransaction, TxEip1559, TxEnvelope, TxLegacy};
    use alloy_eips::{Encodable2718, eip4895::Withdrawals};
    use alloy_primitives::{Signature, TxKind, U256};

    #[test]
    fn size_is_the_length_of_the_rlp() {
        let signature = Signature::new(U256::from(1), U256::from(2), false);
        let legacy = TxLegacy { to: TxKind::Create, input: vec![7; 300].into(), ..Default::default() };
        let dynamic = TxEip1559 { chain_id: 4269, input: vec![7; 30].into(), ..Default::default() };
        let transactions: Vec<TxEnvelope> =
            vec![legacy.into_signed(signature).into(), dynamic.into_signed(signature).into()];
        let raw: Vec<Bytes> = transactions.iter().map(|transaction| transaction.encoded_2718().into()).collect();
        for withdrawals in [None, Some(Withdrawals::default())] {
            let withdrawals_root = withdrawals.as_ref().map(|_| B256::ZERO);
            let header = Header { withdrawals_root, base_fee_per_gas: Some(0), ..Default::default() };
            let size = block_size(&header, header.length(), raw.iter());
            let body = BlockBody { transactions: transactions.clone(), ommers: vec![], withdrawals };
            assert_eq!(size, Block::new(header, body).length() as u64);
        }
    }
}
