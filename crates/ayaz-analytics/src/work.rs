//! Processes the queue.

mod fleet_hours;
mod set_aside;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::lease::{self, Holder, Lease, Renewal};
use ayaz_store::analytics::queue::{self, Due, QueuedHour};
use ayaz_store::analytics::{FleetStatements, HourRange, Refresh, RefreshStatements, upkeep};
use ayaz_store::context::take_over_context;
use ayaz_store::migrate::check_schema;
use ayaz_store::{Connection, DatabaseUrl, Role, StoreError};

use crate::config::RefreshConfig;
use crate::metrics as names;
use crate::open_hours::OpenHours;
use crate::refresh::{self, Settings};
use set_aside::SetAside;

/// The worker's name for others that wait for the lease.
const PROGRAM: &str = "ayaz-analytics";

/// How often the worker deletes old rows.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(3_600);

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Ingest transactions whose hours were queued.
    pub touches: u64,
    /// Hours of vehicles that were refreshed.
    pub hours: u64,
    /// Readings that were read for this.
    pub readings: u64,
    /// Buckets written.
    pub buckets: u64,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.touches += other.touches;
        self.hours += other.hours;
        self.readings += other.readings;
        self.buckets += other.buckets;
    }
}

/// One round.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// What it did.
    pub work: Work,
    /// Whether work that is due is left, or may be.
    pub more: bool,
    /// Hours that are still queued, including those that are not due.
    pub hours_left: u64,
}

/// A connection that may become the worker's.
#[derive(Debug)]
pub struct Candidate {
    url: DatabaseUrl,
    connection: Connection,
    lease: OnceLock<(Lease, Renewal)>,
}

/// The one worker. Its futures may be dropped at any time: the next worker repeats what was not
/// committed.
#[derive(Debug)]
pub struct Worker {
    connection: Connection,
    lease: Lease,
    /// Stops when the worker is dropped.
    _renewal: Renewal,
    statements: RefreshStatements,
    fleet_statements: FleetStatements,
    config: RefreshConfig,
    plausibility: PlausibilityConfig,
    due: Due,
    open_hours: OpenHours,
    set_aside: SetAside,
    upkeep_at: Instant,
}

impl Candidate {
    /// Connects and checks the schema.
    pub async fn connect(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let connection = Connection::open(url, Role::Analytics).await?;
        check_schema(&connection).await?;
        Ok(Self {
            url: url.clone(),
            connection,
            lease: OnceLock::new(),
        })
    }

    /// Tries to take the lease; `true` if there is no other worker.
    pub async fn try_become_worker(&self) -> Result<bool, StoreError> {
        let taken = lease::try_take(&self.connection, PROGRAM).await?;
        let is_taken = taken.is_some();
        if let Some(lease) = taken {
            let renewal = lease.renew(&self.url, Role::Analytics);
            // A second lease over the same connection belongs to the same worker.
            let _ = self.lease.set((lease, renewal));
        }
        Ok(is_taken)
    }

    /// The worker that this one waits for.
    pub async fn holder(&self) -> Result<Option<Holder>, StoreError> {
        lease::holder(&self.connection.client).await
    }

    /// The worker. Call after [`try_become_worker`](Self::try_become_worker) returned `true`.
    pub async fn into_worker(
        self,
        config: RefreshConfig,
        plausibility: PlausibilityConfig,
    ) -> Result<Worker, StoreError> {
        // The schema may have changed while it waited.
        check_schema(&self.connection).await?;
        let (lease, renewal) = self
            .lease
            .into_inner()
            .ok_or_else(|| StoreError::Fatal("the worker has not taken the lease".to_owned()))?;
        let client = &self.connection.client;
        let statements = RefreshStatements::prepare(client)
            .await?
            .under(lease.clone());
        let fleet_statements = FleetStatements::prepare(client).await?.under(lease.clone());
        Ok(Worker {
            connection: self.connection,
            lease,
            _renewal: renewal,
            statements,
            fleet_statements,
            config,
            plausibility,
            due: Due {
                open_hour_interval: config.open_hour_interval(),
                stored_until: None,
            },
            open_hours: OpenHours::new(config.open_hours_bytes_max()),
            set_aside: SetAside::default(),
            upkeep_at: Instant::now(),
        })
    }
}

impl Worker {
    /// From now on, processes only what is stored now, and all of it without delay. So the rounds
    /// end, even if vehicles keep sending.
    pub async fn limit_to_stored(&mut self) -> Result<(), StoreError> {
        let now = queue::now(&self.connection.client).await?;
        self.due = Due {
            open_hour_interval: Duration::ZERO,
            stored_until: Some(now),
        };
        Ok(())
    }

