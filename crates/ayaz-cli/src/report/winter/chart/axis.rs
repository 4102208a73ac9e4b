//! The temperature axis: its ticks are the edges of the bands.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;

/// From the first to the last edge, °C.
pub(super) struct TemperatureAxis {
    scale: RangedCoordf64,
    edges: Vec<f64>,
}

impl TemperatureAxis {
    pub(super) fn new(span_celsius: (f64, f64), edges: Vec<f64>) -> Self {
        let (from, to) = span_celsius;
        Self {
            scale: (from..to).into(),
            edges,
        }
    }
}

impl Ranged for TemperatureAxis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, celsius: &f64, limit: (i32, i32)) -> i32 {
        self.scale.map(celsius, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.edges.clone()
    }

    fn range(&self) -> Range<f64> {
        self.scale.range()
    }
}
