//! Text: width, line breaks and short numbers.

use anyhow::Result;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle};

use super::layout::Canvas;
use crate::output::printable::printable;

/// Smallest size that [`Style::fit`] uses, px.
const SIZE_MIN: f64 = 6.0;
/// Longest name of a group, in letters.
pub(super) const NAME_MAX: usize = 120;
/// The library divides sizes by this.
const LIBRARY_SCALE: f64 = 1.24;

/// Horizontal position of a text at its point. Vertically it is always centred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Height of the letters' em, px.
    pub(super) size: f64,
    pub(super) colour: RGBColor,
    pub(super) is_bold: bool,
    pub(super) align: Align,
}

impl Style {
    pub(super) fn new(size: f64, colour: RGBColor) -> Self {
        Self {
            size,
            colour,
            is_bold: false,
            align: Align::Left,
        }
    }

    pub(super) fn bold(self) -> Self {
        Self {
            is_bold: true,
            ..self
        }
    }

    pub(super) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    /// The same style, with a size that fits this width, px.
    pub(super) fn fit(self, text: &str, width: f64) -> Self {
        let needed = width_px(text, self.size);
        let size = self.size * (width / needed).min(1.0);
        Self {
            size: size.max(SIZE_MIN),
            ..self
        }
    }

    pub(super) fn library(self) -> TextStyle<'static> {
        let horizontal = match self.align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = if self.is_bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        ("sans-serif", self.size * LIBRARY_SCALE, style)
            .into_font()
            .color(&self.colour.to_rgba())
            .pos(Pos::new(horizontal, VPos::Center))
    }
}

/// Writes a line of text at a point, px.
pub(super) fn write(canvas: &Canvas<'_>, text: &str, style: Style, at: (i32, i32)) -> Result<()> {
    // XML allows no control characters, not even escaped. Names are made printable earlier, so that
    // their measured width is correct.
    canvas.draw_text(&printable(text), &style.library(), at)?;
    Ok(())
}

/// Escapes text that the drawing library does not write.
pub(super) fn escape(text: &str) -> String {
    printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Estimated width of a text in the widest common font, px. The reader's font is unknown.
pub(super) fn width_px(text: &str, size: f64) -> f64 {
    text.chars().map(width_em).sum::<f64>() * size
}

fn width_em(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '(' | ')' | '[' | ']'
        | ' ' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' => 1.0,
        'A'..='Z' => 0.75,
        // Latin, Greek and Cyrillic; then symbols; then letters that are as wide as high.
        c if c < '\u{1100}' => 0.65,
        c if c < '\u{2e80}' => 0.85,
        _ => 1.1,
    }
}

/// Breaks a text into lines of at most this width, px. A wider word is cut.
pub(super) fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        for (index, piece) in cut(word, size, width).into_iter().enumerate() {
            let last = lines.last_mut();
            match last {
                Some(line) if index == 0 && line.is_empty() => *line = piece,
                Some(line)
                    if index == 0
                        && width_px(line, size) + width_px(&piece, size) + width_px(" ", size)
                            <= width =>
                {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

fn cut(word: &str, size: f64, width: f64) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0.0;
    for letter in word.chars() {
        let letter_px = width_em(letter) * size;
        if used + letter_px > width && used > 0.0 {
            pieces.push(String::new());
            used = 0.0;
        }
        used += letter_px;
        if let Some(piece) = pieces.last_mut() {
            piece.push(letter);
        }
    }
    pieces
}

/// The text with at most this many letters. A longer one is cut and ends in an ellipsis.
pub(super) fn shorten(text: &str, letters_max: usize) -> String {
    if text.chars().count() <= letters_max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(letters_max.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A number with at most four letters: 0.4, 37, 1.2k, 15k.
pub(super) fn compact(value: f64) -> String {
    match value {
        v if v < 0.05 => "0".to_owned(),
        v if v < 9.95 => format!("{v:.1}").trim_end_matches(".0").to_owned(),
        v if v < 999.5 => format!("{v:.0}"),
        v if v < 9_950.0 => format!("{:.1}k", v / 1e3),
        v if v < 999_500.0 => format!("{:.0}k", v / 1e3),
        v if v < 9_950_000.0 => format!("{:.1}M", v / 1e6),
        v => format!("{:.0}M", v / 1e6),
    }
}

/// A range below 10,000 km is rounded to kilometres.
pub(super) fn kilometres(km: f64) -> String {
    if km < 9_999.5 {
        format!("{km:.0}")
    } else {
        compact(km)
    }
}

/// A whole number with thin spaces between thousands.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.04, "0"),
            (0.26, "0.3"),
            (3.0, "3"),
            (9.94, "9.9"),
            (9.96, "10"),
            (999.4, "999"),
            (999.6, "1.0k"),
            (1_234.0, "1.2k"),
            (15_400.0, "15k"),
            (2_345_678.0, "2.3M"),
        ] {
            assert_eq!(compact(value), text, "{value}");
        }
        assert_eq!(grouped(1_234_567.4), "1\u{2009}234\u{2009}567");
        assert_eq!(grouped(999.0), "999");
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_replaced() {
        assert_eq!(shorten("Автобус", 7), "Автобус");
        assert_eq!(shorten("Автобус", 5), "Авто…");
        assert_eq!(escape("<&\">\u{1}"), "&lt;&amp;\"&gt;\\u{1}");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(
            text in "[a-zA-Z0-9 ,.м—]{0,200}", width in 40.0_f64..400.0,
        ) {
            let lines = wrap(&text, 12.0, width);
            for line in &lines {
                prop_assert!(width_px(line, 12.0) <= width, "{line:?}");
            }
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn fitted_text_fits(text in "[0-9.k(),%–]{1,6}", width in 20.0_f64..60.0) {
            let style = Style::new(10.0, RGBColor(0, 0, 0)).fit(&text, width);
            prop_assert!(style.size <= 10.0);
            let fits = width_px(&text, style.size) <= width + 1e-9;
            prop_assert!(fits || style.size == SIZE_MIN);
        }
    }
}
