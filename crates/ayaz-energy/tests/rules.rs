//! The integration rules, on series that can be checked by hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use ayaz_energy::hours::{Hours, Rules};
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_energy::{Activity, Bucket, Sample};
use ayaz_model::{ChargeState, UnixMicroseconds};

/// A sample at a second of the first hour.
fn at(second: f64) -> Sample {
    Sample::bare(UnixMicroseconds((second * 1e6) as i64), 1, Some(1))
}

/// 1000 V, so a current of 1 A is 1 kW.
fn power(second: f64, kilowatts: f64) -> Sample {
    Sample {
        pack_voltage_volts: Some(1000.0),
        pack_current_amperes: Some(-kilowatts),
        ..at(second)
    }
}

fn buckets(samples: Vec<Sample>) -> Vec<Bucket> {
    outcome(samples, 1)
}

/// Buckets of this many hours, without plausibility checks.
fn outcome(samples: Vec<Sample>, count: usize) -> Vec<Bucket> {
    let rules = Rules {
        trip_gap_seconds: 600,
        plausibility: PlausibilityConfig::off(),
        ..Rules::default()
    };
    let mut hours = Hours::new(UnixMicroseconds(0), count, None, &rules);
    samples.into_iter().for_each(|sample| hours.push(sample));
    hours.advance(UnixMicroseconds(i64::MAX));
    hours.finish(&[]).buckets
}

fn bucket(samples: Vec<Sample>) -> Bucket {
    let mut buckets = buckets(samples);
    assert_eq!(buckets.len(), 1, "{buckets:#?}");
    buckets.remove(0)
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    // Half a step of the grid, `exact`.
    assert!((found - expected).abs() < 3e-8, "{found}, not {expected}");
}

#[test]
fn power_is_split_by_sign_before_averaging() {
    // 36 kW out, then 18 kW back, 40 s apart: a trapezoid of 9 kW · 40 s = 0.1 kWh.
    let bucket = bucket(vec![power(0.0, 36.0), power(40.0, -18.0)]);
    assert_close(bucket.energy.net_kwh, 0.1);
    assert_close(bucket.energy.discharge_kwh, 0.2);
    assert_close(bucket.energy.regen_kwh, 0.1);
    assert_eq!(
        (
            bucket.intervals,
            bucket.energy.seconds,
            bucket.energy.energy_seconds
        ),
        (1, 40.0, 40.0)
    );
}

#[test]
fn nothing_is_integrated_over_more_than_a_minute() {
    let bucket = bucket(vec![
        power(0.0, 36.0),
        power(60.0, 36.0),
        power(120.1, 36.0),
    ]);
    assert_close(bucket.energy.net_kwh, 0.6);
    assert_eq!((bucket.intervals, bucket.energy.seconds), (1, 60.0));
    assert_eq!(
        bucket.ended_at,
        UnixMicroseconds(120_100_000),
        "the last sample is included"
    );
}

#[test]
fn distance_grows_backwards_too() {
    let speed = |second, kmh| Sample {
        speed_kmh: Some(kmh),
        ..at(second)
    };
    let bucket = bucket(vec![
        speed(0.0, 36.0),
        speed(10.0, 36.0),
        speed(20.0, -36.0),
    ]);
    assert_close(bucket.energy.km, 0.2);
    assert_eq!(
        (bucket.energy.distance_seconds, bucket.energy.energy_seconds),
        (20.0, 0.0)
    );
    assert_eq!(
        (bucket.energy.paired_km, bucket.energy.heater_kwh),
        (0.0, None)
    );
}

#[test]
fn a_missing_value_skips_the_interval_for_its_quantity_only() {
    let speed = |sample: Sample| Sample {
        speed_kmh: Some(36.0),
        ..sample
    };
    let samples = vec![
        speed(power(0.0, 36.0)),
        speed(power(10.0, 36.0)),
        speed(at(20.0)),
        power(30.0, 36.0),
    ];
    let bucket = bucket(samples);
    assert_eq!((bucket.intervals, bucket.energy.seconds), (3, 30.0));
    assert_eq!(
        (bucket.energy.distance_seconds, bucket.energy.energy_seconds),
        (20.0, 10.0)
    );
    assert_close(bucket.energy.km, 0.2);
    assert_close(bucket.energy.net_kwh, 0.1);
    assert_close(bucket.energy.paired_km, 0.1);
    assert_close(bucket.energy.paired_net_kwh, 0.1);
}

