//! Settings of figures: the one row of `energy_setting`.

use ayaz_model::temperature_band::width_celsius;
use tokio_postgres::Client;

use crate::error::StoreError;

/// When a figure is stated, and what it is compared with. The operator may change these (`update
/// energy_setting`), so each report reads them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FigureSettings {
    /// Minimum number of trips in a band.
    pub band_trips_min: i32,
    /// Minimum driving time with measured energy in a band, h.
    pub band_hours_min: f64,
    /// Minimum distance with measured energy in a band or a trip, km.
    pub band_km_min: f64,
    /// Default of the minimum completeness, 0 to 1.
    pub completeness_min: f64,
    /// Lower edge of mild weather, the reference for losses, °C.
    pub mild_from_celsius: i16,
    /// Upper edge of mild weather, °C.
    pub mild_to_celsius: i16,
}

/// Reads the settings.
pub async fn figure_settings(client: &Client) -> Result<FigureSettings, StoreError> {
    let row = client
        .query_one(
            "-- figure_settings
            select band_trips_min, band_hours_min, band_km_min, completeness_min, mild_bands_celsius
            from energy_setting",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the settings of figures", error))?;
    let mild: Vec<i16> = row.get("mild_bands_celsius");
    let last = mild.iter().copied().max().unwrap_or_default();
    Ok(FigureSettings {
        band_trips_min: row.get("band_trips_min"),
        band_hours_min: row.get("band_hours_min"),
        band_km_min: row.get("band_km_min"),
        completeness_min: row.get("completeness_min"),
        mild_from_celsius: mild.iter().copied().min().unwrap_or_default(),
        mild_to_celsius: last.saturating_add(width_celsius(last)),
    })
}

/// Statement timeout of this connection, as PostgreSQL formats it; "0" means none.
pub async fn statement_timeout(client: &Client) -> Result<String, StoreError> {
    client
        .query_one(
            "-- statement_timeout\nselect current_setting('statement_timeout')",
            &[],
        )
        .await
        .map(|row| row.get(0))
        .map_err(|error| StoreError::from_driver("read the statement timeout", error))
}
