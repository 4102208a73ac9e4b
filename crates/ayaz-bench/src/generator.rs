//! Sends the load as fast as possible or at a rate, and counts acknowledgements of the broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use ayaz_model::BrokerUrl;

use super::connection::Connection;
use super::load::Load;

/// Vehicles per connection. Real buses have one connection each. The bench measures the cost of
/// vehicle ids, not of sockets.
const VEHICLES_PER_CONNECTION: u64 = 1_000;

/// Time between two network operations. A thread that sleeps costs less than one that wakes for
/// every acknowledgement. The broker's backlog covers this time.
const TICK: Duration = Duration::from_millis(2);

/// Most messages between generator and subscriber, in bytes of payload and in messages. The
/// subscriber must never wait for the generator. But the broker's memory, and its periodic save of
/// it, must not limit the rate.
const BACKLOG_BYTES: f64 = (16 << 20) as f64;
const BACKLOG_MESSAGES_MIN: f64 = 2_000.0;
const BACKLOG_MESSAGES_MAX: f64 = 20_000.0;

/// After a delay, the generator sends at most this much later load at once. A larger burst would
/// change the load.
const CATCH_UP: Duration = Duration::from_millis(200);

/// Longest time that the broker may take to acknowledge the last messages.
const FINISH_TIMEOUT: Duration = Duration::from_secs(60);

/// Rate of the generator.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As fast as the subscriber acknowledges.
    ClosedLoop,
    /// Messages per second, if the subscriber keeps up with them.
    OpenLoop(f64),
}

/// A sender thread.
#[derive(Debug)]
pub(super) struct Generator {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<u64>>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Messages that the subscriber has acknowledged.
    acknowledged: AtomicU64,
    finish: AtomicBool,
    abort: AtomicBool,
}

/// Number of connections for this many vehicles.
pub(super) fn connections(vehicles: u64) -> usize {
    vehicles.div_ceil(VEHICLES_PER_CONNECTION) as usize
}

/// Most messages between generator and subscriber.
pub(super) fn backlog_max(load: &Load) -> u64 {
    let fit = BACKLOG_BYTES / load.payload_mean_bytes();
    fit.clamp(BACKLOG_MESSAGES_MIN, BACKLOG_MESSAGES_MAX) as u64
}

impl Generator {
    /// Connects and starts to send.
    pub(super) fn start(url: &BrokerUrl, load: &Arc<Load>, pace: Pace) -> Result<Self> {
        let connections = (0..connections(load.fleet_size()))
            .map(|number| Connection::open(url, &format!("{}-generator-{number}", load.fleet)))
            .collect::<Result<Vec<_>>>()?;
        let shared = Arc::new(Shared::default());
        let sender = Sender {
            backlog_max: backlog_max(load),
            load: Arc::clone(load),
            pace,
            connections,
            shared: Arc::clone(&shared),
            due: 0.0,
            sent: 0,
            acknowledged: 0,
        };
        let thread = std::thread::Builder::new()
            .name("generator".to_owned())
            .spawn(move || sender.run())
            .context("start the generator")?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Sets how many messages the subscriber has acknowledged.
    pub(super) fn acknowledged(&self, messages: u64) {
        self.shared.acknowledged.store(messages, Relaxed);
    }

    /// Fails with the reason if the generator has ended.
    pub(super) fn must_run(&mut self) -> Result<()> {
        if self
            .thread
            .as_ref()
            .is_none_or(|thread| !thread.is_finished())
        {
            return Ok(());
        }
        self.joined().and(Err(anyhow!("the generator has ended")))
    }

    /// Stops sending and waits until the broker has acknowledged everything. Returns the number of
    /// messages.
    pub(super) async fn finish(mut self) -> Result<u64> {
        self.shared.finish.store(true, Relaxed);
        while self
            .thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
        {
            tokio::time::sleep(TICK).await;
        }
        self.joined()
    }

    fn joined(&mut self) -> Result<u64> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended.context("the generator failed"),
            Some(Err(_)) => bail!("the generator panicked"),
            None => bail!("the generator has ended already"),
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.shared.abort.store(true, Relaxed);
    }
}

/// State of the sender thread.
struct Sender {
    load: Arc<Load>,
    pace: Pace,
    backlog_max: u64,
    connections: Vec<Connection>,
    shared: Arc<Shared>,
    /// Messages that the pace allows to be sent now.
    due: f64,
    sent: u64,
    acknowledged: u64,
}

impl Sender {
    fn run(mut self) -> Result<u64> {
        let mut last = Instant::now();
        let mut finishing_since = None;
        while !self.shared.abort.load(Relaxed) {
            if self.shared.finish.load(Relaxed) {
                if self.acknowledged == self.sent {
                    for connection in self.connections {
                        connection.close()?;
                    }
                    return Ok(self.sent);
                }
                let since = *finishing_since.get_or_insert_with(Instant::now);
                if since.elapsed() > FINISH_TIMEOUT {
                    let missing = self.sent - self.acknowledged;
                    bail!("the broker does not acknowledge the last {missing} messages");
                }
            } else {
                let now = Instant::now();
                self.accrue(now.duration_since(last));
                last = now;
                self.send()?;
            }
            for connection in &mut self.connections {
                connection.flush()?;
                self.acknowledged += connection.receive()?;
            }
            std::thread::sleep(TICK);
        }
        bail!("the generator was aborted")
    }

    /// Adds the messages that the elapsed time allows.
    fn accrue(&mut self, elapsed: Duration) {
        self.due = match self.pace {
            Pace::ClosedLoop => f64::INFINITY,
            Pace::OpenLoop(messages_per_second) => {
                let more = self.due + messages_per_second * elapsed.as_secs_f64();
                more.min(messages_per_second * CATCH_UP.as_secs_f64() + 1.0)
            }
        };
    }

    /// Sends what pace, backlog and connections allow now, in the order of the load.
    fn send(&mut self) -> Result<()> {
        let acknowledged = self.shared.acknowledged.load(Relaxed);
        let until =
            (acknowledged + self.backlog_max).min(self.sent.saturating_add(self.due as u64));
        while self.sent < until {
            let vehicle = self.load.vehicle(self.sent);
            let shard = vehicle % self.connections.len();
            let connection = &mut self.connections[shard];
            if !connection.has_room() {
                connection.flush()?;
                self.acknowledged += connection.receive()?;
                if !connection.has_room() {
                    break;
                }
            }
            connection.publish(self.load.topic(vehicle), &self.load.payload(self.sent));
            self.sent += 1;
            self.due -= 1.0;
        }
        Ok(())
    }
}
