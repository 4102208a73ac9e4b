//! "Did you mean …?"

/// Shortest beginning of a name that may stand for it.
const BEGINNING_MIN: usize = 3;

/// The candidate that takes the fewest changes of a letter, if it takes few enough to be meant; else the
/// shortest of those that begin so.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let few = wanted.chars().count() / 3 + 1;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let likest = candidates
        .iter()
        .map(|candidate| (distance(wanted, candidate), *candidate))
        .min_by_key(|(changes, _)| *changes)
        .filter(|(changes, _)| *changes <= few);
    let begins = |candidate: &&str| {
        let wanted = wanted.to_lowercase();
        wanted.len() >= BEGINNING_MIN && candidate.to_lowercase().starts_with(&wanted)
    };
    let longer = || candidates.iter().copied().filter(begins);
    likest
        .map(|(_, candidate)| candidate)
        .or_else(|| longer().min_by_key(|candidate| candidate.len()))
}

/// `, did you mean "X"?`, or nothing.
pub fn suggestion<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(wanted, candidates) {
        Some(candidate) => format!(", did you mean {candidate:?}?"),
        None => String::new(),
    }
}

/// Levenshtein distance, regardless of case.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_strange_one_has_none() {
        let names = [
            "speed_kmh",
            "soc_percent",
            "soh_percent",
            "pack_voltage_volts",
        ];
        for (wanted, expected) in [
            ("speed_km", Some("speed_kmh")),
            ("SOC_percent", Some("soc_percent")),
            ("pack_voltage_volt", Some("pack_voltage_volts")),
            ("soc", Some("soc_percent")),
            ("pack_volts", None),
            ("x", None),
        ] {
            assert_eq!(nearest(wanted, names), expected, "{wanted}");
        }
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
