//! The range report as a chart: one SVG without external files, for a page or a poster.
//!
//! Reading order: [`figures`] selects the data and computes all numbers. [`layout`] computes
//! positions from the heights of the parts. [`legend`], [`plot`], [`counts`] and [`notes`] draw the
//! parts from top to bottom, with the colours of [`palette`], the shapes of [`marks`] and the fonts
//! of [`text`].

mod axis;
mod counts;
mod figures;
mod layout;
mod legend;
mod marks;
mod notes;
mod palette;
mod plot;
mod text;

use anyhow::{Result, bail};
use ayaz_store::reports::{TripSelection, range_by_trip};
use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;
use tokio_postgres::Client;

use self::figures::{Choice, Figures};
use self::layout::{Canvas, Heights, Layout, Page};
pub(crate) use self::palette::Theme;
use self::palette::{Palette, Role};
use super::{By, Ranges};

/// Reads the trips of the bands and draws both. There must be at least one band.
pub(in super::super) async fn svg(
    client: &Client,
    ranges: &Ranges,
    selection: &TripSelection,
    theme: Theme,
) -> Result<String> {
    let by = ranges.by;
    let choice = Choice::of(&ranges.rows);
    if choice.shown.is_empty() {
        let left_out = ranges.left_out_note().unwrap_or_default();
        bail!(
            "{}",
            format!("{} {left_out}", choice.why_nothing()).trim_end()
        );
    }
    let trips = range_by_trip(client, by.group(), &choice.shown, selection).await?;
    let figures = Figures::new(choice, ranges, &trips);
    if figures.is_empty() {
        bail!("nothing to draw: {}", notes::not_drawn(&figures).join(", "));
    }
    draw(by, &figures, selection, theme)
}

fn draw(by: By, figures: &Figures, selection: &TripSelection, theme: Theme) -> Result<String> {
    let notes = notes::all(by, figures);
    let page = Page::new(figures);
    let heights = Heights {
        legend: legend::height(&page, figures),
        counts: counts::height(figures),
        notes: notes::height(&page, &notes),
    };
    let layout = Layout::new(page, heights);
    let palette = Palette::new(theme);
    let size = (page.width.unsigned_abs(), layout.height.unsigned_abs());
    let mut svg = String::new();
    {
        let canvas: Canvas<'_> = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        canvas.fill(&palette.of(Role::Background))?;
        legend::draw(&canvas, &layout, &palette, by, figures, selection)?;
        plot::draw(&canvas, &layout, &palette, by, figures)?;
        counts::draw(&canvas, &layout, &palette, figures)?;
        notes::draw(&canvas, &layout, &palette, &notes)?;
        canvas.present()?;
    }
    Ok(with_head(&svg, by, figures, theme))
}

/// Adds elements that the drawing library does not support: a title and a description for readers
/// who cannot see the chart, and the colours of the dark theme.
fn with_head(svg: &str, by: By, figures: &Figures, theme: Theme) -> String {
    let (tag, body) = svg.split_once('>').unwrap_or((svg, ""));
    format!(
        "{tag} role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n{}{}",
        text::escape(&legend::title(by)),
        text::escape(&notes::basis(by, figures)),
        palette::style_sheet(theme),
        body.trim_start(),
    )
}

#[cfg(test)]
mod tests;