    /// Queues hours from the ledger and processes a bounded part of the queue.
    pub async fn round(&mut self) -> Result<Round, StoreError> {
        let touches_max = self.config.ledger_rows_per_round_max;
        let touches = self.take_over().await?;
        let client = &self.connection.client;
        let now = UnixMicroseconds::now();
        self.open_hours.remove_over(now);
        let hours_max = self.config.hours_per_round_max;
        let without = self.set_aside.vehicles();
        let queued = queue::next_hours(client, self.due, &without, hours_max).await?;
        let mut work = Work {
            touches,
            ..Work::default()
        };
        for range in hour_ranges(&queued, self.config.hours_per_transaction_max, now) {
            let HourRange { vehicle, from, .. } = range;
            if self.set_aside.contains(vehicle) {
                continue;
            }
            match self.refresh(range).await {
                Ok(done) => work += done,
                Err(error) if error.affects_one_vehicle() => {
                    self.set_aside
                        .put(&self.connection, vehicle, &error)
                        .await?;
                }
                Err(error) => {
                    tracing::debug!(vehicle, %from, %error, "refresh failed");
                    return Err(error);
                }
            }
        }
        let fleet_hours_are_due = fleet_hours::judge_some(
            &mut self.connection,
            (&self.statements, &self.fleet_statements),
            &self.plausibility.exterior_against_fleet,
            self.due.stored_until.is_some(),
        )
        .await?;
        let client = &self.connection.client;
        let without = self.set_aside.vehicles();
        let backlog = queue::backlog(client, self.due, &without).await?;
        metrics::gauge!(names::VEHICLES_SET_ASIDE).set(without.len() as f64);
        metrics::gauge!(names::OPEN_HOURS_BYTES).set(self.open_hours.bytes() as f64);
        metrics::gauge!(names::BACKLOG_HOURS).set(backlog.hours as f64);
        let touched = match self.due.stored_until {
            Some(until) => queue::is_touched(client, until).await?,
            None => touches >= u64::from(touches_max),
        };
        let more = backlog.is_due || touched || fleet_hours_are_due;
        Ok(Round {
            work,
            more,
            hours_left: backlog.hours,
        })
    }

    /// Queues hours from the ledger, and deletes old rows from time to time.
    async fn take_over(&mut self) -> Result<u64, StoreError> {
        let failed = |error| StoreError::from_driver("take hours from the ledger", error);
        let touches_max = i64::from(self.config.ledger_rows_per_round_max);
        let transaction = self.connection.client.transaction().await.map_err(failed)?;
        if Instant::now() >= self.upkeep_at {
            let quotas = upkeep::forget_quotas(&transaction).await?;
            let days = upkeep::forget_days(&transaction).await?;
            tracing::debug!(quotas, days, "deleted old quotas of dead letters and days");
            for login in upkeep::unbounded_readers(&transaction).await? {
                tracing::warn!(
                    login,
                    "this login may only read, and its time-out and read-only setting are gone or were \
                     never set: it may hold the database for long. deploy/database/logins.sql sets them"
                );
            }
            self.upkeep_at = Instant::now() + UPKEEP_INTERVAL;
        }
        let touches = queue::take_over(&transaction, touches_max).await?;
        let context_touches = take_over_context(&transaction, touches_max).await?;
        self.lease.check(&transaction).await?;
        transaction.commit().await.map_err(failed)?;
        if context_touches > 0 {
            self.set_aside.try_again();
        }
        Ok(touches)
    }

    async fn refresh(&mut self, range: HourRange) -> Result<Work, StoreError> {
        let started = Instant::now();
        let client = &mut self.connection.client;
        let storage = Refresh::begin(client, &self.statements, range).await?;
        let settings = Settings {
            trip_gap_seconds: self.config.trip_gap_s,
            plausibility: self.plausibility,
            comfort: self.config.comfort(),
        };
        let now = UnixMicroseconds::now();
        let done = refresh::refresh(storage, &settings, &mut self.open_hours, now).await?;
        metrics::counter!(names::HOURS_READ_ON).increment(u64::from(done.is_incremental));
        metrics::counter!(names::HOURS_REFRESHED).increment(range.count as u64);
        metrics::counter!(names::READINGS_READ).increment(done.readings);
        metrics::histogram!(names::REFRESH_DURATION_SECONDS).record(started.elapsed());
        Ok(Work {
            touches: 0,
            hours: range.count as u64,
            readings: done.readings,
            buckets: done.buckets,
        })
    }
}

/// Joins neighbouring hours; `queued` is sorted. Open hours stay alone, because each has its own
/// checkpoint.
fn hour_ranges(queued: &[QueuedHour], hours_max: usize, now: UnixMicroseconds) -> Vec<HourRange> {
    let mut ranges: Vec<HourRange> = Vec::new();
    for QueuedHour { vehicle, hour } in queued.iter().copied() {
        match ranges.last_mut() {
            Some(last)
                if last.vehicle == vehicle
                    && last.count < hours_max
                    && !OpenHours::is_open(hour, now)
                    && last.to() == hour =>
            {
                last.count += 1;
            }
            _ => ranges.push(HourRange {
                vehicle,
                from: hour,
                count: 1,
            }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use ayaz_model::instant::HOUR_MICROSECONDS;

    use super::*;

    #[test]
    fn neighbouring_hours_of_a_vehicle_are_refreshed_together() {
        let queued: Vec<QueuedHour> = [(1, 0), (1, 1), (1, 2), (1, 4), (2, 5), (2, 6)]
            .map(|(vehicle, hour)| QueuedHour {
                vehicle,
                hour: UnixMicroseconds(hour * HOUR_MICROSECONDS),
            })
            .to_vec();
        let found = |now: i64| -> Vec<_> {
            hour_ranges(&queued, 2, UnixMicroseconds(now * HOUR_MICROSECONDS))
                .iter()
                .map(|s| (s.vehicle, s.from.0 / HOUR_MICROSECONDS, s.count))
                .collect()
        };
        assert_eq!(found(9), [(1, 0, 2), (1, 2, 1), (1, 4, 1), (2, 5, 2)]);
        let alone = [(1, 0, 2), (1, 2, 1), (1, 4, 1), (2, 5, 1), (2, 6, 1)];
        assert_eq!(
            found(6),
            alone,
            "the sixth hour is open, and the fifth until it is over"
        );
    }
}
