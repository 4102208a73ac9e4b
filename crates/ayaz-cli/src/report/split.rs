//! The split of energy by component, for people.

use ayaz_store::reports::{Component, EnergySums};

use crate::output::look::Look;
use crate::output::number::{NOTHING, percent};
use crate::output::table::{Column, Table, figure};

const CABIN_HEAT: &str = "cabin heat %";
const UNEXPLAINED: &str = "unexplained %";

/// Columns of the split. Cabin heat has the lowest rank, because readers need it most.
pub(super) const COLUMNS: [Column; 6] = [
    figure("traction %", 21),
    figure(CABIN_HEAT, 20),
    figure("battery heat %", 22),
    figure("A/C %", 23),
    figure("auxiliary %", 24),
    figure(UNEXPLAINED, 25),
];

/// Precedes an estimate.
const ESTIMATED: &str = "~";

/// If meters miss at most this share of the energy, their rest is treated as complete: an estimate
/// is not more exact.
const MISSED_SHARE_MAX: f64 = 0.01;

/// Bases with a smaller relative difference come from the same intervals.
const BASE_TOLERANCE: f64 = 1e-6;

/// Shares of the net energy, each while that part was metered. If driving and all else are not
/// metered separately, they are estimated from the consumption of a stationary bus.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shares {
    traction: Option<f64>,
    cabin_heat: Option<f64>,
    battery_heat: Option<f64>,
    air_conditioning: Option<f64>,
    auxiliary: Option<f64>,
    unexplained: Option<f64>,
    /// True if traction and unexplained are estimates.
    is_estimated: bool,
}

impl Shares {
    fn of(energy: &EnergySums) -> Self {
        let split = &energy.split;
        let mut shares = Self {
            traction: energy.traction.share(),
            cabin_heat: cabin_heat_share(energy),
            battery_heat: energy.battery_heater.share(),
            air_conditioning: energy.air_conditioning.share(),
            auxiliary: energy.auxiliary.share(),
            unexplained: energy.unexplained.share(),
            is_estimated: split.is_estimated(),
        };
        if let Some((traction, other)) = split.traction_kwh.zip(split.other_kwh)
            && shares.is_estimated
            && traction + other != 0.0
        {
            let whole = traction + other;
            shares.traction = Some(traction / whole);
            shares.unexplained =
                (!has_two_bases(energy) && !is_metered_in_part(energy)).then(|| {
                    let metered: f64 = meters(energy).filter_map(|meter| meter.kwh).sum();
                    (other - metered) / whole
                });
        }
        shares
    }
}

/// The cells of [`COLUMNS`].
pub(super) fn cells(energy: &EnergySums) -> [String; 6] {
    let shares = Shares::of(energy);
    let estimate = |share: Option<f64>| match share {
        Some(_) if shares.is_estimated => format!("{ESTIMATED}{}", percent(share)),
        _ => percent(share),
    };
    [
        estimate(shares.traction),
        percent(shares.cabin_heat),
        percent(shares.battery_heat),
        percent(shares.air_conditioning),
        percent(shares.auxiliary),
        estimate(shares.unexplained),
    ]
}

/// Notes about the shown cells.
pub(super) fn notes<'a>(
    table: &Table,
    look: Look,
    energies: impl Iterator<Item = &'a EnergySums> + Clone,
) -> Vec<String> {
    let mut energies = energies;
    let shown: Vec<&str> = COLUMNS
        .iter()
        .map(Column::heading)
        .filter(|heading| table.shows(look, heading))
        .collect();
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return Vec::new();
    };
    let mut notes = vec![match first == last {
        true => format!("{first}: of the net energy while that part was metered."),
        false => format!("{first} to {last}: of the net energy while that part was metered."),
    }];
    let is_unexplained_shown = shown.contains(&UNEXPLAINED);
    if is_unexplained_shown {
        notes.push(format!("{UNEXPLAINED}: energy that no meter measured."));
    }
    if table.shows_mark(look, ESTIMATED) {
        notes.push(format!(
            "{ESTIMATED}: estimated from the consumption of the stationary bus."
        ));
    }
    if is_unexplained_shown && energies.clone().any(is_metered_in_part) {
        notes.push(format!(
            "{UNEXPLAINED} {NOTHING}: some meters cover only a part of the driving."
        ));
    }
    if shown.contains(&CABIN_HEAT) && energies.any(has_two_bases) {
        notes.push(format!(
            "{CABIN_HEAT} {NOTHING}: heater and heat pump were metered during different driving (see \
             --format csv)."
        ));
    }
    notes
}

