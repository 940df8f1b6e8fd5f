//! Idempotency: the same key gives the first answer again, another request under it is refused.

use super::super::intent::Submission;
use super::super::types::{Accepted, RequestKey};
use crate::db::{Db, QueryBuilder};
use crate::error::{Code, Error, Result};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeSet, HashMap};

/// Gives the answer of the first submission with a key to the others that came with the same key in this group.
pub(super) fn answer_twins(
    submissions: &[Submission],
    results: Vec<Option<Result<Accepted>>>,
) -> Result<Vec<Result<Accepted>>> {
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
pub(super) async fn settle_repeats(
    tx: &mut AnyConnection,
    submissions: &[Submission],
    results: &mut [Option<Result<Accepted>>],
) -> Result<Vec<usize>> {
    let mut query = QueryBuilder::new("SELECT scope, key, body_hash, answer FROM idempotency_keys WHERE key IN (");
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
