//! CPU and memory use of processes, from `/proc`.

use anyhow::{Context, Result};
use procfs::process::{Process, Stat, all_processes};

/// Processor time since the start of each process, seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    /// The daemon, or the null subscriber in its place.
    pub(super) daemon: f64,
    /// The generator and the measurement code.
    pub(super) bench: f64,
    /// `None` if not available.
    pub(super) broker: Option<f64>,
    /// All processes of the server together; `None` if not available.
    pub(super) postgres: Option<f64>,
}

impl Cpu {
    /// Time used between `earlier` and `self`.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let both = |later: Option<f64>, earlier: Option<f64>| Some(later? - earlier?);
        Self {
            daemon: self.daemon - earlier.daemon,
            bench: self.bench - earlier.bench,
            broker: both(self.broker, earlier.broker),
            postgres: both(self.postgres, earlier.postgres),
        }
    }

    /// Sum of daemon, broker and database; `None` if one is unknown.
    pub(super) fn of_the_system(&self) -> Option<f64> {
        Some(self.daemon + self.broker? + self.postgres?)
    }
}

/// Process ids of the private servers, if this program has started them.
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

    /// Processor time of the servers, of the daemon and of this process.
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

/// Largest memory use of the process, bytes.
pub(super) fn memory_peak_bytes(process: &Process) -> Result<u64> {
    let peak_kb = process
        .status()?
        .vmhwm
        .context("the kernel reports no memory peak")?;
    Ok(peak_kb * 1_024)
}

fn own_seconds(stat: &Stat) -> f64 {
    seconds(stat.utime + stat.stime)
}

/// A process, its children, and its ended children.
fn family_seconds(parent: i32) -> Result<f64> {
    let stat = Process::new(parent)?.stat()?;
    let ended = seconds(stat.cutime.unsigned_abs() + stat.cstime.unsigned_abs());
    // A child that ends meanwhile is counted with its parent next time.
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
