//! The writer: turns waiting submissions into stored, signed operations, many in one commit.
//!
//! ```text
//!  submit ─► queue ─► one database transaction ─► 202 to each
//!                      1 idempotency keys   known: the first answer again, or 409
//!                      2 the services' rows (each submission in a savepoint of its own)
//!                      3 wallets            locked; next nonce
//!                      4 balances           locked; available >= debit, else 422
//!                      5 sign               off the async threads
//!                      6 operations, keys, nonces, balances written
//!                      7 commit             the only wait for the disk, shared by all
//! ```
//!
//! The number of statements does not depend on the number of submissions (but for those that bring rows).
//! When the transaction fails, nothing was done; its submissions are tried again one by one, so that one bad one
//! does not take the others down.

use super::balances::Table;
use super::contracts::address_text;
use super::effects::PendingDelta;
use super::intent::{Call, Submission};
use super::types::{Accepted, Balance, Operation, RequestKey, Status};
use super::Inner;
use crate::custody::SealedWallet;
use crate::db::{Amount, Db, QueryBuilder, UnixMs, is_unique_violation, now_ms};
use crate::error::{Code, Error, Result};
use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::primitives::{Address, TxKind, U256};
use alloy::signers::SignerSync as _;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// One waiting submission.
#[derive(Debug)]
pub(crate) struct Job {
    pub submission: Submission,
    pub reply: oneshot::Sender<Result<Accepted>>,
}

/// Runs until every sender is gone, then finishes what is queued.
pub(crate) async fn run(inner: Arc<Inner>, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, inner.settings.group_commit_max).await > 0 {
        let started = std::time::Instant::now();
        let count = jobs.len();
        let (submissions, replies): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| (job.submission, job.reply)).unzip();
        for (reply, result) in replies.into_iter().zip(commit(&inner, &submissions).await) {
            // The caller may have hung up; what was accepted stays accepted.
            let _ = reply.send(result);
        }
        inner.to_send.notify_one();
        metrics::histogram!("hanse_gateway_accept_group_size").record(count as f64);
        metrics::histogram!("hanse_gateway_accept_commit_seconds").record(started.elapsed().as_secs_f64());
    }
}

/// All in one transaction; when that fails, one by one.
pub(crate) async fn commit(inner: &Inner, submissions: &[Submission]) -> Vec<Result<Accepted>> {
    let error = match attempt(inner, submissions).await {
        Ok(results) => return results,
        Err(error) => error,
    };
    if error.code() == Code::Unavailable {
        return submissions
            .iter()
            .map(|_| Err(Error::new(Code::Unavailable, "the database does not answer; nothing was done")))
            .collect();
    }
    tracing::warn!(%error, count = submissions.len(), "group commit failed; trying one by one");
    let mut results = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let mut result = attempt(inner, std::slice::from_ref(submission)).await;
        if result.is_err() {
            // Once more: another gateway on the same database may have been in the way.
            result = attempt(inner, std::slice::from_ref(submission)).await;
        }
        results.push(result.and_then(|mut one| one.pop().unwrap_or_else(|| Err(Error::internal("no result")))));
    }
    results
}

/// A signed operation, ready to be stored.
struct Prepared {
    index: usize,
    call: Call,
    sender: Address,
    nonce: u64,
    wallet_id: String,
}

