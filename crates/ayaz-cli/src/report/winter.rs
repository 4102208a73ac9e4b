//! `ayaz report winter-range`.

mod chart;
mod people;

use std::collections::HashMap;

use anyhow::Result;
use ayaz_model::temperature_band::width_celsius;
use ayaz_store::reports::{
    Band, Component, IncompleteTrips, RangeBand, RangeGroup, TripSelection, incomplete_trips,
    range_by_band,
};
use clap::ValueEnum;
use tokio_postgres::Client;

pub(super) use self::chart::{Theme, svg};
use super::columns::{COMFORT, COMPONENTS, comfort, components};
use super::look::Look;
use super::sheet::{Cell, Sheet};
use super::table::is_thin;
use super::threshold::{Threshold, causes};
use super::{Rendered, heat};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// Each bus.
    Bus,
    /// Each model.
    Model,
    /// Each route.
    Route,
}

impl By {
    fn group(self) -> RangeGroup {
        match self {
            Self::Bus => RangeGroup::Bus,
            Self::Model => RangeGroup::Model,
            Self::Route => RangeGroup::Route,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Model => "model",
            Self::Route => "route",
        }
    }
}

/// The mild weather that a group's losses are measured against, by lower edge, °C.
const MILD_CELSIUS: [i16; 2] = [10, 15];
/// Less distance than this says nothing of kWh/km: a bus that stands and heats has an endless one.
const KM_MIN: f64 = 10.0;

/// From where to where the mild weather reaches, °C.
fn mild_celsius() -> (i16, i16) {
    let [from, last] = MILD_CELSIUS;
    (from, last + width_celsius(last))
}

/// What was asked for, and what is known of it.
pub(super) struct Ranges {
    by: By,
    threshold: Threshold,
    /// Every band of every group, with its loss.
    rows: Vec<Row>,
    /// Of the selected trips, those that are in no row.
    left_out: IncompleteTrips,
    /// What people are told of hours that wait to be worked out, if there are any.
    backlog: Option<String>,
}

