//! Any interleaving of acceptance, sending, inclusion, failure, reorganisation, finality, refusal and crash keeps the
//! cache equal to a plain model of the chain, and conserves value.

use super::fixture::{Fixture, genesis};
use crate::db::testing;
use crate::ledger::chain::{Block, Log, Receipt};
use crate::ledger::contracts::{abi, address_text, hash_text};
use crate::ledger::projection::{self, BlockData, TokenCache};
use crate::ledger::refusal::refuse;
use crate::ledger::state::ChainState;
use crate::ledger::{Intent, Status};
use alloy::primitives::{Address, B256, U64, U256, keccak256};
use alloy::sol_types::SolEvent as _;
use proptest::prelude::*;
use sqlx::Row as _;
use std::collections::{BTreeMap, HashMap};

/// One step; the numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Accept {
        kind: u8,
        from: u8,
        to: u8,
        amount: u16,
    },
    Send,
    /// Mines a block: for each wallet some of its next transactions, and a few outsiders' movements.
    Mine {
        take: u8,
        outsiders: u8,
        seed: u16,
    },
    /// The node switches to a branch that leaves at this depth.
    Reorg {
        depth: u8,
    },
    Finalize {
        back: u8,
    },
    Refuse {
        which: u8,
    },
    /// Dies in the middle of projecting a block: the transaction is dropped.
    CrashWhileApplying,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4u8, any::<u8>(), any::<u8>(), 0..200u16)
            .prop_map(|(kind, from, to, amount)| Step::Accept { kind, from, to, amount }),
        3 => Just(Step::Send),
        6 => (any::<u8>(), 0..3u8, any::<u16>())
            .prop_map(|(take, outsiders, seed)| Step::Mine { take, outsiders, seed }),
        2 => (0..6u8).prop_map(|depth| Step::Reorg { depth }),
        2 => (0..3u8).prop_map(|back| Step::Finalize { back }),
        1 => any::<u8>().prop_map(|which| Step::Refuse { which }),
        1 => Just(Step::CrashWhileApplying),
    ];
    prop::collection::vec(step, 1..60)
}

/// An accepted operation as the model sees it.
#[derive(Clone, Debug)]
struct ModelOperation {
    id: String,
    hash: B256,
    sender: Address,
    nonce: u64,
    /// `from`, `to`, amount; the zero address for minting and burning.
    moves: Vec<(Address, Address, u64)>,
    sent: bool,
    refused: bool,
}

/// A block of the model's chain.
#[derive(Clone, Debug)]
struct ModelBlock {
    data: BlockData,
    /// Index into the operations, and whether it succeeded.
    executed: Vec<(usize, bool)>,
    balances_after: BTreeMap<Address, u64>,
}

struct World {
    fixture: Fixture,
    operations: Vec<ModelOperation>,
    chain: Vec<ModelBlock>,
    finalized: usize,
    tokens: TokenCache,
    salt: u64,
}

impl World {
    fn parties(&self) -> Vec<Address> {
        let mut parties = vec![self.fixture.treasury.address];
        parties.extend(self.fixture.wallets.iter().map(|wallet| wallet.address));
        parties.push(Address::repeat_byte(0x77));
        parties
    }

    fn balances(&self) -> BTreeMap<Address, u64> {
        self.chain.last().map(|block| block.balances_after.clone()).unwrap_or_default()
    }

