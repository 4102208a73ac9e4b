//! Figures of buses with different heat sources.

use ayaz_store::reports::HeatSources;

use crate::output::sheet::Columns;

impl<'a, R: 'a> Columns<'a, R> {
    /// Adds the heat sources of the row's buses.
    pub(super) fn with_heat_sources(self, sources: fn(&R) -> &HeatSources) -> Self {
        self.with("heat_sources", move |row| {
            let known = Some(sources(row)).filter(|it| !it.is_empty());
            known.map(ToString::to_string)
        })
        .with("heat_is_mixed", move |row| sources(row).is_mixed())
    }
}

/// Marks a figure that combines buses with different heat sources.
pub(super) const SIGN: &str = "‡";

/// The mark of a band, if its buses have different heat sources.
pub(super) fn mark(sources: &HeatSources) -> &'static str {
    if sources.is_mixed() { " ‡" } else { "" }
}

/// The note that explains the mark, and the option that separates the buses; `None` without a mark.
pub(super) fn note<'a>(
    sources: impl Iterator<Item = &'a HeatSources>,
    separated_by: &str,
) -> Option<String> {
    let mut mixed: Vec<String> = sources
        .filter(|sources| sources.is_mixed())
        .map(ToString::to_string)
        .collect();
    mixed.sort_unstable();
    mixed.dedup();
    (!mixed.is_empty()).then(|| {
        format!(
            "{SIGN}: buses that are heated from different sources ({}) are in one figure; {separated_by} \
             separates them.",
            mixed.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_heat_sources_are_marked_and_explained() {
        let sources =
            |names: &[&str]| HeatSources::new(names.iter().map(|name| (*name).to_owned()));
        let (mixed, alike) = (sources(&["fuel", "electric"]), sources(&["electric"]));
        assert_eq!((mark(&mixed), mark(&alike)), (" ‡", ""));
        assert_eq!(note([&alike].into_iter(), "--by bus"), None);
        let message = note([&alike, &mixed, &mixed].into_iter(), "--by bus").unwrap();
        assert!(
            message.starts_with("‡: buses") && message.contains("(electric+fuel)"),
            "{message}"
        );
        assert!(message.ends_with("--by bus separates them."), "{message}");
    }
}
