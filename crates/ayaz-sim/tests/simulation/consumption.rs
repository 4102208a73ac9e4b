//! Compares energy per kilometre by temperature with published and derived figures.

use ayaz_sim::{BusConfig, E12, E18, Heating};

use crate::day_at;

fn config(index: usize) -> BusConfig {
    let model = if index % 6 == 5 { E18 } else { E12 };
    BusConfig {
        model,
        ..BusConfig::new(1, index)
    }
}

/// The consumption of two buses in a day, kWh/km and l/100 km.
fn check(what: &str, temperature: f32, make: impl Fn(usize) -> BusConfig) -> (f64, f64) {
    let days = [1, 2].map(|n| day_at(temperature, make(n)).0);
    let km: f64 = days.iter().map(|t| t.distance_km).sum();
    let kwh_per_km = days.iter().map(|t| t.net_kwh).sum::<f64>() / km;
    let litres = days.iter().map(|t| t.fuel_litres).sum::<f64>() / km * 100.0;
    println!(
        "{what} at {temperature} °C: {kwh_per_km:.3} kWh/km, {litres:.1} l/100 km, {:.0} km",
        km / 2.0
    );
    (kwh_per_km, litres)
}

fn e12(n: usize) -> BusConfig {
    config(n)
}

fn e18(n: usize) -> BusConfig {
    config(n * 6 - 1)
}

#[test]
fn consumption_is_within_published_figures_at_each_temperature() {
    for (what, make, temperature, low, high) in [
        ("E12", e12 as fn(usize) -> BusConfig, 15.0, 0.85, 1.1),
        ("E12", e12, -20.0, 1.4, 2.0),
        ("E12", e12, 35.0, 1.0, 1.5),
        ("E18", e18, 15.0, 1.2, 1.6),
        ("E18", e18, -25.0, 2.0, 2.9),
    ] {
        let (kwh_per_km, litres) = check(what, temperature, make);
        assert!(
            (low..high).contains(&kwh_per_km),
            "{what} at {temperature}: {kwh_per_km} kWh/km"
        );
        assert_eq!(litres, 0.0);
    }
}

#[test]
fn consumption_rises_in_the_cold_until_the_heaters_are_at_their_limit() {
    for (what, make) in [("E12", e12 as fn(usize) -> BusConfig), ("E18", e18)] {
        let by_ten: Vec<f64> = [10.0, 0.0, -10.0, -20.0, -30.0, -40.0]
            .map(|temperature| check(what, temperature, make).0)
            .into();
        assert!(
            by_ten[..5].windows(2).all(|pair| pair[0] + 0.03 < pair[1]),
            "{what}: {by_ten:?}"
        );
        let (before, last) = (by_ten[3] - by_ten[2], by_ten[5] - by_ten[4]);
        assert!(
            last < before,
            "{what} rises as fast at the limit: {by_ten:?}"
        );
    }
}

#[test]
fn a_fuel_heater_uses_less_electricity_and_some_fuel() {
    let fuel = |n| BusConfig {
        heating: Heating::Fuel,
        ..e12(n)
    };
    let (kwh_per_km, litres) = check("E12 with fuel", -25.0, fuel);
    let (electric, _) = check("E12", -25.0, e12);
    assert!(
        kwh_per_km < 0.7 * electric,
        "{kwh_per_km} and {electric} kWh/km"
    );
    assert!((8.0..22.0).contains(&litres), "{litres} l/100 km");
    assert_eq!(check("E12 with fuel", 12.0, fuel).1.round(), 0.0);
}
