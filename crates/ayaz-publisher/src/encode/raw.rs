//! Writes values of a log into wire readings. Does not check the signal's range: the receiver marks
//! invalid values, so that none is hidden on the way.

use ayaz_model::{ChargeState, Gear, SignalKind};
use thiserror::Error;

use super::{Signal, wire};

/// Why the wire type of a signal cannot hold a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotEncodable {
    /// Not a whole number.
    #[error("it must be a whole number, 0 or more")]
    NotWhole,
    /// More than this maximum of the type.
    #[error("it must be {0} at most")]
    TooLarge(u64),
    /// Neither 0 nor 1.
    #[error("write 0 or 1")]
    NotFlag,
    /// Not a number, and the signal has no names.
    #[error("it must be a number")]
    NotNumber,
    /// Neither a number nor one of these names.
    #[error("write its number, or one of {0:?}")]
    NotNamed(&'static [&'static str]),
}

macro_rules! define_set {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// Sets a signal from a number in the signal's unit. Flags and choices use their code.
        pub fn set_number(
            reading: &mut wire::Reading,
            signal: Signal,
            value: f64,
        ) -> Result<(), NotEncodable> {
            match signal {
                $(Signal::$name => reading.$name = from_number!($kind, value)),+
            }
            Ok(())
        }

        /// Sets a signal from a text: a text signal as it is, a choice by name, others by number.
        pub fn set_text(
            reading: &mut wire::Reading,
            signal: Signal,
            value: &str,
        ) -> Result<(), NotEncodable> {
            match signal {
                $(Signal::$name => reading.$name = from_text!($kind($($argument)*), signal, value)),+
            }
            Ok(())
        }
    };
}

macro_rules! from_number {
    (float, $value:expr) => {
        Some($value as f32)
    };
    (double, $value:expr) => {
        Some($value)
    };
    (flag, $value:expr) => {
        Some(flag($value)?)
    };
    (bits, $value:expr) => {
        Some(whole($value, 1 << 53)?)
    };
    (choice, $value:expr) => {
        Some(whole($value, i32::MAX as u64)? as i32)
    };
    (text, $value:expr) => {
        Some($value.to_string())
    };
    (codes, $value:expr) => {
        vec![whole($value, u32::MAX.into())? as u32]
    };
    ($count:ident, $value:expr) => {
        Some(whole($value, u32::MAX.into())? as u32)
    };
}

macro_rules! from_text {
    (text(), $signal:expr, $value:expr) => {
        Some($value.to_owned())
    };
    (choice($type:ident), $signal:expr, $value:expr) => {
        match $type::ALL.iter().find(|choice| choice.name() == $value) {
            Some(choice) => Some(i32::from(choice.code())),
            None => from_number!(choice, number($value).map_err(|_| not_named($signal))?),
        }
    };
    (flag(), $signal:expr, $value:expr) => {
        from_number!(flag, number($value).map_err(|_| NotEncodable::NotFlag)?)
    };
    ($kind:ident($($argument:tt)*), $signal:expr, $value:expr) => {
        from_number!($kind, number($value)?)
    };
}

ayaz_model::for_each_signal!(define_set);

fn number(text: &str) -> Result<f64, NotEncodable> {
    text.parse().map_err(|_| NotEncodable::NotNumber)
}

fn not_named(signal: Signal) -> NotEncodable {
    match signal.kind() {
        SignalKind::Choice(names) => NotEncodable::NotNamed(names),
        _ => NotEncodable::NotNumber,
    }
}

fn flag(value: f64) -> Result<bool, NotEncodable> {
    match whole(value, 1) {
        Ok(number) => Ok(number == 1),
        Err(_) => Err(NotEncodable::NotFlag),
    }
}

fn whole(value: f64, max: u64) -> Result<u64, NotEncodable> {
    // NaN fails the comparison, and the fraction of infinity is NaN.
    if value >= 0.0 && value.fract() == 0.0 {
        match value <= max as f64 {
            true => Ok(value as u64),
            false => Err(NotEncodable::TooLarge(max)),
        }
    } else {
        Err(NotEncodable::NotWhole)
    }
}
