//! Notes below the chart: the meaning of the figures, the data behind them, and what is not drawn.

use anyhow::Result;

use super::super::super::cold;
use super::super::By;
use super::figures::{Figures, Group};
use super::layout::{Canvas, INDENT, Layout, Page};
use super::palette::{Palette, Role};
use super::text::{self, Style, grouped};
use crate::output::number::NOTHING;

const SIZE: f64 = 12.0;
const LINE_HEIGHT: i32 = 18;
const TOP: i32 = 14;
const BOTTOM: i32 = 16;
/// Most names that a note lists.
const NAMES_MAX: usize = 6;

/// The data behind all figures.
pub(super) fn basis(by: By, figures: &Figures) -> String {
    let basis = &figures.basis;
    let shown = match figures.groups.len() {
        1 => format!("1 {}", by.name()),
        count => format!("{count} {}", plural(by)),
    };
    let buses = match (by, basis.buses) {
        (By::Bus, _) => String::new(),
        (_, 1) => " (1 bus)".to_owned(),
        (_, count) => format!(" ({count} buses)"),
    };
    let measured = basis.coverage.map_or_else(String::new, |coverage| {
        format!(
            "; {:.0} % of the trips' time was measured",
            100.0 * coverage
        )
    });
    format!(
        "Based on {} {} of {shown}{buses}: {} km in {} h{measured}.",
        grouped(basis.trips as f64),
        if basis.trips == 1 { "trip" } else { "trips" },
        grouped(basis.km),
        grouped(basis.hours),
    )
}

fn plural(by: By) -> &'static str {
    match by {
        By::Bus => "buses",
        By::Model => "models",
        By::Route => "routes",
    }
}

/// Why some trips have no dot, with counts.
pub(super) fn not_drawn(figures: &Figures) -> Vec<String> {
    let left_out = &figures.left_out;
    [
        (
            left_out.short,
            format!("under {} km", figures.settings.band_km_min),
        ),
        (
            left_out.without_temperature,
            "without an exterior temperature".to_owned(),
        ),
        (
            left_out.without_usable_energy,
            "of buses without a known usable energy".to_owned(),
        ),
        (
            left_out.without_consumption,
            "that used no energy".to_owned(),
        ),
        (
            left_out.crowded,
            "where dots would hide each other".to_owned(),
        ),
        (
            left_out.above_axis,
            format!("above {:.0} km", figures.top_km),
        ),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, why)| format!("{} {why}", grouped(count as f64)))
    .collect()
}

pub(super) fn all(by: By, figures: &Figures) -> Vec<String> {
    let name = by.name();
    let settings = &figures.settings;
    let (from, to) = (settings.mild_from_celsius, settings.mild_to_celsius);
    let mut notes = vec![
        basis(by, figures),
        "Range: usable energy ÷ measured kWh/km, from full to empty. The usable energy is assumed to be \
         the same at every temperature."
            .to_owned(),
        format!(
            "Figures in parentheses: under {} trips, {} h or {} km, too little to state a range. \
             Nothing is extrapolated. {NOTHING}: not known. trips: those that touch the band, so they \
             do not add up.",
            settings.band_trips_min, settings.band_hours_min, settings.band_km_min
        ),
    ];
    notes.push(if figures.has_loss() {
        format!("lost %: of the range of the same {name} between {from} and {to} °C outside.")
    } else {
        format!(
            "No loss: no {name} here has driven enough between {from} and {to} °C to compare with."
        )
    });
    notes.extend(figures.heat.clone());
    notes.extend(figures.incomplete.clone());
    let not_drawn = not_drawn(figures);
    if !not_drawn.is_empty() {
        notes.push(format!("Trips without a dot: {}.", not_drawn.join(", ")));
    }
    let choice = &figures.choice;
    if choice.drawable > figures.groups.len() {
        notes.push(format!(
            "Shown are the {} {} with the most kilometres, of {}. The others: --fleet, --vehicle, or \
             --format table.",
            figures.groups.len(),
            plural(by),
            choice.drawable,
        ));
    }
    if !choice.without_range.is_empty() {
        notes.push(format!(
            "No range for {}: no usable energy is known (enter it in vehicle_model), no exterior \
             temperature, or no trip that is complete.",
            names(&choice.without_range)
        ));
    }
    let sources = |group: &Group| group.usable_source.as_deref().is_some_and(|s| s != "model");
    if figures.groups.iter().any(sources) {
        notes.push(
            "Usable energy is estimated from the state of charge where vehicle_model has none."
                .to_owned(),
        );
    }
    if figures.has_cold() {
        notes.push(format!(
            "{}: driven with a cold cabin, which takes less energy than a warm one: a healthy bus has \
             less range.",
            cold::MARK
        ));
    }
    if figures.burns_fuel {
        notes.push(
            "Some buses burn fuel for heat, so they go further in the cold: fuel is in no figure here."
                .to_owned(),
        );
    }
    notes.extend(figures.backlog.clone());
    notes
}

fn names(names: &[String]) -> String {
    let mut listed: Vec<String> = names
        .iter()
        .take(NAMES_MAX)
        .map(|name| text::shorten(name, 60))
        .collect();
    if names.len() > NAMES_MAX {
        listed.push(format!("{} more", names.len() - NAMES_MAX));
    }
    listed.join(", ")
}

fn lines(page: &Page, notes: &[String]) -> Vec<String> {
    let width = page.text_width();
    notes
        .iter()
        .flat_map(|note| text::wrap(note, SIZE, width))
        .collect()
}

pub(super) fn height(page: &Page, notes: &[String]) -> i32 {
    TOP + LINE_HEIGHT * lines(page, notes).len() as i32 + BOTTOM
}

pub(super) fn draw(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    notes: &[String],
) -> Result<()> {
    let style = Style::new(SIZE, palette.of(Role::Muted));
    let mut y = layout.notes_top + TOP + LINE_HEIGHT / 2;
    for line in lines(&layout.page, notes) {
        text::write(canvas, &line, style, (INDENT, y))?;
        y += LINE_HEIGHT;
    }
    Ok(())
}
