//! Schedule of the buses: stores the start of the hour as fast as possible, then one reading per
//! second and bus on time. Uses the writer of the ingest daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ayaz_model::UnixMicroseconds;
use ayaz_store::DatabaseUrl;
use ayaz_store::ingest::IngestStore;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::fleet::{Fleet, MOMENTS, READINGS_BEFORE};

const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Time between two moments of a second.
const MOMENT: Duration = Duration::from_millis(1_000 / MOMENTS as u64);

/// Most moments that are written at once after a delay.
const MOMENTS_AT_ONCE_MAX: usize = MOMENTS;

/// The fleet before it starts to send.
pub(super) struct Feed {
    fleet: Fleet,
    writers: [IngestStore; 2],
    readings: u64,
}

/// The sending fleet. It stops when dropped.
pub(super) struct Feeding {
    task: JoinHandle<Result<f64>>,
    started: Instant,
    began_at: UnixMicroseconds,
    finish: Arc<AtomicBool>,
}

impl Feed {
    pub(super) fn new(fleet: Fleet, database: &DatabaseUrl) -> Self {
        let writer = IngestStore::new(database.clone(), WRITE_TIMEOUT, env!("CARGO_PKG_VERSION"));
        let beside = writer.beside();
        Self {
            fleet,
            writers: [writer, beside],
            readings: 0,
        }
    }

    /// Stores the readings before the hour and of its first seconds, in order of arrival. Returns
    /// the number of readings.
    pub(super) async fn preload(&mut self, seconds: i64) -> Result<u64> {
        let places = READINGS_BEFORE + usize::try_from(seconds)?;
        for place in (0..places).step_by(2) {
            let mut second = |place| -> Result<Vec<_>> {
                let mut messages = Vec::new();
                for moment in 0..MOMENTS {
                    messages.extend(self.fleet.at(place, moment)?);
                }
                Ok(messages)
            };
            let one = second(place)?;
            let other = if place + 1 < places {
                second(place + 1)?
            } else {
                Vec::new()
            };
            let [first, beside] = &mut self.writers;
            let written = tokio::try_join!(first.write(&one), beside.write(&other))?;
            self.readings += written.0.readings_new + written.1.readings_new;
        }
        ensure!(
            self.readings == (places * self.fleet.len()) as u64,
            "of {places} readings of each bus, {} in all were stored",
            self.readings
        );
        Ok(self.readings)
    }

    /// Sends from this second of the hour.
    pub(super) fn start(self, first_second: i64) -> Result<Feeding> {
        let first = READINGS_BEFORE + usize::try_from(first_second)?;
        let started = Instant::now();
        let began_at = self.fleet.recorded_at(first)?;
        let finish = Arc::new(AtomicBool::new(false));
        Ok(Feeding {
            task: tokio::spawn(self.send(started, first, Arc::clone(&finish))),
            started,
            began_at,
            finish,
        })
    }

    /// Returns the largest delay between a moment and its stored reading, s.
    async fn send(
        mut self,
        started: Instant,
        first: usize,
        finish: Arc<AtomicBool>,
    ) -> Result<f64> {
        let mut lag_max = Duration::ZERO;
        let mut moment = 0;
        while !finish.load(Relaxed) {
            let due = started + MOMENT * moment as u32;
            tokio::time::sleep_until(due).await;
            let passed = started.elapsed().as_millis() / MOMENT.as_millis();
            let until = (passed as usize + 1).clamp(moment + 1, moment + MOMENTS_AT_ONCE_MAX);
            let mut messages = Vec::new();
            for moment in moment..until {
                let place = first + moment / MOMENTS;
                messages.extend(self.fleet.at(place, moment % MOMENTS)?);
            }
            let written = self.writers[0].write(&messages).await?;
            ensure!(
                written.readings_new == messages.len() as u64,
                "of {} readings not all were stored: {written:?}",
                messages.len()
            );
            lag_max = lag_max.max(due.elapsed());
            moment = until;
        }
        Ok(lag_max.as_secs_f64())
    }
}

impl Feeding {
    /// The clock of the buses.
    pub(super) fn now(&self) -> UnixMicroseconds {
        let passed = self.started.elapsed().as_micros();
        self.began_at
            .plus(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// Fails if the buses have stopped sending.
    pub(super) async fn must_run(&mut self) -> Result<()> {
        if self.task.is_finished() {
            (&mut self.task)
                .await?
                .context("the buses stopped sending")?;
        }
        Ok(())
    }

    /// Stops the buses. Returns the largest delay between a moment and its stored reading, s.
    pub(super) async fn finish(mut self) -> Result<f64> {
        self.finish.store(true, Relaxed);
        (&mut self.task).await?.context("the buses stopped sending")
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.task.abort();
    }
}
