//! Reads and replaces the values of analogue signals by name, and compares measurements.

use ayaz_model::{Measurements, Signal, SignalSet, for_each_signal};

macro_rules! define_access {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// The value of an analogue signal; `None` if it is absent or the signal is of another kind.
        pub(crate) fn number(m: &Measurements, signal: Signal) -> Option<f64> {
            match signal {
                $(Signal::$name => analogue!($kind, m.$name)),+
            }
        }

        /// The signals with different values.
        pub(crate) fn differences(a: &Measurements, b: &Measurements) -> SignalSet {
            let mut set = SignalSet::EMPTY;
            $(if a.$name != b.$name { set.insert(Signal::$name); })+
            set
        }
    };
}

macro_rules! analogue {
    (float, $value:expr) => {
        $value.map(f64::from)
    };
    (double, $value:expr) => {
        $value
    };
    ($kind:ident, $value:expr) => {{
        let _ = &$value;
        None
    }};
}

for_each_signal!(define_access);

/// Replaces a present value, if the signal can hold the new one. Returns whether the value changed.
pub(crate) fn replace(m: &mut Measurements, signal: Signal, value: f64) -> bool {
    let before = number(m, signal);
    before.is_some() && m.set_number(signal, value).is_ok() && number(m, signal) != before
}
