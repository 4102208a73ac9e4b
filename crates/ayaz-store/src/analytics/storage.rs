//! Storage of a refresh: rows, no rules. Implemented by the database ([`Refresh`]) and, for tests with many
//! histories, by memory.
//!
//! [`Refresh`]: super::Refresh

use ayaz_energy::clock::ClockRun;
use ayaz_energy::days::{DayTime, SessionSpan, Span};
use ayaz_energy::exterior::{ExteriorChanges, Exteriors};
use ayaz_energy::hours::HoursOutcome;
use ayaz_energy::service_days::ServiceDayRules;
use ayaz_energy::sessions::{Session, SessionHead};
use ayaz_energy::trip_days::{DayTripBand, TripDay};
use ayaz_energy::{Bucket, Sample};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{UnixMicroseconds, VehicleNumber};
use jiff::civil::Date;

use super::states::KnownHours;
use crate::error::StoreError;

/// Neighbouring hours of one vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourRange {
    /// The vehicle.
    pub vehicle: VehicleNumber,
    /// Start of the first hour.
    pub from: UnixMicroseconds,
    /// Number of hours.
    pub count: usize,
}

impl HourRange {
    /// End of the last hour.
    pub fn to(self) -> UnixMicroseconds {
        self.from.plus(self.count as i64 * HOUR_MICROSECONDS)
    }

    /// Start of each hour.
    pub fn hours(self) -> impl Iterator<Item = UnixMicroseconds> {
        (0..self.count as i64).map(move |index| self.from.plus(index * HOUR_MICROSECONDS))
    }
}

/// Previous state of hours whose rows were replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplacedHours {
    /// When the hours were refreshed; stored as [`KnownHours::refreshed_at`].
    pub refreshed_at: UnixMicroseconds,
    /// Since when the first of them waited in the queue.
    pub queued_at: Option<UnixMicroseconds>,
    /// Previous exterior temperatures of the vehicle on trips.
    pub exteriors: Exteriors,
}

/// A list of session heads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionHeads {
    /// Sorted by start and number.
    pub heads: Vec<SessionHead>,
    /// Whether no later ones exist.
    pub is_all: bool,
}

/// The rows of one vehicle around the refreshed hours. All reads see one snapshot and the own writes. Nothing
/// is visible to others before [`commit`](Self::commit); dropping it undoes all changes.
pub trait RefreshStorage: Sync {
    /// The hours to refresh.
    fn range(&self) -> HourRange;

    /// Stored state of the hours.
    fn known(&self) -> impl Future<Output = Result<KnownHours, StoreError>> + Send;

    /// Clock runs of the hours in [`from`, `to`).
    fn clock_runs(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> impl Future<Output = Result<Vec<ClockRun>, StoreError>> + Send;

    /// Service day rules of the vehicle.
    fn service_day_rules(&self)
    -> impl Future<Output = Result<ServiceDayRules, StoreError>> + Send;

    /// Passes the samples with a plausible time in [`from`, `to`) to `take`, in order, until it returns
    /// `false`. Returns their number.
    fn read_samples(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
        take: impl FnMut(Sample) -> bool + Send,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Replaces the rows of the hours, and removes the hours from the queue.
    fn replace_hours(
        &self,
        hours: &HoursOutcome,
    ) -> impl Future<Output = Result<ReplacedHours, StoreError>> + Send;

    /// Writes the changes against [`ReplacedHours::exteriors`], and queues the changed hours of the fleet.
    fn change_exteriors(
        &self,
        changes: &ExteriorChanges,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Queues hours to be read completely, if they were refreshed before: an hour that was not has no readings, or
    /// is queued anyway. `queued_at` is since when they wait; `None` means now.
    fn queue_hours(
        &self,
        hours: &[UnixMicroseconds],
        queued_at: Option<UnixMicroseconds>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Session heads. Without `after`: those of at least the last [`BLOCKS_BEFORE`] blocks before the hours,
    /// those in the hours, and the first ones after; with `after`: the next ones after it.
    ///
    /// [`BLOCKS_BEFORE`]: ayaz_energy::sessions::BLOCKS_BEFORE
    fn session_heads(
        &self,
        after: Option<SessionHead>,
    ) -> impl Future<Output = Result<SessionHeads, StoreError>> + Send;

    /// Buckets of the hours in [`from`, `to`), in order, without flagged exterior temperatures.
    fn buckets(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> impl Future<Output = Result<Vec<Bucket>, StoreError>> + Send;

    /// Replaces the sessions that begin from the first to the last instant by these, sorted by start. Returns
    /// the service days of deleted trips.
    fn replace_sessions(
        &self,
        begins: Span,
        sessions: &[Session],
    ) -> impl Future<Output = Result<Vec<Date>, StoreError>> + Send;

    /// At least the sessions that overlap a time span, and their neighbours, by start.
    fn session_spans(
        &self,
        time: Span,
    ) -> impl Future<Output = Result<Vec<SessionSpan>, StoreError>> + Send;

    /// Replaces the times of the days in a time span.
    fn replace_day_times(
        &self,
        days: (Date, Date),
        time: Span,
        times: &[DayTime],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Trips that began on these service days, by band, in order.
    fn day_trips(
        &self,
        service_days: &[Date],
    ) -> impl Future<Output = Result<Vec<DayTripBand>, StoreError>> + Send;

    /// Replaces the sums of these sorted service days, and sums up their months again. A day without a sum
    /// has no trips.
    fn replace_trip_days(
        &self,
        service_days: &[Date],
        sums: &[TripDay],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Commits all changes.
    fn commit(self) -> impl Future<Output = Result<(), StoreError>> + Send
    where
        Self: Sized;
}
