//! `ayaz report energy`: [`trips`], or [`bands`] of the exterior temperature.

mod bands;
mod trips;

use anyhow::Result;
use ayaz_store::reports::{FigureSettings, TripSelection, energy_by_band, energy_by_trip};
use clap::ValueEnum;
use tokio_postgres::Client;

use super::Rendered;
use super::threshold::Threshold;
use crate::output::look::Look;
use bands::{band_sheet, band_table};
use trips::{trip_sheet, trip_table};

/// The rows of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// One trip, by start.
    Trip,
    /// One band of the exterior (air) temperature, not the pack's: 5 °C, and 2 °C below −20 °C.
    Temperature,
}

pub(super) async fn report(
    client: &Client,
    by: By,
    selection: &TripSelection,
    threshold: Threshold,
    settings: &FigureSettings,
    look: Look,
) -> Result<Rendered> {
    Ok(match by {
        By::Trip => {
            let trips = energy_by_trip(client, selection).await?;
            Rendered {
                sheet: trip_sheet(&trips, threshold),
                table: trip_table(&trips, threshold, look),
            }
        }
        By::Temperature => {
            let bands = energy_by_band(client, selection, threshold.share()).await?;
            Rendered {
                sheet: band_sheet(&bands, threshold),
                table: band_table(&bands, threshold, settings, look),
            }
        }
    })
}
