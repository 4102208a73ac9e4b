//! Hours of fleets, judged: whose exterior temperatures the others contradict.
//!
//! A refresh that changes what a vehicle measured on trips in an hour leaves that hour on a queue,
//! fleet by fleet. What is flagged is worked out from the buckets of all of the fleet's vehicles in
//! that hour, and from nothing else, so neither the order of arrival nor that of the refreshes
//! matters to where it ends. In the transaction that takes the hour off the queue, the sessions of
//! those vehicles whose flag has turned are put together anew, from buckets: readings are not
//! needed. Where that fails for what is known of a vehicle or for its data, the hour goes back on that
//! vehicle's own queue, and the fleet's hour is done.
//!
//! An open hour changes with each refresh of each vehicle, so it is judged once it is
//! over: until then its sessions take its temperatures as they are.

use ayaz_energy::exterior::VehicleExterior;
use ayaz_energy::fleet::{self, FleetConfig};
use ayaz_model::VehicleNumber;
use ayaz_store::analytics::fleet_hours::{self, FleetHour, FleetStatements, QueuedFleetHour};
use ayaz_store::analytics::{RefreshStatements, RefreshStorage};
use ayaz_store::{Connection, StoreError};

use crate::metrics as names;
use crate::refresh::refresh_sessions;

/// So many are judged before the worker looks at what has come in meanwhile. One of 10,000 vehicles
/// takes some 25 ms; while a fleet's past arrives bus by bus, its hours come here again and again.
const HOURS_PER_ROUND_MAX: u32 = 50;

/// Vehicles whose sessions are put together anew in one transaction. More of them wait for the
/// next.
const TURNED_MAX: usize = 100;

/// Judges some of the hours that wait, and says whether any of them still does. `with_open` is
/// whether an hour that is not over counts.
pub(super) async fn judge_some(
    connection: &mut Connection,
    statements: (&RefreshStatements, &FleetStatements),
    config: &FleetConfig,
    with_open: bool,
) -> Result<bool, StoreError> {
    let client = &connection.client;
    let queued = fleet_hours::next_hours(client, with_open, HOURS_PER_ROUND_MAX).await?;
    for hour in &queued {
        let judged = judge(connection, statements, config, hour).await;
        judged.inspect_err(|error| {
            let QueuedFleetHour { fleet, hour } = hour;
            tracing::debug!(fleet, %hour, %error, "judging failed");
        })?;
    }
    let due = fleet_hours::hours_due(&connection.client, with_open).await?;
    metrics::gauge!(names::BACKLOG_FLEET_HOURS).set(due as f64);
    Ok(due > 0)
}

async fn judge(
    connection: &mut Connection,
    (refresh, statements): (&RefreshStatements, &FleetStatements),
    config: &FleetConfig,
    queued: &QueuedFleetHour,
) -> Result<(), StoreError> {
    let mut hour = FleetHour::begin(&mut connection.client, statements, queued).await?;
    let exteriors: Vec<VehicleExterior> = hour.exteriors().await?;
    let judgement = fleet::judge(&exteriors, config);
    let changes = fleet::changes(&hour.flags().await?, &judgement.flags, TURNED_MAX);
    hour.change_flags(&changes.forget, &changes.remember)
        .await?;
    for vehicle in &changes.turned {
        match mend_sessions(&mut hour, refresh, *vehicle).await {
            // Its hour waits with the vehicle's others, and the fleet does not.
            Err(error) if error.affects_one_vehicle() => {
                tracing::debug!(vehicle, %error, "mending sessions failed");
                // Where a statement has failed, none succeeds any more: a new savepoint.
                let sessions = hour.sessions_of(refresh, *vehicle).await?;
                sessions.queue_hours(&[queued.hour], None).await?;
                sessions.commit().await?;
            }
            mended => mended?,
        }
    }
    if changes.complete {
        hour.save_median(judgement.fleet).await?;
    }
    hour.commit().await?;
    let turned = changes.turned.len() as u64;
    if turned > 0 {
        let QueuedFleetHour { fleet, hour } = queued;
        let flagged = judgement.flags.len();
        tracing::debug!(fleet, %hour, flagged, turned, "exterior temperatures judged");
    }
    metrics::counter!(names::FLEET_HOURS_JUDGED).increment(u64::from(changes.complete));
    metrics::counter!(names::EXTERIOR_DOUBTS_TURNED).increment(turned);
    Ok(())
}

/// Puts the sessions of one vehicle together anew, in a savepoint. If that fails, it is rolled back.
async fn mend_sessions(
    hour: &mut FleetHour<'_>,
    refresh: &RefreshStatements,
    vehicle: VehicleNumber,
) -> Result<(), StoreError> {
    let sessions = hour.sessions_of(refresh, vehicle).await?;
    let day_rules = sessions.service_day_rules().await?;
    refresh_sessions(&sessions, &day_rules).await?;
    sessions.commit().await
}
