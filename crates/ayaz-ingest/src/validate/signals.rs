//! The values of one reading, each against the limits of its signal.

use ayaz_model::measurements::{codes, count, double, float, text};
use ayaz_model::{ChargeState, Gear, Invalid, Measurements, Signal, SignalSet};
use ayaz_proto::telemetry::v1 as wire;

/// How many values were not believed, by reason, since the counts were last taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InvalidCounts {
    /// NaN or infinite.
    pub not_finite: u64,
    /// Outside the signal's limits.
    pub out_of_range: u64,
    /// An enumeration's code that nobody knows.
    pub unknown_value: u64,
    /// A text or list that is too long or holds control characters.
    pub malformed: u64,
}

impl InvalidCounts {
    pub(super) fn add(&mut self, why: Invalid) {
        match why {
            Invalid::NotFinite => self.not_finite += 1,
            Invalid::OutOfRange => self.out_of_range += 1,
            Invalid::UnknownValue => self.unknown_value += 1,
            Invalid::Malformed => self.malformed += 1,
        }
    }
}

/// Moves the values that can be true; puts the signals of the others into `refused`.
pub(super) fn measurements(
    wire: wire::Reading,
    refused: &mut SignalSet,
    counts: &mut InvalidCounts,
) -> Measurements {
    let mut keep = Keep { refused, counts };
    macro_rules! checked {
        (float($min:expr, $max:expr), $name:ident) => {
            keep.valid(Signal::$name, wire.$name, |value| float(value, $min, $max))
        };
        (double($min:expr, $max:expr), $name:ident) => {
            keep.valid(Signal::$name, wire.$name, |value| double(value, $min, $max))
        };
        (flag(), $name:ident) => {
            wire.$name
        };
        (count($max:expr), $name:ident) => {
            keep.valid(Signal::$name, wire.$name, |value| count(value, $max))
        };
        (counter(), $name:ident) => {
            wire.$name
        };
        (bits(), $name:ident) => {
            // The database has no unsigned numbers; the bits stay the same.
            wire.$name.map(|bits| bits as i64)
        };
        (choice($type:ident), $name:ident) => {
            keep.valid(
                Signal::$name,
                wire.$name.filter(|code| *code != UNSPECIFIED),
                |code| $type::try_from(code).map_err(|_| Invalid::UnknownValue),
            )
        };
        (text(), $name:ident) => {
            keep.valid(
                Signal::$name,
                wire.$name.filter(|value| !value.is_empty()),
                |value| text(&value).map(Box::from),
            )
        };
        (codes(), $name:ident) => {
            keep.valid(
                Signal::$name,
                Some(wire.$name).filter(|list| !list.is_empty()),
                |list| codes(&list).map(Box::from),
            )
        };
    }
    macro_rules! every_signal {
        ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
            Measurements { $($name: checked!($kind($($argument)*), $name)),+ }
        };
    }
    ayaz_model::for_each_signal!(every_signal)
}

/// The zero of every enumeration means "not sent".
const UNSPECIFIED: i32 = 0;

struct Keep<'a> {
    refused: &'a mut SignalSet,
    counts: &'a mut InvalidCounts,
}

impl Keep<'_> {
    fn valid<W, M>(
        &mut self,
        signal: Signal,
        value: Option<W>,
        check: impl FnOnce(W) -> Result<M, Invalid>,
    ) -> Option<M> {
        match check(value?) {
            Ok(value) => Some(value),
            Err(why) => {
                self.refused.insert(signal);
                self.counts.add(why);
                None
            }
        }
    }
}