/// One database transaction. The outer error means that nothing at all was done.
async fn attempt(inner: &Inner, submissions: &[Submission]) -> Result<Vec<Result<Accepted>>> {
    let mut results: Vec<Option<Result<Accepted>>> = submissions.iter().map(|_| None).collect();
    let mut tx = inner.db.write().await?;

    let first_of_key = settle_repeats(&mut tx, submissions, &mut results).await?;
    let with_rows = insert_rows(&mut tx, submissions, &first_of_key, &mut results).await?;

    let open: Vec<usize> = first_of_key.into_iter().filter(|index| results[*index].is_none()).collect();
    let mut wallets = load_wallets(&inner.db, &mut tx, submissions, &open).await?;
    let mut calls = Vec::new();
    for index in open {
        let submission = &submissions[index];
        match wallets.get(&submission.sender_wallet_id) {
            Some(wallet) if wallet.sealed.app_id == submission.app_id => {
                calls.push((index, submission.intent.call(wallet.address), wallet.address));
            }
            _ => results[index] = Some(Err(Error::not_found("wallet"))),
        }
    }

    let mut table = load_balances(&inner.db, &mut tx, submissions, &calls).await?;
    let mut prepared = Vec::new();
    let mut parties = Vec::new();
    for (index, call, sender) in calls {
        let deltas = call.effects.pending(sender);
        if let Err(refusal) = check(&table, &call, sender, &deltas) {
            results[index] = Some(Err(refusal));
            continue;
        }
        for (token, address, delta) in &deltas {
            table.change(token, address, |entry| entry.add_pending(delta));
        }
        parties.push(party_balances(&table, &call));
        let wallet_id = submissions[index].sender_wallet_id.clone();
        let Some(wallet) = wallets.get_mut(&wallet_id) else { continue };
        let nonce = wallet.next_nonce;
        wallet.next_nonce += 1;
        wallet.used = true;
        prepared.push(Prepared { index, call, sender, nonce, wallet_id });
    }
    if submissions.len() > 1 && with_rows.iter().any(|index| results[*index].is_some()) {
        // Its rows must not stay without its operation. Alone, nothing is committed when it is refused.
        return Err(Error::internal("a submission with rows was refused inside a group"));
    }

    if !prepared.is_empty() {
        let signed = sign(inner, &prepared, &wallets).await?;
        let created_at_ms = now_ms();
        let mut stored = Vec::with_capacity(prepared.len());
        for ((prepared, (raw, hash)), balances) in prepared.into_iter().zip(signed).zip(parties) {
            let submission = &submissions[prepared.index];
            let operation = operation(submission, &prepared, hash, created_at_ms);
            let accepted =
                Accepted { operation, balances, resource: submission.resource.clone(), replayed: false };
            stored.push((prepared, raw, accepted));
        }
        insert_operations(&mut tx, submissions, &stored).await?;
        insert_keys(&mut tx, submissions, &stored).await?;
        update_nonces(&mut tx, &wallets).await?;
        table.store(&mut tx).await?;
        tx.commit().await?;
        for (prepared, _, accepted) in stored {
            results[prepared.index] = Some(Ok(accepted));
        }
    }
    metrics::counter!("hanse_gateway_operations_accepted_total")
        .increment(results.iter().filter(|result| matches!(result, Some(Ok(a)) if !a.replayed)).count() as u64);
    answer_twins(submissions, results)
}

/// Gives the answer of the first submission with a key to the others that came with the same key in this group.
fn answer_twins(submissions: &[Submission], results: Vec<Option<Result<Accepted>>>) -> Result<Vec<Result<Accepted>>> {
    type Answer = std::result::Result<Accepted, (Code, String)>;
    let mut firsts: HashMap<(&str, &str), (usize, Answer)> = HashMap::new();
    for (index, result) in results.iter().enumerate() {
        let request = &submissions[index].request;
        if let Some(result) = result {
            let answer = result.as_ref().map_err(|error| (error.code(), error.detail().to_owned())).cloned();
            firsts.entry((&request.scope, &request.key)).or_insert((index, answer));
        }
    }
    results
        .into_iter()
        .enumerate()
        .map(|(index, result)| {
            if let Some(result) = result {
                return Ok(result);
            }
            let request = &submissions[index].request;
            let Some((first, answer)) = firsts.get(&(request.scope.as_str(), request.key.as_str())) else {
                return Err(Error::internal("a submission without a result"));
            };
            Ok(match answer {
                _ if submissions[*first].request.body_hash != request.body_hash => Err(key_reused()),
                Ok(answer) => Ok(Accepted { replayed: true, ..answer.clone() }),
                Err((code, detail)) => Err(Error::new(*code, detail.clone())),
            })
        })
        .collect()
}

