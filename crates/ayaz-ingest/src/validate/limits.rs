//! Limits on messages and times. `ayaz-model` has the limits of signals.

use std::ops::Range;

use ayaz_model::{TimeQuality, UnixMicroseconds};
use ayaz_store::ingest::VEHICLE_DAYS_PER_HOUR_MAX;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// Largest sequence number.
pub(super) const SEQUENCE_MAX: u64 = 1 << 62;

/// Times that can be stored: 1970-01-01 to 2200-01-01. Each day outside would cost the database a chunk
/// for an impossible time.
pub const STORABLE: Range<UnixMicroseconds> =
    UnixMicroseconds(0)..UnixMicroseconds(7_258_118_400_000_000);

/// Limits on accepted messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Larger payloads become dead letters.
    pub payload_max_bytes: usize,
    /// Maximum of readings in one message.
    pub readings_max: usize,
    /// Earlier readings are set aside.
    #[serde(deserialize_with = "instant")]
    pub recorded_at_min: Timestamp,
    /// Readings further ahead of the daemon's clock are set aside.
    pub future_tolerance_s: u32,
    /// Distinct days that a vehicle may send in an hour, without the days around today. Each day may cost
    /// the database a chunk. Readings of further days are set aside.
    pub vehicle_days_per_hour_max: u32,
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| serde::de::Error::custom("write a time such as 2015-01-01T00:00:00Z"))
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_max_bytes: 256 * 1024,
            readings_max: 1_000,
            // 2015-01-01T00:00:00Z: earlier than any electric bus that sends telemetry.
            recorded_at_min: Timestamp::constant(1_420_070_400, 0),
            future_tolerance_s: 300,
            vehicle_days_per_hour_max: VEHICLE_DAYS_PER_HOUR_MAX,
        }
    }
}

impl Limits {
    pub(super) fn time_quality(
        &self,
        recorded_at: UnixMicroseconds,
        received_at: UnixMicroseconds,
    ) -> TimeQuality {
        let latest = received_at.plus(i64::from(self.future_tolerance_s) * 1_000_000);
        if recorded_at > latest {
            TimeQuality::Future
        } else if recorded_at < UnixMicroseconds::from(self.recorded_at_min) {
            TimeQuality::Ancient
        } else {
            TimeQuality::Good
        }
    }
}
