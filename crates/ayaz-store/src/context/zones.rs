//! Time zones as the database has them. What this machine knows of zones is of another release, or is not
//! there at all: then SQL and the worker would cut service days at different instants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{BufMut, BytesMut};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use tokio_postgres::GenericClient;

use crate::error::StoreError;

/// Zones that were asked for over one connection; they end with it, since the server may have other time
/// zone data when it comes back. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    known: Arc<Mutex<BTreeMap<String, TimeZone>>>,
}

/// From an instant on, s since 1970, a zone's clock is so far ahead of UTC, s.
type Offset = (i64, i32);

impl Zones {
    /// The zone of that name, by the database's data.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] for a name that the database does not know, [`StoreError::Context`] for offsets
    /// that no zone has.
    pub(crate) async fn get(
        &self,
        client: &impl GenericClient,
        name: &str,
    ) -> Result<TimeZone, StoreError> {
        if let Some(zone) = self.known().get(name) {
            return Ok(zone.clone());
        }
        let rows = client
            .query(
                "-- zone_offsets
                select extract(epoch from since)::bigint, offset_seconds from zone_offsets($1)
                order by 1",
                &[&name],
            )
            .await
            .map_err(|error| StoreError::from_driver("read a time zone", error))?;
        let offsets: Vec<Offset> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let zone = zone(name, &offsets).ok_or_else(|| {
            // It costs the vehicles of that zone, and no other.
            StoreError::Context(format!(
                "the offsets that the database has for the time zone {name:?} cannot be understood: name \
                 another zone, or check the time zone data (tzdata) on the machine of the database server"
            ))
        })?;
        self.known().insert(name.to_owned(), zone.clone());
        Ok(zone)
    }

    /// The first instant from 1990 to 2050 for which this machine's own data of the zone say otherwise, or
    /// the first of all where it has none; `None` if they agree.
    pub(crate) async fn differs_here(
        &self,
        client: &impl GenericClient,
        name: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let there = self.get(client, name).await?;
        let [from, to] = [1990, 2050].map(|year| civil::date(year, 1, 1).at(0, 0, 0, 0));
        let [from, to] = [from, to].map(|at| {
            TimeZone::UTC
                .to_timestamp(at)
                .unwrap_or(Timestamp::UNIX_EPOCH)
        });
        let Ok(here) = TimeZone::get(name) else {
            return Ok(Some(from));
        };
        let changes = |of: &TimeZone| -> Vec<Timestamp> {
            let changes = of.following(from).map(|change| change.timestamp());
            changes.take_while(|at| *at < to).collect()
        };
        let mut instants = [vec![from], changes(&here), changes(&there)].concat();
        instants.sort_unstable();
        let differs = |at: &Timestamp| here.to_offset(*at) != there.to_offset(*at);
        Ok(instants.into_iter().find(differs))
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, TimeZone>> {
        // A zone is entered whole, so a panic elsewhere leaves it usable.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A zone that goes by these offsets, which are in order; before the first, its own holds. `None` for
/// what no zone does.
fn zone(name: &str, offsets: &[Offset]) -> Option<TimeZone> {
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

/// The file that such a zone has, RFC 8536: of version 2, whose first part, for programs of before, says
/// nothing. What holds before the first change is the first type.
fn tzif(types: &[i32], changes: &[(i64, u8)]) -> BytesMut {
    let mut out = BytesMut::new();
    put_header(&mut out, 0, 1);
    put_types(&mut out, &[0]);
    put_header(&mut out, changes.len(), types.len());
    for (since, _) in changes {
        out.put_i64(*since);
    }
    for (_, place) in changes {
        out.put_u8(*place);
    }
    put_types(&mut out, types);
    // The rule for the time after the last change: its offset stays. In it, time behind UTC is positive.
    let last = changes.last().map_or(0, |(_, place)| usize::from(*place));
    let behind = -types.get(last).copied().unwrap_or(0);
    let (sign, seconds) = (if behind < 0 { "-" } else { "" }, behind.unsigned_abs());
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    out.put_slice(format!("\nLMT{sign}{hours}:{minutes:02}:{seconds:02}\n").as_bytes());
    out
}

fn put_header(out: &mut BytesMut, changes: usize, types: usize) {
    out.put_slice(b"TZif2");
    out.put_bytes(0, 15);
    // Of changes told in UTC or standard time, and of leap seconds, there are none.
    for count in [0, 0, 0, changes, types, ABBREVIATION.len()] {
        out.put_u32(count as u32);
    }
}

/// Nobody reads abbreviations here, but each type must have one, and so must the rule at the end.
const ABBREVIATION: &[u8] = b"LMT\0";

fn put_types(out: &mut BytesMut, types: &[i32]) {
    for offset in types {
        out.put_i32(*offset);
        // No summer time, and the first abbreviation.
        out.put_slice(&[0, 0]);
    }
    out.put_slice(ABBREVIATION);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_goes_by_its_offsets() {
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
            // Whoever looks for the next change finds one that is later, or none.
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
