//! A time zone made from its offsets, independent of this machine's zone database.

use jiff::tz::TimeZone;

/// From this instant (s since 1970) on, a zone's clock is this far ahead of UTC (s).
pub type ZoneOffset = (i64, i32);

/// A zone with these offsets, which are sorted. The first one also holds before its time. `None` if
/// the offsets are not valid.
pub fn zone(name: &str, offsets: &[ZoneOffset]) -> Option<TimeZone> {
    let mut types: Vec<i32> = Vec::new();
    let mut changes: Vec<(i64, u8)> = Vec::new();
    for (since, offset) in offsets {
        let known = types.iter().position(|of| of == offset);
        let place = known.unwrap_or_else(|| {
            types.push(*offset);
            types.len() - 1
        });
        changes.push((*since, u8::try_from(place).ok()?));
    }
    if types.is_empty() {
        return None;
    }
    TimeZone::tzif(name, &tzif(&types, &changes[1..])).ok()
}

/// The file of such a zone, RFC 8536, version 2. The first part, for older programs, is empty. The
/// first type holds before the first change.
fn tzif(types: &[i32], changes: &[(i64, u8)]) -> Vec<u8> {
    let mut out = Vec::new();
    put_header(&mut out, 0, 1);
    put_types(&mut out, &[0]);
    put_header(&mut out, changes.len(), types.len());
    for (since, _) in changes {
        out.extend_from_slice(&since.to_be_bytes());
    }
    for (_, place) in changes {
        out.push(*place);
    }
    put_types(&mut out, types);
    // The rule for the time after the last change keeps its offset. In it, time behind UTC is
    // positive.
    let last = changes.last().map_or(0, |(_, place)| usize::from(*place));
    let behind = -types.get(last).copied().unwrap_or(0);
    let (sign, seconds) = (if behind < 0 { "-" } else { "" }, behind.unsigned_abs());
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    out.extend_from_slice(format!("\nLMT{sign}{hours}:{minutes:02}:{seconds:02}\n").as_bytes());
    out
}

fn put_header(out: &mut Vec<u8>, changes: usize, types: usize) {
    out.extend_from_slice(b"TZif2");
    out.extend_from_slice(&[0; 15]);
    // No indicators of UTC or standard time, and no leap seconds.
    for count in [0, 0, 0, changes, types, ABBREVIATION.len()] {
        out.extend_from_slice(&(count as u32).to_be_bytes());
    }
}

/// Nothing reads abbreviations here, but each type and the rule at the end must have one.
const ABBREVIATION: &[u8] = b"LMT\0";

fn put_types(out: &mut Vec<u8>, types: &[i32]) {
    for offset in types {
        out.extend_from_slice(&offset.to_be_bytes());
        // No summer time, and the first abbreviation.
        out.extend_from_slice(&[0, 0]);
    }
    out.extend_from_slice(ABBREVIATION);
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_zone_uses_its_offsets() {
        // Astana left UTC+6 for UTC+5 on 1 March 2024.
        let offsets = [(0, 21_600), (1_709_229_600, 18_000)];
        let made = zone("Asia/Almaty", &offsets).expect("a zone");
        assert_eq!(made.iana_name(), Some("Asia/Almaty"));
        for (at, seconds) in [
            (-5_000_000_000, 21_600),
            (1_709_229_599, 21_600),
            (1_709_229_600, 18_000),
            (32_503_680_000, 18_000),
        ] {
            let at = Timestamp::from_second(at).expect("an instant");
            assert_eq!(made.to_offset(at).seconds(), seconds, "{at}");
            // The next change is later, or there is none.
            let next = made.following(at).next();
            assert!(next.is_none_or(|next| next.timestamp() > at), "{at}");
        }
        let west = zone("America/St_Johns", &[(0, -12_600), (5, -9_000)]).expect("a zone");
        assert_eq!(west.to_offset(Timestamp::MAX).seconds(), -9_000);
        let utc = zone("UTC", &[(0, 0)]).expect("a zone");
        assert_eq!(utc.to_offset(Timestamp::UNIX_EPOCH).seconds(), 0);
        assert!(zone("nowhere", &[]).is_none());
        assert_eq!(zone("Asia/Almaty", &offsets), Some(made));
    }
}