/// Electric cabin heat: resistive heater and heat pump. If their shares have different bases, there
/// is no sum. For example, a route may have buses with and without a heat pump.
fn cabin_heat_share(energy: &EnergySums) -> Option<f64> {
    let (heater, heat_pump) = (&energy.heater, &energy.heat_pump);
    match (heater.share(), heat_pump.share()) {
        (Some(heater_share), Some(heat_pump_share)) => {
            let (a, b) = heater.base_kwh.zip(heat_pump.base_kwh)?;
            let agree = (a - b).abs() <= BASE_TOLERANCE * a.abs().max(b.abs());
            agree.then_some(heater_share + heat_pump_share)
        }
        (heater, heat_pump) => heater.or(heat_pump),
    }
}

/// True if both shares are known but cannot be added.
fn has_two_bases(energy: &EnergySums) -> bool {
    let shares = energy.heater.share().zip(energy.heat_pump.share());
    shares.is_some() && cabin_heat_share(energy).is_none()
}

/// Meters of everything except driving, if they have a share.
fn meters(energy: &EnergySums) -> impl Iterator<Item = &Component> {
    let meters = [
        &energy.heater,
        &energy.heat_pump,
        &energy.battery_heater,
        &energy.air_conditioning,
        &energy.auxiliary,
    ];
    meters.into_iter().filter(|meter| meter.share().is_some())
}

/// True if the split is an estimate for all energy, but a meter covers only a part of it. Then the
/// rest of the meters is not the rest of the split.
fn is_metered_in_part(energy: &EnergySums) -> bool {
    let split = &energy.split;
    let Some((traction, other)) = split.traction_kwh.zip(split.other_kwh) else {
        return false;
    };
    let whole = traction + other;
    let misses = |meter: &Component| {
        let base = meter.base_kwh.unwrap_or_default();
        (base - whole).abs() > MISSED_SHARE_MAX * whole.abs()
    };
    split.is_estimated() && meters(energy).any(misses)
}

#[cfg(test)]
mod tests {
    use ayaz_store::reports::Split;

    use super::*;

    fn part(kwh: f64, base_kwh: f64) -> Component {
        Component {
            kwh: Some(kwh),
            base_kwh: Some(base_kwh),
        }
    }

    #[test]
    fn shares_are_added_only_if_they_have_the_same_base() {
        let none = Component::default();
        for (heater, heat_pump, share) in [
            (part(20.0, 100.0), part(10.0, 100.0), Some(0.3)),
            (part(20.0, 100.0), part(10.0, 100.000_01), Some(0.3)),
            // Half of the buses have no heat pump.
            (part(20.0, 100.0), part(10.0, 50.0), None),
            (part(20.0, 100.0), none, Some(0.2)),
            (none, part(10.0, 50.0), Some(0.2)),
            (none, none, None),
        ] {
            let energy = EnergySums {
                heater,
                heat_pump,
                ..EnergySums::default()
            };
            let found = cabin_heat_share(&energy);
            let close = |(a, b): (f64, f64)| (a - b).abs() < 1e-6;
            assert_eq!(found.is_some(), share.is_some(), "{heater:?} {heat_pump:?}");
            assert!(found.zip(share).is_none_or(close), "{found:?}");
            assert_eq!(has_two_bases(&energy), share.is_none() && heater != none);
        }
    }

    #[test]
    fn a_split_without_meters_is_estimated_and_marked() {
        let split = |source: &str, traction_kwh, other_kwh| Split {
            traction_kwh: Some(traction_kwh),
            other_kwh: Some(other_kwh),
            source: Some(source.to_owned()),
        };
        let estimated = EnergySums {
            heater: part(20.0, 100.0),
            split: split("estimated", 55.0, 45.0),
            ..EnergySums::default()
        };
        assert_eq!(cells(&estimated), ["~55", "20", "–", "–", "–", "~25"]);
        // The meter measured 8 of the 45 kWh that are not driving, during half of the energy. So
        // the other 37 kWh are not all unexplained.
        let in_part = EnergySums {
            heater: part(8.0, 50.0),
            ..estimated.clone()
        };
        assert_eq!(cells(&in_part), ["~55", "16", "–", "–", "–", "–"]);
        let message = |energy: &EnergySums| {
            let mut table = Table::new(COLUMNS);
            table.add_row(cells(energy));
            notes(&table, Look::default(), [energy].into_iter()).join(" ")
        };
        assert!(message(&in_part).contains("a part of the driving"));
        let metered = EnergySums {
            traction: part(60.0, 100.0),
            auxiliary: part(30.0, 100.0),
            unexplained: part(10.0, 100.0),
            split: split("metered", 60.0, 40.0),
            ..EnergySums::default()
        };
        assert_eq!(cells(&metered), ["60", "–", "–", "–", "30", "10"]);
        assert_eq!(cells(&EnergySums::default()), ["–"; 6]);
        assert!(message(&estimated).contains("~: estimated"));
        assert!(!message(&metered).contains("estimated"));
        assert!(!message(&metered).contains("a part of the driving"));
    }
}
