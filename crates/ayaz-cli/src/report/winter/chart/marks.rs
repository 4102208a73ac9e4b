//! Shapes of marks. Each group has a shape and a colour, so that colour is never the only sign.

use anyhow::Result;
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::{Color, RGBAColor, RGBColor};

use super::layout::Canvas;

/// Radius of a trip's dot, px.
pub(super) const DOT_RADIUS: i32 = 3;
/// Dots may overlap.
pub(super) const DOT_OPACITY: f64 = 0.5;
pub(super) const SPREAD_OPACITY: f64 = 0.28;

/// Corners of a mark with radius 1. An empty list is a circle.
const SHAPES: [&[(f64, f64)]; 4] = [
    &[],
    &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    &[(0.0, -1.25), (1.15, 0.85), (-1.15, 0.85)],
    &[(0.0, -1.4), (1.4, 0.0), (0.0, 1.4), (-1.4, 0.0)],
];

/// Draws the mark of a group, by its place in the legend.
pub(super) fn draw(
    canvas: &Canvas<'_>,
    group: usize,
    (x, y): (i32, i32),
    radius: i32,
    colour: RGBAColor,
    is_open: bool,
) -> Result<()> {
    let shape = SHAPES[group % SHAPES.len()];
    if shape.is_empty() {
        let style = if is_open {
            colour.stroke_width(1)
        } else {
            colour.filled()
        };
        canvas.draw(&Circle::new((x, y), radius, style))?;
        return Ok(());
    }
    let corner = |&(right, down): &(f64, f64)| {
        let scale = f64::from(radius);
        let px = |offset: f64| (offset * scale).round() as i32;
        (x + px(right), y + px(down))
    };
    let mut corners: Vec<(i32, i32)> = shape.iter().map(corner).collect();
    if is_open {
        corners.push(corners[0]);
        canvas.draw(&PathElement::new(corners, colour.stroke_width(1)))?;
    } else {
        canvas.draw(&Polygon::new(corners, colour))?;
    }
    Ok(())
}

/// Crosses out a mark with this radius.
pub(super) fn cross_out(
    canvas: &Canvas<'_>,
    (x, y): (i32, i32),
    radius: i32,
    colour: RGBColor,
) -> Result<()> {
    // The lines are longer than the mark, so that they are visible on a mark of the same colour.
    let half = radius + 2;
    for (from, to) in [
        ((x - half, y - half), (x + half, y + half)),
        ((x - half, y + half), (x + half, y - half)),
    ] {
        canvas.draw(&PathElement::new(vec![from, to], colour.stroke_width(1)))?;
    }
    Ok(())
}
