//! The node's Ethereum JSON-RPC: the few calls that the ledger makes, in batches.
//!
//! The types here read only the fields that are used, so that a node with more or fewer extras is fine.

use super::contracts::{address_text, hash_text};
use super::types::{NodeStatus, PoolStatus, Validator};
use crate::config;
use alloy::primitives::{Address, B256, Bytes, U64, U256};
use alloy::rpc::client::{BatchRequest, RpcClient, Waiter};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use codec::Decode as _;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChainError {
    /// The node is away, too slow, or speaks something else.
    #[error("the node does not answer: {0}")]
    Away(String),
    /// The node answers, but not with what is needed: it has no such block, or its answers belong to two branches
    /// because it is just switching. Asking again helps.
    #[error("the node's answer can't be used: {0}")]
    Unusable(String),
    /// The answer would be larger than the node gives at once. Asking for less helps.
    #[error("the node does not answer that much at once: {0}")]
    TooLarge(String),
    /// The node answered with an error.
    #[error("the node answered {code}: {message}")]
    Answer {
        /// JSON-RPC code.
        code: i64,
        /// geth's text.
        message: String,
        /// Revert bytes, where there are.
        data: Option<Bytes>,
    },
}

/// JSON-RPC code of a request that was understood and refused, with a text that says why.
pub(super) const REFUSED: i64 = -32_000;
/// JSON-RPC codes of a request or an answer over the node's limits.
const TOO_LARGE: [i64; 4] = [-32_007, -32_008, -32_010, -32_011];

impl From<TransportError> for ChainError {
    fn from(error: TransportError) -> Self {
        match error {
            RpcError::ErrorResp(payload) if TOO_LARGE.contains(&payload.code) => {
                Self::TooLarge(payload.message.into_owned())
            }
            // An oversized batch gets one error without an id: it answers none of the calls.
            RpcError::Transport(TransportErrorKind::MissingBatchResponse(_)) => Self::TooLarge(error.to_string()),
            RpcError::ErrorResp(payload) => {
                let data = payload.data.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
                Self::Answer { code: payload.code, message: payload.message.into_owned(), data }
            }
            other => Self::Away(other.to_string()),
        }
    }
}

impl ChainError {
    /// Whether asking again later makes sense because the node was not there.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

pub(crate) type ChainResult<T> = Result<T, ChainError>;

/// A block's header and the hashes of its transactions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Block {
    number: U64,
    pub hash: B256,
    pub parent_hash: B256,
    timestamp: U64,
    /// Who sealed it.
    pub miner: Address,
    pub gas_used: U64,
    pub gas_limit: U64,
    /// In wei; chains without a fee market have none or 0.
    #[serde(default)]
    pub base_fee_per_gas: Option<U256>,
    /// Bytes.
    pub size: U64,
    pub transactions: Vec<B256>,
}

impl Block {
    pub fn number(&self) -> u64 {
        self.number.to()
    }

    /// Unix milliseconds; the header has seconds.
    pub fn timestamp_ms(&self) -> i64 {
        i64::try_from(self.timestamp.to::<u64>().saturating_mul(1_000)).unwrap_or(i64::MAX)
    }

    #[cfg(test)]
    pub fn new(number: u64, hash: B256, parent_hash: B256, transactions: Vec<B256>) -> Self {
        Self {
            number: U64::from(number),
            hash,
            parent_hash,
            timestamp: U64::from(number),
            miner: Address::ZERO,
            gas_used: U64::ZERO,
            gas_limit: U64::from(30_000_000),
            base_fee_per_gas: None,
            size: U64::from(500),
            transactions,
        }
    }

    /// The same at another time (unix seconds).
    #[cfg(test)]
    pub fn at(self, timestamp: u64) -> Self {
        Self { timestamp: U64::from(timestamp), ..self }
    }
}

/// What somebody signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedTransaction {
    pub hash: B256,
    pub from: Address,
    /// Nobody: it creates a contract.
    pub to: Option<Address>,
    pub nonce: U64,
    /// In wei.
    pub value: U256,
    /// Its limit.
    pub gas: U64,
    /// In wei: what is paid, or the most that would be while it is pending.
    #[serde(default)]
    pub gas_price: Option<U256>,
    pub input: Bytes,
    #[serde(rename = "type")]
    pub kind: U64,
    /// Where it is; a pending one is nowhere yet.
    #[serde(default)]
    pub block_hash: Option<B256>,
    #[serde(default)]
    pub block_number: Option<U64>,
}