#[test]
fn the_base_of_a_component_is_the_energy_while_it_was_metered() {
    let heated = |sample: Sample| Sample {
        cabin_heater_power_watts: Some(9_000.0),
        ..sample
    };
    let samples = vec![
        power(0.0, 36.0),
        heated(power(10.0, 36.0)),
        heated(power(20.0, 18.0)),
        heated(at(30.0)),
        power(40.0, 36.0),
    ];
    let found = bucket(samples).energy;
    // Metered from 10 to 30 s; the battery only from 10 to 20 s, at 27 kW on average.
    assert_close(found.heater_kwh.unwrap(), 0.05);
    assert_close(found.heater_base_kwh.unwrap(), 0.075);
    let off = |second| Sample {
        cabin_heater_power_watts: Some(0.0),
        ..at(second)
    };
    assert_eq!(
        bucket(vec![off(0.0), off(10.0)]).energy.heater_kwh,
        Some(0.0),
        "0 is data"
    );
}

#[test]
fn fuel_is_litres() {
    let burning = |second, rate| Sample {
        fuel_heater_rate_litres_per_hour: Some(rate),
        ..at(second)
    };
    let bucket = bucket(vec![burning(0.0, 3.0), burning(60.0, 1.0)]);
    assert_close(bucket.energy.fuel_litres.unwrap(), 2.0 / 60.0);
}

