//! Idempotency: the same key gives the first answer again, another request under it is refused.

use super::super::Ledger;
use super::super::intent::Submission;
use super::super::types::{Accepted, RequestKey};
use crate::db::{QueryBuilder, now_ms};
use crate::error::{Code, Error, Result};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};

/// Gives the answer of the first submission with a key to the others that came with the same key in this group.
pub(super) fn answer_twins(
    submissions: &[Submission],
    results: Vec<Option<Result<Accepted>>>,
) -> Result<Vec<Result<Accepted>>> {
    let mut firsts: HashMap<(&str, &str), (usize, Result<Accepted>)> = HashMap::new();
    for (index, result) in results.iter().enumerate() {
        let request = &submissions[index].request;
        if let Some(result) = result {
            let answer = result.as_ref().map_err(Error::same_answer).cloned();
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
                Err(error) => Err(error.same_answer()),
            })
        })
        .collect()
}

/// Scope and key: the body's hash and the answer.
type Known = HashMap<(String, String), (String, String)>;

async fn load_known<'a>(tx: &mut AnyConnection, requests: impl Iterator<Item = &'a RequestKey>) -> Result<Known> {
    let mut query = QueryBuilder::new("SELECT scope, key, body_hash, answer FROM idempotency_keys WHERE key IN (");
    query.push_list(requests.map(|request| request.key.clone()));
    query.push(")");
    let mut known = Known::new();
    for row in query.fetch_all(&mut *tx).await? {
        known.insert((row.try_get(0)?, row.try_get(1)?), (row.try_get(2)?, row.try_get(3)?));
    }
    Ok(known)
}

/// Answers the submissions whose key is known. Returns the first of each other key.
pub(super) async fn settle_repeats(
    tx: &mut AnyConnection,
    submissions: &[Submission],
    results: &mut [Option<Result<Accepted>>],
) -> Result<Vec<usize>> {
    let known = load_known(tx, submissions.iter().map(|submission| &submission.request)).await?;
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

/// Looks the keys of the refused up once more. Another gateway may have accepted the same request while this one waited
/// for the wallet's lock or the unique value: then the request itself stands in the way, and it gets its answer.
pub(super) async fn settle_refused(
    tx: &mut AnyConnection,
    submissions: &[Submission],
    results: &mut [Option<Result<Accepted>>],
) -> Result<()> {
    let refused: Vec<usize> = (0..results.len()).filter(|index| matches!(results[*index], Some(Err(_)))).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let known = load_known(tx, refused.iter().map(|index| &submissions[*index].request)).await?;
    for index in refused {
        let request = &submissions[index].request;
        if let Some((body_hash, answer)) = known.get(&(request.scope.clone(), request.key.clone())) {
            results[index] = Some(repeat(request, body_hash, answer));
        }
    }
    Ok(())
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

/// Keys deleted in one transaction.
const CHUNK: i64 = 500;

impl Ledger {
    /// Deletes the keys older than `ledger.idempotency_days`, few at a time so that no write has to wait for it.
    /// Returns how many. Called now and then by the server.
    ///
    /// # Errors
    /// When the database is away; what was deleted until then stays so.
    pub async fn forget_old_keys(&self) -> Result<u64> {
        let days = i64::from(self.inner.settings.idempotency_days);
        let horizon = now_ms().saturating_sub(days * 24 * 60 * 60 * 1000);
        let mut gone = 0;
        loop {
            let mut tx = self.inner.db.write_relaxed().await?;
            let deleted = sqlx::query(
                "DELETE FROM idempotency_keys WHERE (key, scope) IN (SELECT key, scope FROM idempotency_keys \
                 WHERE created_at_ms < $1 ORDER BY created_at_ms LIMIT $2)",
            )
            .bind(horizon)
            .bind(CHUNK)
            .execute(&mut *tx)
            .await?
            .rows_affected();
            tx.commit().await?;
            gone += deleted;
            if deleted < CHUNK.unsigned_abs() {
                return Ok(gone);
            }
        }
    }
}
