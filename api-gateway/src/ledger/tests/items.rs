//! Items that nobody made through the gateway, and logs that tell of several movements: forwards, final, and back.

use super::fixture::{Fixture, genesis};
use crate::db::{Asset, Standard, Statement, now_ms, testing};
use crate::ledger::chain::{Block, Log, Receipt};
use crate::ledger::contracts::abi::{ICollection, ICollection1155};
use crate::ledger::contracts::{address_text, hash_text};
use crate::ledger::projection::{BlockData, TokenCache, apply, finalize, revert_to};
use crate::ledger::state::ChainState;
use crate::ledger::{Intent, Status, Submission, TokenRef, operations};
use alloy::primitives::{Address, B256, U64, U256, address};
use alloy::sol_types::SolEvent;
use sqlx::Row as _;
use std::collections::HashMap;

const COLLECTION: Address = address!("0x48414e534555c0c0c0c0c0c0c0c0c0c0c0c0c0c0");
const ANA: Address = Address::repeat_byte(1);
const BEN: Address = Address::repeat_byte(2);

fn log(index: u64, event: &impl SolEvent) -> Log {
    let data = event.encode_log_data();
    Log { address: COLLECTION, topics: data.topics().to_vec(), data: data.data.clone(), log_index: U64::from(index) }
}

/// Somebody mints item 7 to Ana, who gives some of it, twice, and of item 8 to Ben. The collection is given to Ana, who gives
/// it to Ben.
fn block() -> BlockData {
    let (hash, tx) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let number = U256::from;
    let mint = |id: u64, value: u64| ICollection1155::TransferSingle {
        operator: ANA,
        from: Address::ZERO,
        to: ANA,
        id: number(id),
        value: number(value),
    };
    let batch = ICollection1155::TransferBatch {
        operator: ANA,
        from: ANA,
        to: BEN,
        ids: vec![number(7), number(8), number(7)],
        values: vec![number(3), number(4), number(2)],
    };
    let given = |previous, new| ICollection::OwnershipTransferred { previousOwner: previous, newOwner: new };
    let logs = vec![
        log(0, &mint(7, 10)),
        log(1, &mint(8, 4)),
        log(2, &batch),
        log(3, &given(BEN, ANA)),
        log(4, &given(ANA, BEN)),
    ];
    let receipt = Receipt {
        transaction_hash: tx,
        block_hash: hash,
        transaction_index: U64::ZERO,
        status: U64::from(1),
        gas_used: U64::from(21_000),
        effective_gas_price: U256::ZERO,
        contract_address: None,
        logs,
    };
    let block = Block::new(1, hash, genesis(), vec![tx]);
    BlockData { block, transactions: Vec::new(), receipts: vec![receipt], failures: HashMap::new() }
}

