//! Fills a database for the dashboards.

use anyhow::{Context, Result, ensure};
use ayaz_cli::demo::fleet::{self, SimulatedFleet};
use ayaz_model::{ChargeState, FleetId, TopicKind, UnixMicroseconds, VehicleKey};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::VehicleStatus;
use ayaz_publisher::{Publisher, encode};
use ayaz_store::{backlog, vehicles};
use system_tests::{Program, TestBed, wait};

use crate::fixtures::{readings, vehicle};

/// The fleet that `SimulatedFleet` sends as. No other test subscribes to it.
pub(super) const FLEET: &str = "astana";

/// Number of buses that send a day.
pub(super) const BUSES: usize = 3;

/// A bus that is live too.
const LIVE_BUS: &str = "E12-900";

/// A bus that is parked in the cold at any hour. When buses of the fleet are parked depends on the hour.
const SOAKING_BUS: &str = "E12-901";

/// An invalid payload: it becomes a dead letter.
pub(super) const UNREADABLE: &[u8] = &[0xff; 8];

/// Stores a day of the fleet, a live bus and a dead letter, and runs the worker.
pub(super) async fn fill(bed: &mut TestBed) -> Result<()> {
    let ingest = ingest(bed, FLEET, 30_000).await?;
    let simulated = SimulatedFleet::winter(1, BUSES, 1);
    simulated.register(&mut bed.owner.client).await?;
    let client_id = format!("dashboards-{}", bed.fleet);
    let mut publisher = fleet::publisher(bed.mqtt_url.parse()?, &client_id).await?;
    let past = simulated.backfill(&mut publisher).await?;
    let live = send_live_bus(bed, &publisher).await? + send_soaking_bus(&publisher).await?;
    publisher.finish().await?;
    wait::until("every reading to be stored", 60, async || {
        let messages = "select (select count(*) from dead_letter)
            + (select count(*) from vehicle_status where online)";
        Ok(
            backlog::readings_stored(&bed.owner.client).await? == past.readings + live
                && bed.number(messages).await? == 2,
        )
    })
    .await
    .with_context(|| ingest.log())?;
    ingest.terminate().await?;
    bed.analyse().await?;
    ensure!(backlog::hours_pending(&bed.owner.client).await? == 0);
    Ok(())
}

/// Sends a bus that is charging now, at any hour, and an invalid message. `vehicle_now` needs it, because
/// it leaves out late readings. Returns the number of its readings.
async fn send_live_bus(bed: &TestBed, publisher: &Publisher) -> Result<u64> {
    let fleet: FleetId = FLEET.parse()?;
    let bus = vehicle(LIVE_BUS);
    let key = VehicleKey {
        fleet: fleet.clone(),
        vehicle: bus.clone(),
    };
    vehicles::assign_model(&bed.owner.client, &key, ayaz_sim::E12.name).await?;
    let mut live = readings(1, 10);
    for reading in &mut live {
        let measured = &mut reading.measurements;
        measured.block = Some("10-1".into());
        measured.charge_state = Some(ChargeState::Charging);
        measured.charger_power_watts = Some(60_000.0);
        measured.charge_power_limit_kw = Some(80.0);
        measured.cell_temperature_min_celsius = Some(4.5);
        measured.battery_temperature_celsius = Some(6.0);
        measured.cabin_temperature_celsius = Some(-10.0);
        measured.low_voltage_battery_volts = Some(27.0);
        measured.alarm_level = Some(0);
    }
    // No position fix: a sentinel that the worker flags.
    live[5].measurements.latitude_degrees = Some(0.0);
    live[5].measurements.longitude_degrees = Some(0.0);
    let status = VehicleStatus {
        vehicle: LIVE_BUS.to_owned(),
        online: true,
        boot_id: 1,
    };
    let telemetry = encode::telemetry_batch(&bus, false, &live).encode_to_vec();
    let topic = TopicKind::Telemetry.topic(&fleet, &bus);
    publisher.publish(&topic, telemetry.into()).await?;
    publisher.publish(&topic, UNREADABLE.into()).await?;
    // One reading has a clock that was never set.
    let mut unset = readings(2, 1);
    unset[0].key.recorded_at = UnixMicroseconds(60_000_000);
    let telemetry = encode::telemetry_batch(&bus, false, &unset).encode_to_vec();
    publisher.publish(&topic, telemetry.into()).await?;
    let topic = TopicKind::Status.topic(&fleet, &bus);
    let status = status.encode_to_vec();
    publisher.publish(topic, status.into()).await?;
    Ok((live.len() + unset.len()) as u64)
}

/// Sends a bus that was parked unplugged for two hours, from three hours ago, with a reading a minute.
/// Returns the number of its readings.
async fn send_soaking_bus(publisher: &Publisher) -> Result<u64> {
    let bus = vehicle(SOAKING_BUS);
    let mut soaking = readings(1, 121);
    let began_at = soaking[0].key.recorded_at.plus(-3 * 3_600_000_000);
    for (minute, reading) in (0..).zip(&mut soaking) {
        reading.key.recorded_at = began_at.plus(minute * 60_000_000);
        let measured = &mut reading.measurements;
        measured.speed_kmh = Some(0.0);
        measured.charge_state = Some(ChargeState::Unplugged);
        measured.battery_temperature_celsius = Some(15.0 - minute as f32 / 12.0);
    }
    let telemetry = encode::telemetry_batch(&bus, true, &soaking).encode_to_vec();
    let topic = TopicKind::Telemetry.topic(&FLEET.parse()?, &bus);
    publisher.publish(&topic, telemetry.into()).await?;
    Ok(soaking.len() as u64)
}

/// Starts the ingest daemon, subscribed to one fleet. A day is sent at once, so the receive maximum keeps
/// the messages in flight far below the daemon's memory bound.
pub(super) async fn ingest(bed: &TestBed, fleet: &str, write_timeout_ms: u64) -> Result<Program> {
    let ingest = Program::daemon(
        "ayaz-ingest",
        &bed.environment(),
        &format!(
            "[mqtt]\nurl = 'mqtt://127.0.0.1'\nclient_id = 'dashboards-ingest-{}'\n\
             fleets = ['{fleet}']\nreceive_maximum = 500\n[database]\nurl = 'postgres://127.0.0.1/x'\n\
             write_timeout_ms = {write_timeout_ms}\n",
            bed.fleet,
        ),
    )?;
    ingest.until_ready().await?;
    Ok(ingest)
}
