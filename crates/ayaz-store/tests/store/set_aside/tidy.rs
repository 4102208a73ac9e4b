//! Readings of an earlier version with an implausible time.

use anyhow::Result;
use ayaz_model::TimeQuality;
use ayaz_store::set_aside::{Tidied, tidy};
use ayaz_test_db::or_skip;

use super::{DAY, cells, chunks, message, places, store};
use crate::database::Database;
use crate::dead_letters::NOW;

#[tokio::test(flavor = "multi_thread")]
async fn marked_readings_are_set_aside_and_their_empty_chunks_dropped() -> Result<()> {
    let mut database = or_skip!(Database::new());
    let good: Vec<i64> = (0..3).map(|day| NOW.0 - day * DAY).collect();
    let mut store = store(&database).with_vehicle_days_per_hour_max(10);
    let all = [
        message("b1", TimeQuality::Good, &good)?,
        cells("b1", TimeQuality::Good, &good)?,
    ];
    store.write(&all).await?;
    // As that version stored them: forty days in the future, and one on a day with plausible ones.
    database
        .execute(&format!(
            "insert into reading (vehicle_id, recorded_at, boot_id, sequence, received_at,
                time_quality, historical, soc_percent)
            select 1, to_timestamp({0}) + day * interval '1 day', 1, day, to_timestamp({0}), 1,
                false, 50
            from generate_series(1, 40) as day
            union all
            select 1, to_timestamp({0}) + interval '10 minutes', 1, 99, to_timestamp({0}), 1,
                false, 50;
            insert into cell_reading
            select 1, to_timestamp({0}) + day * interval '1 day', 1, day, to_timestamp({0}), 2,
                false, '{{3.2}}', '{{}}'
            from generate_series(1, 2) as day",
            NOW.0 / 1_000_000
        ))
        .await?;
    assert_eq!(chunks(&database, "reading").await?, 43);
    let mut progress = 0;
    let tidied = tidy(&mut database.owner.client, |done, _| progress = done).await?;
    let expected = Tidied {
        readings: 43,
        chunks: 42,
    };
    assert_eq!((tidied, progress), (expected, 43 + 5));
    assert_eq!(chunks(&database, "reading").await?, 3);
    assert_eq!(chunks(&database, "cell_reading").await?, 3);
    assert_eq!(places(&database, "reading").await?, (3, 41));
    assert_eq!(places(&database, "cell_reading").await?, (3, 2));
    let whole =
        "select count(*) from reading_set_aside where reason = 'future' and soc_percent = 50";
    assert_eq!(database.number(whole).await?, 41);
    // A second run finds nothing, and a redelivered reading is a duplicate.
    let again = tidy(&mut database.owner.client, |_, _| {}).await?;
    assert_eq!(again, Tidied::default());
    let late = NOW.0 + 10 * 60_000_000;
    let mut sent = message("b1", TimeQuality::Good, &[late])?;
    sent.envelope.payload = vec![2].into();
    store.write(&[sent]).await?;
    places(&database, "reading").await?;
    Ok(())
}
