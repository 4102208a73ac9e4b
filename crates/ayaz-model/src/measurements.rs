//! An optional value for each signal. Absent is not zero: 0 °C is a measurement.

use thiserror::Error;

use crate::choices::{ChargeState, Gear};
use crate::signals::{CODES_MAX, Signal, SignalKind, TEXT_LENGTH_MAX};

/// Why a value is invalid for its signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Invalid {
    /// NaN or infinite.
    #[error("not a finite number")]
    NotFinite,
    /// Outside the signal's limits.
    #[error("outside the limits of the signal")]
    OutOfRange,
    /// A code or name that is none of the signal's values.
    #[error("not one of the signal's values")]
    UnknownValue,
    /// A text that is too long or holds control characters, or a list that is too long.
    #[error("too long, or with control characters")]
    Malformed,
}

/// A valid value of a signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Of [`SignalKind::Float`].
    Float(f32),
    /// Of [`SignalKind::Double`].
    Double(f64),
    /// Of [`SignalKind::Flag`].
    Flag(bool),
    /// Of [`SignalKind::Count`].
    Count(u32),
    /// Of [`SignalKind::Counter`].
    Counter(u32),
    /// Of [`SignalKind::Bits`].
    Bits(i64),
    /// The code of a [`SignalKind::Choice`].
    Choice(i16),
    /// Of [`SignalKind::Text`].
    Text(&'a str),
    /// Of [`SignalKind::Codes`].
    Codes(&'a [u32]),
}

macro_rules! define_measurements {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// A value for each signal; `None` if the vehicle sent no valid value.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Measurements {
            $($(#[$doc])* pub $name: Option<value_type!($kind($($argument)*))>),+
        }

        impl Measurements {
            /// Sets a signal from a number in the signal's unit, as recorded logs have it. Flags and
            /// choices are codes; counts are rounded to the nearest whole number.
            pub fn set_number(&mut self, signal: Signal, value: f64) -> Result<(), Invalid> {
                match signal {
                    $(Signal::$name => self.$name = Some(from_number!($kind($($argument)*), value))),+
                }
                Ok(())
            }

            /// Sets a text or a choice from its name.
            pub fn set_text(&mut self, signal: Signal, value: &str) -> Result<(), Invalid> {
                match signal {
                    $(Signal::$name => self.$name = Some(from_text!($kind($($argument)*), value))),+
                }
                Ok(())
            }

            /// The signals that have a value.
            pub fn present(&self) -> crate::signals::SignalSet {
                let mut set = crate::signals::SignalSet::EMPTY;
                $(if self.$name.is_some() { set.insert(Signal::$name); })+
                set
            }
        }
    };
}

macro_rules! value_type {
    (float($($limits:tt)*)) => { f32 };
    (double($($limits:tt)*)) => { f64 };
    (flag()) => { bool };
    (count($max:expr)) => { u32 };
    (counter()) => { u32 };
    (bits()) => { i64 };
    (choice($type:ident)) => { $type };
    (text()) => { Box<str> };
    (codes()) => { Box<[u32]> };
}

macro_rules! from_number {
    (float($min:expr, $max:expr), $value:expr) => {
        float($value as f32, $min, $max)?
    };
    (double($min:expr, $max:expr), $value:expr) => {
        double($value, $min, $max)?
    };
    (flag(), $value:expr) => {
        whole($value, 1)? == 1
    };
    (count($max:expr), $value:expr) => {
        whole($value, $max)?
    };
    (counter(), $value:expr) => {
        whole($value, u32::MAX)?
    };
    (bits(), $value:expr) => {
        i64::from(whole($value, u32::MAX)?)
    };
    (choice($type:ident), $value:expr) => {
        $type::try_from(whole($value, 100)? as i32).map_err(|_| Invalid::UnknownValue)?
    };
    (text(), $value:expr) => {
        text(&$value.to_string())?.into()
    };
    (codes(), $value:expr) => {
        Box::from([whole($value, u32::MAX)?])
    };
}

macro_rules! from_text {
    (choice($type:ident), $value:expr) => {
        $type::ALL
            .iter()
            .copied()
            .find(|choice| choice.name() == $value)
            .ok_or(Invalid::UnknownValue)?
    };
    (text(), $value:expr) => {
        text($value)?.into()
    };
    ($kind:ident($($argument:tt)*), $value:expr) => {{
        let number: f64 = $value.parse().map_err(|_| Invalid::UnknownValue)?;
        from_number!($kind($($argument)*), number)
    }};
}

crate::for_each_signal!(define_measurements);

impl Measurements {
    /// Electric power out of the battery, W: −V·I, because current is positive into the battery.
    pub fn battery_power_watts(&self) -> Option<f64> {
        Some(-f64::from(self.pack_voltage_volts?) * f64::from(self.pack_current_amperes?))
    }

    /// Whether the bus is plugged in; `None` without a charge state.
    pub fn is_plugged_in(&self) -> Option<bool> {
        self.charge_state.map(ChargeState::is_plugged_in)
    }
}

/// Checks that an `f32` is finite and within the limits, inclusive.
pub fn float(value: f32, min: f32, max: f32) -> Result<f32, Invalid> {
    match value {
        v if !v.is_finite() => Err(Invalid::NotFinite),
        v if v < min || v > max => Err(Invalid::OutOfRange),
        v => Ok(v),
    }
}

/// Checks that an `f64` is finite and within the limits, inclusive.
pub fn double(value: f64, min: f64, max: f64) -> Result<f64, Invalid> {
    match value {
        v if !v.is_finite() => Err(Invalid::NotFinite),
        v if v < min || v > max => Err(Invalid::OutOfRange),
        v => Ok(v),
    }
}

/// Checks that a number is at most `max`.
pub fn count(value: u32, max: u32) -> Result<u32, Invalid> {
    if value <= max {
        Ok(value)
    } else {
        Err(Invalid::OutOfRange)
    }
}

/// Checks that a text is short and has no control characters, for database and terminals.
pub fn text(value: &str) -> Result<&str, Invalid> {
    let fits = value.len() <= TEXT_LENGTH_MAX && !value.chars().any(char::is_control);
    if fits {
        Ok(value)
    } else {
        Err(Invalid::Malformed)
    }
}

/// Checks that a list of codes is not too long.
pub fn codes(values: &[u32]) -> Result<&[u32], Invalid> {
    if values.len() <= CODES_MAX {
        Ok(values)
    } else {
        Err(Invalid::Malformed)
    }
}

fn whole(value: f64, max: u32) -> Result<u32, Invalid> {
    let rounded = double(value, -0.5, f64::from(max) + 0.5)?.round().max(0.0);
    count(rounded as u32, max)
}

impl Signal {
    /// Whether a mapping of recorded logs can set the signal from a number.
    pub fn is_numeric(self) -> bool {
        !matches!(self.kind(), SignalKind::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zero_is_a_value_and_limits_are_inclusive() {
        let mut m = Measurements::default();
        let t = Signal::exterior_temperature_celsius;
        assert_eq!(m.set_number(t, 0.0), Ok(()));
        assert_eq!(m.exterior_temperature_celsius, Some(0.0));
        assert_eq!(m.set_number(t, -70.0), Ok(()));
        for (value, why) in [
            (-70.1, Invalid::OutOfRange),
            (215.0, Invalid::OutOfRange),
            (f64::NAN, Invalid::NotFinite),
            (f64::NEG_INFINITY, Invalid::NotFinite),
            (1e300, Invalid::NotFinite),
        ] {
            assert_eq!(m.set_number(t, value), Err(why), "{value}");
        }
        assert_eq!(
            m.exterior_temperature_celsius,
            Some(-70.0),
            "an invalid value changes nothing"
        );
    }

    #[test]
    fn choices_are_set_by_code_or_name() {
        let mut m = Measurements::default();
        assert_eq!(m.set_number(Signal::charge_state, 3.0), Ok(()));
        assert_eq!(m.is_plugged_in(), Some(true));
        assert_eq!(m.set_text(Signal::charge_state, "unplugged"), Ok(()));
        assert_eq!(m.is_plugged_in(), Some(false));
        assert_eq!(
            m.set_text(Signal::gear, "fifth"),
            Err(Invalid::UnknownValue)
        );
        assert_eq!(m.set_number(Signal::gear, 0.0), Err(Invalid::UnknownValue));
        assert_eq!(m.set_text(Signal::route, "a\0b"), Err(Invalid::Malformed));
        assert_eq!(m.set_text(Signal::speed_kmh, "12.5"), Ok(()));
        assert_eq!(
            m.set_text(Signal::speed_kmh, "fast"),
            Err(Invalid::UnknownValue)
        );
    }

    #[test]
    fn power_out_of_the_battery_is_positive_while_it_discharges() {
        let m = Measurements {
            pack_voltage_volts: Some(400.0),
            pack_current_amperes: Some(-100.0),
            ..Measurements::default()
        };
        assert_eq!(m.battery_power_watts(), Some(40_000.0));
        assert_eq!(Measurements::default().battery_power_watts(), None);
    }

    proptest! {
        #[test]
        fn every_number_is_within_the_limits_or_an_error(
            index in 0..Signal::ALL.len(), value in proptest::num::f64::ANY
        ) {
            let signal = Signal::ALL[index];
            let mut m = Measurements::default();
            let taken = m.set_number(signal, value).is_ok();
            prop_assert_eq!(m.present().contains(signal), taken);
            if let (SignalKind::Float(min, max), true) = (signal.kind(), taken) {
                prop_assert!(value as f32 >= min && value as f32 <= max);
            }
        }
    }
}