#[test]
fn an_interval_has_the_band_and_the_route_and_the_plug_of_its_first_sample() {
    let cold = |second, celsius, route: Option<&str>, plugged_in: bool| Sample {
        exterior_temperature_celsius: celsius,
        route: route.map(Into::into),
        charge_state: plugged_in.then_some(ChargeState::Plugged),
        ..power(second, 36.0)
    };
    let found: Vec<_> = buckets(vec![
        cold(0.0, Some(-0.1), Some("12"), false),
        cold(10.0, Some(0.0), Some("12"), false),
        cold(20.0, Some(4.9), Some("12"), false),
        cold(30.0, None, None, false),
        cold(40.0, None, None, true),
    ])
    .into_iter()
    .map(|p| {
        (
            p.band_celsius,
            p.route.as_deref() == Some("12"),
            p.plugged_in,
            p.energy.seconds,
        )
    })
    .collect();
    let expected = [
        (Some(-5), true, false, 10.0),
        (Some(0), true, false, 20.0),
        (None, false, false, 10.0),
        (None, false, true, 0.0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_mean_temperature_is_weighted_with_time() {
    let cold = |second, celsius| Sample {
        exterior_temperature_celsius: Some(celsius),
        ..at(second)
    };
    let bucket = bucket(vec![cold(0.0, -39.5), cold(10.0, -38.5), cold(40.0, -38.5)]);
    let mean = bucket.energy.exterior_kelvin_seconds / bucket.energy.exterior_seconds - 273.15;
    assert!((mean - -38.625).abs() < 1e-9, "{mean}");
}

#[test]
fn the_state_of_charge_is_from_the_first_and_last_sample_that_has_one() {
    let soc = |second, percent| Sample {
        soc_percent: percent,
        ..at(second)
    };
    let samples = vec![
        soc(0.0, None),
        soc(1.0, Some(80.0)),
        soc(2.0, Some(79.0)),
        soc(3.0, None),
    ];
    let bucket = bucket(samples);
    assert_eq!(
        bucket.ends.soc_percent.first,
        Some((UnixMicroseconds(1_000_000), 80.0))
    );
    assert_eq!(
        bucket.ends.soc_percent.last,
        Some((UnixMicroseconds(2_000_000), 79.0))
    );
}

#[test]
fn an_interval_belongs_to_the_hour_of_its_first_sample() {
    let samples = vec![
        power(3590.0, 36.0),
        power(3610.0, 36.0),
        power(3620.0, 36.0),
    ];
    let buckets = outcome(samples, 2);
    let seconds: Vec<f64> = buckets.iter().map(|bucket| bucket.energy.seconds).collect();
    assert_eq!(seconds, [20.0, 10.0]);
}

#[test]
fn a_trip_without_a_number_includes_short_stops_and_ends_at_its_last_movement() {
    let moving = |minute: f64, kmh| Sample {
        drive_cycle: None,
        speed_kmh: Some(kmh),
        ..power(minute * 60.0, 6.0)
    };
    // Stands 2 min, drives 3 min, stands 4 min, drives 1 min, stands until the hour ends.
    let samples = (0..60).map(|minute| {
        let drives = (2..=5).contains(&minute) || (9..=10).contains(&minute);
        moving(f64::from(minute), if drives { 30.0 } else { 0.0 })
    });
    let found: Vec<_> = buckets(samples.collect())
        .into_iter()
        .map(|p| {
            (
                p.activity,
                p.trip_started_at.map(|at| at.0 / 60_000_000),
                p.energy.seconds / 60.0,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (Activity::Parking, None, 2.0),
            (Activity::Trip, Some(2), 8.0),
            (Activity::Parking, None, 49.0),
        ]
    );
}

#[test]
fn wheel_regeneration_is_split_by_sign_whatever_reaches_the_battery() {
    // Braking gives 36 kW, of which a heater takes all but 6 kW. Then driving takes as much.
    let braking = |second: f64, traction_kw: f64, pack_kw: f64| Sample {
        traction_power_watts: Some(traction_kw * 1000.0),
        speed_kmh: Some(36.0),
        ..power(second, pack_kw)
    };
    let bucket = bucket(vec![
        braking(0.0, -36.0, -6.0),
        braking(40.0, -36.0, -6.0),
        braking(80.0, 36.0, 66.0),
        // Traction is not metered here.
        power(120.0, 66.0),
    ]);
    let energy = bucket.energy;
    // 36 kW · 40 s, and half of it again: 0.4 + 0.2 kWh; into the battery 0.0667 + 0.0333.
    assert_close(energy.wheel_regen_kwh.unwrap(), 0.6);
    assert_close(energy.regen_kwh, 0.1);
    assert_close(energy.wheel_regen_base_km.unwrap(), 0.8);
    // Taken less given back, as before.
    assert_close(energy.traction_kwh.unwrap(), -0.4);
    let unmetered = self::bucket(vec![power(0.0, 36.0), power(40.0, 36.0)]);
    assert_eq!(unmetered.energy.wheel_regen_kwh, None);
    assert_eq!(unmetered.energy.wheel_regen_base_km, None);
}

#[test]
fn the_cabin_is_near_its_set_point_or_colder_or_warmer() {
    let cabin = |second: f64, celsius: Option<f64>, setpoint: Option<f64>| Sample {
        cabin_temperature_celsius: celsius,
        cabin_setpoint_celsius: setpoint,
        ..at(second)
    };
    let sum = bucket(vec![
        // Cold, just near, warmer, unknown.
        cabin(0.0, Some(16.5), Some(20.0)),
        cabin(10.0, Some(17.0), Some(20.0)),
        cabin(20.0, Some(23.5), Some(20.0)),
        cabin(30.0, Some(20.0), None),
        cabin(40.0, Some(20.0), None),
        cabin(50.0, None, Some(20.0)),
    ])
    .energy;
    assert_eq!(
        (
            sum.setpoint_seconds,
            sum.setpoint_near_seconds,
            sum.cabin_cold_seconds
        ),
        (30.0, 10.0, 10.0)
    );
    assert_eq!(sum.cabin_seconds, 40.0);
    let kelvin = sum.cabin_kelvin_seconds / sum.cabin_seconds;
    // (16.75 + 20.25 + 21.75 + 20) / 4
    assert!((kelvin - 273.15 - 19.6875).abs() < 1e-3, "{kelvin}");
}

#[test]
fn the_cabin_is_heated_by_electricity_or_fuel() {
    let heated = |heater: Option<f64>, heat_pump: Option<f64>, fuel: Option<f64>| {
        let sample = |second| Sample {
            cabin_heater_power_watts: heater,
            heat_pump_power_watts: heat_pump,
            fuel_heater_rate_litres_per_hour: fuel,
            ..at(second)
        };
        bucket(vec![sample(0.0), sample(30.0)])
            .energy
            .cabin_heating_seconds
    };
    for (heater, heat_pump, fuel, seconds) in [
        (None, None, None, 0.0),
        (Some(499.0), None, None, 0.0),
        (Some(500.0), None, None, 30.0),
        (Some(250.0), Some(250.0), None, 30.0),
        (Some(0.0), Some(0.0), Some(0.0), 0.0),
        (None, None, Some(1.5), 30.0),
    ] {
        assert_eq!(
            heated(heater, heat_pump, fuel),
            seconds,
            "{heater:?} {heat_pump:?} {fuel:?}"
        );
    }
}
