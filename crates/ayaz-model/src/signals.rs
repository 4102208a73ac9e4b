//! The list of all signals. Names begin with the subject, end with the unit, and are the same in protobuf,
//! Rust and SQL. The position in the list is the bit in a [`SignalSet`] and must not change, so add new
//! signals at the end.
//!
//! [`for_each_signal!`](crate::for_each_signal) passes the list to a macro. Decoding, validation, storage
//! and replay use it, so a new signal is in all of them.

/// Calls the given macro with all signals, each as `doc name: kind(arguments);`.
///
/// Kinds: `float(min, max)` is an `f32`, `double(min, max)` an `f64`, `flag()` a `bool`,
/// `count(max)` a `u32` up to `max`, `counter()` any `u32`, `bits()` an `i64` used as a bit set,
/// `choice(Type)` an enumeration of [`choices`](crate::choices), `text()` a short string and
/// `codes()` a short list of `u32`. Ranges are inclusive: the possible values of any battery vehicle, car
/// or bus, not the likely ones.
#[macro_export]
macro_rules! for_each_signal {
    ($callback:ident) => {
        $callback! {
            /// Number of the drive cycle, which counts key-ons; absent while the key is off.
            drive_cycle: counter();
            /// Speed over ground, km/h. Car and bus stand below 0.5.
            speed_kmh: float(-20.0, 250.0);
            /// Distance since manufacture, km.
            odometer_km: double(0.0, 10_000_000.0);
            /// WGS 84 latitude, degrees, north positive.
            latitude_degrees: double(-90.0, 90.0);
            /// WGS 84 longitude, degrees, east positive.
            longitude_degrees: double(-180.0, 180.0);
            /// Height above the sea, m.
            altitude_m: float(-500.0, 9_000.0);
            /// Whether the receiver calls its position good.
            position_valid: flag();
            /// Selected gear.
            gear: choice(Gear);
            /// Accelerator pedal, 0 to 100 %.
            accelerator_percent: float(0.0, 100.0);
            /// Brake pedal, 0 to 100 %.
            brake_percent: float(0.0, 100.0);
            /// Whether any door is open.
            doors_open: flag();
            /// Passengers on board.
            passenger_count: count(500);
            /// Route, as the operator names it.
            route: text();
            /// Vehicle block (the day's chain of trips), as the operator names it.
            block: text();
            /// State of charge of the usable window, %.
            soc_percent: float(0.0, 100.0);
            /// State of health, % of rated capacity.
            soh_percent: float(0.0, 150.0);
            /// Voltage of the pack, V.
            pack_voltage_volts: float(0.0, 1_500.0);
            /// Current of the pack, A, positive into the battery (COVESA VSS).
            pack_current_amperes: float(-3_000.0, 3_000.0);
            /// Lowest cell voltage, V.
            cell_voltage_min_volts: float(0.0, 6.0);
            /// Highest cell voltage, V.
            cell_voltage_max_volts: float(0.0, 6.0);
            /// Coldest cell, °C.
            cell_temperature_min_celsius: float(-70.0, 120.0);
            /// Hottest cell, °C.
            cell_temperature_max_celsius: float(-70.0, 120.0);
            /// Mean temperature of the pack, °C.
            battery_temperature_celsius: float(-70.0, 120.0);
            /// Insulation resistance between high voltage and chassis, kΩ.
            insulation_resistance_kohm: float(0.0, 100_000.0);
            /// Power the battery accepts now, kW.
            charge_power_limit_kw: float(0.0, 2_000.0);
            /// Power the battery gives now, kW.
            discharge_power_limit_kw: float(0.0, 2_000.0);
            /// Electric power into the battery's heater, W.
            battery_heater_power_watts: float(-1_000.0, 200_000.0);
            /// Energy charged since manufacture, kWh.
            energy_charged_total_kwh: double(0.0, 100_000_000.0);
            /// Energy discharged since manufacture, kWh.
            energy_discharged_total_kwh: double(0.0, 100_000_000.0);
            /// What the charging port does.
            charge_state: choice(ChargeState);
            /// Power from the charger, W.
            charger_power_watts: float(-1_000_000.0, 2_000_000.0);
            /// Charging station, as the operator names it.
            charging_station: text();
            /// Air outside the vehicle, °C.
            exterior_temperature_celsius: float(-70.0, 70.0);
            /// Air in the passengers' cabin, °C.
            cabin_temperature_celsius: float(-70.0, 100.0);
            /// Wanted cabin temperature, °C.
            cabin_setpoint_celsius: float(-20.0, 50.0);
            /// Electric power into the resistive cabin heater, W.
            cabin_heater_power_watts: float(-1_000.0, 200_000.0);
            /// Electric power into the heat pump while it heats, W.
            heat_pump_power_watts: float(-1_000.0, 200_000.0);
            /// Electric power into the air conditioning while it cools, W.
            air_conditioning_power_watts: float(-1_000.0, 200_000.0);
            /// Whether the fuel heater burns.
            fuel_heater_on: flag();
            /// Fuel into the heater, l/h.
            fuel_heater_rate_litres_per_hour: float(0.0, 100.0);
            /// Fuel burnt by the heater since manufacture, l.
            fuel_heater_total_litres: double(0.0, 10_000_000.0);
            /// Coolant of the heating circuit, °C.
            coolant_temperature_celsius: float(-70.0, 150.0);
            /// Electric power of everything that neither drives nor heats nor cools, W.
            auxiliary_power_watts: float(-10_000.0, 200_000.0);
            /// Voltage of the low-voltage battery (12 or 24 V nominal), V.
            low_voltage_battery_volts: float(0.0, 60.0);
            /// Electric power into the traction inverters, W, negative while regenerating.
            traction_power_watts: float(-2_000_000.0, 2_000_000.0);
            /// Hottest traction motor, °C.
            motor_temperature_max_celsius: float(-70.0, 300.0);
            /// Speed of the traction motor, rpm.
            motor_speed_rpm: float(-30_000.0, 30_000.0);
            /// Torque of the traction motor, N·m, negative while regenerating.
            motor_torque_nm: float(-50_000.0, 50_000.0);
            /// Highest alarm level, 0 none to 4 (GB/T 32960 uses 0 to 3).
            alarm_level: count(4);
            /// Alarms as the vehicle sends them, a bit each.
            alarm_flags: bits();
            /// Diagnostic trouble codes that are set.
            fault_codes: codes();
        }
    };
}

