//! Reads a chart back, and checks properties of every chart.

use roxmltree::{Document, Node};

use super::super::{Theme, palette, text};

/// A text with its space: left, top, right, bottom.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) space: [f64; 4],
}

fn number(node: &Node<'_, '_>, attribute: &str) -> f64 {
    node.attribute(attribute).unwrap().parse().unwrap()
}

pub(super) fn written(document: &Document<'_>) -> Vec<Written> {
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| {
            let text = node.text().unwrap_or("").trim().to_owned();
            let size = number(&node, "font-size");
            let bold = if node.attribute("font-weight").is_some() {
                1.1
            } else {
                1.0
            };
            let width = text::width_px(&text, size) * bold;
            let (x, y) = (number(&node, "x"), number(&node, "y"));
            let begin = match node.attribute("text-anchor") {
                Some("middle") => -width / 2.0,
                Some("end") => -width,
                _ => 0.0,
            };
            let space = if node.attribute("transform").is_some() {
                // The title of the range axis, which is vertical.
                let end = begin + width;
                [
                    x - size,
                    y - end.abs().max(begin.abs()),
                    x + size,
                    y + end.abs().max(begin.abs()),
                ]
            } else {
                let top = match node.attribute("dy") {
                    Some("0.76em") => y,
                    Some("-0.5ex") => y - size,
                    _ => y - size / 2.0,
                };
                [x + begin, top, x + begin + width, top + size]
            };
            Written { text, space }
        })
        .collect()
}

/// Properties of every chart: it is well-formed, every number is finite and on the page, texts do
/// not overlap, and the dark theme has every colour.
pub(super) fn check(svg: &str) {
    let document = Document::parse(svg).unwrap();
    let (width, height) = (
        number(&document.root_element(), "width"),
        number(&document.root_element(), "height"),
    );
    for node in document.descendants().filter(Node::is_element) {
        for attribute in ["x", "x1", "x2", "cx"] {
            if node.attribute(attribute).is_some() {
                let x = number(&node, attribute);
                assert!((0.0..=width).contains(&x), "{attribute}={x} of {width}");
            }
        }
        for attribute in ["y", "y1", "y2", "cy"] {
            if node.attribute(attribute).is_some() {
                let y = number(&node, attribute);
                assert!((0.0..=height).contains(&y), "{attribute}={y} of {height}");
            }
        }
        for attribute in ["width", "height", "r"] {
            if node.attribute(attribute).is_some() {
                assert!(number(&node, attribute) >= 0.0);
            }
        }
        let sheet = palette::style_sheet(Theme::Auto);
        for attribute in ["fill", "stroke"] {
            if let Some(colour) = node.attribute(attribute).filter(|colour| *colour != "none") {
                let rule = format!("[{attribute}=\"{colour}\"]");
                assert!(sheet.contains(&rule), "{colour} has no dark colour");
            }
        }
    }
    let texts = written(&document);
    for (index, one) in texts.iter().enumerate() {
        let [left, top, right, bottom] = one.space;
        assert!(
            left >= 0.0 && top >= 0.0 && right <= width && bottom <= height,
            "{:?} leaves the page: {:?} of {width} x {height}",
            one.text,
            one.space
        );
        for other in &texts[index + 1..] {
            let apart = right <= other.space[0]
                || other.space[2] <= left
                || bottom <= other.space[1]
                || other.space[3] <= top;
            assert!(
                apart || one.text.is_empty() || other.text.is_empty(),
                "{:?} {:?} and {:?} {:?} overlap",
                one.text,
                one.space,
                other.text,
                other.space
            );
        }
    }
}
