//! The table below the plot, aligned with its bands: range and loss of each group, with the data
//! behind them.

use anyhow::Result;
use ayaz_model::temperature_band::width_celsius;
use plotters::element::PathElement;
use plotters::style::Color;

use super::super::super::{cold, heat};
use super::figures::{BandFigures, Figures, Group};
use super::layout::{Canvas, INDENT, Layout};
use super::marks;
use super::palette::{Palette, Role};
use super::text::{self, Align, Style};
use crate::output::number::NOTHING;

const TOP: i32 = 10;
const HEADING_HEIGHT: i32 = 22;
const LINE_HEIGHT: i32 = 15;
const GAP: i32 = 8;
const SIZE: f64 = 11.0;
/// Free space on both sides of a figure.
const CELL_MARGIN: f64 = 2.0;

/// A line of the table: its name, and the text for a band.
type Line = (&'static str, fn(&BandFigures) -> String);

const LINES: [Line; 5] = [
    ("range km", |band| {
        let cold = if band.is_cold { cold::MARK } else { "" };
        let mixed = if band.is_mixed { heat::SIGN } else { "" };
        let stated = band.range_km.map(|km| text::kilometres(km) + cold + mixed);
        stated.unwrap_or_else(|| NOTHING.to_owned())
    }),
    ("lost %", |band| {
        band.loss
            .map_or_else(|| NOTHING.to_owned(), |loss| percent(100.0 * loss))
    }),
    ("trips", |band| {
        counted(band, text::compact(band.trips.max(0) as f64))
    }),
    ("hours", |band| counted(band, text::compact(band.hours))),
    LEFT_OUT,
];

/// The last line. It is shown only if trips are left out.
const LEFT_OUT: Line = ("left out", |band| {
    if band.trips_left_out > 0 {
        text::compact(band.trips_left_out as f64)
    } else {
        NOTHING.to_owned()
    }
});

fn lines(figures: &Figures) -> &'static [Line] {
    if figures.incomplete.is_some() {
        &LINES
    } else {
        &LINES[..LINES.len() - 1]
    }
}

/// In parentheses if there is too little data, as the notes explain.
fn counted(band: &BandFigures, count: String) -> String {
    if band.is_thin {
        format!("({count})")
    } else {
        count
    }
}

/// Uses a minus sign instead of a hyphen, and never shows a negative zero.
fn percent(value: f64) -> String {
    let sign = if value <= -0.5 { "−" } else { "" };
    let size = value.abs();
    if size < 999.5 {
        format!("{sign}{size:.0}")
    } else {
        format!("{sign}{}", text::compact(size))
    }
}

fn group_height(figures: &Figures) -> i32 {
    HEADING_HEIGHT + LINE_HEIGHT * lines(figures).len() as i32 + GAP
}

pub(super) fn height(figures: &Figures) -> i32 {
    TOP + group_height(figures) * figures.groups.len() as i32
}

pub(super) fn draw(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    figures: &Figures,
) -> Result<()> {
    for (index, group) in figures.groups.iter().enumerate() {
        let top = layout.counts_top + TOP + group_height(figures) * index as i32;
        draw_heading(canvas, layout, palette, index, group, top)?;
        for (line, (name, figure)) in lines(figures).iter().enumerate() {
            let y = top + HEADING_HEIGHT + LINE_HEIGHT * line as i32 + LINE_HEIGHT / 2;
            let style = Style::new(SIZE, palette.of(Role::Muted)).align(Align::Right);
            text::write(canvas, name, style, (layout.page.left - 8, y))?;
            draw_line(canvas, layout, palette, figures, group, *figure, y)?;
        }
    }
    Ok(())
}

fn draw_heading(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    index: usize,
    group: &Group,
    top: i32,
) -> Result<()> {
    let rule = vec![(INDENT, top), (layout.page.right, top)];
    canvas.draw(&PathElement::new(
        rule,
        palette.of(Role::Grid).stroke_width(1),
    ))?;
    let y = top + HEADING_HEIGHT / 2 + 1;
    let colour = palette.of(Role::Group(index)).to_rgba();
    marks::draw(canvas, index, (INDENT + 7, y), 5, colour, false)?;
    let name = text::shorten(&group.name, text::NAME_MAX);
    let style = Style::new(13.0, palette.of(Role::Text)).bold();
    let x = INDENT + 22;
    let free = f64::from(layout.page.right - x);
    let style = style.fit(&name, free);
    text::write(canvas, &name, style, (x, y))?;
    // Bold letters are wider.
    let used = text::width_px(&name, style.size) * 1.1 + 16.0;
    let basis = basis(group);
    if used + text::width_px(&basis, SIZE) <= free {
        let style = Style::new(SIZE, palette.of(Role::Muted));
        text::write(canvas, &basis, style, (x + used.round() as i32, y))?;
    }
    Ok(())
}

/// The data behind a group's figures, in one line.
fn basis(group: &Group) -> String {
    let mut parts = Vec::new();
    if let Some((least, most)) = group.usable_kwh {
        let source = match group.usable_source.as_deref() {
            Some("model") => "from vehicle_model",
            Some("vehicle") => "from vehicle_context",
            Some("soc") => "estimated from the state of charge",
            _ => "partly estimated from the state of charge",
        };
        parts.push(if most - least < 0.5 {
            format!("usable energy {most:.0} kWh, {source}")
        } else {
            format!("usable energy {least:.0} to {most:.0} kWh, {source}")
        });
    }
    if group.buses > 1 {
        parts.push(format!("{} buses", group.buses));
    }
    if let Some(coverage) = group.coverage {
        parts.push(format!(
            "{:.0} % of the trips' time measured",
            100.0 * coverage
        ));
    }
    parts.join(" · ")
}

fn draw_line(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    figures: &Figures,
    group: &Group,
    figure: fn(&BandFigures) -> String,
    y: i32,
) -> Result<()> {
    for &edge in &figures.edges {
        let Some(band) = group.bands.get(&edge) else {
            continue;
        };
        let role = if band.is_thin {
            Role::Muted
        } else {
            Role::Text
        };
        let figure = figure(band);
        let (left, right) = (
            layout.page.x(f64::from(edge)),
            layout.page.x(f64::from(edge + width_celsius(edge))),
        );
        let style = Style::new(SIZE, palette.of(role))
            .align(Align::Centre)
            .fit(&figure, right - left - 2.0 * CELL_MARGIN);
        let centre = ((left + right) / 2.0).round() as i32;
        text::write(canvas, &figure, style, (centre, y))?;
    }
    Ok(())
}
