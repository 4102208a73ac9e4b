//! The causes of incomplete trips.

use anyhow::Result;
use ayaz_store::reports::{IncompleteTrips, incomplete_trips};
use ayaz_test_db::or_skip;

use super::{Bucket, add_up, all, fleet, insert};

#[tokio::test(flavor = "multi_thread")]
async fn each_incomplete_trip_has_one_cause() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let trip = |vehicle_id, drive_cycle, seconds| Bucket {
        vehicle_id,
        drive_cycle: Some(drive_cycle),
        seconds,
        ..Bucket::default()
    };
    let buckets = [
        trip(1, 1, 3600.0),
        // Half of its hour is missing.
        trip(2, 2, 1800.0),
        // A third of its time is flagged, see below.
        trip(3, 3, 3600.0),
    ];
    insert(&database, &buckets).await?;
    database
        .execute("update energy_bucket set flagged_seconds = 1200 where vehicle_id = 3")
        .await?;
    add_up(&database, &buckets).await?;
    let found = incomplete_trips(&reader.client, &all(), 0.9).await?;
    let expected = IncompleteTrips {
        trips: 3,
        incomplete: 2,
        silent: 1,
        flagged: 1,
        odometer: 0,
        unknown: 0,
    };
    assert_eq!(found, expected);
    let found = incomplete_trips(&reader.client, &all(), 0.4).await?;
    assert_eq!(
        (found.trips, found.incomplete),
        (3, 0),
        "less was asked for"
    );
    Ok(())
}
