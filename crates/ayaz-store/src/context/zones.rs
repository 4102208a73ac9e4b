//! Time zones from the database. This machine's zone data may be of another version or missing; with them,
//! SQL and the worker would disagree on service days.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ayaz_energy::service_days::{ZoneOffset, zone};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use tokio_postgres::GenericClient;

use crate::error::StoreError;

/// Cache of the zones that were read over one connection. It is dropped with the connection, since the server
/// may have new zone data after a restart. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    known: Arc<Mutex<BTreeMap<String, TimeZone>>>,
}

impl Zones {
    /// The zone of that name, from the database's data.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if the database does not know the name, [`StoreError::Context`] if its offsets
    /// are impossible.
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
            // Only vehicles in that zone are affected.
            StoreError::Context(format!(
                "the offsets that the database has for the time zone {name:?} cannot be understood: name \
                 another zone, or check the time zone data (tzdata) on the machine of the database server"
            ))
        })?;
        self.known().insert(name.to_owned(), zone.clone());
        Ok(zone)
    }

    /// The first instant from 1990 to 2050 at which this machine's zone data differ, or the first of all if
    /// it has none; `None` if they agree.
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
        // An entry is inserted as a whole, so a panic elsewhere leaves the map valid.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