/// Item, holder, at the best block, at the finalized one.
async fn balances(fixture: &Fixture) -> Vec<(String, String, String, String)> {
    let rows = sqlx::query(
        "SELECT t.address, b.address, b.included, b.finalized FROM balances b JOIN tokens t ON t.id = b.token_id \
         WHERE t.item IS NOT NULL AND t.app_id = $1 ORDER BY t.address, b.address",
    )
    .bind(&fixture.app_id)
    .fetch_all(fixture.inner.db.reader())
    .await
    .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

async fn supplies(fixture: &Fixture) -> Vec<(String, String, String)> {
    let rows =
        sqlx::query("SELECT name, included_supply, finalized_supply FROM tokens WHERE item IS NOT NULL ORDER BY name")
            .fetch_all(fixture.inner.db.reader())
            .await
            .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// To whom the collection was given, in order.
async fn owners(fixture: &Fixture) -> Vec<(String, String)> {
    let rows = sqlx::query("SELECT collection_id, owner FROM collection_owners ORDER BY block_number, log_index")
        .fetch_all(fixture.inner.db.reader())
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn told<const N: usize>(of: [(u64, Address, u64, u64); N]) -> Vec<(String, String, String, String)> {
    let one = |(item, holder, included, finalized): (u64, Address, u64, u64)| {
        let asset = Asset { standard: Standard::Erc1155, contract: COLLECTION, item: Some(U256::from(item)) };
        (asset.locator(), address_text(holder), included.to_string(), finalized.to_string())
    };
    of.into_iter().map(one).collect()
}

#[tokio::test]
async fn items_made_past_the_gateway_are_counted_forwards_and_back() {
    for test in testing::all().await {
        let fixture = Fixture::new(test, 0).await;
        let db = &fixture.inner.db;
        sqlx::query(
            "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
             included_supply, finalized_supply, operation_id, created_at_ms, standard) \
             VALUES ('col_1', $1, $2, '0x', 'Medals', 'MDL', 0, '0', '0', 0, '0', '0', 'op_', $3, 'erc1155')",
        )
        .bind(&fixture.app_id)
        .bind(address_text(COLLECTION))
        .bind(now_ms())
        .execute(db.writer())
        .await
        .unwrap();
        let mut tokens = TokenCache::default();
        // Twice: after the block was taken back, the items are known already, to this cache and to a new one.
        for round in 0..3 {
            if round == 2 {
                tokens = TokenCache::default();
            }
            let mut tx = db.write().await.unwrap();
            let mut state = ChainState::read(&mut tx, "").await.unwrap().unwrap();
            apply(db, &mut tx, &mut state, &mut tokens, &[block()]).await.unwrap();
            tx.commit().await.unwrap();
            let best = told([(7, ANA, 5, 0), (7, BEN, 5, 0), (8, ANA, 0, 0), (8, BEN, 4, 0)]);
            assert_eq!(balances(&fixture).await, best);
            let given = [ANA, BEN].map(|owner| ("col_1".to_owned(), address_text(owner)));
            assert_eq!(owners(&fixture).await, given);

            let mut tx = db.write().await.unwrap();
            finalize(db, &mut tx, &mut state, 1, hash_text(B256::repeat_byte(1))).await.unwrap();
            tx.commit().await.unwrap();
            let finalized = told([(7, ANA, 5, 5), (7, BEN, 5, 5), (8, ANA, 0, 0), (8, BEN, 4, 4)]);
            assert_eq!(balances(&fixture).await, finalized);
            let ten_and_four = [("#7", "10", "10"), ("#8", "4", "4")];
            let ten_and_four =
                ten_and_four.map(|(name, best, last)| (name.to_owned(), best.to_owned(), last.to_owned()));
            assert_eq!(supplies(&fixture).await, ten_and_four);

            let mut tx = db.write().await.unwrap();
            revert_to(db, &mut tx, &mut state, 0, hash_text(genesis())).await.unwrap();
            state.store(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            let none = told([(7, ANA, 0, 0), (7, BEN, 0, 0), (8, ANA, 0, 0), (8, BEN, 0, 0)]);
            assert_eq!(balances(&fixture).await, none);
            let left: i64 = sqlx::query("SELECT COUNT(*) FROM transfers").fetch_one(db.reader()).await.unwrap().get(0);
            assert_eq!((left, owners(&fixture).await.len()), (0, 0));
        }
    }
}

#[tokio::test]
async fn a_chain_that_knows_no_collections_yet_makes_none() {
    for test in testing::all().await {
        let fixture = Fixture::new(test, 0).await;
        let db = &fixture.inner.db;
        let contract = Address::repeat_byte(0xc1);
        let intent = Intent::CreateCollection {
            app: Default::default(),
            salt: B256::ZERO,
            collection: TokenRef {
                id: "col_1".into(),
                asset: Asset { standard: Standard::Erc721, contract, item: None },
                symbol: "MDL".into(),
                decimals: 0,
            },
            name: "Medals".into(),
            uri: String::new(),
            closed: false,
            royalty: None,
        };
        let row = Statement::new(
            "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
             included_supply, finalized_supply, operation_id, created_at_ms, standard) \
             VALUES ('col_1', $1, $2, '0x', 'Medals', 'MDL', 0, '0', '0', 0, '0', '0', 'op_', $3, 'erc721')",
        )
        .bind(&fixture.app_id)
        .bind(address_text(contract))
        .bind(now_ms());
        let submission = Submission { rows: vec![row], ..fixture.submission(&fixture.treasury, intent) };
        let accepted = fixture.accept(submission).await.unwrap();
        let hash: B256 = accepted.operation.transaction_hash.parse().unwrap();
        let mut data = block();
        data.block.transactions = vec![hash];
        data.receipts[0].transaction_hash = hash;
        data.receipts[0].logs.clear();
        let mut tx = db.write().await.unwrap();
        let mut state = ChainState::read(&mut tx, "").await.unwrap().unwrap();
        apply(db, &mut tx, &mut state, &mut TokenCache::default(), &[data]).await.unwrap();
        tx.commit().await.unwrap();
        let found = operations::find(db, &fixture.app_id, None, &accepted.operation.id).await.unwrap().unwrap();
        assert_eq!((found.status, found.error.unwrap().code.as_str()), (Status::Failed, "not_supported"));
    }
}
