//! `ayaz report winter-range`.

mod chart;
mod people;

use anyhow::Result;
use ayaz_store::reports::{
    FigureSettings, IncompleteTrips, RangeBand, RangeGroup, TripSelection, incomplete_trips,
    range_by_band,
};
use clap::ValueEnum;
use tokio_postgres::Client;

pub(super) use self::chart::{Theme, svg};
use super::Rendered;
use super::columns::COMFORT;
use super::threshold::{Threshold, causes};
use crate::output::look::Look;
use crate::output::sheet::{Columns, Sheet};

/// What to compare.
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

/// The request and its figures.
pub(super) struct Ranges {
    by: By,
    threshold: Threshold,
    settings: FigureSettings,
    /// All bands of all groups.
    rows: Vec<RangeBand>,
    /// Selected trips that are in no row.
    left_out: IncompleteTrips,
    /// The note about hours that wait for the worker, if there are any.
    backlog: Option<String>,
}

impl Ranges {
    pub(super) async fn load(
        client: &Client,
        by: By,
        selection: &TripSelection,
        threshold: Threshold,
        settings: FigureSettings,
        backlog: Option<String>,
    ) -> Result<Self> {
        Ok(Self {
            by,
            threshold,
            settings,
            rows: range_by_band(client, by.group(), selection, threshold.share()).await?,
            left_out: incomplete_trips(client, selection, threshold.share()).await?,
            backlog,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The note about trips that are left out, with reasons; `None` if there are none.
    fn left_out_note(&self) -> Option<String> {
        let left_out = &self.left_out;
        (left_out.incomplete > 0).then(|| {
            format!(
                "Left out: {} of {} trips, less than {} complete ({}). --min-completeness 0 includes \
                 them.",
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

fn sheet(by: By, rows: &[RangeBand]) -> Sheet {
    Columns::<RangeBand>::new()
        .with(by.name(), |it| it.group.clone())
        .with("band", |it| it.band.to_string())
        .with("range_km", |it| it.range_km)
        .with("kwh_per_km", |it| it.energy.kwh_per_km)
        .with("range_loss_share", |it| it.range_loss_share)
        .with("trips", |it| it.trips)
        .with("seconds", |it| it.energy.seconds)
        .with("km", |it| it.energy.km)
        .with("coverage", |it| it.coverage)
        .with("few_data", |it| !it.has_enough_data)
        .with("vehicles", |it| it.vehicles)
        .with("range_vehicles", |it| it.range_vehicles)
        .with("usable_energy_kwh", |it| it.usable_energy_kwh)
        .with("usable_energy_source", |it| it.usable_energy_source.clone())
        .with("net_kwh", |it| it.energy.net_kwh)
        .with("discharge_kwh", |it| it.energy.discharge_kwh)
        .with("regen_kwh", |it| it.energy.regen_kwh)
        .with("heater_kwh", |it| it.energy.heater.kwh)
        .with("heater_base_kwh", |it| it.energy.heater.base_kwh)
        .with_shares(|it| &it.energy)
        .with_components(|it| &it.energy)
        .with("unexplained_share", |it| it.energy.unexplained.share())
        .with("completeness", |it| it.completeness)
        .with("trips_left_out", |it| it.trips_left_out)
        .with_energy(COMFORT, |it| &it.energy)
        .with_heat_sources(|it| &it.heat_sources)
        .sheet(rows)
}

#[cfg(test)]
mod tests {
    use ayaz_store::reports::{EnergySums, HeatSources};

    use super::super::samples::{self, SETTINGS, band, with_losses};
    use super::*;

    fn ranges(bands: Vec<RangeBand>, left_out: IncompleteTrips) -> Ranges {
        Ranges {
            by: By::Bus,
            threshold: samples::threshold(),
            settings: SETTINGS,
            rows: with_losses(bands),
            left_out,
            backlog: None,
        }
    }

    #[test]
    fn left_out_trips_are_counted_by_band_in_total_and_by_cause() {
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
                "Left out: 7 of 12 trips, less than 90 % complete (4 for missing time, 3 for a \
                 distance that is not the odometer's)"
            ),
            "{table}"
        );
        let line = |edge: &str| table.lines().find(|line| line.contains(edge)).unwrap();
        assert!(line("[-40,-38)").contains("all left out"), "{table}");
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
    fn a_band_with_too_little_data_has_no_range() {
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
}
