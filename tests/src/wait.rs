//! Waiting for conditions, and free ports.

use anyhow::{Context, Result, anyhow};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

/// Calls `probe` every 50 ms until it gives `Some`, and returns that. An error counts as "not yet"; the last one is
/// told when `limit` has passed.
pub async fn until<T, F>(what: &str, limit: Duration, mut probe: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let began = Instant::now();
    loop {
        let last_error = match probe().await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => anyhow!("the condition does not hold"),
            Err(error) => error,
        };
        if began.elapsed() > limit {
            return Err(last_error).with_context(|| format!("{what}: not within {limit:?}"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A TCP port of the loopback interface that was free a moment ago.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
