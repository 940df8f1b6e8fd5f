//! The writer: turns waiting submissions into stored, signed operations, many in one commit.
//!
//! ```text
//!  submit ─► queue ─► one database transaction ─► 202 to each
//!                      1 idempotency keys   known: the first answer again, or 409; the app's quota
//!                      2 the services' rows (each submission in a savepoint of its own)
//!                      3 wallets            locked; next nonce
//!                      4 balances           locked; available >= debit, and the wallet's policy lets it, else 422
//!                      5 the refused        their keys once more: another gateway may have been first
//!                      6 sign               many off the async threads
//!                      7 operations, keys, nonces, balances written
//!                      8 commit             the only wait for the disk, shared by all
//! ```
//!
//! The number of statements does not depend on the number of submissions (but for those that bring rows).
//! When the transaction fails, nothing was done; its submissions are tried again one by one, so that one bad one
//! does not take the others down.

mod policies;
mod quotas;
mod repeats;
mod store;
mod wallets;

pub(crate) use quotas::Quotas;
pub(crate) use wallets::sign_one;

use super::Inner;
use super::balances::Table;
use super::contracts::address_text;
use super::effects::PendingDelta;
use super::intent::{Call, Intent, Submission};
use super::types::{Accepted, Balance, Kind, Operation, Status};
use crate::db::{Amount, Db, UnixMs, is_unique_violation, is_write_conflict, now_ms, taken_field};
use crate::error::{Code, Error, Result};
use alloy::primitives::Address;
use policies::Policies;
use repeats::{answer_twins, settle_refused, settle_repeats};
use sqlx::AnyConnection;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::error::Error as _;
use std::sync::Arc;
use store::{insert_keys, insert_operations, place_contracts, update_nonces};
use tokio::sync::{mpsc, oneshot};
use wallets::{keep_used, load_wallets, sign};

/// One waiting submission.
#[derive(Debug)]
pub(crate) struct Job {
    pub submission: Submission,
    pub reply: oneshot::Sender<Result<Accepted>>,
}

/// A submission of more moves is large.
const LARGE_MOVES: usize = 8;

/// Moves of the large submissions of one group together, so that a group stays a matter of milliseconds.
const GROUP_MOVES_MAX: usize = 2_000;

/// Large submissions that may wait for a later group. More are refused at once (503).
const LARGE_WAITING_MAX: usize = 256;

impl Job {
    fn moves(&self) -> usize {
        match &self.submission.intent {
            Intent::TransferBatch { transfers, .. } => transfers.len(),
            _ => 1,
        }
    }
}

/// What goes into the next group: all small submissions that have `arrived`, and of the large ones, which wait for
/// their turn, as many as fit and at least one. So nobody's bulk transfers hold up the others' small ones.
pub(crate) fn next_group(arrived: Vec<Job>, large: &mut VecDeque<Job>) -> Vec<Job> {
    let mut group = Vec::with_capacity(arrived.len());
    for job in arrived {
        if job.moves() <= LARGE_MOVES {
            group.push(job);
        } else if large.len() < LARGE_WAITING_MAX {
            large.push_back(job);
        } else {
            let error = Error::new(Code::Unavailable, "too many large writes at once; nothing was done");
            let _ = job.reply.send(Err(error));
        }
    }
    let mut moves = 0;
    while let Some(job) = large.front() {
        moves += job.moves();
        if moves > GROUP_MOVES_MAX && moves > job.moves() {
            break;
        }
        group.extend(large.pop_front());
    }
    group
}

