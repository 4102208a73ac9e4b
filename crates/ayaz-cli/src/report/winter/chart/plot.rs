//! The plot: range against temperature.

use anyhow::Result;
use ayaz_model::temperature_band::width_celsius;
use plotters::chart::ChartBuilder;
use plotters::element::{PathElement, Rectangle};
use plotters::style::{Color, RGBColor, ShapeStyle, TRANSPARENT};

use super::super::By;
use super::axis::TemperatureAxis;
use super::figures::{BandFigures, Dot, Figures, Group};
use super::layout::{self, Canvas, Layout};
use super::marks::{self, DOT_OPACITY, DOT_RADIUS, SPREAD_OPACITY};
use super::palette::{Palette, Role};
use super::text::{self, Align, Style};

/// Half the height of the bar of a band's range, px.
const BAR_HALF: i32 = 2;
/// Free space on both sides within a band, px.
const BAND_MARGIN: f64 = 2.0;
/// Space for the labels and the title of the range axis, px.
const AXIS_WIDTH: i32 = 68;
const LABEL_SIZE: f64 = 12.0;
/// Smaller, because the edges of narrow bands are close together.
const EDGE_SIZE: f64 = 10.5;
/// With more groups, each group gets its own part of a band.
const GROUPS_OVER_EACH_OTHER_MAX: usize = 3;

pub(super) fn draw(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    by: By,
    figures: &Figures,
) -> Result<()> {
    let scale = Scale { layout, figures };
    if figures.has_loss() {
        draw_mild(canvas, &scale, palette, by, figures)?;
    }
    draw_axes(canvas, layout, palette, figures)?;
    for (index, group) in figures.groups.iter().enumerate() {
        let colour = palette.of(Role::Group(index));
        draw_spreads(canvas, &scale, index, group, colour)?;
    }
    for (index, group) in figures.groups.iter().enumerate() {
        draw_incomplete(canvas, &scale, palette, index, group)?;
    }
    for (index, group) in figures.groups.iter().enumerate() {
        let colour = palette.of(Role::Group(index));
        draw_dots(canvas, &scale, index, group, colour)?;
    }
    for (index, group) in figures.groups.iter().enumerate() {
        draw_bands(canvas, &scale, palette, index, group)?;
    }
    Ok(())
}

/// Converts temperatures and ranges to pixels.
struct Scale<'a> {
    layout: &'a Layout,
    figures: &'a Figures,
}

impl Scale<'_> {
    /// Values above the axis are drawn at its end.
    fn y(&self, range_km: f64) -> i32 {
        let height = f64::from(self.layout.plot_bottom - self.layout.plot_top);
        self.layout.plot_bottom
            - (range_km.min(self.figures.top_km) / self.figures.top_km * height).round() as i32
    }

    /// A group's part of a band, px: the whole band, or, with many groups, a slot beside the
    /// others.
    fn slot(&self, edge: i16, index: usize) -> (i32, i32) {
        let from = self.layout.page.x(f64::from(edge)) + BAND_MARGIN;
        let to = self.layout.page.x(f64::from(edge + width_celsius(edge))) - BAND_MARGIN;
        let groups = self.figures.groups.len();
        let (place, places) = if groups <= GROUPS_OVER_EACH_OTHER_MAX {
            (0.0, 1.0)
        } else {
            (index as f64, groups as f64)
        };
        let at = |place: f64| (from + (to - from) * place / places).round() as i32;
        let left = at(place);
        (left, at(place + 1.0).max(left + 2))
    }
}

fn draw_mild(
    canvas: &Canvas<'_>,
    scale: &Scale<'_>,
    palette: &Palette,
    by: By,
    figures: &Figures,
) -> Result<()> {
    let layout = scale.layout;
    let settings = &figures.settings;
    let (from, to) = (settings.mild_from_celsius, settings.mild_to_celsius);
    let clamp = |celsius: i16| {
        let x = layout.page.x(f64::from(celsius)).round() as i32;
        x.clamp(layout.page.left, layout.page.right)
    };
    let (left, right) = (clamp(from), clamp(to));
    if left == right {
        return Ok(());
    }
    let corners = [(left, layout.plot_top), (right, layout.plot_bottom)];
    let style = palette.of(Role::Mild).filled();
    canvas.draw(&Rectangle::new(corners, style))?;
    // Only as wide as the area. The notes explain the rest.
    let free = f64::from(right - left);
    let long = format!(
        "mild weather: losses are against the same {} here",
        by.name()
    );
    let labels = [long.as_str(), "mild weather", "mild"];
    let fits = |label: &&&str| text::width_px(label, LABEL_SIZE) <= free;
    let label = labels.iter().find(fits).unwrap_or(&"mild");
    let style = Style::new(LABEL_SIZE, palette.of(Role::Muted))
        .align(Align::Centre)
        .fit(label, free);
    text::write(
        canvas,
        label,
        style,
        ((left + right) / 2, layout.plot_top - 11),
    )
}