    fn next_nonce(&self, sender: Address) -> u64 {
        self.chain
            .iter()
            .flat_map(|block| &block.executed)
            .filter(|(index, _)| self.operations[*index].sender == sender)
            .count() as u64
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Accept { kind, from, to, amount } => self.accept(kind, from, to, amount.into()).await,
            Step::Send => self.send().await,
            Step::Mine { take, outsiders, seed } => {
                let block = self.mine(take, outsiders, seed);
                self.apply(block, false).await;
            }
            Step::CrashWhileApplying => {
                let block = self.mine(255, 1, 3);
                self.apply(block, true).await;
            }
            Step::Reorg { depth } => self.reorg(depth.into()).await,
            Step::Finalize { back } => self.finalize(back.into()).await,
            Step::Refuse { which } => self.refuse(which.into()).await,
        }
    }

    async fn accept(&mut self, kind: u8, from: u8, to: u8, amount: u64) {
        let fixture = &self.fixture;
        let parties = self.parties();
        let to = parties[usize::from(to) % parties.len()];
        let from = match usize::from(from) % (fixture.wallets.len() + 1) {
            0 => fixture.treasury.clone(),
            n => fixture.wallets[n - 1].clone(),
        };
        let token = fixture.token.clone();
        let value = U256::from(amount);
        let (submission, moves) = match kind {
            0 => (fixture.mint(to, amount), vec![(Address::ZERO, to, amount)]),
            1 => (fixture.transfer(&from, to, amount), vec![(from.address, to, amount)]),
            2 => (
                fixture.submission(&from, Intent::Burn { token, amount: value }),
                vec![(from.address, Address::ZERO, amount)],
            ),
            _ => (
                fixture.submission(
                    &from,
                    Intent::TransferBatch { token, transfers: vec![(to, value), (from.address, value), (to, value)] },
                ),
                vec![(from.address, to, amount), (from.address, from.address, amount), (from.address, to, amount)],
            ),
        };
        if let Ok(accepted) = fixture.accept(submission).await {
            let operation = accepted.operation;
            self.operations.push(ModelOperation {
                hash: operation.transaction_hash.parse().unwrap(),
                sender: operation.sender.parse().unwrap(),
                nonce: operation.nonce,
                id: operation.id,
                moves,
                sent: false,
                refused: false,
            });
        }
    }

    async fn send(&mut self) {
        sqlx::query("UPDATE operations SET status = 'sent' WHERE status = 'accepted'")
            .execute(self.fixture.inner.db.writer())
            .await
            .unwrap();
        for operation in &mut self.operations {
            operation.sent = true;
        }
    }

    /// The block that the node makes next: transactions in nonce order, executed by the rules of a token.
    fn mine(&mut self, take: u8, outsiders: u8, seed: u16) -> ModelBlock {
        let mut balances = self.balances();
        let mut next: HashMap<Address, u64> = HashMap::new();
        let mut executed = Vec::new();
        let mut receipts = Vec::new();
        let mut log_index = 0;
        let token = self.fixture.token.asset.contract;
        let mut log = |from: Address, to: Address, amount: u64| {
            let event = abi::IToken::Transfer { from, to, value: U256::from(amount) }.encode_log_data();
            log_index += 1;
            Log {
                address: token,
                topics: event.topics().to_vec(),
                data: event.data.clone(),
                log_index: U64::from(log_index - 1),
            }
        };
        let candidates: Vec<usize> = (0..self.operations.len())
            .filter(|index| {
                let operation = &self.operations[*index];
                !operation.refused && !self.chain.iter().any(|block| block.executed.iter().any(|(i, _)| i == index))
            })
            .collect();
        for index in candidates {
            let operation = &self.operations[index];
            let expected = *next.entry(operation.sender).or_insert_with(|| self.next_nonce(operation.sender));
            if operation.nonce != expected || (take as usize + index) % 4 == 1 {
                continue;
            }
            next.insert(operation.sender, expected + 1);
            let mut after = balances.clone();
            let succeeds = operation.moves.iter().all(|(from, to, amount)| {
                if !from.is_zero() {
                    let Some(rest) = after.get(from).copied().unwrap_or(0).checked_sub(*amount) else { return false };
                    after.insert(*from, rest);
                }
                if !to.is_zero() {
                    *after.entry(*to).or_default() += amount;
                }
                true
            });
            let mut logs = Vec::new();
            if succeeds {
                balances = after;
                logs.extend(operation.moves.iter().map(|(from, to, amount)| log(*from, *to, *amount)));
            }
            executed.push((index, succeeds));
            receipts.push((operation.hash, succeeds, logs));
        }
        let stranger = Address::repeat_byte(0x77);
        for n in 0..outsiders {
            let to = self.parties()[(usize::from(seed) + usize::from(n)) % self.parties().len()];
            let have = balances.get(&stranger).copied().unwrap_or(0);
            let amount = have.min(u64::from(seed) % 50);
            balances.insert(stranger, have - amount);
            *balances.entry(to).or_default() += amount;
            self.salt += 1;
            let hash = keccak256(self.salt.to_be_bytes());
            receipts.push((hash, true, vec![log(stranger, to, amount)]));
        }
        self.salt += 1;
        let (number, parent) =
            self.chain.last().map_or((1, genesis()), |block| (block.data.block.number() + 1, block.data.block.hash));
        let hash = keccak256(
            (number, self.salt).0.to_be_bytes().iter().chain(&self.salt.to_le_bytes()).copied().collect::<Vec<_>>(),
        );
        let block = Block::new(number, hash, parent, receipts.iter().map(|(hash, _, _)| *hash).collect());
        let receipts = receipts
            .into_iter()
            .enumerate()
            .map(|(index, (transaction_hash, succeeds, logs))| Receipt {
                transaction_hash,
                block_hash: hash,
                transaction_index: U64::from(index),
                status: U64::from(u8::from(succeeds)),
                gas_used: U64::from(50_000),
                effective_gas_price: U256::ZERO,
                contract_address: None,
                logs,
            })
            .collect();
        ModelBlock {
            data: BlockData { block, transactions: Vec::new(), receipts, failures: HashMap::new() },
            executed,
            balances_after: balances,
        }
    }

    async fn apply(&mut self, block: ModelBlock, crash: bool) {
        let db = &self.fixture.inner.db;
        let mut tx = db.write().await.unwrap();
        let mut state = ChainState::read(&mut tx, db.for_update()).await.unwrap().unwrap();
        projection::apply(db, &mut tx, &mut state, &mut self.tokens, std::slice::from_ref(&block.data)).await.unwrap();
        if crash {
            drop(tx);
            return;
        }
        state.store(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        for (index, _) in &block.executed {
            self.operations[*index].sent = true;
        }
        self.chain.push(block);
    }

    async fn reorg(&mut self, depth: usize) {
        // Deeper than finality now and then: a node that has lost its data.
        let keep = self.chain.len().saturating_sub(depth);
        let (number, hash) = match keep {
            0 => (0, genesis()),
            keep => (self.chain[keep - 1].data.block.number(), self.chain[keep - 1].data.block.hash),
        };
        let db = &self.fixture.inner.db;
        let mut tx = db.write().await.unwrap();
        let mut state = ChainState::read(&mut tx, db.for_update()).await.unwrap().unwrap();
        projection::revert_to(db, &mut tx, &mut state, number, hash_text(hash)).await.unwrap();
        state.store(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        self.chain.truncate(keep);
        self.finalized = self.finalized.min(keep);
    }

    async fn finalize(&mut self, back: usize) {
        let until = self.chain.len().saturating_sub(back);
        if until <= self.finalized {
            return;
        }
        let block = self.chain[until - 1].data.block.clone();
        let db = &self.fixture.inner.db;
        let mut tx = db.write().await.unwrap();
        let mut state = ChainState::read(&mut tx, db.for_update()).await.unwrap().unwrap();
        projection::finalize(db, &mut tx, &mut state, block.number(), hash_text(block.hash)).await.unwrap();
        state.store(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        self.finalized = until;
    }

    /// Refuses the last open operation of some wallet, whose nonce holds nobody up in the model.
    async fn refuse(&mut self, which: usize) {
        let on_chain: Vec<usize> = self.chain.iter().flat_map(|b| &b.executed).map(|(index, _)| *index).collect();
        let last: Vec<usize> = (0..self.operations.len())
            .filter(|index| {
                let one = &self.operations[*index];
                !one.refused
                    && !on_chain.contains(index)
                    && !self.operations.iter().any(|other| other.sender == one.sender && other.nonce > one.nonce)
            })
            .collect();
        if last.is_empty() {
            return;
        }
        let index = last[which % last.len()];
        let id = self.operations[index].id.clone();
        assert!(refuse(&self.fixture.inner, &id, "too_large", "test", true).await.unwrap());
        self.operations[index].refused = true;
    }

    /// The cache against the model.
    async fn check(&self) {
        let db = &self.fixture.inner.db;
        let statuses: HashMap<String, (String, i64)> =
            sqlx::query("SELECT id, status, effects_pending FROM operations WHERE kind <> 'cancel'")
                .fetch_all(db.reader())
                .await
                .unwrap()
                .iter()
                .map(|row| (row.get(0), (row.get(1), row.get(2))))
                .collect();
        let mut pending: HashMap<Address, (u64, u64, u64)> = HashMap::new();
        for (index, operation) in self.operations.iter().enumerate() {
            let at = self.chain.iter().position(|block| block.executed.iter().any(|(i, _)| *i == index));
            let succeeded = at.is_some_and(|at| self.chain[at].executed.contains(&(index, true)));
            let expected = match at {
                _ if operation.refused => Status::Failed,
                Some(_) if !succeeded => Status::Failed,
                Some(at) if at < self.finalized => Status::Finalized,
                Some(_) => Status::Included,
                None if operation.sent => Status::Sent,
                None => Status::Accepted,
            };
            let open = at.is_none() && !operation.refused;
            let (status, effects_pending) = &statuses[&operation.id];
            assert_eq!(status, expected.as_str(), "{operation:?}");
            assert_eq!(*effects_pending, i64::from(open), "{operation:?}");
            if open {
                for (from, to, amount) in &operation.moves {
                    pending.entry(*from).or_default().2 += amount;
                    let incoming = pending.entry(*to).or_default();
                    incoming.0 += amount;
                    if *to == operation.sender {
                        incoming.1 += amount;
                    }
                }
            }
        }
        let best = self.balances();
        let finalized =
            self.finalized.checked_sub(1).map(|at| self.chain[at].balances_after.clone()).unwrap_or_default();
        let rows =
            sqlx::query("SELECT address, included, finalized, pending_in, pending_own_in, pending_out FROM balances")
                .fetch_all(db.reader())
                .await
                .unwrap();
        let cached: HashMap<String, Vec<String>> =
            rows.iter().map(|row| (row.get(0), (1..6).map(|n| row.get::<String, _>(n)).collect())).collect();
        for party in self.parties() {
            let (incoming, own, outgoing) = pending.get(&party).copied().unwrap_or_default();
            let of = |balances: &BTreeMap<Address, u64>| balances.get(&party).copied().unwrap_or(0);
            let expected: Vec<String> =
                [of(&best), of(&finalized), incoming, own, outgoing].iter().map(u64::to_string).collect();
            let nothing = vec!["0".to_owned(); 5];
            assert_eq!(cached.get(&address_text(party)).unwrap_or(&nothing), &expected, "{party}");
        }
        let row =
            sqlx::query("SELECT included_supply, finalized_supply FROM tokens").fetch_one(db.reader()).await.unwrap();
        let sum = |balances: &BTreeMap<Address, u64>| balances.values().sum::<u64>().to_string();
        assert_eq!(row.get::<String, _>(0), sum(&best), "supply is the sum of all balances");
        assert_eq!(row.get::<String, _>(1), sum(&finalized));
    }
}

async fn play(db: testing::TestDb, steps: Vec<Step>) {
    let mut world = World {
        fixture: Fixture::new(db, 3).await,
        operations: Vec::new(),
        chain: Vec::new(),
        finalized: 0,
        tokens: TokenCache::default(),
        salt: 0,
    };
    for step in steps {
        world.step(step).await;
        world.check().await;
    }
}

fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(48), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_interleaving_keeps_cache_and_chain_equal(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { play(testing::sqlite().await, steps).await });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(8), max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn every_interleaving_keeps_cache_and_chain_equal_on_postgres(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            if let Some(db) = testing::postgres().await {
                play(db, steps).await;
            }
        });
    }
}
