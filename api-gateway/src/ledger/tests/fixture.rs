//! An app with wallets and a token, on a fresh database, with no node behind.

use crate::config::Config;
use crate::custody::{Custody, NewWallet, RootKey};
use crate::db::testing::TestDb;
use crate::db::{Asset, Id, Standard, Statement, new_id, now_ms};
use crate::events::Tail;
use crate::ledger::accept::commit;
use crate::ledger::chain::Chain;
use crate::ledger::contracts::{address_text, chain_app_id, hash_text, issued_address};
use crate::ledger::lease::Lease;
use crate::ledger::state::{ChainState, NodeView};
use crate::ledger::{Accepted, Inner, Intent, RequestKey, Submission, TokenRef, Waiters};
use alloy::primitives::{Address, B256, U256};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Notify;

/// Everything a test needs.
pub(super) struct Fixture {
    pub inner: Arc<Inner>,
    pub app_id: String,
    pub treasury: NewWallet,
    pub wallets: Vec<NewWallet>,
    pub token: TokenRef,
    _db: TestDb,
}

/// A node that nobody runs.
const NOWHERE: &str = "[chain]\nrpc_url = \"http://127.0.0.1:9\"\nrequest_timeout_ms = 200";

pub(super) fn config() -> Config {
    Config::from_toml(NOWHERE).unwrap()
}

pub(super) fn genesis() -> B256 {
    B256::repeat_byte(0xee)
}

pub(super) fn key(text: &str) -> RequestKey {
    RequestKey::new("scope", text, "POST /", text.as_bytes())
}

impl Fixture {
    /// An app with its treasury, `users` wallets and a token without supply. The operations that make them are
    /// accepted and never included: on the database's side all are there at once.
    pub async fn new(db: TestDb, users: usize) -> Self {
        Self::with(db, users, &config()).await
    }

    /// The same with these settings.
    pub async fn with(db: TestDb, users: usize, config: &Config) -> Self {
        let custody = Custody::new(RootKey::from_hex(&"11".repeat(32)).unwrap(), None);
        let inner = Arc::new(Inner {
            chain: Chain::new(&config.chain).unwrap(),
            chain_settings: config.chain.clone(),
            settings: config.ledger.clone(),
            waiters: Waiters::default(),
            tail: Tail::default(),
            to_send: Notify::new(),
            to_follow: Notify::new(),
            to_verify: Notify::new(),
            node: NodeView::default(),
            lease: Lease::new(db.db.engine()),
            quotas: Default::default(),
            open_operations: AtomicU64::new(0),
            custody: custody.clone(),
            db: db.db.clone(),
        });
        let (app_id, owner_id) = (new_id(Id::App), new_id(Id::Owner));
        let app_key = custody.create_app_key(&app_id).unwrap();
        let treasury = custody.create_wallet(&app_id, &app_key).unwrap();
        let wallets: Vec<_> = (0..users).map(|_| custody.create_wallet(&app_id, &app_key).unwrap()).collect();
        let chain_app = chain_app_id(treasury.address, B256::ZERO);
        let mut rows = vec![
            Statement::new("INSERT INTO owners (id, email, password_hash, created_at_ms) VALUES ($1, $2, 'x', $3)")
                .bind(&owner_id)
                .bind(format!("{owner_id}@example.org"))
                .bind(now_ms()),
            Statement::new(
                "INSERT INTO apps (id, owner_id, name, chain_app_id, treasury_wallet_id, sealed_app_key, root_key_id, \
                 created_at_ms) VALUES ($1, $2, 'test', $3, $4, $5, $6, $7)",
            )
            .bind(&app_id)
            .bind(&owner_id)
            .bind(format!("0x{}", hex::encode(chain_app)))
            .bind(&treasury.id)
            .bind(&app_key.sealed)
            .bind(&app_key.root_key_id)
            .bind(now_ms()),
            treasury.insert(None),
        ];
        rows.extend(wallets.iter().map(|wallet| wallet.insert(None)));
        let token = TokenRef {
            id: new_id(Id::Token),
            asset: Asset::token(issued_address(Standard::Erc20, chain_app, B256::ZERO)),
            symbol: "TST".into(),
            decimals: 2,
        };
        rows.push(
            Statement::new(
                "INSERT INTO tokens (id, app_id, address, salt, name, symbol, decimals, cap, initial_supply, closed, \
                 included_supply, finalized_supply, operation_id, created_at_ms) \
                 VALUES ($1, $2, $3, $4, 'Test', 'TST', 2, '0', '0', 0, '0', '0', 'op_', $5)",
            )
            .bind(&token.id)
            .bind(&app_id)
            .bind(address_text(token.asset.contract))
            .bind(hash_text(B256::ZERO))
            .bind(now_ms()),
        );
        let mut tx = db.db.write().await.unwrap();
        for row in rows {
            row.execute(&mut tx).await.unwrap();
        }
        let state = ChainState {
            chain_id: config.chain.chain_id,
            genesis_hash: hash_text(genesis()),
            best_number: 0,
            best_hash: hash_text(genesis()),
            finalized_number: 0,
            finalized_hash: hash_text(genesis()),
            verified_number: 0,
            mismatches: 0,
            finality_losses: 0,
            updated_at_ms: 0,
        };
        state.store(&mut tx).await.unwrap();
        Statement::new("INSERT INTO blocks (number, hash, parent_hash, timestamp_ms) VALUES (0, $1, $2, 0)")
            .bind(hash_text(genesis()))
            .bind(hash_text(B256::ZERO))
            .execute(&mut tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Self { inner, app_id, treasury, wallets, token, _db: db }
    }

    /// A submission by a wallet under a key of its own.
    pub fn submission(&self, wallet: &NewWallet, intent: Intent) -> Submission {
        let operation_id = new_id(Id::Operation);
        Submission {
            app_id: self.app_id.clone(),
            sender_wallet_id: wallet.id.clone(),
            intent,
            request: key(&operation_id),
            rows: Vec::new(),
            operation_id,
            resource_id: None,
            user_id: None,
            memo: None,
            resource: serde_json::Value::Null,
        }
    }

    pub fn mint(&self, to: Address, amount: u64) -> Submission {
        let intent = Intent::Mint { token: self.token.clone(), to, amount: U256::from(amount) };
        self.submission(&self.treasury, intent)
    }

    pub fn transfer(&self, from: &NewWallet, to: Address, amount: u64) -> Submission {
        let intent = Intent::Transfer { token: self.token.clone(), to, amount: U256::from(amount) };
        self.submission(from, intent)
    }

    /// Accepts one.
    pub async fn accept(&self, submission: Submission) -> crate::error::Result<Accepted> {
        commit(&self.inner, &[submission]).await.pop().unwrap()
    }
}
