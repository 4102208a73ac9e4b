//! The separate database of a run, and its queries.

mod history;
mod live;

use ayaz_model::{FleetId, UnixMicroseconds, VehicleId, VehicleNumber};
use ayaz_store::{Connection, DatabaseUrl, Role, StoreError, migrate};
use tokio_postgres::Statement;

pub(crate) use history::History;

/// Memory to find equal keys. With more, the server uses the disk.
const VERIFY_MEMORY: &str = "128MB";

/// A migrated database with vehicles but without readings.
#[derive(Debug)]
pub(crate) struct ScratchDatabase {
    url: DatabaseUrl,
    owner: Connection,
}

/// Sums over the rows of a run. Vehicles are numbered from 1; the sequence is the place of a
/// reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Contents {
    /// Rows.
    pub(crate) rows: u64,
    /// Distinct keys.
    pub(crate) keys: u64,
    /// Sum over rows of vehicle × (2 × sequence + seconds since the first reading + drive cycle).
    pub(crate) checksum: u128,
}

/// Versions and durability settings of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerFacts {
    /// Such as `17.5`.
    pub(crate) postgres_version: String,
    /// Such as `2.19.3`.
    pub(crate) timescaledb_version: String,
    /// `apache` or `timescale`.
    pub(crate) edition: String,
    /// As the server shows it. It must be `on` for meaningful figures.
    pub(crate) fsync: String,
    /// As the server shows it. The daemon sets it to `on` for its connection.
    pub(crate) synchronous_commit: String,
}

impl ScratchDatabase {
    /// Creates the database `name` on the server, with the address `url`. Migrates it, adds the
    /// vehicles as numbers 1, 2, …, and makes a checkpoint, so that the run does not pay for it.
    /// The name must be a plain identifier.
    pub(crate) async fn create(
        server: &DatabaseUrl,
        name: &str,
        url: DatabaseUrl,
        fleet: &FleetId,
        vehicles: &[VehicleId],
    ) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_driver("create the run's database", error);
        let connection = Connection::open(server, Role::Owner).await?;
        connection
            .client
            .batch_execute(&format!("-- create_scratch\ncreate database {name}"))
            .await
            .map_err(failed)?;
        migrate::migrate(&url).await?;
        let owner = Connection::open(&url, Role::Owner).await?;
        let names: Vec<&str> = vehicles.iter().map(VehicleId::as_str).collect();
        owner
            .client
            .execute(
                "-- enter_scratch_vehicles
                insert into vehicle (fleet, vehicle)
                select $1, name from unnest($2::text[]) with ordinality as v (name, place)
                order by place",
                &[&fleet.as_str(), &names],
            )
            .await
            .map_err(failed)?;
        owner
            .client
            .batch_execute("-- analyze_scratch\nanalyze vehicle; checkpoint")
            .await
            .map_err(failed)?;
        Ok(Self { url, owner })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The stored contents. The first reading of a vehicle must be at `start` with the sequence 0.
    pub(crate) async fn contents(&self, start: UnixMicroseconds) -> Result<Contents, StoreError> {
        let failed = |error| StoreError::from_driver("verify the run's rows", error);
        let client = &self.owner.client;
        client
            .batch_execute(&format!(
                "-- verify_memory\nset work_mem = '{VERIFY_MEMORY}'"
            ))
            .await
            .map_err(failed)?;
        let start = start.timestamp().unwrap_or_default();
        let row = client
            .query_one(
                "-- scratch_sums
                select
                    count(*),
                    coalesce(sum(
                        vehicle_id * (
                            2 * sequence
                            + extract(epoch from recorded_at - $1::timestamptz)::bigint
                            + drive_cycle
                        )
                    ), 0)::text
                from reading",
                &[&start],
            )
            .await
            .map_err(failed)?;
        let rows = row.get::<_, i64>(0).unsigned_abs();
        // Only a negative sum fails to parse, and a correct sum is never negative.
        let checksum = row.get::<_, &str>(1).parse().unwrap_or(u128::MAX);
        let row = client
            .query_one(
                "-- scratch_keys
                select count(*) from (
                    select from reading group by vehicle_id, recorded_at, boot_id, sequence
                ) as key",
                &[],
            )
            .await
            .map_err(failed)?;
        Ok(Contents {
            rows,
            keys: row.get::<_, i64>(0).unsigned_abs(),
            checksum,
        })
    }

