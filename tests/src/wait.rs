//! Polling for a condition, with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Polls until `done` returns true. Fails after `seconds`; the error names `what`.
pub async fn until(
    what: &str,
    seconds: u64,
    mut done: impl AsyncFnMut() -> Result<bool>,
) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !done().await? {
        if Instant::now() > deadline {
            bail!("after {seconds} s still waiting for {what}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
