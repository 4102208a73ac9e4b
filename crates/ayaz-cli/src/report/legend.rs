//! Explains the headings and marks of a table: one line for each that is shown.

use ayaz_store::reports::{EnergySums, FigureSettings};

use super::threshold::Threshold;
use crate::output::look::Look;
use crate::output::number::NOTHING;
use crate::output::plural::plural;
use crate::output::table::Table;

pub(super) const COMPLETE: &str = "complete %";

/// For trips and bands.
pub(super) const COMPLETE_MEANING: &str =
    "the smallest of: time measured, time without flags and distance against the odometer.";

/// The lines below a table.
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

    /// Adds a line for any table.
    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Adds lines for any table.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// Explains a heading, if its column is shown.
    pub(super) fn heading(&mut self, heading: &str, meaning: &str) {
        if self.table.shows(self.look, heading) {
            self.lines.push(format!("{heading}: {meaning}"));
        }
    }

    /// Explains a mark of a figure, if it is shown.
    pub(super) fn mark(&mut self, mark: &str, meaning: impl AsRef<str>) {
        if self.table.shows_mark(self.look, mark) {
            self.lines.push(format!("{mark}: {}", meaning.as_ref()));
        }
    }

    /// Explains how many data a figure needs.
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

    /// Counts all rows, and the rows that are less complete than the threshold.
    pub(super) fn counts(&mut self, rows: usize, one: &str, below: usize, threshold: Threshold) {
        let rows = plural(rows as u64, one, &format!("{one}s"));
        self.lines.push(match below {
            0 => format!("{rows}."),
            _ => format!(
                "{rows}, {below} of them (*) less than {threshold} complete (--min-completeness)."
            ),
        });
    }

    /// Explains bands and their trips.
    pub(super) fn bands(&mut self) {
        self.heading(
            "outside °C",
            "the exterior (air) temperature, not the pack's.",
        );
        self.heading(
            "trips",
            "those that touch the band; one trip may be in several bands, so they do not add up.",
        );
    }

    /// Explains regenerated energy, if the energy at the wheels is known, too.
    pub(super) fn regen<'e>(&mut self, mut energies: impl Iterator<Item = &'e EnergySums>) {
        if energies.any(|energy| energy.wheel_regen_kwh.is_some()) {
            self.heading(
                "regen kWh",
                "energy that reached the battery (wheel_regen_kwh in --format csv: energy that the wheels recovered).",
            );
        }
    }

    /// All lines. The mark of unmeasured values is last.
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
    fn only_shown_headings_and_marks_are_explained() {
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
        // Marks in names do not count, because a name may contain any character.
        assert_eq!(lines(15), ["–: not measured."]);
    }
}
