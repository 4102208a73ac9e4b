//! Counts incomplete trips by reason.

use tokio_postgres::Client;

use super::TripSelection;
use crate::error::StoreError;

/// Trips of a selection, and the incomplete ones among them by reason: the main one if there are several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IncompleteTrips {
    /// All trips.
    pub trips: i64,
    /// Trips below the minimum completeness.
    pub incomplete: i64,
    /// Time is missing.
    pub silent: i64,
    /// Too much of the time is flagged.
    pub flagged: i64,
    /// The distance differs from the odometer.
    pub odometer: i64,
    /// Their completeness is not known.
    pub unknown: i64,
}

/// The reasons are those of the function `incomplete_because`, which dashboards also use.
const STATEMENT: &str = "-- incomplete_trips
    select
        count(*) as trips,
        count(*) filter (where incomplete) as incomplete,
        count(*) filter (where incomplete and because = 'gaps on trips') as silent,
        count(*) filter (where incomplete and because = 'readings flagged') as flagged,
        count(*) filter (where incomplete and because = 'distance differs from the odometer') as odometer,
        count(*) filter (where incomplete and because = 'not known') as unknown
    from (
        select
            $5::double precision > 0 and coalesce(completeness < $5, true) as incomplete,
            incomplete_because(
                completeness, null, null, coverage, distance_share, unflagged_share
            ) as because
        from trip_energy
        where ($1::text is null or fleet = $1)
            and ($2::text is null or vehicle = $2)
            and ($3::timestamptz is null or started_at >= $3)
            and ($4::timestamptz is null or started_at < $4)
    ) as trip";

/// Counts the selected trips that are less complete than `completeness_min`, 0 to 1.
pub async fn incomplete_trips(
    client: &Client,
    selection: &TripSelection,
    completeness_min: f64,
) -> Result<IncompleteTrips, StoreError> {
    let mut parameters = selection.parameters().to_vec();
    parameters.push(&completeness_min);
    let row = client
        .query_one(STATEMENT, &parameters)
        .await
        .map_err(|error| StoreError::from_driver("count incomplete trips", error))?;
    Ok(IncompleteTrips {
        trips: row.get("trips"),
        incomplete: row.get("incomplete"),
        silent: row.get("silent"),
        flagged: row.get("flagged"),
        odometer: row.get("odometer"),
        unknown: row.get("unknown"),
    })
}