/// Draws the grid, the edges of the bands, and the titles with units.
fn draw_axes(
    canvas: &Canvas<'_>,
    layout: &Layout,
    palette: &Palette,
    figures: &Figures,
) -> Result<()> {
    let area = canvas.clone().shrink(
        (layout.page.left - AXIS_WIDTH, layout.plot_top),
        (
            layout.page.right - layout.page.left + AXIS_WIDTH,
            layout.plot_bottom - layout.plot_top + layout::AXIS_HEIGHT,
        ),
    );
    let span = layout::span(figures);
    let mut edges: Vec<f64> = figures.edges.iter().map(|&edge| f64::from(edge)).collect();
    edges.push(span.1);
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(layout::AXIS_HEIGHT)
        .y_label_area_size(AXIS_WIDTH)
        .build_cartesian_2d(TemperatureAxis::new(span, edges), 0.0..figures.top_km)?;
    let grid = palette.of(Role::Grid);
    let axis_title = Style::new(14.0, palette.of(Role::Text)).library();
    let labels = Style::new(LABEL_SIZE, palette.of(Role::Text)).library();
    let edge_labels = Style::new(EDGE_SIZE, palette.of(Role::Text)).library();
    let axis: ShapeStyle = palette.of(Role::Muted).stroke_width(1);
    chart
        .configure_mesh()
        .bold_line_style(grid)
        .light_line_style(TRANSPARENT)
        .axis_style(axis)
        .label_style(labels)
        .x_label_style(edge_labels)
        .axis_desc_style(axis_title)
        .x_desc(
            "exterior (air) temperature, °C (bands of 2 °C below −20 °C, of 5 °C from there up)",
        )
        .y_desc("range from full to empty, km")
        .x_label_formatter(&|celsius| signed(*celsius))
        .y_label_formatter(&|km| text::kilometres(*km))
        .draw()?;
    Ok(())
}

/// Uses a minus sign, which is as wide as a digit.
fn signed(celsius: f64) -> String {
    let sign = if celsius < 0.0 { "−" } else { "" };
    format!("{sign}{:.0}", celsius.abs())
}

fn draw_spreads(
    canvas: &Canvas<'_>,
    scale: &Scale<'_>,
    index: usize,
    group: &Group,
    colour: RGBColor,
) -> Result<()> {
    for (&edge, band) in &group.bands {
        let Some(spread) = band.spread else { continue };
        let (left, right) = scale.slot(edge, index);
        let corners = [
            (left, scale.y(spread.high_km)),
            (right, scale.y(spread.low_km)),
        ];
        let style = colour.mix(SPREAD_OPACITY).filled();
        canvas.draw(&Rectangle::new(corners, style))?;
    }
    Ok(())
}

fn draw_dots(
    canvas: &Canvas<'_>,
    scale: &Scale<'_>,
    index: usize,
    group: &Group,
    colour: RGBColor,
) -> Result<()> {
    let within = group
        .dots
        .iter()
        .filter(|dot| dot.range_km <= scale.figures.top_km);
    for dot in within {
        let at = (
            scale.layout.page.x(dot.celsius).round() as i32,
            scale.y(dot.range_km),
        );
        let opacity = if dot.is_thin { 1.0 } else { DOT_OPACITY };
        marks::draw(
            canvas,
            index,
            at,
            DOT_RADIUS,
            colour.mix(opacity),
            dot.is_thin,
        )?;
        if dot.is_cold {
            marks::cross_out(canvas, at, DOT_RADIUS, colour)?;
        }
    }
    Ok(())
}

/// Draws trips that are in no figure: hollow, and not in a group's colour.
fn draw_incomplete(
    canvas: &Canvas<'_>,
    scale: &Scale<'_>,
    palette: &Palette,
    index: usize,
    group: &Group,
) -> Result<()> {
    let colour = palette.of(Role::LeftOut);
    let is_within = |dot: &&Dot| dot.range_km <= scale.figures.top_km;
    for dot in group.incomplete.iter().filter(is_within) {
        let x = scale.layout.page.x(dot.celsius).round() as i32;
        let at = (x, scale.y(dot.range_km));
        marks::draw(canvas, index, at, DOT_RADIUS, colour.to_rgba(), true)?;
        if dot.is_cold {
            marks::cross_out(canvas, at, DOT_RADIUS, colour)?;
        }
    }
    Ok(())
}

/// Draws the ranges. Neighbouring bands are connected; a gap is not.
fn draw_bands(
    canvas: &Canvas<'_>,
    scale: &Scale<'_>,
    palette: &Palette,
    index: usize,
    group: &Group,
) -> Result<()> {
    let colour = palette.of(Role::Group(index));
    let stated = |(&edge, band): (&i16, &BandFigures)| Some((edge, band.range_km?, band.is_cold));
    let mut previous: Option<(i16, (i32, i32))> = None;
    for (edge, range_km, is_cold) in group.bands.iter().filter_map(stated) {
        let (left, right) = scale.slot(edge, index);
        let centre = ((left + right) / 2, scale.y(range_km));
        if let Some((before, from)) = previous
            && before + width_celsius(before) == edge
        {
            let line = PathElement::new(vec![from, centre], colour.stroke_width(1));
            canvas.draw(&line)?;
        }
        // With a border, so that it is visible on many dots.
        for (rim, colour) in [(1, palette.of(Role::Background)), (0, colour)] {
            let half = BAR_HALF + rim;
            let corners = [
                (left - rim, centre.1 - half),
                (right + rim, centre.1 + half),
            ];
            canvas.draw(&Rectangle::new(corners, colour.filled()))?;
        }
        if is_cold {
            let hollow = palette.of(Role::Background).filled();
            let half = BAR_HALF - 1;
            let corners = [(left + 1, centre.1 - half), (right - 1, centre.1 + half)];
            canvas.draw(&Rectangle::new(corners, hollow))?;
        }
        previous = Some((edge, centre));
    }
    Ok(())
}
