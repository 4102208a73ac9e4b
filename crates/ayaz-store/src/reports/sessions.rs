//! Sessions: trips, charging, conditioning and parking.

use ayaz_energy::for_each_component;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::TripSelection;
use super::trips::as_sent;
use crate::error::StoreError;

macro_rules! session_row {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kwh:ident, $base:ident, $signal:ident, $part:ident;
    )+) => {
        /// One session: a row of the view `session_energy`, with its column names.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "the columns of `session_energy`")]
        pub struct SessionRow {
            pub fleet: String,
            pub vehicle: String,
            pub model: Option<String>,
            pub kind: String,
            pub started_at: Timestamp,
            pub ended_at: Timestamp,
            pub is_open: bool,
            pub service_day: jiff::civil::Date,
            pub route: Option<String>,
            pub charging_station: Option<String>,
            pub conditioning_source: Option<String>,
            pub duration_seconds: f64,
            pub coverage: Option<f64>,
            pub completeness: Option<f64>,
            pub flagged_seconds: f64,
            pub km: Option<f64>,
            pub net_kwh: Option<f64>,
            pub charged_kwh: Option<f64>,
            pub charger_kwh: Option<f64>,
            $($(#[doc = $doc])+ pub $kwh: Option<f64>,)+
            pub unexplained_kwh: Option<f64>,
            pub fuel_litres: Option<f64>,
            pub split_traction_kwh: Option<f64>,
            pub split_other_kwh: Option<f64>,
            pub split_source: Option<String>,
            pub soc_start_percent: Option<f32>,
            pub soc_end_percent: Option<f32>,
            pub exterior_temperature_mean_celsius: Option<f64>,
            pub cabin_start_celsius: Option<f64>,
            pub cabin_end_celsius: Option<f64>,
            pub battery_start_celsius: Option<f64>,
            pub battery_end_celsius: Option<f64>,
            pub heat_kwh: Option<f64>,
            pub fuel_heat_kwh: Option<f64>,
            pub cabin_heating_seconds: f64,
            pub cabin_temperature_mean_celsius: Option<f64>,
            pub is_cabin_cold: Option<bool>,
            pub wheel_regen_kwh: Option<f64>,
        }

        impl SessionRow {
            /// Column and energy of every component, kWh.
            pub const COMPONENTS: &'static [(&'static str, fn(&Self) -> Option<f64>)] =
                &[$((stringify!($kwh), |row| row.$kwh)),+];

            fn from_row(row: &Row) -> Self {
                Self {
            fleet: row.get("fleet"),
            vehicle: row.get("vehicle"),
            model: row.get("model"),
            kind: row.get("kind"),
            started_at: row.get("started_at"),
            ended_at: row.get("ended_at"),
            is_open: row.get("is_open"),
            service_day: row.get("service_day"),
            route: row.get("route"),
            charging_station: row.get("charging_station"),
            conditioning_source: row.get("conditioning_source"),
            duration_seconds: row.get("duration_seconds"),
            coverage: row.get("coverage"),
            completeness: row.get("completeness"),
            flagged_seconds: row.get("flagged_seconds"),
            km: row.get("km"),
            net_kwh: row.get("net_kwh"),
            charged_kwh: row.get("charged_kwh"),
            charger_kwh: row.get("charger_kwh"),
            $($kwh: row.get(stringify!($kwh)),)+
            unexplained_kwh: row.get("unexplained_kwh"),
            fuel_litres: row.get("fuel_litres"),
            split_traction_kwh: row.get("split_traction_kwh"),
            split_other_kwh: row.get("split_other_kwh"),
            split_source: row.get("split_source"),
            soc_start_percent: as_sent(row.get("soc_start_percent")),
            soc_end_percent: as_sent(row.get("soc_end_percent")),
            exterior_temperature_mean_celsius: row.get("exterior_temperature_mean_celsius"),
            cabin_start_celsius: row.get("cabin_start_celsius"),
            cabin_end_celsius: row.get("cabin_end_celsius"),
            battery_start_celsius: row.get("battery_start_celsius"),
            battery_end_celsius: row.get("battery_end_celsius"),
            heat_kwh: row.get("heat_kwh"),
            fuel_heat_kwh: row.get("fuel_heat_kwh"),
            cabin_heating_seconds: row.get("cabin_heating_seconds"),
            cabin_temperature_mean_celsius: row.get("cabin_temperature_mean_celsius"),
            is_cabin_cold: row.get("is_cabin_cold"),
            wheel_regen_kwh: row.get("wheel_regen_kwh"),
                }
            }
        }

        const STATEMENT: &str = concat!("-- sessions
    select
        fleet, vehicle, model, kind, started_at, ended_at, is_open, service_day, route,
        charging_station, conditioning_source, duration_seconds, coverage, completeness, flagged_seconds,
        km,
        net_kwh, charged_kwh, charger_kwh, ",
    $(stringify!($kwh), ", ",)+
    "unexplained_kwh, fuel_litres,
        split_traction_kwh, split_other_kwh, split_source, soc_start_percent, soc_end_percent,
        exterior_temperature_mean_celsius, cabin_start_celsius, cabin_end_celsius,
        battery_start_celsius, battery_end_celsius, heat_kwh, fuel_heat_kwh,
        cabin_heating_seconds, cabin_temperature_mean_celsius, is_cabin_cold, wheel_regen_kwh
    from session_energy
    where ($1::text is null or fleet = $1)
        and ($2::text is null or vehicle = $2)
        and ($3::timestamptz is null or started_at >= $3)
        and ($4::timestamptz is null or started_at < $4)
        and ($5::text is null or kind = $5)
    order by fleet, vehicle, started_at, number");
    };
}

for_each_component!(session_row);

/// The selected sessions, by vehicle and start. `kind` is `trip`, `charging`, `conditioning` or `parking`;
/// `None` means all.
pub async fn sessions(
    client: &Client,
    selection: &TripSelection,
    kind: Option<&str>,
) -> Result<Vec<SessionRow>, StoreError> {
    let [fleet, vehicle, from, to] = selection.parameters();
    let parameters: [&(dyn ToSql + Sync); 5] = [fleet, vehicle, from, to, &kind];
    let rows = client
        .query(STATEMENT, &parameters)
        .await
        .map_err(|error| StoreError::from_driver("read sessions", error))?;
    Ok(rows.iter().map(SessionRow::from_row).collect())
}
