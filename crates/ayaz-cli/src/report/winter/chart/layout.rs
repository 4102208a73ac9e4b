//! Where everything goes, in pixels.

use ayaz_model::temperature_band::width_celsius;

use super::figures::Figures;
use super::{counts, legend, notes};

/// Space at the left of the plot: the axis and the names of the lines beneath it.
const LEFT: i32 = 92;
const RIGHT: i32 = 28;
/// Least width of the plot. It grows where bands would be too narrow for their figures.
const PLOT_WIDTH_MIN: f64 = 1080.0;
/// Least width of a band.
const BAND_WIDTH_MIN: f64 = 28.0;
const PLOT_HEIGHT: i32 = 460;
/// Labels and title of the axis of temperature.
pub(super) const AXIS_HEIGHT: i32 = 52;
/// The line above the plot that names the mild weather.
const MILD_HEIGHT: i32 = 24;

/// Where everything goes; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) legend_top: i32,
    pub(super) plot_top: i32,
    pub(super) plot_bottom: i32,
    pub(super) counts_top: i32,
    pub(super) notes_top: i32,
    from_celsius: f64,
    px_per_celsius: f64,
}

impl Layout {
    pub(super) fn new(figures: &Figures, notes: &[String]) -> Self {
        let (from, to) = span(figures);
        let bands = figures.edges.iter();
        let narrowest = bands.map(|&edge| width_celsius(edge)).min().unwrap_or(1);
        let px_per_celsius =
            (PLOT_WIDTH_MIN / (to - from)).max(BAND_WIDTH_MIN / f64::from(narrowest));
        let left = LEFT;
        let right = left + ((to - from) * px_per_celsius).round() as i32;
        let mut layout = Self {
            width: right + RIGHT,
            height: 0,
            left,
            right,
            legend_top: 0,
            plot_top: 0,
            plot_bottom: 0,
            counts_top: 0,
            notes_top: 0,
            from_celsius: from,
            px_per_celsius,
        };
        layout.legend_top = legend::HEAD_HEIGHT;
        let legend_bottom = layout.legend_top + legend::height(&layout, figures);
        layout.plot_top = legend_bottom + MILD_HEIGHT;
        layout.plot_bottom = layout.plot_top + PLOT_HEIGHT;
        layout.counts_top = layout.plot_bottom + AXIS_HEIGHT;
        layout.notes_top = layout.counts_top + counts::height(figures);
        layout.height = layout.notes_top + notes::height(&layout, notes);
        layout
    }

    /// Where a temperature stands, px.
    pub(super) fn x(&self, celsius: f64) -> f64 {
        f64::from(self.left) + (celsius - self.from_celsius) * self.px_per_celsius
    }

    /// Width of a line of text over the whole page, px.
    pub(super) fn text_width(&self) -> f64 {
        f64::from(self.width - RIGHT - legend::INDENT)
    }
}

/// From where to where the axis of temperature goes, °C.
pub(super) fn span(figures: &Figures) -> (f64, f64) {
    let first = figures.edges.first().copied().unwrap_or(0);
    let last = figures.edges.last().copied().unwrap_or(0);
    (f64::from(first), f64::from(last + width_celsius(last)))
}