/// What is in a block, in order.
pub(crate) type Contents = (Vec<SignedTransaction>, Vec<Receipt>);

#[derive(Clone, Debug, Deserialize)]
struct Body {
    transactions: Vec<SignedTransaction>,
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub transaction_hash: B256,
    pub block_hash: B256,
    pub transaction_index: U64,
    pub status: U64,
    pub gas_used: U64,
    /// In wei.
    #[serde(default)]
    pub effective_gas_price: U256,
    /// The contract that it created.
    #[serde(default)]
    pub contract_address: Option<Address>,
    pub logs: Vec<Log>,
}

impl Receipt {
    pub fn succeeded(&self) -> bool {
        self.status == U64::from(1)
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Log {
    pub address: Address,
    pub topics: Vec<B256>,
    pub data: Bytes,
    pub log_index: U64,
}

/// A Transfer event by itself, with its place.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedLog {
    #[serde(flatten)]
    pub log: Log,
    pub transaction_hash: B256,
}

/// A call inside a transaction, as the `flatCallTracer` tells it: geth's and Parity's flat form, in the order in which
/// the calls began. The nested form of the `callTracer` may be deeper than JSON is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trace {
    /// `call`, `create` or `suicide`.
    #[serde(rename = "type")]
    pub kind: String,
    pub action: TraceAction,
    #[serde(default)]
    pub result: Option<TraceResult>,
    #[serde(default)]
    pub error: Option<String>,
    /// The way from the outermost call to this one.
    pub trace_address: Vec<u64>,
}

/// What a call wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TraceAction {
    pub call_type: Option<String>,
    pub creation_method: Option<String>,
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub value: Option<U256>,
    pub input: Bytes,
    pub init: Bytes,
    /// Of a self-destruction: whose, for whom, how much.
    pub address: Option<Address>,
    pub refund_address: Option<Address>,
    pub balance: Option<U256>,
}

/// What became of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TraceResult {
    pub gas_used: U64,
    pub output: Option<Bytes>,
    /// What was created.
    pub address: Option<Address>,
}

/// As `txpool_status` tells it.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Pool {
    pending: U64,
    queued: U64,
}

/// A call to be run.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub from: Address,
    pub to: Address,
    pub input: Bytes,
    pub gas: u64,
}

/// The two ends of the chain as the node sees them.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    pub best: Block,
    pub finalized: Block,
}

#[derive(Clone, Debug, Serialize)]
struct CallRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Address>,
    to: Address,
    input: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas: Option<U64>,
}

/// A client of one node. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    client: RpcClient,
}

