//! Above the plot: the title, the selection, the groups, and the meaning of the marks.

use anyhow::Result;
use ayaz_store::reports::TripSelection;
use plotters::element::Rectangle;
use plotters::style::Color;

use super::super::super::cold;
use super::super::By;
use super::figures::Figures;
use super::layout::{Canvas, INDENT, Layout, Page};
use super::marks::{self, DOT_OPACITY, DOT_RADIUS, SPREAD_OPACITY};
use super::palette::{Palette, Role};
use super::text::{self, Style};
use crate::output::printable::printable;

const ROW_HEIGHT: i32 = 22;
const SIZE: f64 = 13.0;
/// From the start of an entry to its text.
const SWATCH: i32 = 22;
/// Space between entries.
const GAP: i32 = 22;

/// The sign before an entry's text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sign {
    /// The mark of a group.
    Group(usize),
    Trip,
    ThinTrip,
    LeftOutTrip,
    ColdTrip,
    Band,
    ColdBand,
    Spread,
}

pub(super) fn title(by: By) -> String {
    format!("Range against exterior (air) temperature, by {}", by.name())
}

/// The trips of the chart.
fn selected(figures: &Figures, selection: &TripSelection) -> String {
    let mut parts = Vec::new();
    if let Some(fleet) = &selection.fleet {
        parts.push(format!("fleet {}", printable(fleet)));
    }
    if let Some(vehicle) = &selection.vehicle {
        parts.push(format!("vehicle {}", printable(vehicle)));
    }
    if let Some((first, last)) = figures.basis.began {
        let day = |instant: jiff::Timestamp| instant.strftime("%Y-%m-%d").to_string();
        parts.push(if day(first) == day(last) {
            format!("trips of {} (UTC)", day(first))
        } else {
            format!("trips that began {} to {} (UTC)", day(first), day(last))
        });
    }
    parts.join(" · ")
}

/// Rows of entries: first the groups, then the marks.
fn rows(page: &Page, figures: &Figures) -> Vec<Vec<(Sign, String)>> {
    let groups = figures.groups.iter().enumerate();
    let groups = groups.map(|(index, group)| {
        (
            Sign::Group(index),
            text::shorten(&group.name, text::NAME_MAX),
        )
    });
    let mut key = vec![
        (Sign::Band, "a band: all driving in it".to_owned()),
        (
            Sign::Spread,
            "10th to 90th percentile of the band's trips".to_owned(),
        ),
        (
            Sign::Trip,
            format!(
                "a trip of {} km or more, at its mean temperature",
                figures.settings.band_km_min
            ),
        ),
    ];
    if figures
        .groups
        .iter()
        .any(|group| group.dots.iter().any(|dot| dot.is_thin))
    {
        key.push((
            Sign::ThinTrip,
            "a trip in a band that has too little data to state a range".to_owned(),
        ));
    }
    if figures.has_cold() {
        key.push((
            Sign::ColdBand,
            format!("hollow ({}): driven with a cold cabin", cold::MARK),
        ));
    }
    if figures.has_cold_trip() {
        key.push((
            Sign::ColdTrip,
            "crossed out: a trip with a cold cabin".to_owned(),
        ));
    }
    if figures.has_incomplete() {
        key.push((
            Sign::LeftOutTrip,
            format!(
                "in grey: a trip that is left out, less than {} complete",
                figures.threshold
            ),
        ));
    }
    let mut rows = flow(page, groups);
    rows.extend(flow(page, key.into_iter()));
    rows
}

fn flow(page: &Page, entries: impl Iterator<Item = (Sign, String)>) -> Vec<Vec<(Sign, String)>> {
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for entry in entries {
        let width = entry_width(&entry.1);
        if used > 0 && f64::from(used + width) > page.text_width() {
            rows.push(Vec::new());
            used = 0;
        }
        used += width;
        if let Some(row) = rows.last_mut() {
            row.push(entry);
        }
    }
    rows
}

fn entry_width(text: &str) -> i32 {
    SWATCH + text::width_px(text, SIZE).ceil() as i32 + GAP
}

pub(super) fn height(page: &Page, figures: &Figures) -> i32 {
    ROW_HEIGHT * rows(page, figures).len() as i32
}

pub(super) fn draw(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    by: By,
    figures: &Figures,
    selection: &TripSelection,
) -> Result<()> {
    let width = layout.page.text_width();
    let heading = title(by);
    let style = Style::new(24.0, palette.of(Role::Text)).bold();
    text::write(canvas, &heading, style.fit(&heading, width), (INDENT, 36))?;
    let selected = selected(figures, selection);
    let style = Style::new(14.0, palette.of(Role::Muted));
    text::write(canvas, &selected, style.fit(&selected, width), (INDENT, 66))?;
    let style = Style::new(SIZE, palette.of(Role::Text));
    let mut y = layout.legend_top + ROW_HEIGHT / 2;
    for row in rows(&layout.page, figures) {
        let mut x = INDENT;
        for (sign, entry) in row {
            draw_sign(canvas, palette, sign, (x + 7, y))?;
            text::write(canvas, &entry, style, (x + SWATCH, y))?;
            x += entry_width(&entry);
        }
        y += ROW_HEIGHT;
    }
    Ok(())
}

fn draw_sign(canvas: &Canvas<'_>, palette: &Palette, sign: Sign, (x, y): (i32, i32)) -> Result<()> {
    let muted = palette.of(Role::Muted);
    match sign {
        Sign::Group(index) => {
            let colour = palette.of(Role::Group(index));
            marks::draw(canvas, index, (x, y), 6, colour.to_rgba(), false)
        }
        Sign::Trip => marks::draw(canvas, 0, (x, y), DOT_RADIUS, muted.mix(DOT_OPACITY), false),
        Sign::ThinTrip => {
            // Uses a group's colour, so that it differs from a trip that is left out.
            let colour = palette.of(Role::Group(0)).to_rgba();
            marks::draw(canvas, 0, (x, y), DOT_RADIUS, colour, true)
        }
        Sign::LeftOutTrip => {
            let colour = palette.of(Role::LeftOut).to_rgba();
            marks::draw(canvas, 0, (x, y), DOT_RADIUS, colour, true)
        }
        Sign::ColdTrip => {
            let faint = muted.mix(DOT_OPACITY);
            marks::draw(canvas, 0, (x, y), DOT_RADIUS, faint, false)?;
            marks::cross_out(canvas, (x, y), DOT_RADIUS, muted)
        }
        Sign::Band => {
            let corners = [(x - 7, y - 2), (x + 7, y + 2)];
            canvas.draw(&Rectangle::new(corners, muted.filled()))?;
            Ok(())
        }
        Sign::ColdBand => {
            for (half, style) in [(2, muted), (1, palette.of(Role::Background))] {
                let corners = [(x - 5 - half, y - half), (x + 5 + half, y + half)];
                canvas.draw(&Rectangle::new(corners, style.filled()))?;
            }
            Ok(())
        }
        Sign::Spread => {
            let corners = [(x - 5, y - 8), (x + 5, y + 8)];
            canvas.draw(&Rectangle::new(corners, muted.mix(SPREAD_OPACITY).filled()))?;
            Ok(())
        }
    }
}
