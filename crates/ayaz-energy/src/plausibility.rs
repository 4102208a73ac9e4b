//! Samples that cannot be true, marked and never deleted.
//!
//! A filter over one vehicle's samples in the order of time. Four checks, each a file with its rule
//! and the reasons for its limits: `ramp` (straight lines that bridge a logger's gap), `stuck`
//! (values that repeat while others show that they must change), `jump` (values the vehicle cannot
//! have reached in the time) and `sentinel` (codes for "no value"). All err towards trust: what is
//! doubted is left out of every sum, so a false doubt costs more than a missed one.
//!
//! **Finite reach.** Hours are worked out each by itself and in any order. So every check is defined
//! by windows: the doubts of a sample are a function of the samples at most
//! [`REACH_BACK_MICROSECONDS`] before and [`REACH_ON_MICROSECONDS`] after it, wherever the stream
//! begins. Feed the filter from that much before the first sample of interest to that much after the
//! last one. It looks farther back than on: what lies behind costs reading it, what lies ahead has
//! the hour before worked out again for as long.
//!
//! | Check | reaches back | reaches on |
//! |---|---|---|
//! | ramp | 20 s | 20 s |
//! | stuck | 60 s + 40 s to a contradiction's window, and 20 s of blanks | 60 s + 40 s |
//! | stuck, slow signals | 400 s to what they showed before, and 20 s of blanks | 120 s |
//! | jump | 60 s to the value before, and 60 s around that | 60 s |
//! | sentinel | 90 s to the jump, 20 s to the value before it | 90 s |
//!
//! **Boots** are streams of their own, as boots may interleave; a drive cycle that changes is not
//! looked at. A boot that was silent for longer than the filter waits is forgotten; nothing looks
//! across 120 s of silence.
//!
//! **Memory** is bounded by time, and by [`SAMPLES_MAX`] samples, about 6 MB: enough for 100 Hz. At
//! that bound the oldest sample is let go early, and windows end there: samples that come faster
//! are looked at within the nearest 12,000 only, and jumps within the nearest 6,000. Windows with
//! more than 256 samples are looked at in 256 places. Both depend on nothing but the samples, so the
//! result is still the same wherever the stream begins.

use ayaz_model::UnixMicroseconds;

use crate::sample::Sample;

mod buffer;
mod config;
mod doubts;
mod jump;
mod limits;
mod ramp;
mod sentinel;
mod stuck;

pub use config::{JumpConfig, PlausibilityConfig, RampConfig, SentinelConfig, StuckConfig};
pub use doubts::{Check, Doubts};

use buffer::{Buffer, Trail};
use jump::Jump;
use limits::{Limits, SIDE_MICROSECONDS};
use ramp::Ramp;
use sentinel::Sentinel;
use stuck::Stuck;

/// A sample's doubts depend only on samples within this time before it, µs.
pub const REACH_BACK_MICROSECONDS: i64 = 420_000_000;

/// And only on samples within this time after it, µs: so long it waits.
pub const REACH_ON_MICROSECONDS: i64 = 120_000_000;

/// Most samples that wait for their doubts to be settled.
pub const SAMPLES_MAX: usize = 12_000;

/// A sample, and what is doubted of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The sample, unchanged.
    pub sample: Sample,
    /// What is doubted.
    pub doubts: Doubts,
}

/// The filter for one vehicle.
#[derive(Debug, Clone)]
pub struct Plausibility {
    config: PlausibilityConfig,
    limits: Limits,
    enabled: bool,
    buffer: Buffer,
    /// Boots, and their streams at the same index.
    boots: Vec<i64>,
    streams: Vec<Stream>,
    /// Index of the stream that was last used: nearly always there is but one.
    recent: usize,
    newest_at: i64,
}

/// What is known of one boot.
#[derive(Debug, Clone, Default)]
struct Stream {
    trail: Trail,
    ramp: Ramp,
    stuck: Stuck,
    jump: Jump,
    sentinel: Sentinel,
}