/// Answers the submissions whose key is known. Returns the first of each other key.
async fn settle_repeats(
    tx: &mut AnyConnection,
    submissions: &[Submission],
    results: &mut [Option<Result<Accepted>>],
) -> Result<Vec<usize>> {
    let mut query = QueryBuilder::new(
        "SELECT scope, key, body_hash, answer FROM idempotency_keys WHERE key IN (",
    );
    query.push_list(submissions.iter().map(|submission| submission.request.key.clone()));
    query.push(")");
    let mut known: HashMap<(String, String), (String, String)> = HashMap::new();
    for row in query.build().fetch_all(&mut *tx).await? {
        known.insert((row.try_get(0)?, row.try_get(1)?), (row.try_get(2)?, row.try_get(3)?));
    }
    let mut firsts = Vec::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (index, submission) in submissions.iter().enumerate() {
        let request = &submission.request;
        if let Some((body_hash, answer)) = known.get(&(request.scope.clone(), request.key.clone())) {
            results[index] = Some(repeat(request, body_hash, answer));
        } else if seen.insert((&request.scope, &request.key)) {
            firsts.push(index);
        }
    }
    Ok(firsts)
}

fn repeat(request: &RequestKey, body_hash: &str, answer: &str) -> Result<Accepted> {
    if body_hash != request.body_hash {
        return Err(key_reused());
    }
    let answer: Accepted = serde_json::from_str(answer).map_err(Error::internal)?;
    Ok(Accepted { replayed: true, ..answer })
}

fn key_reused() -> Error {
    Error::new(Code::IdempotencyKeyReused, "this Idempotency-Key was used for another request")
}

/// See [`super::Ledger::first_answer`].
pub(crate) async fn first_answer(db: &Db, request: &RequestKey) -> Result<Option<Accepted>> {
    let row = sqlx::query("SELECT body_hash, answer FROM idempotency_keys WHERE key = $1 AND scope = $2")
        .bind(&request.key)
        .bind(&request.scope)
        .fetch_optional(db.reader())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (body_hash, answer): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    repeat(request, &body_hash, &answer).map(Some)
}

