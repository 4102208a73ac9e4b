//! Time zones as the database has them. What this machine knows of zones is of another release, or is not
//! there at all: then SQL and the worker would cut service days at different instants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ayaz_energy::service_days::{ZoneOffset, zone};
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
        let offsets: Vec<ZoneOffset> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
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