impl Plausibility {
    /// A filter that has seen nothing.
    pub fn new(config: PlausibilityConfig) -> Self {
        Self {
            limits: Limits::new(&config.impossible_jump),
            enabled: config.any_enabled(),
            config,
            buffer: Buffer::default(),
            boots: Vec::new(),
            streams: Vec::new(),
            recent: 0,
            newest_at: i64::MIN,
        }
    }

    /// Takes the vehicle's next sample, and hands over those whose doubts are settled, in the order
    /// in which they came. With every check off that is this sample, at once.
    pub fn push(&mut self, sample: Sample, mut emit: impl FnMut(Checked)) {
        if !self.enabled {
            let doubts = Doubts::NONE;
            return emit(Checked { sample, doubts });
        }
        let at = sample.recorded_at.0;
        self.newest_at = self.newest_at.max(at);
        while let Some(front) = self.buffer.front() {
            let age = self.newest_at.saturating_sub(front.sample.recorded_at.0);
            if age <= REACH_ON_MICROSECONDS && self.buffer.len() < SAMPLES_MAX {
                break;
            }
            self.let_go(&mut emit);
        }
        let index = self.stream_of(sample.boot_id);
        let stream = &mut self.streams[index];
        stream.trail.push(self.buffer.next(), at);
        self.buffer.push(sample);
        let (trail, buffer) = (&stream.trail, &mut self.buffer);
        if self.config.interpolated_ramp.enabled {
            stream
                .ramp
                .take(trail, buffer, &self.config.interpolated_ramp);
        }
        if self.config.stuck.enabled {
            stream.stuck.take(trail, buffer, &self.config.stuck);
        }
        if self.config.sentinel.enabled {
            stream.sentinel.take(trail, buffer, &self.limits);
        }
        if self.config.impossible_jump.enabled {
            stream.jump.take(trail, buffer, &self.limits);
            self.judge(index);
        }
    }

    /// About how much memory it takes.
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

    /// Hands over the samples whose doubts are settled if all that come are of `to` or later.
    pub fn advance(&mut self, to: UnixMicroseconds, mut emit: impl FnMut(Checked)) {
        self.newest_at = self.newest_at.max(to.0);
        while let Some(front) = self.buffer.front() {
            let age = self.newest_at.saturating_sub(front.sample.recorded_at.0);
            if age <= REACH_ON_MICROSECONDS {
                break;
            }
            self.let_go(&mut emit);
        }
    }

    /// Hands over the samples that still wait.
    pub fn finish(mut self, mut emit: impl FnMut(Checked)) {
        self.newest_at = i64::MAX;
        while self.buffer.front().is_some() {
            self.let_go(&mut emit);
        }
    }

    /// Judges the jumps of a stream around which everything is known.
    fn judge(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let at = self.newest_at.saturating_sub(SIDE_MICROSECONDS);
        let number = self.buffer.next().saturating_sub((SAMPLES_MAX / 2) as u64);
        stream
            .jump
            .judge(&stream.trail, &mut self.buffer, &self.limits, at, number);
    }

    /// Hands over the oldest sample.
    fn let_go(&mut self, emit: &mut impl FnMut(Checked)) {
        let Some(boot_id) = self.buffer.front().map(|front| front.sample.boot_id) else {
            return;
        };
        let index = self.stream_of(boot_id);
        if self.config.impossible_jump.enabled {
            self.judge(index);
        }
        let trail = &mut self.streams[index].trail;
        trail.pop();
        if trail.is_empty() && self.streams.len() > 1 {
            // Nothing is looked at across so long a silence of a boot.
            self.streams.swap_remove(index);
            self.boots.swap_remove(index);
        }
        if let Some(entry) = self.buffer.pop() {
            emit(Checked {
                sample: entry.sample,
                doubts: entry.doubts,
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
