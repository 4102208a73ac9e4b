//! Renamed configuration keys. The error for an old key names the new one.

/// Old and new names of keys and sections. CHANGELOG.md has the same list.
const RENAMED: &[(&str, &str)] = &[
    (
        "refresh.running_hour_interval_s",
        "refresh.open_hour_interval_s",
    ),
    (
        "refresh.running_hours_memory_max_bytes",
        "refresh.open_hours_memory_max_bytes",
    ),
    (
        "refresh.touches_per_round_max",
        "refresh.ledger_rows_per_round_max",
    ),
    ("plausibility.stuck", "plausibility.flat_line"),
    (
        "plausibility.impossible_jump",
        "plausibility.rate_of_change",
    ),
];

/// The new name of a key or section, if it or its section was renamed.
pub(super) fn new_name(key: &str) -> Option<String> {
    RENAMED.iter().find_map(|(old, new)| {
        let rest = key.strip_prefix(old)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{new}{rest}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::Program;
    use super::*;

    #[test]
    fn an_old_key_or_section_has_its_new_name() {
        for (old, new) in [
            (
                "refresh.touches_per_round_max",
                Some("refresh.ledger_rows_per_round_max"),
            ),
            ("plausibility.stuck", Some("plausibility.flat_line")),
            (
                "plausibility.stuck.enabled",
                Some("plausibility.flat_line.enabled"),
            ),
            ("plausibility.stucked", None),
            ("refresh.trip_gap_s", None),
        ] {
            assert_eq!(new_name(old).as_deref(), new, "{old}");
        }
    }

    #[test]
    fn new_names_are_keys_and_old_ones_are_not() {
        let known: Vec<_> = Program::ALL
            .into_iter()
            .flat_map(|program| program.keys().into_keys())
            .collect();
        let is_known = |name: &str| {
            let inside = format!("{name}.");
            known
                .iter()
                .any(|key| key == name || key.starts_with(&inside))
        };
        for (old, new) in RENAMED {
            assert!(is_known(new), "{new}");
            assert!(!is_known(old), "{old}");
        }
    }
}
