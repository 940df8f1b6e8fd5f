//! What is done for one webhook.

use super::queue::{self, Ended, Endpoint, Outcome, Pending};
use super::{Attempt, Shared, lanes};
use crate::db::now_ms;
use crate::error::Result;
use futures::future::join_all;
use rand::Rng as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// Attempts at once.
const AT_ONCE: usize = 32;
/// So many failures in a row, and the receiver is taken to be down.
const DOWN: i64 = 8;
/// Between attempts at a receiver that is down, at most.
const PROBE_MAX: Duration = Duration::from_secs(60);
/// Without news: another gateway may have changed the webhook.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Works until the webhook is disabled or deleted.
pub(super) async fn run(shared: Shared, id: String, wake: Arc<Notify>) {
    let mut probe_after = Instant::now();
    loop {
        match step(&shared, &id, &mut probe_after).await {
            Ok(Some(pause)) => {
                let _ = tokio::time::timeout(pause.min(LOOK_EVERY), wake.notified()).await;
            }
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(webhook = id, %error, "deliveries wait for the database");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

/// One look. Returns how long nothing will be due; `None` when there is no such webhook any more.
async fn step(shared: &Shared, id: &str, probe_after: &mut Instant) -> Result<Option<Duration>> {
    let Some(endpoint) = queue::load(&shared.db, id).await? else { return Ok(None) };
    let more = queue::fan_out(&shared.db, &endpoint).await?;
    let pending = queue::pending(&shared.db, &endpoint).await?;
    let is_down = endpoint.failures >= DOWN;
    if is_down && *probe_after > Instant::now() {
        return Ok(Some(*probe_after - Instant::now()));
    }
    let now = now_ms();
    let chosen = lanes::choose(&pending, now, if is_down { 1 } else { AT_ONCE });
    if chosen.is_empty() {
        let next_ms = pending.iter().map(|one| one.next_attempt_ms).filter(|at| *at > now).min();
        let pause = next_ms.map_or(LOOK_EVERY, |at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0)));
        return Ok(Some(if more { Duration::ZERO } else { pause }));
    }
    let keys = open_secrets(shared, &endpoint)?;
    let mut messages = queue::messages(&shared.db, &chosen).await?;
    let attempts: Vec<_> = chosen
        .into_iter()
        .filter_map(|one| Some(attempt(shared, &endpoint, &keys, one, messages.remove(&one.sequence)?)))
        .collect();
    let ended = join_all(attempts).await;
    if ended.is_empty() {
        // Their events have just been forgotten.
        return Ok(Some(LOOK_EVERY));
    }
    queue::settle(&shared.db, &endpoint, &ended).await?;
    if ended.iter().all(|one| !one.attempt.succeeded()) {
        let exponent = u32::try_from((endpoint.failures - DOWN).clamp(0, 6)).unwrap_or(0);
        let probe = Duration::from_millis(shared.settings.retry_min_ms) * 2u32.pow(exponent);
        *probe_after = Instant::now() + probe.min(PROBE_MAX);
    }
    if let Some(reason) = reason_to_disable(&endpoint, &ended, give_up_ms(shared)) {
        queue::disable(&shared.db, &endpoint, reason).await?;
        shared.tail.wake();
        return Ok(None);
    }
    Ok(Some(Duration::ZERO))
}

fn open_secrets(shared: &Shared, endpoint: &Endpoint) -> Result<Vec<Zeroizing<Vec<u8>>>> {
    let open = |sealed: &String| shared.custody.open_secret(&endpoint.id, sealed).map_err(Into::into);
    endpoint.sealed_secrets.iter().map(open).collect()
}

async fn attempt(
    shared: &Shared,
    endpoint: &Endpoint,
    keys: &[Zeroizing<Vec<u8>>],
    one: &Pending,
    message: String,
) -> Ended {
    let attempt = shared.sender.send(&endpoint.url, keys, &one.event_id, message).await;
    let outcome = outcome(shared, one, &attempt);
    let label = match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Again(_) => "again",
        Outcome::GivenUp => "given_up",
    };
    metrics::counter!("hanse_gateway_webhook_attempts_total", "outcome" => label).increment(1);
    Ended { sequence: one.sequence, attempt, outcome }
}

fn outcome(shared: &Shared, one: &Pending, attempt: &Attempt) -> Outcome {
    let now = now_ms();
    if attempt.succeeded() {
        return Outcome::Delivered;
    }
    if now - one.created_at_ms > give_up_ms(shared) {
        return Outcome::GivenUp;
    }
    let (min, max) = (shared.settings.retry_min_ms, shared.settings.retry_max_ms);
    Outcome::Again(now + pause_ms(one.attempts, min, max))
}

/// Four times longer after each attempt, and a tenth more or less so that a crowd does not come back together.
fn pause_ms(attempts: i64, min: u64, max: u64) -> i64 {
    let exponent = u32::try_from(attempts.clamp(0, 20)).unwrap_or(20);
    let pause = min.saturating_mul(4u64.saturating_pow(exponent)).min(max);
    let jitter = rand::rng().random_range(0.9..1.1);
    (pause as f64 * jitter) as i64
}

fn give_up_ms(shared: &Shared) -> i64 {
    i64::from(shared.settings.give_up_hours) * 3_600_000
}

fn reason_to_disable(endpoint: &Endpoint, ended: &[Ended], give_up_ms: i64) -> Option<&'static str> {
    if ended.iter().any(|one| one.attempt.is_gone()) {
        return Some("it answered 410 (Gone)");
    }
    let failing = endpoint.failing_since_ms.is_some_and(|since| now_ms() - since > give_up_ms);
    let hopeless = failing && ended.iter().all(|one| !one.attempt.succeeded());
    hopeless.then_some("no attempt has succeeded for too long")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        for (attempts, about) in
            [(0, 5_000), (1, 20_000), (2, 80_000), (6, 20_480_000), (7, 28_800_000), (99, 28_800_000)]
        {
            let pause = pause_ms(attempts, 5_000, 28_800_000);
            assert!((about * 9 / 10..=about * 11 / 10).contains(&pause), "{attempts}: {pause}");
        }
    }
}
