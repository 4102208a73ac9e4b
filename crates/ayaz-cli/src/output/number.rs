//! Figures for people, with few decimals.

/// Shown for a value that was not measured.
pub(crate) const NOTHING: &str = "–";

/// The value with this number of decimals.
pub(crate) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(
        || NOTHING.to_owned(),
        |value| rounded(format!("{value:.decimals$}")),
    )
}

/// Removes the sign of a rounded zero.
fn rounded(text: String) -> String {
    match text.strip_prefix('-') {
        Some(size) if size.trim_matches(['0', '.']).is_empty() => size.to_owned(),
        _ => text,
    }
}

/// A share of 0 to 1 as whole percent.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || NOTHING.to_owned(),
        |share| rounded(format!("{:.0}", 100.0 * share)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_without_a_negative_zero() {
        assert_eq!(number(Some(-0.04), 1), "0.0");
        assert_eq!(number(Some(-0.06), 1), "-0.1");
        assert_eq!(
            (percent(Some(-0.004)), percent(Some(-0.1))),
            ("0".into(), "-10".into())
        );
    }
}
