//! A flood of token transfers by many senders over Ethereum JSON-RPC, and how long a chain takes for it.

use alloy::primitives::{Address, Bytes, TxKind, U256};
use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hanse_tests::erc20::{self, Erc20};
use hanse_tests::{Rpc, Wallet, quantity, until};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 4;
const BATCH: usize = 100;
/// Transactions sent and not yet included at most: below the pools' limits.
const WINDOW: u64 = 3_000;
const GAS: u64 = 120_000;

/// Signed transfers, in the order in which each connection sends them.
pub struct Flood {
    connections: Vec<Vec<Bytes>>,
    count: u64,
}

/// How it went.
pub struct Outcome {
    /// From the first request until the last transaction was in a block.
    pub took: Duration,
    /// Transactions in blocks; all of them.
    pub count: u64,
    /// Blocks that they took.
    pub blocks: u64,
    /// Gas that those blocks used.
    pub gas: u64,
}

impl Outcome {
    /// Transactions a second.
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }
}

/// The wallets that send.
pub fn senders(count: u64) -> Vec<Wallet> {
    (1000..1000 + count).map(Wallet::numbered).collect()
}

/// Gives each sender `amount` of the token from `treasury`, whose next nonce is `nonce`.
pub async fn endow(
    token: &Erc20,
    rpc: &Rpc,
    treasury: &Wallet,
    nonce: u64,
    senders: &[Wallet],
    amount: u64,
) -> Result<()> {
    let raws: Vec<Bytes> = senders
        .iter()
        .zip(nonce..)
        .map(|(sender, nonce)| {
            treasury.sign(nonce, TxKind::Call(token.address()), erc20::transfer(sender.address(), amount), GAS)
        })
        .collect::<Result<_>>()?;
    for batch in raws.chunks(BATCH) {
        send(rpc, batch).await?;
    }
    let last = senders.last().context("no senders")?.address();
    until("the senders have tokens", Duration::from_secs(60), async || {
        Ok((token.balance_of(last).await? == U256::from(amount)).then_some(()))
    })
    .await
}

impl Flood {
    /// `each` transfers of one unit by each sender to the next one.
    pub fn sign(token: Address, senders: &[Wallet], each: u64) -> Result<Self> {
        let mut connections = vec![Vec::new(); CONNECTIONS];
        for nonce in 0..each {
            for (index, sender) in senders.iter().enumerate() {
                let receiver = senders[(index + 1) % senders.len()].address();
                let raw = sender.sign(nonce, TxKind::Call(token), erc20::transfer(receiver, 1), GAS)?;
                connections[index % CONNECTIONS].push(raw);
            }
        }
        Ok(Self { connections, count: each * senders.len() as u64 })
    }

    /// Sends everything, as fast as the chain takes it, and waits until it is in blocks.
    pub async fn run(&self, rpc: &Rpc) -> Result<Outcome> {
        let first_block = rpc.number("eth_blockNumber", json!([])).await? + 1;
        let (sent, included) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let began = Instant::now();
        let sending = try_join_all(self.connections.iter().map(async |raws| {
            // A client a connection: reqwest would share one.
            let rpc = Rpc::new(rpc.url());
            for batch in raws.chunks(BATCH) {
                while sent.load(Ordering::Relaxed) - included.load(Ordering::Relaxed) > WINDOW {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                sent.fetch_add(batch.len() as u64, Ordering::Relaxed);
                send(&rpc, batch).await?;
            }
            Ok(())
        }));
        let counting = self.count_blocks(rpc, first_block, &included, began);
        let (_, outcome) = tokio::try_join!(sending, counting)?;
        Ok(outcome)
    }

    async fn count_blocks(&self, rpc: &Rpc, first: u64, included: &AtomicU64, began: Instant) -> Result<Outcome> {
        let (mut next, mut gas, mut blocks) = (first, 0, 0);
        let mut moved = Instant::now();
        loop {
            let head = rpc.number("eth_blockNumber", json!([])).await?;
            let numbers = (next..=head).take(200).map(|number| json!([format!("{number:#x}"), false]));
            for block in rpc.batch("eth_getBlockByNumber", numbers).await? {
                let block = block?;
                let transactions = block["transactions"].as_array().context("transactions")?.len() as u64;
                included.fetch_add(transactions, Ordering::Relaxed);
                gas += quantity(&block["gasUsed"])?;
                blocks += u64::from(transactions > 0);
                next += 1;
                moved = Instant::now();
            }
            let count = included.load(Ordering::Relaxed);
            if count >= self.count {
                return Ok(Outcome { took: began.elapsed(), count, blocks, gas });
            }
            ensure!(
                moved.elapsed() < Duration::from_secs(30),
                "{count} of {} included, and no block for 30 s",
                self.count
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn send(rpc: &Rpc, batch: &[Bytes]) -> Result<()> {
    for answer in rpc.batch("eth_sendRawTransaction", batch.iter().map(|raw| json!([raw]))).await? {
        answer?;
    }
    Ok(())
}