/// The kind of a signal's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SignalKind {
    /// `f32` within the limits, inclusive.
    Float(f32, f32),
    /// `f64` within the limits, inclusive.
    Double(f64, f64),
    /// Yes or no.
    Flag,
    /// A whole number from 0 to the limit, inclusive.
    Count(u32),
    /// A whole number from 0 to 2³² − 1.
    Counter,
    /// 64 bits; each has its own meaning.
    Bits,
    /// One of these names, in the order of their codes from 1.
    Choice(&'static [&'static str]),
    /// At most [`TEXT_LENGTH_MAX`] bytes without control characters.
    Text,
    /// At most [`CODES_MAX`] numbers.
    Codes,
}

/// Longest text of a signal, in bytes.
pub const TEXT_LENGTH_MAX: usize = 64;

/// Maximum number of codes in a list.
pub const CODES_MAX: usize = 64;

macro_rules! define_signals {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// A signal, by its name in protobuf, Rust and SQL.
        #[allow(non_camel_case_types)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Signal {
            $($(#[$doc])* $name),+
        }

        impl Signal {
            /// Every signal, in the order of the database's columns.
            pub const ALL: &'static [Signal] = &[$(Signal::$name),+];

            /// The signal's name.
            pub fn name(self) -> &'static str {
                match self { $(Signal::$name => stringify!($name)),+ }
            }

            /// The kind of the signal's value.
            pub fn kind(self) -> SignalKind {
                match self { $(Signal::$name => kind!($kind($($argument)*))),+ }
            }
        }
    };
}

macro_rules! kind {
    (float($min:expr, $max:expr)) => {
        SignalKind::Float($min, $max)
    };
    (double($min:expr, $max:expr)) => {
        SignalKind::Double($min, $max)
    };
    (flag()) => {
        SignalKind::Flag
    };
    (count($max:expr)) => {
        SignalKind::Count($max)
    };
    (counter()) => {
        SignalKind::Counter
    };
    (bits()) => {
        SignalKind::Bits
    };
    (choice(Gear)) => {
        SignalKind::Choice(&["park", "reverse", "neutral", "drive"])
    };
    (choice(ChargeState)) => {
        SignalKind::Choice(&["unplugged", "plugged", "charging", "complete", "fault"])
    };
    (text()) => {
        SignalKind::Text
    };
    (codes()) => {
        SignalKind::Codes
    };
}

for_each_signal!(define_signals);

impl Signal {
    /// The signal of that name.
    pub fn by_name(name: &str) -> Option<Signal> {
        Self::ALL
            .iter()
            .copied()
            .find(|signal| signal.name() == name)
    }
}

/// A set of signals, one bit for each, as in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SignalSet(i64);

impl SignalSet {
    /// No signal.
    pub const EMPTY: SignalSet = SignalSet(0);

    /// Adds a signal.
    pub fn insert(&mut self, signal: Signal) {
        self.0 |= 1 << signal as u8;
    }

    /// Whether the signal is in the set.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u8) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number of signals.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The signals, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL
            .iter()
            .copied()
            .filter(move |signal| self.contains(*signal))
    }

    /// The bits: bit n is the n-th signal of the list.
    pub fn bits(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::{ChargeState, Gear};

    #[test]
    fn signals_fit_the_set_and_are_found_by_name() {
        assert!(Signal::ALL.len() < 64, "a SignalSet has 63 usable bits");
        let mut set = SignalSet::EMPTY;
        for &signal in Signal::ALL {
            assert_eq!(Signal::by_name(signal.name()), Some(signal));
            set.insert(signal);
        }
        assert_eq!(set.len() as usize, Signal::ALL.len());
        assert!(set.iter().eq(Signal::ALL.iter().copied()));
        assert_eq!(Signal::by_name("speed"), None);
    }

    #[test]
    fn choices_of_signals_have_the_names_of_their_types() {
        let gears: Vec<_> = Gear::ALL.iter().map(|g| g.name()).collect();
        assert_eq!(Signal::gear.kind(), SignalKind::Choice(gears.leak()));
        let states: Vec<_> = ChargeState::ALL.iter().map(|s| s.name()).collect();
        assert_eq!(
            Signal::charge_state.kind(),
            SignalKind::Choice(states.leak())
        );
    }
}
