//! Every value is within the limits of its signal and plausible for a bus in Astana.

use std::sync::Arc;

use ayaz_model::measurements::{double, float};
use ayaz_model::{Measurements, SignalKind, UnixMicroseconds, for_each_signal};
use ayaz_sim::{Bus, Climate, ColdSnap, Fleet};
use jiff::civil::date;
use proptest::prelude::*;

macro_rules! check_limits {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
        /// The first signal whose value is outside its limits, with the value.
        fn outside_limits(m: &Measurements) -> Option<String> {
            $(if let Some(value) = &m.$name {
                let fits = fits!($kind($($argument)*), value);
                if !fits {
                    return Some(format!("{} = {value:?}", stringify!($name)));
                }
            })+
            None
        }
    };
}

macro_rules! fits {
    (float($min:expr, $max:expr), $value:expr) => {
        float(*$value, $min, $max).is_ok()
    };
    (double($min:expr, $max:expr), $value:expr) => {
        double(*$value, $min, $max).is_ok()
    };
    (count($max:expr), $value:expr) => {
        *$value <= $max
    };
    (text(), $value:expr) => {
        ayaz_model::measurements::text($value).is_ok()
    };
    (codes(), $value:expr) => {
        ayaz_model::measurements::codes($value).is_ok()
    };
    ($kind:ident($($argument:tt)*), $value:expr) => {{
        let _ = $value;
        true
    }};
}

for_each_signal!(check_limits);

/// The name of a value that is implausible for a healthy bus in any weather.
fn implausible(m: &Measurements) -> Option<&'static str> {
    let volts = m.pack_voltage_volts?;
    let cells = (m.cell_voltage_min_volts?, m.cell_voltage_max_volts?);
    let temperatures = (
        m.cell_temperature_min_celsius?,
        m.cell_temperature_max_celsius?,
    );
    let pack = m.battery_temperature_celsius?;
    let plugged_in = m.is_plugged_in()?;
    [
        ("pack voltage", (400.0..620.0).contains(&volts)),
        ("pack current", m.pack_current_amperes?.abs() < 800.0),
        (
            "cell voltages",
            cells.0 <= volts / 168.0 && volts / 168.0 <= cells.1,
        ),
        (
            "cell temperatures",
            temperatures.0 <= pack && pack <= temperatures.1,
        ),
        ("a heated and cooled pack", (-2.0..48.0).contains(&pack)),
        ("speed", (0.0..60.0).contains(&m.speed_kmh?)),
        ("doors while moving", !(m.doors_open? && m.speed_kmh? > 1.0)),
        (
            "cabin",
            (-52.0..60.0).contains(&m.cabin_temperature_celsius?),
        ),
        (
            "key on while plugged in",
            !(plugged_in && m.drive_cycle.is_some()),
        ),
        (
            "charger without plug",
            plugged_in || m.charger_power_watts? == 0.0,
        ),
        (
            "charger power",
            (0.0..=120_001.0).contains(&m.charger_power_watts?),
        ),
        (
            "charging cold cells",
            !plugged_in || temperatures.0 > 0.0 || m.pack_current_amperes? < 1.0,
        ),
        (
            "route while driving",
            m.drive_cycle.is_some() == m.route.is_some(),
        ),
    ]
    .into_iter()
    .find(|(_, holds)| !holds)
    .map(|(what, _)| what)
}

fn check(bus: &mut Bus, count: usize) -> Result<(), TestCaseError> {
    for _ in 0..count {
        let reading = bus.next_reading();
        let m = &reading.measurements;
        prop_assert_eq!(outside_limits(m), None, "{}", reading.key.recorded_at);
        prop_assert_eq!(implausible(m), None, "{} {:?}", reading.key.recorded_at, m);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn values_are_plausible_for_any_seed_date_and_weather(
        seed in any::<u64>(),
        index in 0_usize..100,
        start_seconds in 1_577_836_800_i64..1_900_000_000,
        spell in proptest::option::of(-48.0_f32..38.0),
    ) {
        let start = UnixMicroseconds(start_seconds * 1_000_000);
        let mut climate = Climate::new(seed);
        if let Some(temperature_celsius) = spell {
            let from = date(1970, 1, 1) + jiff::Span::new().days(start_seconds / 86_400);
            climate = climate.with_cold_snap(ColdSnap { from, days: 3, temperature_celsius });
        }
        let mut bus = Bus::new(Fleet::config(seed, index), Arc::new(climate), start);
        check(&mut bus, 40_000)?;
    }
}

#[test]
fn at_35_degrees_the_cabin_is_cooled() {
    for index in [0, 5] {
        let config = Fleet::config(8, index);
        let start = crate::at("2024-07-10T00:00:00Z");
        let mut bus = Bus::new(config, Arc::new(Climate::constant(35.0)), start);
        check(&mut bus, 55_000).unwrap();
        let truth = bus.truth();
        assert!(truth.air_conditioning_kwh > 30.0, "{truth:?}");
        assert_eq!(
            truth.cabin_heater_kwh + truth.heat_pump_kwh + truth.fuel_litres,
            0.0
        );
    }
}

#[test]
fn every_signal_of_such_a_bus_is_sent_while_driving() {
    let mut bus = Bus::new(
        Fleet::config(1, 7),
        Arc::new(Climate::new(1)),
        crate::at("2025-01-15T04:00:00Z"),
    );
    let present = bus.next_reading().measurements.present();
    let missing: Vec<&str> = ayaz_model::Signal::ALL
        .iter()
        .filter(|signal| !present.contains(**signal))
        .map(|signal| signal.name())
        .collect();
    assert_eq!(missing, ["charging_station", "fault_codes"]);
    assert!(
        ayaz_model::Signal::ALL
            .iter()
            .any(|s| matches!(s.kind(), SignalKind::Text))
    );
}
