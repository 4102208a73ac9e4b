//! Flags implausible samples. It never deletes them.
//!
//! A filter over one vehicle's samples in the order of time. Four checks, each a file with its rule
//! and the reasons for its limits: `ramp` (straight lines that bridge a logger's gap), `flat_line`
//! (values that repeat while others show that they must change), `rate_of_change` (values that the
//! vehicle cannot have reached in the time) and `sentinel` (codes for "no value"). In doubt, a
//! sample is not flagged: flagged values enter no sum, so a false flag costs more than a missed
//! one.
//!
//! **Finite reach.** Hours are refreshed separately and in any order. So every check works on
//! windows: the flags of a sample are a function of the samples at most [`REACH_BACK_MICROSECONDS`]
//! before and [`REACH_ON_MICROSECONDS`] after it, wherever the stream begins. Feed the filter from
//! that much before the first sample of interest to that much after the last one. The reach back is
//! longer than the reach on: samples before only have to be read, but each new sample within the
//! reach after an hour makes that hour outdated.
//!
//! | Check | Reach back | Reach on |
//! |---|---|---|
//! | ramp | 20 s | 20 s |
//! | flat line | 60 s + 40 s to a contradiction's window, and 20 s of blanks | 60 s + 40 s |
//! | flat line, slow signals | 400 s to what they showed before, and 20 s of blanks | 120 s |
//! | rate of change | 60 s to the value before, and 60 s around that | 60 s |
//! | sentinel | 90 s to the jump, 20 s to the value before it | 90 s |
//!
//! **Boots** are separate streams, because boots may interleave. Changes of the drive cycle do not
//! matter. A boot that was silent for longer than the filter waits is removed; no check looks
//! across 120 s of silence.
//!
//! **Memory** is bounded by time, and by [`SAMPLES_MAX`] samples, about 6 MB: enough for 100 Hz. At
//! that bound the oldest sample leaves early, and windows end there: faster samples are compared
//! within the nearest 12,000 only, and jumps within the nearest 6,000. Windows with more than 256
//! samples are checked at 256 places. Both depend on the samples alone, so the result is the same
//! wherever the stream begins.

use ayaz_model::UnixMicroseconds;

use crate::checks::for_each_check;
use crate::sample::Sample;

mod buffer;
mod config;
mod flags;
mod flat_line;
mod limits;
mod ramp;
mod rate_of_change;
mod sentinel;

pub use crate::checks::{Check, PlausibilityConfig};
pub use config::{FlatLineConfig, RampConfig, RateOfChangeConfig, SentinelConfig};
pub use flags::Flags;

use buffer::{Buffer, Trail};
use flat_line::FlatLine;
use limits::{Limits, SIDE_MICROSECONDS};
use ramp::Ramp;
use rate_of_change::RateOfChange;
use sentinel::Sentinel;

/// A sample's flags depend only on samples within this time before it, µs.
pub const REACH_BACK_MICROSECONDS: i64 = 420_000_000;

/// And only on samples within this time after it, µs. The sample waits that long.
pub const REACH_ON_MICROSECONDS: i64 = 120_000_000;

/// Most samples that wait for their flags.
pub const SAMPLES_MAX: usize = 12_000;

/// A sample and its flags.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The sample, unchanged.
    pub sample: Sample,
    /// Its flags.
    pub flags: Flags,
}

/// The filter for one vehicle.
#[derive(Debug, Clone)]
pub struct Plausibility {
    settings: Settings,
    enabled: bool,
    buffer: Buffer,
    /// Boots, and their streams at the same index.
    boots: Vec<i64>,
    streams: Vec<Stream>,
    /// Index of the stream that was last used: nearly always there is only one.
    recent: usize,
    newest_at: i64,
}

/// The configuration, and the limits that follow from it.
#[derive(Debug, Clone)]
struct Settings {
    config: PlausibilityConfig,
    limits: Limits,
}

macro_rules! stream {
    ($(
        #[doc = $doc:literal]
        $check:ident: $name:ident, $evidence:ident { $($settings:ty)? } $(by $filter:ident)?;
    )+) => {
        /// The state of one boot: its samples, and the state of each check of samples.
        #[derive(Debug, Clone, Default)]
        struct Stream {
            trail: Trail,
            $($($name: $filter,)?)+
        }

        impl Stream {
            /// Runs each check on the newest sample.
            fn take(&mut self, buffer: &mut Buffer, settings: &Settings) {
                $($(
                    let filter: &mut $filter = &mut self.$name;
                    if settings.config.$name.enabled {
                        filter.take(&self.trail, buffer, settings);
                    }
                )?)+
            }
        }
    };
}