/// Runs until every sender is gone, then finishes what is queued.
pub(crate) async fn run(inner: Arc<Inner>, mut queue: mpsc::Receiver<Job>) {
    let most = inner.settings.group_commit_max;
    let mut large = VecDeque::new();
    loop {
        let mut arrived = Vec::new();
        if large.is_empty() {
            if queue.recv_many(&mut arrived, most).await == 0 {
                return;
            }
        } else {
            while arrived.len() < most
                && let Ok(job) = queue.try_recv()
            {
                arrived.push(job);
            }
        }
        let group = next_group(arrived, &mut large);
        let started = std::time::Instant::now();
        let count = group.len();
        let (submissions, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.submission, job.reply)).unzip();
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
    let conflict = error.source().and_then(|cause| cause.downcast_ref()).is_some_and(is_write_conflict);
    if error.code() == Code::Unavailable && !conflict {
        return submissions
            .iter()
            .map(|_| {
                Err(Error::new(Code::Unavailable, "the database does not answer; repeat with the same Idempotency-Key"))
            })
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
    /// Which submission.
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
    let first_of_key = inner.quotas.admit(&mut tx, submissions, first_of_key, &mut results).await?;
    let with_rows = insert_rows(&mut tx, submissions, &first_of_key, &mut results).await?;

    let open: Vec<usize> = first_of_key.into_iter().filter(|index| results[*index].is_none()).collect();
    let mut wallets = load_wallets(&inner.db, &mut tx, submissions, &open).await?;
    let mut calls = Vec::new();
    for index in open {
        let submission = &submissions[index];
        match wallets.get(&submission.sender_wallet_id) {
            Some(wallet) if wallet.sealed.app_id == submission.app_id && wallet.suspended => {
                results[index] = Some(Err(Error::new(Code::UserSuspended, "the wallet's user is suspended")));
            }
            Some(wallet) if wallet.sealed.app_id == submission.app_id => {
                let sender = wallet.sealed.address;
                calls.push((index, submission.intent.call(sender), sender));
            }
            _ => results[index] = Some(Err(Error::not_found("wallet"))),
        }
    }

    let mut table = load_balances(&inner.db, &mut tx, submissions, &calls).await?;
    let mut policies = Policies::load(&mut tx, &wallets, now_ms()).await?;
    let mut prepared = Vec::new();
    let mut parties = Vec::new();
    for (index, mut call, sender) in calls {
        let deltas = call.effects.pending(sender);
        let wallet_id = submissions[index].sender_wallet_id.clone();
        let checked = check(&table, &call, sender, &deltas);
        if let Err(refusal) = checked.and_then(|()| policies.take(&wallet_id, &call, sender, &deltas)) {
            results[index] = Some(Err(refusal));
            continue;
        }
        for (token, address, delta) in &deltas {
            table.change(token, address, |entry| entry.add_pending(delta));
        }
        parties.push(party_balances(&table, &call));
        let Some(wallet) = wallets.get_mut(&wallet_id) else { continue };
        let nonce = wallet.next_nonce;
        wallet.next_nonce += 1;
        wallet.used = true;
        if call.kind == Kind::Deploy {
            call.target = sender.create(nonce);
        }
        prepared.push(Prepared { index, call, sender, nonce, wallet_id });
    }
    settle_refused(&mut tx, submissions, &mut results).await?;
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
            let mut resource = submission.resource.clone();
            if prepared.call.kind == Kind::Deploy {
                resource["address"] = address_text(prepared.call.target).into();
            }
            let accepted = Accepted { operation, balances, resource, replayed: false };
            stored.push((prepared, raw, accepted));
        }
        insert_operations(&mut tx, submissions, &stored).await?;
        place_contracts(&mut tx, &stored).await?;
        insert_keys(&mut tx, submissions, &stored).await?;
        update_nonces(&mut tx, &wallets).await?;
        policies.store(&mut tx).await?;
        table.store(&mut tx).await?;
        tx.commit().await?;
        keep_used(&inner.db, &wallets);
        for (prepared, _, accepted) in stored {
            results[prepared.index] = Some(Ok(accepted));
        }
    }
    metrics::counter!("hanse_gateway_operations_accepted_total")
        .increment(results.iter().filter(|result| matches!(result, Some(Ok(a)) if !a.replayed)).count() as u64);
    answer_twins(submissions, results)
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
                    let answer = taken_field(&error).map_or_else(
                        || Error::new(Code::AlreadyExists, "something with this unique value exists already"),
                        Error::taken,
                    );
                    conflict = Some(answer.caused_by(error));
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

async fn load_balances(
    db: &Db,
    tx: &mut AnyConnection,
    submissions: &[Submission],
    calls: &[(usize, Call, Address)],
) -> Result<Table> {
    let mut keys = BTreeSet::new();
    let mut app_ids = HashMap::new();
    for (index, call, sender) in calls {
        for token in call.token.iter().chain(&call.currency) {
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
            let moved = call.token.iter().chain(&call.currency).find(|moved| moved.id == *token);
            let symbol = moved.map(|token| token.symbol.as_str()).unwrap_or_default();
            let mut detail = format!("available {}, needed {} ({symbol})", entry.available(), delta.outgoing);
            let coming = entry.pending_in.saturating_sub(entry.pending_own_in);
            if !coming.is_zero() {
                detail.push_str(&format!("; {coming} more is on its way and counts once it is in a block"));
            }
            return Err(Error::new(Code::InsufficientBalance, detail));
        }
        // From somebody else's stock: what a collection has for sale.
        if *address != sender && delta.outgoing > entry.available() {
            let detail = format!("{} for sale, {} asked for", entry.available(), delta.outgoing);
            return Err(Error::new(Code::LedgerRuleViolated, detail));
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