impl Ranges {
    pub(super) async fn load(
        client: &Client,
        by: By,
        selection: &TripSelection,
        threshold: Threshold,
        backlog: Option<String>,
    ) -> Result<Self> {
        let bands = range_by_band(client, by.group(), selection, threshold.share()).await?;
        Ok(Self {
            by,
            threshold,
            rows: with_losses(bands),
            left_out: incomplete_trips(client, selection, threshold.share()).await?,
            backlog,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many trips are left out, and why; `None` if none is.
    fn what_is_left_out(&self) -> Option<String> {
        let left_out = &self.left_out;
        (left_out.incomplete > 0).then(|| {
            format!(
                "Left out: {} of {} trips, less than {} complete ({}). --min-completeness 0 takes them \
                 in.",
                left_out.incomplete,
                left_out.trips,
                self.threshold,
                causes(left_out)
            )
        })
    }
}

pub(super) fn report(ranges: &Ranges, look: Look) -> Rendered {
    Rendered {
        sheet: sheet(ranges.by, &ranges.rows),
        table: people::table_of(ranges, look),
    }
}

/// A band with how it compares to its group in mild weather.
pub(super) struct Row {
    band: RangeBand,
    /// Share of the mild-weather range that is lost, 0 to 1; negative where there is more range.
    range_loss: Option<f64>,
    /// Too little to state a range.
    is_thin: bool,
}

fn is_too_thin(band: &RangeBand) -> bool {
    is_thin(band.trips, &band.energy) || band.energy.paired_km < KM_MIN
}

/// Range goes with the inverse of consumption, so the loss needs no usable energy, and stays
/// comparable where only some vehicles have one.
fn with_losses(bands: Vec<RangeBand>) -> Vec<Row> {
    let mild = mild_consumptions(&bands);
    bands
        .into_iter()
        .map(|band| Row {
            range_loss: match (mild.get(&band.group), band.energy.kwh_per_km) {
                (Some(mild), Some(here)) if here > 0.0 => Some(1.0 - mild / here),
                _ => None,
            },
            is_thin: is_too_thin(&band),
            band,
        })
        .collect()
}

/// Consumption of each group in mild weather, over the mild bands that have enough data.
fn mild_consumptions(bands: &[RangeBand]) -> HashMap<String, f64> {
    let mut sums: HashMap<&str, (f64, f64)> = HashMap::new();
    for band in bands {
        let is_mild = matches!(band.band, Band::From(edge) if MILD_CELSIUS.contains(&edge));
        if let Some(kwh_per_km) = band.energy.kwh_per_km
            && is_mild
            && !is_too_thin(band)
        {
            let (kwh, km) = sums.entry(&band.group).or_default();
            *kwh += kwh_per_km * band.energy.paired_km;
            *km += band.energy.paired_km;
        }
    }
    sums.into_iter()
        .filter(|(_, (kwh, km))| *kwh > 0.0 && *km > 0.0)
        .map(|(group, (kwh, km))| (group.to_owned(), kwh / km))
        .collect()
}

fn sheet(by: By, rows: &[Row]) -> Sheet {
    let mut columns = vec![
        by.name(),
        "band",
        "range_km",
        "kwh_per_km",
        "range_loss_share",
        "trips",
        "seconds",
        "km",
        "coverage",
        "few_data",
        "vehicles",
        "range_vehicles",
        "usable_energy_kwh",
        "usable_energy_source",
        "net_kwh",
        "discharge_kwh",
        "regen_kwh",
        "heater_kwh",
        "heater_base_kwh",
        "heater_share",
        "heat_pump_share",
        "battery_heater_share",
        "air_conditioning_share",
        "auxiliary_share",
        "traction_share",
    ];
    columns.extend(COMPONENTS);
    columns.extend(["unexplained_share", "completeness", "trips_left_out"]);
    columns.extend(COMFORT);
    columns.extend(heat::COLUMNS);
    let row = |row: &Row| {
        let (band, energy) = (&row.band, &row.band.energy);
        let share = |component: &Component| Cell::from(component.share());
        let mut cells = vec![
            band.group.clone().into(),
            band.band.to_string().into(),
            band.range_km.into(),
            energy.kwh_per_km.into(),
            row.range_loss.into(),
            band.trips.into(),
            energy.seconds.into(),
            energy.km.into(),
            band.coverage.into(),
            row.is_thin.into(),
            band.vehicles.into(),
            band.range_vehicles.into(),
            band.usable_energy_kwh.into(),
            band.usable_energy_source.clone().into(),
            energy.net_kwh.into(),
            energy.discharge_kwh.into(),
            energy.regen_kwh.into(),
            energy.heater.kwh.into(),
            energy.heater.base_kwh.into(),
            share(&energy.heater),
            share(&energy.heat_pump),
            share(&energy.battery_heater),
            share(&energy.air_conditioning),
            share(&energy.auxiliary),
            share(&energy.traction),
        ];
        cells.extend(components(energy));
        cells.extend([
            share(&energy.unexplained),
            band.completeness.into(),
            band.trips_left_out.into(),
        ]);
        cells.extend(comfort(energy));
        cells.extend(heat::cells(&band.heat_sources));
        cells
    };
    Sheet {
        columns,
        rows: rows.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use ayaz_store::reports::{EnergySums, HeatSources};

    use super::*;

    fn band(group: &str, edge: i16, trips: i64, kwh_per_km: f64) -> RangeBand {
        RangeBand {
            group: group.to_owned(),
            band: Band::From(edge),
            trips,
            trips_left_out: 0,
            completeness: Some(0.99),
            vehicles: 1,
            range_vehicles: 1,
            heat_sources: HeatSources::new(["electric".to_owned()]),
            usable_energy_kwh: Some(300.0),
            usable_energy_source: Some("model".to_owned()),
            range_km: Some(300.0 / kwh_per_km),
            coverage: Some(0.99),
            energy: EnergySums {
                seconds: 7200.0,
                energy_seconds: 7200.0,
                km: Some(40.0),
                paired_km: 40.0,
                kwh_per_km: Some(kwh_per_km),
                ..EnergySums::default()
            },
        }
    }

    fn ranges(bands: Vec<RangeBand>, left_out: IncompleteTrips) -> Ranges {
        Ranges {
            by: By::Bus,
            threshold: Threshold::default(),
            rows: with_losses(bands),
            left_out,
            backlog: None,
        }
    }

    #[test]
    fn trips_that_are_left_out_are_told_by_band_in_all_and_by_cause() {
        let left_out = IncompleteTrips {
            trips: 12,
            incomplete: 7,
            silent: 4,
            odometer: 3,
            ..IncompleteTrips::default()
        };
        let nothing_left = RangeBand {
            trips_left_out: 2,
            range_km: None,
            completeness: None,
            energy: EnergySums::default(),
            ..band("a", -40, 0, 2.0)
        };
        let fewer = RangeBand {
            trips_left_out: 5,
            ..band("a", -30, 5, 2.0)
        };
        let ranges = ranges(vec![nothing_left, fewer], left_out);
        let table = people::table_of(&ranges, Look::default());
        assert!(
            table.contains(
                "Left out: 7 of 12 trips, less than 90 % complete (4 for time that is missing, 3 for a \
                 distance that is not the odometer's)"
            ),
            "{table}"
        );
        let line = |edge: &str| table.lines().find(|line| line.contains(edge)).unwrap();
        assert!(line("[-40,-38)").contains("not enough data"), "{table}");
        let cells: Vec<&str> = line("[-30,-28)").split_whitespace().collect();
        assert!(cells.contains(&"150") && cells.contains(&"5"), "{cells:?}");
        let csv = sheet(By::Bus, &ranges.rows).to_csv().unwrap();
        assert!(
            csv.lines()
                .next()
                .unwrap()
                .contains(",completeness,trips_left_out,heat_kwh,")
        );
        let nothing = ",".repeat(8);
        let ends_with = |line: usize, end: &str| {
            let line = csv.lines().nth(line).unwrap();
            let end = format!("{end}{nothing},electric,false");
            assert!(line.ends_with(&end), "{csv}");
        };
        ends_with(1, ",,2");
        ends_with(2, ",0.99,5");
    }

    #[test]
    fn a_band_of_buses_with_different_heat_is_marked() {
        let mut pooled = band("a", -34, 5, 1.5);
        pooled.heat_sources = HeatSources::new(["electric", "fuel"].map(str::to_owned));
        let ranges = ranges(
            vec![pooled, band("a", -30, 5, 2.0)],
            IncompleteTrips::default(),
        );
        let table = people::table_of(&ranges, Look::default());
        assert!(
            table.contains("[-34,-32) ‡") && !table.contains("[-30,-28) ‡"),
            "{table}"
        );
        assert!(
            table.contains("different sources (electric+fuel)"),
            "{table}"
        );
        let csv = sheet(By::Bus, &ranges.rows).to_csv().unwrap();
        let line = |edge: &str| csv.lines().find(|line| line.contains(edge)).unwrap();
        assert!(line("[-34,-32)").ends_with(",electric+fuel,true"), "{csv}");
        assert!(line("[-30,-28)").ends_with(",electric,false"), "{csv}");
    }

    #[test]
    fn loss_is_against_the_same_groups_mild_weather() {
        let rows = with_losses(vec![
            band("a", -30, 5, 2.0),
            band("a", 10, 5, 0.9),
            band("a", 15, 5, 1.1),
            band("b", -30, 5, 2.0),
            band("b", 15, 2, 1.0),
        ]);
        let losses: Vec<Option<i64>> = rows
            .iter()
            .map(|row| row.range_loss.map(|loss| (loss * 1000.0).round() as i64))
            .collect();
        assert_eq!(losses, [Some(500), Some(-111), Some(91), None, None]);
    }

    #[test]
    fn a_thin_band_states_no_range() {
        let ranges = ranges(
            vec![band("a", -40, 2, 2.5), band("a", -30, 5, 2.0)],
            IncompleteTrips::default(),
        );
        let table = people::table_of(&ranges, Look::default());
        assert!(
            !table.lines().next().unwrap().contains("left out"),
            "{table}"
        );
        assert!(!table.contains("Left out:"), "{table}");
        let line = |edge: &str| table.lines().find(|line| line.contains(edge)).unwrap();
        assert!(line("[-40,-38)").contains("not enough data"), "{table}");
        assert!(!line("[-40,-38)").contains("120"), "{table}");
        assert!(line("[-30,-28)").contains("150"), "{table}");
        assert!(
            table.contains("has not driven enough in mild weather"),
            "{table}"
        );
    }

    #[test]
    fn a_band_that_was_driven_with_a_cold_cabin_is_marked() {
        let mut cold = band("a", -40, 5, 1.2);
        cold.energy.is_cabin_cold = Some(true);
        let bands = vec![cold, band("a", -30, 5, 2.0)];
        let table = people::table_of(&ranges(bands, IncompleteTrips::default()), Look::default());
        let line = |edge: &str| table.lines().find(|line| line.contains(edge)).unwrap();
        assert!(line("[-40,-38)").contains(" 250! "), "{table}");
        assert!(line("[-40,-38)").contains(" 1.20! "), "{table}");
        assert!(!line("[-30,-28)").contains('!'), "{table}");
        assert!(table.contains("!: driven with a cold cabin"), "{table}");
        let warm = ranges(vec![band("a", -30, 5, 2.0)], IncompleteTrips::default());
        assert!(!people::table_of(&warm, Look::default()).contains("cold cabin"));
    }

    #[test]
    fn standing_and_heating_gives_no_range() {
        let mut standing = band("a", -40, 5, 300.0);
        standing.energy.paired_km = 0.2;
        assert!(is_too_thin(&standing));
    }

    #[test]
    fn mild_weather_is_weighed_by_the_distance_that_the_consumption_rests_on() {
        let mut half_metered = band("a", 15, 5, 2.0);
        half_metered.energy.km = Some(1_000.0);
        half_metered.energy.paired_km = 10.0;
        let mild = mild_consumptions(&[band("a", 10, 5, 1.0), half_metered]);
        assert_eq!(mild["a"], (40.0 * 1.0 + 10.0 * 2.0) / 50.0);
    }
}