impl Chain {
    pub fn new(settings: &config::Chain) -> Result<Self, ChainError> {
        let bad = |error: &dyn std::fmt::Display| ChainError::Away(format!("chain.rpc_url: {error}"));
        let url = settings.rpc_url.parse().map_err(|error| bad(&error))?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.request_timeout_ms))
            .connect_timeout(Duration::from_secs(2))
            .tcp_nodelay(true)
            .no_proxy()
            .build()
            .map_err(|error| bad(&error))?;
        Ok(Self { client: RpcClient::builder().http_with_client(http, url) })
    }

    /// Chain id and genesis hash.
    pub async fn identity(&self) -> ChainResult<(u64, B256)> {
        let mut batch = self.client.new_batch();
        let chain_id: Waiter<U64> = batch.add_call("eth_chainId", &())?;
        let genesis: Waiter<Option<Block>> = batch.add_call("eth_getBlockByNumber", &("0x0", false))?;
        batch.send().await?;
        let genesis = genesis.await?.ok_or_else(|| ChainError::Unusable("it has no block 0".to_owned()))?;
        Ok((chain_id.await?.to(), genesis.hash))
    }

    /// Best and finalized block.
    pub async fn heads(&self) -> ChainResult<Heads> {
        let mut batch = self.client.new_batch();
        let best: Waiter<Option<Block>> = batch.add_call("eth_getBlockByNumber", &("latest", false))?;
        let finalized: Waiter<Option<Block>> = batch.add_call("eth_getBlockByNumber", &("finalized", false))?;
        batch.send().await?;
        let missing = || ChainError::Unusable("it has no best or finalized block".to_owned());
        Ok(Heads { best: best.await?.ok_or_else(missing)?, finalized: finalized.await?.ok_or_else(missing)? })
    }

    /// Whether the node is still catching up with its network, by its own account.
    pub async fn is_syncing(&self) -> ChainResult<bool> {
        let state: serde_json::Value = self.client.request("eth_syncing", ()).await?;
        Ok(state != serde_json::Value::Bool(false))
    }

    /// What the node tells of itself.
    pub async fn status(&self) -> ChainResult<NodeStatus> {
        let mut batch = self.client.new_batch();
        let peers: Waiter<U64> = batch.add_call("net_peerCount", &())?;
        let pool: Waiter<Pool> = batch.add_call("txpool_status", &())?;
        let authorities: Waiter<Bytes> = batch.add_call("state_call", &("GrandpaApi_grandpa_authorities", "0x"))?;
        batch.send().await?;
        let (peers, pool, authorities) = (peers.await?, pool.await?, authorities.await?);
        let authorities = Vec::<([u8; 32], u64)>::decode(&mut &authorities[..])
            .map_err(|error| ChainError::Unusable(format!("its list of validators: {error}")))?;
        let validator = |(key, weight): ([u8; 32], u64)| Validator { key: format!("0x{}", hex::encode(key)), weight };
        Ok(NodeStatus {
            peers: peers.to(),
            pool: PoolStatus { pending: pool.pending.to(), queued: pool.queued.to() },
            validators: authorities.into_iter().map(validator).collect(),
        })
    }

    /// Number of the best block.
    pub async fn best_number(&self) -> ChainResult<u64> {
        let number: U64 = self.client.request("eth_blockNumber", ()).await?;
        Ok(number.to())
    }

    /// Canonical blocks by number; `None` for those that the node has not got.
    pub async fn blocks(&self, numbers: impl Iterator<Item = u64>) -> ChainResult<Vec<Option<Block>>> {
        let calls = numbers.map(|number| (U64::from(number), false));
        self.many("eth_getBlockByNumber", calls).await?.into_iter().collect()
    }

    /// All transactions and receipts of each block, in one batch; `None` for those that the node has not got.
    pub async fn contents(&self, blocks: &[&Block]) -> ChainResult<Vec<Option<Contents>>> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch = self.client.new_batch();
        let mut waiters = Vec::with_capacity(blocks.len());
        for block in blocks {
            let hash = hash_text(block.hash);
            let body: Waiter<Option<Body>> = batch.add_call("eth_getBlockByHash", &(hash.as_str(), true))?;
            let receipts: Waiter<Option<Vec<Receipt>>> = batch.add_call("eth_getBlockReceipts", &(hash,))?;
            waiters.push((body, receipts));
        }
        batch.send().await?;
        let mut contents = Vec::with_capacity(waiters.len());
        for (body, receipts) in waiters {
            let (body, receipts) = (body.await?, receipts.await?);
            contents.push(body.zip(receipts).map(|(body, receipts)| (body.transactions, receipts)));
        }
        Ok(contents)
    }

    /// One transaction, pending or in a block.
    pub async fn transaction(&self, hash: B256) -> ChainResult<Option<SignedTransaction>> {
        Ok(self.client.request("eth_getTransactionByHash", (hash_text(hash),)).await?)
    }

    /// What the node would put into its next block.
    pub async fn pending(&self) -> ChainResult<Vec<SignedTransaction>> {
        let body: Option<Body> = self.client.request("eth_getBlockByNumber", ("pending", true)).await?;
        Ok(body.map(|body| body.transactions).unwrap_or_default())
    }

    /// The calls inside a transaction.
    pub async fn trace(&self, hash: B256) -> ChainResult<Vec<Trace>> {
        let options = serde_json::json!({ "tracer": "flatCallTracer" });
        Ok(self.client.request("debug_traceTransaction", (hash_text(hash), options)).await?)
    }

    /// What shows to anybody that a transaction is final; `None` when no block has it.
    pub async fn proof(&self, hash: B256) -> ChainResult<Option<hanse_proof::Proof>> {
        Ok(self.client.request("hanse_getTransactionProof", (hash_text(hash),)).await?)
    }

    /// Balance in wei, nonce and code of an account at the best block.
    pub async fn account(&self, address: Address) -> ChainResult<(U256, u64, Bytes)> {
        let mut batch = self.client.new_batch();
        let balance: Waiter<U256> = batch.add_call("eth_getBalance", &(address, "latest"))?;
        let nonce: Waiter<U64> = batch.add_call("eth_getTransactionCount", &(address, "latest"))?;
        let code: Waiter<Bytes> = batch.add_call("eth_getCode", &(address, "latest"))?;
        batch.send().await?;
        Ok((balance.await?, nonce.await?.to(), code.await?))
    }

    /// One transaction's receipt.
    pub async fn receipt(&self, transaction: B256) -> ChainResult<Option<Receipt>> {
        Ok(self.client.request("eth_getTransactionReceipt", (hash_text(transaction),)).await?)
    }

    /// The logs of these contracts in a block.
    pub async fn logs(&self, block: B256, contracts: &[Address]) -> ChainResult<Vec<PlacedLog>> {
        let filter = serde_json::json!({
            "blockHash": hash_text(block),
            "address": contracts.iter().map(|contract| address_text(*contract)).collect::<Vec<_>>(),
        });
        Ok(self.client.request("eth_getLogs", (filter,)).await?)
    }

    /// Sends raw transactions; one result each, in order.
    pub async fn send_raw(&self, raws: &[String]) -> ChainResult<Vec<ChainResult<B256>>> {
        self.many("eth_sendRawTransaction", raws.iter().map(|raw| (raw.as_str(),))).await
    }

    /// Whether the node knows this transaction, in its pool or in a block.
    pub async fn knows(&self, hash: &str) -> ChainResult<bool> {
        let found: Option<serde_json::Value> = self.client.request("eth_getTransactionByHash", (hash,)).await?;
        Ok(found.is_some())
    }

    /// The account's next nonce at a block given by tag or number.
    pub async fn nonce(&self, address: Address, block: &str) -> ChainResult<u64> {
        let nonce: U64 = self.client.request("eth_getTransactionCount", (address, block)).await?;
        Ok(nonce.to())
    }

    /// Runs calls as of the end of a block, in one batch.
    pub async fn calls(&self, calls: &[Call], block: u64) -> ChainResult<Vec<ChainResult<Bytes>>> {
        let requests = calls.iter().map(|call| {
            let gas = Some(U64::from(call.gas));
            let request = CallRequest { from: Some(call.from), to: call.to, input: call.input.clone(), gas };
            (request, U64::from(block))
        });
        self.many("eth_call", requests).await
    }

    /// Reads `(contract, calldata)` as of the end of a block, each an unsigned word.
    pub async fn read_words(&self, reads: &[(Address, Bytes)], block: u64) -> ChainResult<Vec<ChainResult<U256>>> {
        let calls = reads.iter().map(|(to, input)| {
            (CallRequest { from: None, to: *to, input: input.clone(), gas: None }, U64::from(block))
        });
        let words: Vec<ChainResult<Bytes>> = self.many("eth_call", calls).await?;
        Ok(words
            .into_iter()
            .map(|word| {
                // Nothing at all is what an address without code answers, and must not be read as 0.
                <[u8; 32]>::try_from(&word?[..])
                    .map(U256::from_be_bytes)
                    .map_err(|_| ChainError::Unusable("a call returned no word".to_owned()))
            })
            .collect())
    }

    /// One batch of the same method. The outer error is the transport's.
    async fn many<P, R>(&self, method: &'static str, calls: impl Iterator<Item = P>) -> ChainResult<Vec<ChainResult<R>>>
    where
        P: Serialize + Clone + std::fmt::Debug + Send + Sync + Unpin,
        R: serde::de::DeserializeOwned + std::fmt::Debug + Send + Sync + Unpin + 'static,
    {
        let mut batch: BatchRequest<'_> = self.client.new_batch();
        let mut waiters: Vec<Waiter<R>> = Vec::new();
        for call in calls {
            waiters.push(batch.add_call(method, &call)?);
        }
        if waiters.is_empty() {
            return Ok(Vec::new());
        }
        batch.send().await?;
        let mut results = Vec::with_capacity(waiters.len());
        for waiter in waiters {
            results.push(waiter.await.map_err(ChainError::from));
        }
        Ok(results)
    }
}

/// Receipts by transaction.
pub(crate) fn by_hash(receipts: &[Receipt]) -> HashMap<B256, &Receipt> {
    receipts.iter().map(|receipt| (receipt.transaction_hash, receipt)).collect()
}