/// Runs the services' own statements, each submission's in a savepoint. Returns those whose rows are in.
async fn insert_rows(
    tx: &mut AnyConnection,
    submissions: &[Submission],
    open: &[usize],
    results: &mut [Option<Result<Accepted>>],
) -> Result<Vec<usize>> {
    let mut inserted = Vec::new();
    for index in open {
        let submission = &submissions[*index];
        if submission.rows.is_empty() {
            continue;
        }
        sqlx::query("SAVEPOINT submission").execute(&mut *tx).await?;
        let mut conflict = None;
        for statement in &submission.rows {
            match statement.execute(&mut *tx).await {
                Ok(_) => {}
                Err(error) if is_unique_violation(&error) => {
                    conflict = Some(Error::new(Code::AlreadyExists, "something with this unique value exists already").caused_by(error));
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(conflict) = conflict {
            sqlx::query("ROLLBACK TO SAVEPOINT submission").execute(&mut *tx).await?;
            results[*index] = Some(Err(conflict));
        } else {
            inserted.push(*index);
        }
        sqlx::query("RELEASE SAVEPOINT submission").execute(&mut *tx).await?;
    }
    Ok(inserted)
}

/// A sending wallet, locked.
struct Wallet {
    sealed: SealedWallet,
    address: Address,
    next_nonce: u64,
    used: bool,
}

async fn load_wallets(
    db: &Db,
    tx: &mut AnyConnection,
    submissions: &[Submission],
    open: &[usize],
) -> Result<HashMap<String, Wallet>> {
    let ids: BTreeSet<&str> = open.iter().map(|index| submissions[*index].sender_wallet_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::new(
        "SELECT w.id, w.app_id, w.address, w.next_nonce, w.sealed_data_key, w.sealed_key, a.sealed_app_key, \
         a.root_key_id FROM wallets w JOIN apps a ON a.id = w.app_id WHERE w.id IN (",
    );
    query.push_list(ids.iter().map(|id| id.to_owned()));
    query.push(") ORDER BY w.id");
    query.push(db.locking(" FOR UPDATE OF w"));
    let mut wallets = HashMap::new();
    for row in query.build().fetch_all(&mut *tx).await? {
        let address: String = row.try_get("address")?;
        let sealed = SealedWallet {
            id: row.try_get("id")?,
            app_id: row.try_get("app_id")?,
            sealed_data_key: row.try_get("sealed_data_key")?,
            sealed_key: row.try_get("sealed_key")?,
            sealed_app_key: row.try_get("sealed_app_key")?,
            root_key_id: row.try_get("root_key_id")?,
        };
        let wallet = Wallet {
            address: address.parse().map_err(Error::internal)?,
            next_nonce: u64::try_from(row.try_get::<i64, _>("next_nonce")?).map_err(Error::internal)?,
            used: false,
            sealed,
        };
        wallets.insert(wallet.sealed.id.clone(), wallet);
    }
    Ok(wallets)
}

async fn load_balances(
    db: &Db,
    tx: &mut AnyConnection,
    submissions: &[Submission],
    calls: &[(usize, Call, Address)],
) -> Result<Table> {
    let mut keys = BTreeSet::new();
    let mut app_ids = HashMap::new();
    for (index, call, sender) in calls {
        if let Some(token) = &call.token {
            app_ids.insert(token.id.clone(), submissions[*index].app_id.clone());
            keys.insert((token.id.clone(), address_text(*sender)));
        }
        keys.extend(call.effects.pending(*sender).into_iter().map(|(token, address, _)| (token, address)));
    }
    Table::load(db, tx, keys, app_ids).await
}

/// Refuses what can't succeed on chain.
fn check(table: &Table, call: &Call, sender: Address, deltas: &[(String, String, PendingDelta)]) -> Result<()> {
    let sender = address_text(sender);
    for (token, address, delta) in deltas {
        let entry = table.get(token, address);
        let fits = entry
            .included
            .checked_add(entry.pending_in)
            .and_then(|sum| sum.checked_add(delta.incoming))
            .and_then(|_| entry.pending_out.checked_add(delta.outgoing));
        if fits.is_none() {
            return Err(Error::new(Code::LedgerRuleViolated, "the total supply would exceed 2^256 - 1"));
        }
        // What the operation brings to its own sender comes too late to pay for it.
        if *address == sender && delta.outgoing > entry.available() {
            return Err(Error::new(
                Code::InsufficientBalance,
                format!(
                    "available {}, needed {} ({})",
                    entry.available(),
                    delta.outgoing,
                    call.token.as_ref().map(|token| token.symbol.as_str()).unwrap_or_default(),
                ),
            ));
        }
    }
    Ok(())
}

/// The payer's balance, then the receiver's, where there is one of each.
fn party_balances(table: &Table, call: &Call) -> Vec<Balance> {
    let Some(token) = &call.token else { return Vec::new() };
    let mut addresses: Vec<String> = [call.from, call.to].into_iter().flatten().map(address_text).collect();
    addresses.dedup();
    addresses.into_iter().map(|address| table.get(&token.id, &address).to_balance(token, &address)).collect()
}

/// Signs all on a blocking thread: each takes tens of microseconds of pure computing.
async fn sign(
    inner: &Inner,
    prepared: &[Prepared],
    wallets: &HashMap<String, Wallet>,
) -> Result<Vec<(String, String)>> {
    let settings = &inner.chain_settings;
    let mut work = Vec::with_capacity(prepared.len());
    for one in prepared {
        let wallet = wallets.get(&one.wallet_id).ok_or_else(|| Error::not_found("wallet"))?;
        let tx = TxEip1559 {
            chain_id: settings.chain_id,
            nonce: one.nonce,
            gas_limit: one.call.gas_limit,
            max_fee_per_gas: settings.max_fee_per_gas_wei.into(),
            max_priority_fee_per_gas: settings.max_priority_fee_per_gas_wei.into(),
            to: TxKind::Call(one.call.target),
            value: U256::ZERO,
            access_list: Default::default(),
            input: one.call.input.clone(),
        };
        work.push((wallet.sealed.clone(), tx));
    }
    let custody = inner.custody.clone();
    let signed = tokio::task::spawn_blocking(move || {
        work.into_iter().map(|(wallet, tx)| sign_one(&custody, &wallet, tx)).collect::<Result<Vec<_>>>()
    });
    signed.await.map_err(Error::internal)?
}

/// Raw bytes and hash, both as text.
pub(crate) fn sign_one(
    custody: &crate::custody::Custody,
    wallet: &SealedWallet,
    tx: TxEip1559,
) -> Result<(String, String)> {
    let signer = custody.signer(wallet)?;
    let signature = signer.sign_hash_sync(&tx.signature_hash()).map_err(Error::internal)?;
    let envelope = TxEnvelope::from(tx.into_signed(signature));
    let raw = format!("0x{}", hex::encode(envelope.encoded_2718()));
    Ok((raw, super::contracts::hash_text(*envelope.tx_hash())))
}

fn operation(submission: &Submission, prepared: &Prepared, hash: String, created_at_ms: i64) -> Operation {
    let call = &prepared.call;
    Operation {
        id: submission.operation_id.clone(),
        kind: call.kind,
        status: Status::Accepted,
        transaction_hash: hash,
        sender: address_text(prepared.sender),
        nonce: prepared.nonce,
        token: call.token.as_ref().map(|token| token.id.clone()),
        from: call.from.map(address_text),
        to: call.to.map(address_text),
        amount: call.amount.map(Amount),
        decimals: call.token.as_ref().map(|token| token.decimals),
        memo: submission.memo.clone(),
        resource: submission.resource_id.clone(),
        error: None,
        block_number: None,
        block_hash: None,
        gas_used: None,
        created_at: UnixMs(created_at_ms),
        sent_at: None,
        included_at: None,
        finalized_at: None,
    }
}

type Stored = (Prepared, String, Accepted);

async fn insert_operations(tx: &mut AnyConnection, submissions: &[Submission], stored: &[Stored]) -> Result<()> {
    for chunk in stored.chunks(256) {
        let mut effects = Vec::with_capacity(chunk.len());
        for (prepared, _, _) in chunk {
            effects.push(serde_json::to_string(&prepared.call.effects).map_err(Error::internal)?);
        }
        let mut query = QueryBuilder::new(
            "INSERT INTO operations (id, app_id, kind, status, wallet_id, sender, nonce, tx_hash, raw_tx, target, \
             token_id, from_address, to_address, amount, memo, resource_id, user_id, effects, effects_pending, \
             created_at_ms) ",
        );
        query.push_values(chunk.iter().zip(effects), |mut row, ((prepared, raw, accepted), effects)| {
            let (submission, operation) = (&submissions[prepared.index], &accepted.operation);
            row.push_bind(operation.id.clone())
                .push_bind(submission.app_id.clone())
                .push_bind(operation.kind.as_str())
                .push_bind(operation.status.as_str())
                .push_bind(prepared.wallet_id.clone())
                .push_bind(operation.sender.clone())
                .push_bind(i64::try_from(prepared.nonce).unwrap_or(i64::MAX))
                .push_bind(operation.transaction_hash.clone())
                .push_bind(raw.clone())
                .push_bind(address_text(prepared.call.target))
                .push_bind(operation.token.clone())
                .push_bind(operation.from.clone())
                .push_bind(operation.to.clone())
                .push_bind(operation.amount.map(|amount| amount.to_string()))
                .push_bind(operation.memo.clone())
                .push_bind(operation.resource.clone())
                .push_bind(submission.user_id.clone())
                .push_bind(effects)
                .push_bind(1_i64)
                .push_bind(operation.created_at.0);
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn insert_keys(tx: &mut AnyConnection, submissions: &[Submission], stored: &[Stored]) -> Result<()> {
    for chunk in stored.chunks(256) {
        let mut answers = Vec::with_capacity(chunk.len());
        for (_, _, accepted) in chunk {
            answers.push(serde_json::to_string(accepted).map_err(Error::internal)?);
        }
        let mut query = QueryBuilder::new(
            "INSERT INTO idempotency_keys (scope, key, body_hash, operation_id, answer, created_at_ms) ",
        );
        query.push_values(chunk.iter().zip(answers), |mut row, ((prepared, _, accepted), answer)| {
            let request = &submissions[prepared.index].request;
            row.push_bind(request.scope.clone())
                .push_bind(request.key.clone())
                .push_bind(request.body_hash.clone())
                .push_bind(accepted.operation.id.clone())
                .push_bind(answer)
                .push_bind(accepted.operation.created_at.0);
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn update_nonces(tx: &mut AnyConnection, wallets: &HashMap<String, Wallet>) -> Result<()> {
    let used: Vec<&Wallet> = wallets.values().filter(|wallet| wallet.used).collect();
    for chunk in used.chunks(256) {
        let mut query = QueryBuilder::new("UPDATE wallets SET next_nonce = v.column2 FROM (");
        query.push_values(chunk, |mut row, wallet| {
            row.push_bind(wallet.sealed.id.clone()).push_bind(i64::try_from(wallet.next_nonce).unwrap_or(i64::MAX));
        });
        query.push(") AS v WHERE wallets.id = v.column1");
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}