    /// Bytes of write-ahead log that the server has written, for all its databases.
    pub(crate) async fn wal_position(&self) -> Result<u64, StoreError> {
        self.owner
            .client
            .query_one(
                "-- wal_position
                select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint",
                &[],
            )
            .await
            .map(|row| row.get::<_, i64>(0).unsigned_abs())
            .map_err(|error| StoreError::from_driver("read the position of the log", error))
    }

    /// Reads the server's versions and settings.
    pub(crate) async fn server_facts(&self) -> Result<ServerFacts, StoreError> {
        let row = self
            .owner
            .client
            .query_one(
                "-- server_facts
                select
                    split_part(current_setting('server_version'), ' ', 1),
                    (select extversion from pg_extension where extname = 'timescaledb'),
                    coalesce(current_setting('timescaledb.license', true), 'apache'),
                    current_setting('fsync'),
                    current_setting('synchronous_commit')",
                &[],
            )
            .await
            .map_err(|error| StoreError::from_driver("read the server's settings", error))?;
        Ok(ServerFacts {
            postgres_version: row.get(0),
            timescaledb_version: row.get(1),
            edition: row.get(2),
            fsync: row.get(3),
            synchronous_commit: row.get(4),
        })
    }

    /// Opens a connection that watches a vehicle's readings arrive.
    pub(crate) async fn watch(&self, vehicle: VehicleNumber) -> Result<Watch, StoreError> {
        let connection = Connection::open(&self.url, Role::Reader).await?;
        let statement = connection
            .client
            .prepare(
                "-- watch_readings
                select sequence from reading
                where vehicle_id = $1 and recorded_at > $2
                order by recorded_at",
            )
            .await
            .map_err(|error| StoreError::from_driver("watch readings", error))?;
        Ok(Watch {
            connection,
            statement,
            vehicle,
        })
    }
}

/// Queries new readings of one vehicle.
#[derive(Debug)]
pub(crate) struct Watch {
    connection: Connection,
    statement: Statement,
    vehicle: VehicleNumber,
}

impl Watch {
    /// Sequences of the readings after `recorded_at` that are visible now, in order.
    pub(crate) async fn after(
        &self,
        recorded_at: UnixMicroseconds,
    ) -> Result<Vec<u64>, StoreError> {
        let after = recorded_at.timestamp().unwrap_or_default();
        let rows = self
            .connection
            .client
            .query(&self.statement, &[&self.vehicle, &after])
            .await
            .map_err(|error| StoreError::from_driver("look for new readings", error))?;
        Ok(rows
            .iter()
            .map(|row| row.get::<_, i64>(0).unsigned_abs())
            .collect())
    }
}

/// Removes the databases with this name prefix, and closes their connections. Returns their number.
/// The prefix must be a plain identifier.
pub(crate) async fn remove(server: &DatabaseUrl, name_prefix: &str) -> Result<usize, StoreError> {
    let failed = |error| StoreError::from_driver("remove the run's database", error);
    let connection = Connection::open(server, Role::Owner).await?;
    let rows = connection
        .client
        .query(
            "-- scratch_databases
            select datname::text from pg_database where starts_with(datname::text, $1)",
            &[&name_prefix],
        )
        .await
        .map_err(failed)?;
    for row in &rows {
        let name: &str = row.get(0);
        connection
            .client
            .batch_execute(&format!(
                "-- remove_scratch\ndrop database if exists {name} with (force)"
            ))
            .await
            .map_err(failed)?;
    }
    Ok(rows.len())
}
