//! Processes by their ids.

use anyhow::{Result, ensure};
use tokio::process::Command;

/// A process and its children. The process is the first.
pub fn family(parent: u32) -> Result<Vec<u32>> {
    let mut family = vec![parent];
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // The process may have ended.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let of = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse::<u32>().ok());
        if of == Some(parent) {
            family.push(pid);
        }
    }
    Ok(family)
}

/// Sends a signal to each. Only the first process must exist.
pub async fn signal(name: &str, pids: &[u32]) -> Result<()> {
    for pid in pids {
        let status = Command::new("kill")
            .args(["-s", name, &pid.to_string()])
            .stderr(std::process::Stdio::null())
            .status()
            .await?;
        ensure!(
            status.success() || *pid != pids[0],
            "kill -s {name} {pid}: {status}"
        );
    }
    Ok(())
}
