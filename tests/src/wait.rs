//! Waiting for conditions, and free ports.

use anyhow::{Context, Result, anyhow, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
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

/// A TCP port of the loopback interface that was free a moment ago, and that no other call in this process gets.
///
/// It lies below the range from which systems number outgoing connections (32768 and above on Linux, 49152 elsewhere):
/// a port from there can be taken by any client between this call and the server's start.
pub fn free_port() -> Result<u16> {
    const PORTS: std::ops::Range<u32> = 12_000..32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test binaries that run at once start at different places.
    let first = std::process::id().wrapping_mul(97);
    for _ in PORTS {
        let step = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(PORTS.start + step % (PORTS.end - PORTS.start))?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port in {PORTS:?}")
}
