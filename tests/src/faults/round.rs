//! One round: load and faults on a system of its own, then the comparison with the ledger.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::fault::Fault;
use super::ledger::Ledger;
use super::load::Load;
use super::system::System;

/// The plan of a round.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed of all random choices.
    pub seed: u64,
    /// How long faults are injected.
    pub duration: Duration,
    /// The faults to inject, one after another in random order.
    pub faults: Vec<Fault>,
    /// Maximum number of messages, whatever the duration.
    pub messages_max: u64,
}

/// The result of a round.
#[derive(Debug)]
pub struct Outcome {
    /// Acknowledged messages.
    pub messages: u64,
    /// Expected and stored readings.
    pub readings: u64,
    /// Expected and stored dead letters.
    pub dead_letters: u64,
    /// The injected faults in order.
    pub injected: Vec<Fault>,
    /// Time from the last repair until all messages were stored.
    pub recovery: Duration,
    /// Peak memory of an ingest daemon.
    pub memory_peak_bytes: u64,
}

impl Plan {
    /// Runs the round. `tell` gets a line for each step.
    pub async fn run(&self, mut tell: impl FnMut(&str)) -> Result<Outcome> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut system = System::build().await?;
        let load = Load::new(ChaCha8Rng::from_rng(&mut rng), system.bed.fleet.clone());
        let publisher = system.bed.publisher("harness").await?;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let messages_max = self.messages_max;
        let mut pace = ChaCha8Rng::from_rng(&mut rng);
        let sending = tokio::spawn(async move {
            let (mut load, mut sent) = (load, Vec::new());
            while !*stopped.borrow() && (sent.len() as u64) < messages_max {
                let message = load.message();
                publisher
                    .publish(message.topic.clone(), message.payload.clone())
                    .await?;
                sent.push(message);
                // Bursts and pauses, as when buses leave dead zones.
                if pace.random_bool(0.02) {
                    tokio::time::sleep(Duration::from_millis(pace.random_range(1..60))).await;
                }
            }
            // This fails if the broker has not acknowledged all of them.
            publisher.finish().await?;
            anyhow::Ok(sent)
        });

        let deadline = Instant::now() + self.duration;
        let mut injected = Vec::new();
        while Instant::now() < deadline {
            let fault = *self.faults.choose(&mut rng).context("no faults")?;
            tell(fault.name());
            fault
                .inject(&mut system, &mut rng)
                .await
                .with_context(|| format!("{fault}\n{}", system.logs()))?;
            injected.push(fault);
            system.update_memory_peak();
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..400))).await;
        }
        // The sender may have ended already.
        let _ = stop.send(true);
        let repaired_at = Instant::now();
        let mut ledger = Ledger::default();
        let sent = sending.await??;
        for message in sent.into_iter().chain(std::mem::take(&mut system.flooded)) {
            message.record(&mut ledger);
        }
        tell("all repaired, waiting until all messages are stored");
        let outcome = system.verify(&ledger, repaired_at).await;
        let logs = system.logs();
        let recovery = outcome.with_context(|| format!("seed {}\n{logs}", self.seed))?;
        let outcome = Outcome {
            messages: ledger.messages,
            readings: ledger.readings(),
            dead_letters: ledger.dead_letters(),
            injected,
            recovery,
            memory_peak_bytes: system.memory_peak_bytes,
        };
        system.end().await?;
        Ok(outcome)
    }
}
