//! What a table's headings and marks mean: a line for each that the table shows, and no other.

use ayaz_store::reports::{EnergySums, FigureSettings};

use super::threshold::Threshold;
use crate::output::look::Look;
use crate::output::number::NOTHING;
use crate::output::plural::plural;
use crate::output::table::Table;

pub(super) const COMPLETE: &str = "complete %";

/// Of trips and of bands.
pub(super) const COMPLETE_MEANING: &str =
    "the least of time measured, time without flags and distance against the odometer.";

/// The lines under a table.
pub(super) struct Legend<'a> {
    table: &'a Table,
    look: Look,
    lines: Vec<String>,
}

impl<'a> Legend<'a> {
    pub(super) fn new(table: &'a Table, look: Look) -> Self {
        Self {
            table,
            look,
            lines: Vec::new(),
        }
    }

    /// A line whatever the table shows.
    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Lines whatever the table shows.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// What a heading means, if its column is shown.
    pub(super) fn heading(&mut self, heading: &str, meaning: &str) {
        if self.table.shows(self.look, heading) {
            self.lines.push(format!("{heading}: {meaning}"));
        }
    }

    /// What a mark of a figure means, if it is shown.
    pub(super) fn mark(&mut self, mark: &str, meaning: impl AsRef<str>) {
        if self.table.shows_mark(self.look, mark) {
            self.lines.push(format!("{mark}: {}", meaning.as_ref()));
        }
    }

    /// What is too little to state a figure.
    pub(super) fn too_little(&mut self, mark: &str, settings: &FigureSettings, rest: &str) {
        let FigureSettings {
            band_trips_min,
            band_hours_min,
            band_km_min,
            ..
        } = settings;
        let least = format!("under {band_trips_min} trips, {band_hours_min} h or {band_km_min} km");
        self.mark(mark, format!("{least}{rest}."));
    }

    /// How many rows there are, and how many of them are less complete than asked for.
    pub(super) fn counts(&mut self, rows: usize, one: &str, below: usize, threshold: Threshold) {
        let rows = plural(rows as u64, one, &format!("{one}s"));
        self.lines.push(match below {
            0 => format!("{rows}."),
            _ => format!(
                "{rows}, {below} of them (*) less than {threshold} complete (--min-completeness)."
            ),
        });
    }

    /// What bands and their trips are.
    pub(super) fn bands(&mut self) {
        self.heading(
            "outside °C",
            "the exterior (air) temperature, not the pack's.",
        );
        self.heading(
            "trips",
            "those that touch the band, so that they do not add up.",
        );
    }

    /// Where traction is metered, what the wheels recovered is known as well.
    pub(super) fn regen<'e>(&mut self, mut energies: impl Iterator<Item = &'e EnergySums>) {
        if energies.any(|energy| energy.wheel_regen_kwh.is_some()) {
            self.heading(
                "regen kWh",
                "what reached the battery (wheel_regen_kwh in --format csv: what the wheels recovered).",
            );
        }
    }

    /// All lines; what was not measured comes last.
    pub(super) fn into_lines(mut self, nothing: &str) -> Vec<String> {
        self.mark(NOTHING, nothing);
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::table::{figure, text};

    #[test]
    fn what_is_not_shown_is_not_explained() {
        let mut table = Table::new([text("vehicle", 0), figure("km", 0), figure("net kWh", 9)]);
        table.add_row(["b!", "–", "1.0!"]);
        let lines = |width| {
            let width = Some(width);
            let look = Look {
                width,
                ..Look::default()
            };
            let mut legend = Legend::new(&table, look);
            legend.heading("net kWh", "out of the battery.");
            legend.mark("!", "cold.");
            legend.mark("*", "incomplete.");
            legend.into_lines("not measured.")
        };
        assert_eq!(
            lines(80),
            [
                "net kWh: out of the battery.",
                "!: cold.",
                "–: not measured."
            ]
        );
        // A name may hold any letter.
        assert_eq!(lines(15), ["–: not measured."]);
    }
}
