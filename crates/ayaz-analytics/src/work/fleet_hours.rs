//! Judges hours of fleets: flags exterior temperatures that the other vehicles contradict.
//!
//! A refresh that changes the exterior temperature of a vehicle on trips in an hour queues this
//! hour for its fleet. The flags depend only on the buckets of all of the fleet's vehicles in the
//! hour. So neither the order of arrival nor that of the refreshes changes the final result. The
//! transaction that removes the hour from the queue also assembles the sessions of vehicles whose
//! flag has changed, from buckets, without readings. If this fails for the data or settings of one
//! vehicle, the hour goes to that vehicle's own queue, and the fleet's hour is done.
//!
//! An open hour changes with each refresh of each vehicle, so it is judged when it is over. Until
//! then its sessions use its temperatures as they are.

use ayaz_energy::exterior::VehicleExterior;
use ayaz_energy::fleet::{self, FleetConfig};
use ayaz_model::VehicleNumber;
use ayaz_store::analytics::fleet_hours::{self, FleetHour, FleetStatements, QueuedFleetHour};
use ayaz_store::analytics::{RefreshStatements, RefreshStorage};
use ayaz_store::{Connection, StoreError};

use crate::metrics as names;
use crate::refresh::refresh_sessions;

/// Most hours that are judged before the worker reads the ledger again. One of 10,000 vehicles
/// takes about 25 ms. While a fleet's past arrives bus by bus, its hours come here again and again.
const HOURS_PER_ROUND_MAX: u32 = 50;

/// Most vehicles whose sessions one transaction assembles again. More of them wait for the next
/// one.
const TURNED_MAX: usize = 100;

/// Judges some of the queued hours. Returns whether more are due. `with_open` tells whether open
/// hours count.
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
    hour.change_flags(&changes.removed, &changes.added).await?;
    for vehicle in &changes.turned {
        match reassemble_sessions(&mut hour, refresh, *vehicle).await {
            // Its hour waits with the vehicle's other hours; the fleet does not wait.
            Err(error) if error.affects_one_vehicle() => {
                tracing::debug!(vehicle, %error, "reassembling sessions failed");
                // After a failed statement, all others fail too: begin a new savepoint.
                let sessions = hour.sessions_of(refresh, *vehicle).await?;
                sessions.queue_hours(&[queued.hour], None).await?;
                sessions.commit().await?;
            }
            done => done?,
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
    metrics::counter!(names::EXTERIOR_FLAGS_TURNED).increment(turned);
    Ok(())
}

/// Assembles the sessions of one vehicle again, in a savepoint. If it fails, the savepoint is
/// rolled back.
async fn reassemble_sessions(
    hour: &mut FleetHour<'_>,
    refresh: &RefreshStatements,
    vehicle: VehicleNumber,
) -> Result<(), StoreError> {
    let sessions = hour.sessions_of(refresh, vehicle).await?;
    let day_rules = sessions.service_day_rules().await?;
    refresh_sessions(&sessions, &day_rules).await?;
    sessions.commit().await
}
