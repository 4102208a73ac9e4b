//! Values into wire readings as a log holds them, without looking at the signal's range: whoever
//! receives them marks what cannot be true, and nothing is hidden on the way.

use ayaz_model::{ChargeState, Gear};
use thiserror::Error;

use super::{Signal, wire};

/// The wire type of the signal cannot carry the value at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotEncodable {
    /// Not a whole number from 0 to what the type holds.
    #[error("must be a whole number that is not negative")]
    NotWhole,
    /// Neither a number nor one of the signal's names.
    #[error("is neither a number nor a name that the signal knows")]
    NotNamed,
}

macro_rules! define_set {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// Sets a signal from a number in the signal's unit: flags and choices by their code.
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

        /// Sets a text, a choice from its name, or anything else from the number in the text.
        pub fn set_text(
            reading: &mut wire::Reading,
            signal: Signal,
            value: &str,
        ) -> Result<(), NotEncodable> {
            match signal {
                $(Signal::$name => reading.$name = from_text!($kind($($argument)*), value)),+
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
        Some(whole($value, 1)? == 1)
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
    (text(), $value:expr) => {
        Some($value.to_owned())
    };
    (choice($type:ident), $value:expr) => {
        match $type::ALL.iter().find(|choice| choice.name() == $value) {
            Some(choice) => Some(i32::from(choice.code())),
            None => from_number!(choice, number($value)?),
        }
    };
    ($kind:ident($($argument:tt)*), $value:expr) => {
        from_number!($kind, number($value)?)
    };
}

ayaz_model::for_each_signal!(define_set);

fn number(text: &str) -> Result<f64, NotEncodable> {
    text.parse().map_err(|_| NotEncodable::NotNamed)
}

fn whole(value: f64, max: u64) -> Result<u64, NotEncodable> {
    // NaN fails the comparison.
    let fits = value >= 0.0 && value <= max as f64 && value.fract() == 0.0;
    if fits {
        Ok(value as u64)
    } else {
        Err(NotEncodable::NotWhole)
    }
}
