//! Figures of buses that are heated from different sources.

use ayaz_store::reports::HeatSources;

use crate::output::sheet::Columns;

impl<'a, R: 'a> Columns<'a, R> {
    /// These, and then what the buses of a row are heated by.
    pub(super) fn with_heat_sources(self, sources: fn(&R) -> &HeatSources) -> Self {
        self.with("heat_sources", move |row| {
            let known = Some(sources(row)).filter(|it| !it.is_empty());
            known.map(ToString::to_string)
        })
        .with("heat_is_mixed", move |row| sources(row).is_mixed())
    }
}

/// Marks a figure whose buses do not compare.
pub(super) const SIGN: &str = "‡";

/// What stands behind a band: the sign, if it needs it.
pub(super) fn mark(sources: &HeatSources) -> &'static str {
    if sources.is_mixed() { " ‡" } else { "" }
}

/// What people have to know of the marks, and what parts the buses; `None` if there is no mark.
pub(super) fn note<'a>(
    sources: impl Iterator<Item = &'a HeatSources>,
    parted_by: &str,
) -> Option<String> {
    let mut mixed: Vec<String> = sources
        .filter(|sources| sources.is_mixed())
        .map(ToString::to_string)
        .collect();
    mixed.sort_unstable();
    mixed.dedup();
    (!mixed.is_empty()).then(|| {
        format!(
            "{SIGN}: buses that are heated from different sources ({}) are in one figure; {parted_by} \
             parts them.",
            mixed.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buses_that_do_not_compare_are_marked_and_told() {
        let sources =
            |names: &[&str]| HeatSources::new(names.iter().map(|name| (*name).to_owned()));
        let (mixed, alike) = (sources(&["fuel", "electric"]), sources(&["electric"]));
        assert_eq!((mark(&mixed), mark(&alike)), (" ‡", ""));
        assert_eq!(note([&alike].into_iter(), "--by bus"), None);
        let told = note([&alike, &mixed, &mixed].into_iter(), "--by bus").unwrap();
        assert!(
            told.starts_with("‡: buses") && told.contains("(electric+fuel)"),
            "{told}"
        );
        assert!(told.ends_with("--by bus parts them."), "{told}");
    }
}
