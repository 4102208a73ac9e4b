//! Colours of the light and the dark theme.
//!
//! The drawing library writes colours as attributes and does not support classes. One file must
//! work in both themes, so a style sheet replaces each light colour, found by its value, with the
//! dark one.

use std::fmt::Write as _;

use clap::ValueEnum;
use plotters::style::RGBColor;

/// Colour theme of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Theme {
    /// Light, or dark if the reader's system requests it.
    Auto,
    /// Dark on white, also on paper.
    Light,
    /// Light on black.
    Dark,
}

/// The purpose of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Background,
    Text,
    /// Less important text and marks: notes, figures with too little data.
    Muted,
    Grid,
    /// Trips that are in no figure.
    LeftOut,
    /// The weather that losses are compared with.
    Mild,
    /// A group, by its place in the legend.
    Group(usize),
}

/// Number of groups with colours that readers can distinguish.
pub(super) const GROUPS_MAX: usize = 8;

type Rgb = [u8; 3];

/// The light and dark colours of each role.
const NEUTRAL: [(Role, Rgb, Rgb); 6] = [
    (Role::Background, [0xff, 0xff, 0xff], [0x14, 0x18, 0x1d]),
    (Role::Text, [0x1b, 0x1f, 0x24], [0xe9, 0xec, 0xef]),
    (Role::Muted, [0x5c, 0x63, 0x6b], [0xa4, 0xac, 0xb5]),
    (Role::Grid, [0xe3, 0xe6, 0xe9], [0x30, 0x36, 0x3d]),
    (Role::LeftOut, [0x86, 0x8d, 0x95], [0x78, 0x80, 0x89]),
    (Role::Mild, [0xf5, 0xf2, 0xe4], [0x26, 0x26, 0x1f]),
];

/// A search chose these colours. It maximises the smallest difference in Lab between any two
/// colours of a theme, for normal, red-blind, green-blind and blue-blind vision. The difference is
/// 25 to 40; 2 is visible.
const GROUPS: [(Rgb, Rgb); GROUPS_MAX] = [
    ([0x03, 0x00, 0xc3], [0x5d, 0x51, 0xff]),
    ([0xc0, 0x84, 0x00], [0xda, 0x85, 0x00]),
    ([0x2c, 0xa3, 0x69], [0x57, 0xff, 0x89]),
    ([0xa2, 0x80, 0xac], [0xe8, 0x90, 0xff]),
    ([0x4b, 0x44, 0x00], [0xfc, 0xf9, 0x00]),
    ([0x00, 0x00, 0x00], [0x96, 0x8d, 0x9c]),
    ([0x87, 0x7e, 0xff], [0xc7, 0xff, 0xe8]),
    ([0x6a, 0x00, 0x71], [0xc3, 0x32, 0x38]),
];

/// The colours of one theme.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    is_dark: bool,
}

impl Palette {
    pub(super) fn new(theme: Theme) -> Self {
        Self {
            is_dark: theme == Theme::Dark,
        }
    }

    pub(super) fn of(self, role: Role) -> RGBColor {
        let (light, dark) = both(role);
        let [red, green, blue] = if self.is_dark { dark } else { light };
        RGBColor(red, green, blue)
    }
}

fn both(role: Role) -> (Rgb, Rgb) {
    match role {
        Role::Group(index) => GROUPS[index % GROUPS_MAX],
        neutral => NEUTRAL
            .iter()
            .find(|(role, ..)| *role == neutral)
            .map_or(GROUPS[0], |(_, light, dark)| (*light, *dark)),
    }
}

/// The style sheet that switches to dark colours, if the theme follows the reader's system.
pub(super) fn style_sheet(theme: Theme) -> String {
    if theme != Theme::Auto {
        return String::new();
    }
    let mut rules = String::new();
    let neutral = NEUTRAL.iter().map(|(_, light, dark)| (*light, *dark));
    for (light, dark) in neutral.chain(GROUPS) {
        let (light, dark) = (hex(light), hex(dark));
        for attribute in ["fill", "stroke"] {
            // Writing to a string cannot fail.
            let _ = writeln!(rules, "[{attribute}=\"{light}\"]{{{attribute}:{dark}}}");
        }
    }
    format!("<style>\n@media (prefers-color-scheme: dark) {{\n{rules}}}\n</style>\n")
}

/// In the format of the drawing library.
fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of the Web Content Accessibility Guidelines, 1 to 21.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let luminance = |rgb: Rgb| {
            let [red, green, blue] = rgb.map(|byte| {
                let value = f64::from(byte) / 255.0;
                if value <= 0.040_45 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_and_marks_have_enough_contrast_in_both_themes() {
        let least = |role, on, ratio: f64| {
            let ((light, dark), (on_light, on_dark)) = (both(role), both(on));
            for (colour, on) in [(light, on_light), (dark, on_dark)] {
                let found = contrast(colour, on);
                assert!(found >= ratio, "{role:?}: {found:.1} of {ratio}");
            }
        };
        for on in [Role::Background, Role::Mild] {
            least(Role::Text, on, 7.0);
            least(Role::Muted, on, 4.5);
        }
        least(Role::LeftOut, Role::Background, 3.0);
        for index in 0..GROUPS_MAX {
            least(Role::Group(index), Role::Background, 3.0);
        }
    }

    #[test]
    fn light_colours_are_unique_for_the_style_sheet() {
        let mut light: Vec<Rgb> = NEUTRAL.iter().map(|(_, light, _)| *light).collect();
        light.extend(GROUPS.map(|(light, _)| light));
        let count = light.len();
        light.sort_unstable();
        light.dedup();
        assert_eq!(light.len(), count);
    }

    #[test]
    fn only_the_automatic_theme_has_a_style_sheet() {
        assert!(style_sheet(Theme::Auto).contains("[fill=\"#FFFFFF\"]{fill:#14181D}"));
        assert_eq!(style_sheet(Theme::Light), "");
        assert_eq!(style_sheet(Theme::Dark), "");
    }
}
