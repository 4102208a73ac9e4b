//! What a refresh reads and writes: rows, and no rule. Behind it is the database ([`Refresh`]), or, in tests
//! that try many histories, memory.
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
    /// How many hours.
    pub count: usize,
}

impl HourRange {
    /// The end of the last hour.
    pub fn to(self) -> UnixMicroseconds {
        self.from.plus(self.count as i64 * HOUR_MICROSECONDS)
    }

    /// The start of each hour.
    pub fn hours(self) -> impl Iterator<Item = UnixMicroseconds> {
        (0..self.count as i64).map(move |index| self.from.plus(index * HOUR_MICROSECONDS))
    }
}

/// What was known of hours whose rows were replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplacedHours {
    /// When the hours were worked out, as it stands in [`KnownHours::refreshed_at`] from now on.
    pub refreshed_at: UnixMicroseconds,
    /// Since when the first of them waited in the queue.
    pub queued_at: Option<UnixMicroseconds>,
    /// What the vehicle measured on trips.
    pub exteriors: Exteriors,
}

/// Some heads of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionHeads {
    /// Sorted by start and number.
    pub heads: Vec<SessionHead>,
    /// Whether there are none after them.
    pub is_all: bool,
}

/// The rows of one vehicle, around hours that are refreshed. All reads see one snapshot and what was written
/// meanwhile, and nothing is visible to others before [`commit`](Self::commit); dropped, all is as it was.
pub trait RefreshStorage: Sync {
    /// The hours.
    fn range(&self) -> HourRange;

    /// What is known of the hours.
    fn known(&self) -> impl Future<Output = Result<KnownHours, StoreError>> + Send;

    /// What is known of the clock in the hours from `from` up to and without `to`.
    fn clock_runs(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> impl Future<Output = Result<Vec<ClockRun>, StoreError>> + Send;

    /// By which rules the vehicle's service days are told.
    fn service_day_rules(&self)
    -> impl Future<Output = Result<ServiceDayRules, StoreError>> + Send;

    /// Hands the good samples from `from` up to and without `to` to `take`, in order, until it says `false`.
    /// Returns their number.
    fn read_samples(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
        take: impl FnMut(Sample) -> bool + Send,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Puts rows in the place of those of the hours, and takes the hours off the queue.
    fn replace_hours(
        &self,
        hours: &HoursOutcome,
    ) -> impl Future<Output = Result<ReplacedHours, StoreError>> + Send;

    /// Writes what has changed of [`ReplacedHours::exteriors`], and has the fleet's hours judged again in
    /// which it has.
    fn change_exteriors(
        &self,
        changes: &ExteriorChanges,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts hours on the queue, to be read whole, as far as they were worked out before: one that was not has
    /// no readings, or is there anyway. `queued_at` is since when they wait; `None` is now.
    fn queue_hours(
        &self,
        hours: &[UnixMicroseconds],
        queued_at: Option<UnixMicroseconds>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Heads of sessions. Without `after`: those of the last [`BLOCKS_BEFORE`] blocks, or more, that begin
    /// before the hours, those that begin in them, and the first that begin later; else the first that come
    /// after that one.
    ///
    /// [`BLOCKS_BEFORE`]: ayaz_energy::sessions::BLOCKS_BEFORE
    fn session_heads(
        &self,
        after: Option<SessionHead>,
    ) -> impl Future<Output = Result<SessionHeads, StoreError>> + Send;

    /// The buckets of the hours from `from` up to and without `to`, in their order, without exterior
    /// temperatures that are flagged.
    fn buckets(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> impl Future<Output = Result<Vec<Bucket>, StoreError>> + Send;

    /// Puts the sessions, in the order of their start, in the place of those that begin from the first to the
    /// last instant. Returns the service days of trips that were taken away.
    fn replace_sessions(
        &self,
        begins: Span,
        sessions: &[Session],
    ) -> impl Future<Output = Result<Vec<Date>, StoreError>> + Send;

    /// The sessions that touch a time, and their neighbours, or more of them, by their start.
    fn session_spans(
        &self,
        time: Span,
    ) -> impl Future<Output = Result<Vec<SessionSpan>, StoreError>> + Send;

    /// Puts the times of days in the place of those from the first to the last day, which are a time.
    fn replace_day_times(
        &self,
        days: (Date, Date),
        time: Span,
        times: &[DayTime],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The trips that began on these service days, band by band, in order.
    fn day_trips(
        &self,
        service_days: &[Date],
    ) -> impl Future<Output = Result<Vec<DayTripBand>, StoreError>> + Send;

    /// Puts the sums of trips in the place of those of these service days, which are in order, and adds
    /// months up from them. A day without a sum has no trips.
    fn replace_trip_days(
        &self,
        service_days: &[Date],
        sums: &[TripDay],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes all of it visible at once.
    fn commit(self) -> impl Future<Output = Result<(), StoreError>> + Send
    where
        Self: Sized;
}
