//! A node in memory: answers what the ledger asks, finalizes every block at once, and misbehaves on demand.

use super::fixture::genesis;
use crate::ledger::contracts::{abi, hash_text};
use alloy::consensus::transaction::SignerRecoverable as _;
use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::eip2718::Decodable2718 as _;
use alloy::primitives::{Address, B256, U256, hex, keccak256};
use alloy::sol_types::{SolCall as _, SolEvent as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A block; its receipts have their logs, and the logs have their places.
#[derive(Clone)]
struct Block {
    hash: B256,
    bodies: Vec<Value>,
    receipts: Vec<Value>,
    /// Who has used up a nonce in it.
    senders: Vec<Address>,
    transactions: Vec<(B256, TxEnvelope)>,
}

/// What goes wrong with a node, by chance.
pub(super) struct Faults {
    random: StdRng,
    /// Of a hundred requests; as many again take effect and their answer is lost, or comes too late.
    percent: u8,
}

impl Faults {
    /// How long an answer that comes too late takes.
    pub const DELAY: Duration = Duration::from_millis(250);

    pub fn new(seed: u64, percent: u8) -> Self {
        Self { random: StdRng::seed_from_u64(seed), percent }
    }

    fn happens(&mut self) -> bool {
        self.random.random_range(0..100) < self.percent
    }
}

/// What the node has and how it behaves.
#[derive(Default)]
pub(super) struct Inside {
    blocks: Vec<Block>,
    pool: Vec<(B256, TxEnvelope)>,
    salt: u64,
    pub faults: Option<Faults>,
    /// Blocks at the end that are not final.
    pub unfinalized: usize,
    /// Answers nothing.
    pub down: bool,
    /// Does not say which chain it is of.
    pub anonymous: bool,
    /// Makes a block of each batch at once.
    pub instant: bool,
    /// Has only this many blocks above the genesis, by its own account.
    pub shown: Option<usize>,
    pub syncing: bool,
    /// Refuses every transaction with these words.
    pub refusal: Option<&'static str>,
    /// Receipts in one answer at most.
    pub most_receipts: Option<usize>,
    /// Transactions that it has taken.
    pub taken: usize,
    /// Batches that were larger than it answers.
    pub oversized: usize,
}

#[derive(Clone)]
pub(super) struct Node {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
}

impl Node {
    pub async fn start() -> Self {
        let first = Block {
            hash: genesis(),
            bodies: Vec::new(),
            receipts: Vec::new(),
            senders: Vec::new(),
            transactions: Vec::new(),
        };
        let inside = Inside { blocks: vec![first], ..Inside::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let node = Self { url, inside: Arc::new(Mutex::new(inside)) };
        let answering = node.clone();
        let answer = move |body: String| async move {
            let (answer, delay) = answering.answer(&body);
            tokio::time::sleep(delay).await;
            answer
        };
        let router = axum::Router::new().route("/", axum::routing::post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        node
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// The answer, and when to give it.
    fn answer(&self, body: &str) -> ((axum::http::StatusCode, String), Duration) {
        let mut inside = self.inside();
        let nothing = (axum::http::StatusCode::SERVICE_UNAVAILABLE, String::new());
        if inside.down || inside.goes_wrong() {
            return (nothing, Duration::ZERO);
        }
        let answer = match serde_json::from_str(body).unwrap() {
            Value::Array(calls) => inside.batch(&calls),
            call => inside.call(&call),
        };
        if inside.goes_wrong() {
            return (nothing, Duration::ZERO);
        }
        let late = if inside.goes_wrong() { Faults::DELAY } else { Duration::ZERO };
        ((axum::http::StatusCode::OK, answer.to_string()), late)
    }
}

/// What a `Transfer` log says: from whom, to whom, how much.
pub(super) fn movement(log: &Value) -> (Address, Address, U256) {
    let party = |topic: usize| Address::from_word(log["topics"][topic].as_str().unwrap().parse().unwrap());
    (party(1), party(2), log["data"].as_str().unwrap().parse().unwrap())
}

impl Inside {
    fn goes_wrong(&mut self) -> bool {
        self.faults.as_mut().is_some_and(Faults::happens)
    }

    /// Number of the best block.
    pub fn best(&self) -> usize {
        self.blocks.len() - 1
    }

    /// Number of the last block that is final.
    pub fn finalized(&self) -> usize {
        self.best().saturating_sub(self.unfinalized)
    }

    /// The transactions in blocks, each with whether it succeeded.
    pub fn executed(&self) -> Vec<(String, bool)> {
        let receipts = self.blocks.iter().flat_map(|block| &block.receipts);
        receipts.map(|one| (one["transactionHash"].as_str().unwrap().to_owned(), one["status"] == "0x1")).collect()
    }

    /// The logs of all blocks, each with its block's number.
    pub fn logs(&self) -> impl Iterator<Item = (usize, &Value)> {
        let receipts =
            self.blocks.iter().enumerate().flat_map(|(n, block)| block.receipts.iter().map(move |one| (n, one)));
        receipts.flat_map(|(number, one)| one["logs"].as_array().into_iter().flatten().map(move |log| (number, log)))
    }

    /// What the account holds, or all accounts together, at the end of a block.
    pub fn balance(&self, account: Option<Address>, until: usize) -> U256 {
        let mut sum = U256::ZERO;
        for (_, log) in self.logs().take_while(|(number, _)| *number <= until) {
            let (from, to, value) = movement(log);
            let (comes, goes) = match account {
                Some(account) => (to == account, from == account),
                None => (from.is_zero(), to.is_zero()),
            };
            sum += if comes { value } else { U256::ZERO };
            sum -= if goes { value } else { U256::ZERO };
        }
        sum
    }

    /// Makes a block of what is in the pool. A transfer of more than there is fails.
    pub fn mine(&mut self) {
        self.salt += 1;
        let number = self.blocks.len();
        let hash = keccak256([number.to_be_bytes(), self.salt.to_be_bytes()].concat());
        let mut block =
            Block { hash, bodies: Vec::new(), receipts: Vec::new(), senders: Vec::new(), transactions: Vec::new() };
        let mut logs = 0;
        let mut balances: HashMap<Address, U256> = HashMap::new();
        let mut pool = std::mem::take(&mut self.pool);
        pool.sort_by_key(|(_, tx)| tx.nonce());
        for (tx_hash, tx) in pool {
            let sender = tx.recover_signer().unwrap();
            let used = block.senders.iter().filter(|one| **one == sender).count() as u64;
            if tx.nonce() != self.nonce(sender, self.blocks.len() - 1) + used {
                self.pool.push((tx_hash, tx));
                continue;
            }
            block.senders.push(sender);
            block.transactions.push((tx_hash, tx.clone()));
            let moved = if let Ok(call) = abi::IToken::mintCall::abi_decode(tx.input()) {
                Some((Address::ZERO, call.to, call.value))
            } else if let Ok(call) = abi::IToken::transferCall::abi_decode(tx.input()) {
                Some((sender, call.to, call.value))
            } else {
                None
            };
            let mut held =
                |account| *balances.entry(account).or_insert_with(|| self.balance(Some(account), number - 1));
            let fails = moved.is_some_and(|(from, _, value)| !from.is_zero() && held(from) < value);
            let moved = moved.filter(|_| !fails);
            if let Some((from, to, value)) = moved {
                let (before, after) = (held(from), held(to));
                if from != to {
                    balances.insert(from, before.wrapping_sub(value));
                    balances.insert(to, after + value);
                }
            }
            let index = format!("{:#x}", block.receipts.len());
            let log = moved.map(|(from, to, value)| {
                let event = abi::IToken::Transfer { from, to, value }.encode_log_data();
                logs += 1;
                json!({
                    "address": tx.to().unwrap(), "topics": event.topics(), "data": event.data,
                    "logIndex": format!("{:#x}", logs - 1), "blockHash": hash, "transactionHash": tx_hash,
                    "transactionIndex": index,
                })
            });
            block.bodies.push(json!({
                "hash": tx_hash, "blockHash": hash, "blockNumber": format!("{number:#x}"), "from": sender,
                "to": tx.to(), "nonce": format!("{:#x}", tx.nonce()), "value": tx.value(),
                "gas": format!("{:#x}", tx.gas_limit()), "input": tx.input(), "type": "0x2",
            }));
            block.receipts.push(json!({
                "transactionHash": tx_hash, "blockHash": hash, "transactionIndex": index,
                "status": if fails { "0x0" } else { "0x1" }, "gasUsed": "0x5208", "logs": log.into_iter().collect::<Vec<_>>(),
            }));
        }
        self.blocks.push(block);
    }

    /// Throws the blocks above this number away, with their transactions, and makes as many others without any.
    pub fn fork(&mut self, number: usize) {
        let count = self.best() - number;
        self.blocks.truncate(number + 1);
        self.pool.clear();
        for _ in 0..count {
            self.mine();
        }
    }

    /// Another branch leaves above this number and is longer by a block. What the old one had is in the pool again; only
    /// what the first block takes of it is in the new one so far.
    pub fn switch(&mut self, number: usize) {
        let gone = self.blocks.split_off(number + 1);
        for _ in 0..=gone.len() {
            self.mine();
        }
        self.pool.extend(gone.into_iter().flat_map(|block| block.transactions));
    }

    fn batch(&mut self, calls: &[Value]) -> Value {
        let answers: Vec<Value> = calls.iter().map(|call| self.call(call)).collect();
        let receipts: usize = answers.iter().filter_map(|one| one["result"].as_array()).map(Vec::len).sum();
        if self.most_receipts.is_some_and(|most| receipts > most) {
            self.oversized += 1;
            let error = json!({ "code": -32_011, "message": "The batch response was too large" });
            return json!({ "jsonrpc": "2.0", "id": null, "error": error });
        }
        if self.instant && !self.pool.is_empty() {
            self.mine();
        }
        Value::Array(answers)
    }

    fn call(&mut self, call: &Value) -> Value {
        let result = if self.goes_wrong() {
            Err("internal error")
        } else {
            self.result(call["method"].as_str().unwrap(), &call["params"])
        };
        match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }),
            Err(message) => {
                let error = json!({ "code": -32_000, "message": message });
                json!({ "jsonrpc": "2.0", "id": call["id"], "error": error })
            }
        }
    }

    fn result(&mut self, method: &str, params: &Value) -> Result<Value, &'static str> {
        let best = self.shown.unwrap_or(self.blocks.len() - 1);
        let at = |name: &Value| match name.as_str().unwrap() {
            "latest" => best,
            "finalized" => best.saturating_sub(self.unfinalized),
            number => usize::from_str_radix(number.trim_start_matches("0x"), 16).unwrap(),
        };
        let by_hash = |hash: &Value| self.blocks[..=best].iter().find(|block| json!(block.hash) == *hash);
        let receipts = || self.blocks[..=best].iter().flat_map(|block| &block.receipts);
        Ok(match method {
            "eth_chainId" if self.anonymous => return Err("not yet"),
            "eth_chainId" => json!("0x10ad"),
            "eth_syncing" => json!(self.syncing),
            "eth_blockNumber" => json!(format!("{best:#x}")),
            "eth_getBlockByNumber" => match at(&params[0]) {
                number if number > best => Value::Null,
                number => self.header(number),
            },
            "eth_getBlockByHash" => {
                by_hash(&params[0]).map_or(Value::Null, |block| json!({ "transactions": block.bodies }))
            }
            "eth_getBlockReceipts" => by_hash(&params[0]).map_or(Value::Null, |block| json!(block.receipts)),
            "eth_getTransactionReceipt" => {
                receipts().find(|one| one["transactionHash"] == params[0]).cloned().unwrap_or_default()
            }
            "eth_getTransactionByHash" => {
                let pooled = self.pool.iter().any(|(hash, _)| json!(hash) == params[0]);
                let mined = self.blocks[..=best].iter().flat_map(|block| &block.bodies);
                let mined = mined.into_iter().find(|one| one["hash"] == params[0]);
                mined.cloned().unwrap_or_else(|| if pooled { json!({}) } else { Value::Null })
            }
            "eth_getLogs" => {
                let filter = &params[0];
                let block = by_hash(&filter["blockHash"]).ok_or("unknown block")?;
                let ours = |log: &&Value| filter["address"].as_array().unwrap().contains(&log["address"]);
                let logs = block.receipts.iter().flat_map(|one| one["logs"].as_array().unwrap());
                json!(logs.filter(ours).collect::<Vec<_>>())
            }
            "eth_getTransactionCount" => {
                let account: Address = params[0].as_str().unwrap().parse().unwrap();
                json!(format!("{:#x}", self.nonce(account, at(&params[1]))))
            }
            "eth_call" => json!(self.word(&params[0], at(&params[1]))?),
            "eth_sendRawTransaction" => json!(self.take(&params[0])?),
            "net_peerCount" => json!("0x0"),
            "txpool_status" => json!({ "pending": format!("{:#x}", self.pool.len()), "queued": "0x0" }),
            // No validators: SCALE's empty list.
            "state_call" => json!("0x00"),
            other => panic!("the node in memory has no {other}"),
        })
    }

    fn header(&self, number: usize) -> Value {
        let block = &self.blocks[number];
        let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| self.blocks[parent].hash);
        let transactions: Vec<_> = block.receipts.iter().map(|one| &one["transactionHash"]).collect();
        let number = format!("{number:#x}");
        json!({
            "number": number, "hash": block.hash, "parentHash": parent, "timestamp": number,
            "transactions": transactions, "miner": Address::ZERO, "gasUsed": "0x0", "gasLimit": "0x1c9c380",
            "size": "0x200",
        })
    }

    fn nonce(&self, account: Address, until: usize) -> u64 {
        self.blocks[..=until].iter().flat_map(|block| &block.senders).filter(|sender| **sender == account).count()
            as u64
    }

    /// As if somebody had sent these bytes.
    pub fn take(&mut self, raw: &Value) -> Result<B256, &'static str> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let bytes = hex::decode(raw.as_str().unwrap()).unwrap();
        let tx = TxEnvelope::decode_2718(&mut bytes.as_slice()).unwrap();
        let hash = *tx.tx_hash();
        if self.pool.iter().any(|(known, _)| *known == hash) {
            return Err("already known");
        }
        if tx.nonce() < self.nonce(tx.recover_signer().unwrap(), self.blocks.len() - 1) {
            return Err("nonce too low");
        }
        self.taken += 1;
        self.pool.push((hash, tx));
        Ok(hash)
    }

    /// balanceOf and totalSupply; a transfer is only run to learn why it failed.
    fn word(&self, call: &Value, until: usize) -> Result<String, &'static str> {
        let input = hex::decode(call["input"].as_str().unwrap()).unwrap();
        if abi::IToken::transferCall::abi_decode(&input).is_ok() {
            return Err("execution reverted");
        }
        let account = abi::IToken::balanceOfCall::abi_decode(&input).map(|call| call.account).ok();
        Ok(hash_text(self.balance(account, until).into()))
    }
}
