//! Two records of one vehicle and attribute may not be valid at the same time.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_model::VehicleKey;
use ayaz_store::context::{Attribute, ContextRecord};
use jiff::Timestamp;

use super::line::Placed;
use super::problem::{Place, Problems};
use super::time::period;

/// A record that will be stored, with its line; no line if it is stored already.
#[derive(Clone, Copy)]
struct FinalRecord<'a> {
    record: &'a ContextRecord,
    place: Option<&'a Place>,
}

/// The key of a record, which is unique.
pub(super) fn record_key(record: &ContextRecord) -> (&VehicleKey, Attribute, Option<Timestamp>) {
    (&record.vehicle, record.attribute, record.valid_from)
}

/// Reports entered records that overlap each other or a stored record.
pub(super) fn check(
    entered: &[&Placed<ContextRecord>],
    stored: &[ContextRecord],
    problems: &mut Problems,
) {
    let replaced: BTreeSet<_> = entered.iter().map(|line| record_key(&line.item)).collect();
    let mut by_attribute: BTreeMap<(&VehicleKey, Attribute), Vec<FinalRecord<'_>>> =
        BTreeMap::new();
    for line in entered {
        let later = FinalRecord {
            record: &line.item,
            place: Some(&line.place),
        };
        let key = (&line.item.vehicle, line.item.attribute);
        by_attribute.entry(key).or_default().push(later);
    }
    for record in stored {
        // Only attributes with entered records need a check.
        if let Some(records) = by_attribute.get_mut(&(&record.vehicle, record.attribute))
            && !replaced.contains(&record_key(record))
        {
            records.push(FinalRecord {
                record,
                place: None,
            });
        }
    }
    for mut records in by_attribute.into_values() {
        records.sort_by_key(|later| later.record.valid_from);
        check_sorted(&records, problems);
    }
}

fn check_sorted(records: &[FinalRecord<'_>], problems: &mut Problems) {
    let mut longest: Option<FinalRecord<'_>> = None;
    for later in records {
        let Some(earlier) = longest else {
            longest = Some(*later);
            continue;
        };
        let end = earlier.record.valid_to;
        if end.is_none() || end > later.record.valid_from {
            report(earlier, *later, problems);
        }
        if end.is_some() && later.record.valid_to.is_none_or(|to| Some(to) > end) {
            longest = Some(*later);
        }
    }
}

fn report(earlier: FinalRecord<'_>, later: FinalRecord<'_>, problems: &mut Problems) {
    // The message names the entered record. Stored records do not overlap each other.
    let (line, other) = match (later.place, earlier.place) {
        (Some(place), _) => ((place, later.record), earlier),
        (None, Some(place)) => ((place, earlier.record), later),
        (None, None) => return,
    };
    let (place, record) = line;
    let whose = other.place.map_or_else(
        || "which is stored".to_owned(),
        |place| format!("in {place}"),
    );
    let begins = later.record.valid_from.map(|from| from.to_string());
    let remedy = match (begins, earlier.place) {
        // Two records without a start have the same key, so the later one has a start.
        (None, _) => "correct one of them".to_owned(),
        (Some(begins), None) => format!(
            "end the stored one where this begins, with a line that has its valid_from and the valid_to \
             {begins}"
        ),
        (Some(begins), Some(_)) => {
            format!("end the earlier one where the later begins (valid_to {begins}), or earlier")
        }
    };
    let message = format!(
        "{} of {}, {}: overlaps the record {:?}, {}, {whose}: {remedy}",
        record.attribute.name(),
        record.vehicle,
        period(record.valid_from, record.valid_to),
        other.record.value,
        period(other.record.valid_from, other.record.valid_to),
    );
    problems.value(place, "value", &record.value, message);
}
