//! Finds the name that a user probably meant.

/// Minimum length of a prefix that may stand for a name.
const PREFIX_MIN: usize = 3;

/// The candidate with the smallest edit distance, if that is small enough; else the shortest candidate
/// that begins with `wanted`.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance_max = wanted.chars().count() / 3 + 1;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let closest = candidates
        .iter()
        .map(|candidate| (distance(wanted, candidate), *candidate))
        .min_by_key(|(changes, _)| *changes)
        .filter(|(changes, _)| *changes <= distance_max);
    let begins = |candidate: &&str| {
        let wanted = wanted.to_lowercase();
        wanted.len() >= PREFIX_MIN && candidate.to_lowercase().starts_with(&wanted)
    };
    let longer = || candidates.iter().copied().filter(begins);
    closest
        .map(|(_, candidate)| candidate)
        .or_else(|| longer().min_by_key(|candidate| candidate.len()))
}

/// `, did you mean "X"?`, or an empty text.
pub fn suggestion<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(wanted, candidates) {
        Some(candidate) => format!(", did you mean {candidate:?}?"),
        None => String::new(),
    }
}

/// Levenshtein distance without regard to case.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_name_is_found_and_a_different_one_is_not() {
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