for_each_check!(stream);

impl Plausibility {
    /// A filter without samples.
    pub fn new(config: PlausibilityConfig) -> Self {
        Self {
            enabled: config.any_on_own_readings(),
            settings: Settings {
                limits: Limits::new(&config.rate_of_change),
                config,
            },
            buffer: Buffer::default(),
            boots: Vec::new(),
            streams: Vec::new(),
            recent: 0,
            newest_at: i64::MIN,
        }
    }

    /// Adds the vehicle's next sample, and emits those whose flags are decided, in their order.
    /// With every check off it emits this sample at once.
    pub fn push(&mut self, sample: Sample, mut emit: impl FnMut(Checked)) {
        if !self.enabled {
            let flags = Flags::NONE;
            return emit(Checked { sample, flags });
        }
        let at = sample.recorded_at.0;
        self.newest_at = self.newest_at.max(at);
        while let Some(front) = self.buffer.front() {
            let age = self.newest_at.saturating_sub(front.sample.recorded_at.0);
            if age <= REACH_ON_MICROSECONDS && self.buffer.len() < SAMPLES_MAX {
                break;
            }
            self.emit_oldest(&mut emit);
        }
        let index = self.stream_of(sample.boot_id);
        let stream = &mut self.streams[index];
        stream.trail.push(self.buffer.next(), at);
        self.buffer.push(sample);
        stream.take(&mut self.buffer, &self.settings);
        if self.settings.config.rate_of_change.enabled {
            self.judge(index);
        }
    }

    /// Approximate memory use.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.buffer.len() * size_of::<buffer::Entry>()
            + self.streams.len() * size_of::<Stream>()
            + self
                .streams
                .iter()
                .map(|stream| stream.trail.bytes())
                .sum::<usize>()
    }

    /// Emits the samples whose flags are decided if all later ones are of `to` or after.
    pub fn advance(&mut self, to: UnixMicroseconds, mut emit: impl FnMut(Checked)) {
        self.newest_at = self.newest_at.max(to.0);
        while let Some(front) = self.buffer.front() {
            let age = self.newest_at.saturating_sub(front.sample.recorded_at.0);
            if age <= REACH_ON_MICROSECONDS {
                break;
            }
            self.emit_oldest(&mut emit);
        }
    }

    /// Emits the samples that still wait.
    pub fn finish(mut self, mut emit: impl FnMut(Checked)) {
        self.newest_at = i64::MAX;
        while self.buffer.front().is_some() {
            self.emit_oldest(&mut emit);
        }
    }

    /// Judges the jumps of a stream whose surroundings are complete.
    fn judge(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let at = self.newest_at.saturating_sub(SIDE_MICROSECONDS);
        let number = self.buffer.next().saturating_sub((SAMPLES_MAX / 2) as u64);
        stream.rate_of_change.judge(
            &stream.trail,
            &mut self.buffer,
            &self.settings.limits,
            at,
            number,
        );
    }

    /// Emits the oldest sample.
    fn emit_oldest(&mut self, emit: &mut impl FnMut(Checked)) {
        let Some(boot_id) = self.buffer.front().map(|front| front.sample.boot_id) else {
            return;
        };
        let index = self.stream_of(boot_id);
        if self.settings.config.rate_of_change.enabled {
            self.judge(index);
        }
        let trail = &mut self.streams[index].trail;
        trail.pop();
        if trail.is_empty() && self.streams.len() > 1 {
            // No check looks across such a long silence of a boot.
            self.streams.swap_remove(index);
            self.boots.swap_remove(index);
        }
        if let Some(entry) = self.buffer.pop() {
            emit(Checked {
                sample: entry.sample,
                flags: entry.flags,
            });
        }
    }

    fn stream_of(&mut self, boot_id: i64) -> usize {
        if self.boots.get(self.recent) != Some(&boot_id) {
            let known = self.boots.iter().position(|known| *known == boot_id);
            self.recent = known.unwrap_or_else(|| {
                self.boots.push(boot_id);
                self.streams.push(Stream::default());
                self.boots.len() - 1
            });
        }
        self.recent
    }
}
