//! How many trips are less complete than was asked for, and why.

use tokio_postgres::Client;

use super::TripSelection;
use crate::error::StoreError;

/// Trips of a selection, and those of them that are less complete than was asked for, by what makes
/// them so: the worst, if there are several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IncompleteTrips {
    /// All of them.
    pub trips: i64,
    /// Those that are less complete.
    pub incomplete: i64,
    /// Time is missing.
    pub silent: i64,
    /// Too much of the time is flagged.
    pub flagged: i64,
    /// The distance is not that of the odometer.
    pub odometer: i64,
    /// Nothing can be said of them.
    pub unknown: i64,
}

/// The causes are those of the function `incomplete_because`, by which dashboards tell them too.
const STATEMENT: &str = "-- incomplete_trips
    select
        count(*) as trips,
        count(*) filter (where incomplete) as incomplete,
        count(*) filter (where incomplete and because = 'gaps on trips') as silent,
        count(*) filter (where incomplete and because = 'readings flagged') as flagged,
        count(*) filter (where incomplete and because = 'distance is not the odometer’s') as odometer,
        count(*) filter (where incomplete and because = 'nothing can be said') as unknown
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
