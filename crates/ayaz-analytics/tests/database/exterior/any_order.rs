//! The order of arrival, splits and crashes do not change what is flagged.

use std::time::Duration;

use anyhow::Result;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{HOURS, arrive, assert_same, enter_fleets, refresh_all, tables, worker};
use crate::fleet::Database;

#[tokio::test]
async fn any_order_split_and_crash_give_the_same_tables() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let seed = rand::rng().random::<u64>();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    enter_fleets(&database, &[100, 200, 300]).await?;
    let buses = [1, 2, 3, 4, 5, 6, 7];
    for bus in buses {
        arrive(&database, 100 + bus, 0..HOURS, (1, 0)).await?;
    }
    refresh_all(&mut worker(&database).await?).await?;
    let expected = tables(&database, 100).await?;
    assert!(expected.contains("deviation_kelvin"), "{expected}");
    for hundred in [200, 300] {
        // Each hour of each bus in three parts, all of them in any order.
        let mut arrivals: Vec<(i32, i32, i32)> = buses
            .into_iter()
            .flat_map(|bus| {
                (0..HOURS).flat_map(move |hour| (0..3).map(move |part| (bus, hour, part)))
            })
            .collect();
        arrivals.shuffle(&mut random);
        let mut worker = worker(&database).await?;
        while !arrivals.is_empty() {
            let count = random.random_range(1..=20).min(arrivals.len());
            for (bus, hour, part) in arrivals.drain(..count) {
                arrive(&database, hundred + bus, hour..hour + 1, (3, part)).await?;
            }
            worker.limit_to_stored().await?;
            // A dropped future has the effect of a crash.
            let patience = Duration::from_millis(random.random_range(1..60));
            for _ in 0..random.random_range(1..4) {
                if let Ok(round) = tokio::time::timeout(patience, worker.round()).await {
                    round?;
                }
            }
        }
        refresh_all(&mut worker).await?;
        assert_same(&tables(&database, hundred).await?, &expected, seed);
        // All flags again, mostly interrupted.
        database
            .execute(
                "delete from exterior_doubt;
                insert into fleet_hour_queue (fleet, hour) select fleet, hour from fleet_hour",
            )
            .await?;
        for _ in 0..20 {
            let patience = Duration::from_millis(random.random_range(1..20));
            if let Ok(round) = tokio::time::timeout(patience, worker.round()).await {
                round?;
            }
        }
        refresh_all(&mut worker).await?;
        assert_same(&tables(&database, hundred).await?, &expected, seed);
    }
    // The sums that a migration would write.
    let sums = "select bool_and(h.hour is not null and p.hour is not null)::text from (
            select vehicle_id, hour, sum(exterior_kelvin_seconds order by piece) kelvin_seconds,
                sum(exterior_seconds order by piece) seconds
            from energy_bucket where activity = 'trip' group by 1, 2
        ) p full join hour_exterior h using (vehicle_id, hour, kelvin_seconds, seconds)";
    assert_eq!(database.text(sums).await?, "true");
    let left = "select count(*)::text from fleet_hour_queue";
    assert_eq!(database.text(left).await?, "0");
    Ok(())
}
