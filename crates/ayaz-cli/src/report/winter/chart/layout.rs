//! Positions of all parts, in pixels.

use ayaz_model::temperature_band::width_celsius;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;

use super::figures::Figures;

/// Left edge of text lines.
pub(super) const INDENT: i32 = 24;
/// Title and selection.
const HEAD_HEIGHT: i32 = 92;
/// Space left of the plot, for the axis and the names of the lines below it.
const LEFT: i32 = 92;
const RIGHT: i32 = 28;
/// Least width of the plot. It grows if bands would be too narrow for their figures.
const PLOT_WIDTH_MIN: f64 = 1080.0;
/// Least width of a band.
const BAND_WIDTH_MIN: f64 = 28.0;
const PLOT_HEIGHT: i32 = 460;
/// Labels and title of the temperature axis.
pub(super) const AXIS_HEIGHT: i32 = 52;
/// The line above the plot with the label of the mild weather.
const MILD_HEIGHT: i32 = 24;

/// The drawing area, in pixels from the upper left corner.
pub(super) type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Width of the page, and positions of temperatures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Page {
    pub(super) width: i32,
    /// Left edge of the plot.
    pub(super) left: i32,
    pub(super) right: i32,
    from_celsius: f64,
    px_per_celsius: f64,
}

impl Page {
    pub(super) fn new(figures: &Figures) -> Self {
        let (from, to) = span(figures);
        let bands = figures.edges.iter();
        let narrowest = bands.map(|&edge| width_celsius(edge)).min().unwrap_or(1);
        let px_per_celsius =
            (PLOT_WIDTH_MIN / (to - from)).max(BAND_WIDTH_MIN / f64::from(narrowest));
        let left = LEFT;
        let right = left + ((to - from) * px_per_celsius).round() as i32;
        Self {
            width: right + RIGHT,
            left,
            right,
            from_celsius: from,
            px_per_celsius,
        }
    }

    /// Position of a temperature, px.
    pub(super) fn x(&self, celsius: f64) -> f64 {
        f64::from(self.left) + (celsius - self.from_celsius) * self.px_per_celsius
    }

    /// Width of a text line over the whole page, px.
    pub(super) fn text_width(&self) -> f64 {
        f64::from(self.width - RIGHT - INDENT)
    }
}

/// Heights of the parts whose height depends on their content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heights {
    pub(super) legend: i32,
    pub(super) counts: i32,
    pub(super) notes: i32,
}

/// Positions of all parts. y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    pub(super) page: Page,
    pub(super) height: i32,
    pub(super) legend_top: i32,
    pub(super) plot_top: i32,
    pub(super) plot_bottom: i32,
    pub(super) counts_top: i32,
    pub(super) notes_top: i32,
}

impl Layout {
    pub(super) fn new(page: Page, heights: Heights) -> Self {
        let legend_top = HEAD_HEIGHT;
        let plot_top = legend_top + heights.legend + MILD_HEIGHT;
        let plot_bottom = plot_top + PLOT_HEIGHT;
        let counts_top = plot_bottom + AXIS_HEIGHT;
        let notes_top = counts_top + heights.counts;
        Self {
            page,
            height: notes_top + heights.notes,
            legend_top,
            plot_top,
            plot_bottom,
            counts_top,
            notes_top,
        }
    }
}

/// Span of the temperature axis, °C.
pub(super) fn span(figures: &Figures) -> (f64, f64) {
    let first = figures.edges.first().copied().unwrap_or(0);
    let last = figures.edges.last().copied().unwrap_or(0);
    (f64::from(first), f64::from(last + width_celsius(last)))
}
