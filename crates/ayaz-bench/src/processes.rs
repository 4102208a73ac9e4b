//! What processes have used, by `/proc`.

use anyhow::{Context, Result};
use procfs::process::{Process, Stat, all_processes};

/// Processor time used since the start of each process, seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    /// Or of the null subscriber in its place.
    pub(super) daemon: f64,
    /// Generator, and the little that measuring costs.
    pub(super) bench: f64,
    /// `None` if it is not ours to see.
    pub(super) broker: Option<f64>,
    /// All processes of the server together; `None` if they are not ours to see.
    pub(super) postgres: Option<f64>,
}

impl Cpu {
    /// What was used from `earlier` to `self`.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let both = |later: Option<f64>, earlier: Option<f64>| Some(later? - earlier?);
        Self {
            daemon: self.daemon - earlier.daemon,
            bench: self.bench - earlier.bench,
            broker: both(self.broker, earlier.broker),
            postgres: both(self.postgres, earlier.postgres),
        }
    }

    /// Of daemon, broker and database; `None` if one is not known.
    pub(super) fn of_the_system(&self) -> Option<f64> {
        Some(self.daemon + self.broker? + self.postgres?)
    }
}

/// The private servers, if they are ours.
#[derive(Debug, Default)]
pub(super) struct Servers {
    broker: Option<i32>,
    postgres: Option<i32>,
}

impl Servers {
    pub(super) fn new(broker: Option<u32>, postgres: Option<u32>) -> Self {
        Self {
            broker: broker.map(|pid| pid as i32),
            postgres: postgres.map(|pid| pid as i32),
        }
    }

    /// Processor time of these, of the daemon and of this process.
    pub(super) fn cpu(&self, daemon: &Process) -> Result<Cpu> {
        let alone = |pid| anyhow::Ok(own_seconds(&Process::new(pid)?.stat()?));
        Ok(Cpu {
            daemon: own_seconds(&daemon.stat().context("the daemon's processor time")?),
            bench: own_seconds(&Process::myself()?.stat()?),
            broker: self.broker.map(alone).transpose()?,
            postgres: self.postgres.map(family_seconds).transpose()?,
        })
    }
}

/// Processor time of one process since its start, seconds.
pub(super) fn cpu_seconds(process: &Process) -> Result<f64> {
    Ok(own_seconds(&process.stat()?))
}

/// Most memory that the process has held, bytes.
pub(super) fn memory_peak_bytes(process: &Process) -> Result<u64> {
    let peak_kb = process
        .status()?
        .vmhwm
        .context("the kernel tells no memory peak")?;
    Ok(peak_kb * 1_024)
}

fn own_seconds(stat: &Stat) -> f64 {
    seconds(stat.utime + stat.stime)
}

/// A process, its children, and those of them that have ended.
fn family_seconds(parent: i32) -> Result<f64> {
    let stat = Process::new(parent)?.stat()?;
    let ended = seconds(stat.cutime.unsigned_abs() + stat.cstime.unsigned_abs());
    // One that ends meanwhile is counted with its parent the next time.
    let children: f64 = all_processes()?
        .filter_map(|process| process.ok()?.stat().ok())
        .filter(|child| child.ppid == parent)
        .map(|child| own_seconds(&child))
        .sum();
    Ok(own_seconds(&stat) + ended + children)
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}
