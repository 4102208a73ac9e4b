//! How letters are found, and marked as replayed.

use anyhow::{Context, Result};
use ayaz_store::dead_letters::{
    ChosenDeadLetter, DeadLetterSelection, Digest, choose_letters, database_time, find_letters,
    list_letters, load_payload, mark_replayed, summarize_letters,
};
use ayaz_store::migrate::check_schema;
use ayaz_store::{Message, Role, StoreError};
use ayaz_test_db::or_skip;

use super::{HOUR_MICROSECONDS, NOW, letter, refused, topic};
use crate::database::{Daemon as _, Database};

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_found_by_what_is_known_of_them() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store(3);
    let day = 24 * HOUR_MICROSECONDS;
    let mut messages: Vec<Message> = (0..5)
        .map(|n| letter(&topic("b1"), [n], NOW.plus(i64::from(n))))
        .collect();
    messages.push(refused(
        &topic("b1"),
        "m",
        NOW.plus(-day),
        "vehicle_mismatch",
    ));
    messages.push(refused(
        "ayaz/v1/almaty/b1/status",
        "s",
        NOW.plus(day),
        "vehicle_mismatch",
    ));
    store.write(&messages).await?;
    let reader = database.connect_as(Role::Reader).await?;
    let client = &reader.client;
    check_schema(&reader).await?;

    let all = DeadLetterSelection::default();
    let summary = summarize_letters(client, &all, 10).await?;
    assert_eq!((summary.groups_total, summary.letters_total), (3, 5));
    assert_eq!(summary.suppressed_total, 2);
    let group = &summary.groups[1];
    assert_eq!(
        (
            group.reason.as_str(),
            group.fleet.as_deref(),
            group.vehicle.as_deref()
        ),
        ("payload_undecodable", Some("astana"), Some("b1"))
    );
    assert_eq!(
        (group.letters, group.deliveries, group.suppressed),
        (3, 3, 2)
    );
    assert_eq!(Some(group.first_received_at), NOW.timestamp());
    assert_eq!(Some(group.last_received_at), NOW.plus(4).timestamp());
    assert!(
        group
            .detail
            .as_ref()
            .is_some_and(|text| text.contains("b1"))
    );
    let first = summarize_letters(client, &all, 1).await?;
    assert_eq!((first.groups.len(), first.groups_total), (1, 3));
    assert_eq!(first.letters_total, 5);

    let select = |change: &dyn Fn(&mut DeadLetterSelection)| {
        let mut selection = DeadLetterSelection::default();
        change(&mut selection);
        selection
    };
    for (selection, letters, suppressed) in [
        (select(&|s| s.vehicle = Some("b1".to_owned())), 5, 2),
        (select(&|s| s.fleet = Some("almaty".to_owned())), 1, 0),
        (
            select(&|s| s.reason = Some("payload_undecodable".to_owned())),
            3,
            2,
        ),
        (select(&|s| s.reason = Some("none such".to_owned())), 0, 0),
        (select(&|s| s.from = NOW.timestamp()), 4, 2),
        (select(&|s| s.to = NOW.timestamp()), 1, 0),
        (select(&|s| s.from = NOW.plus(4).timestamp()), 1, 2),
    ] {
        let page = list_letters(client, &selection, 100).await?;
        assert_eq!(page.total, letters, "{selection:?}");
        assert_eq!(page.letters.len() as u64, letters, "{selection:?}");
        let chosen = choose_letters(client, &selection).await?;
        assert_eq!(chosen.len() as u64, letters, "{selection:?}");
        let summary = summarize_letters(client, &selection, 100).await?;
        assert_eq!(summary.letters_total, letters, "{selection:?}");
        assert_eq!(summary.suppressed_total, suppressed, "{selection:?}");
    }
    assert_eq!(list_letters(client, &all, 2).await?.letters.len(), 2);
    let chosen = choose_letters(client, &all).await?;
    assert_eq!(
        chosen.iter().map(|one| one.is_status).collect::<Vec<_>>(),
        [false, false, false, false, true],
        "in the order of arrival"
    );

    let wanted = chosen[2].digest;
    let text = wanted.to_string();
    let found = find_letters(client, &text.parse()?, 5).await?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].digest, wanted);
    let found = find_letters(client, &text[..1].parse()?, 10).await?;
    assert!(
        found
            .iter()
            .all(|info| info.digest.to_string().starts_with(&text[..1]))
    );
    assert!(found.iter().any(|info| info.digest == wanted));
    assert_eq!(load_payload(client, &Digest::of(b"", b"")).await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_are_marked_by_whoever_may_and_come_back_by_count() -> Result<()> {
    let database = or_skip!(Database::new());
    let mut store = database.store(10);
    let messages: Vec<Message> = (0..3).map(|n| letter(&topic("bus"), [n], NOW)).collect();
    store.write(&messages).await?;

    let reader = database.connect_as(Role::Reader).await?;
    let all = DeadLetterSelection::default();
    let open = DeadLetterSelection {
        open_only: true,
        ..DeadLetterSelection::default()
    };
    let chosen: Vec<ChosenDeadLetter> = choose_letters(&reader.client, &all).await?;
    let at = database_time(&reader.client).await?;
    let error = mark_replayed(&reader.client, &chosen, at).await;
    assert!(matches!(error, Err(StoreError::Fatal(_))), "{error:?}");

    let operator = database.connect_as(Role::Operator).await?;
    check_schema(&operator).await?;
    assert_eq!(choose_letters(&operator.client, &all).await?, chosen);
    mark_replayed(&operator.client, &chosen[..2], at).await?;
    // One of them is refused again.
    let again = chosen[0].digest;
    let returns = messages
        .iter()
        .find(|message| Digest::of(&message.envelope.topic, &message.envelope.payload) == again)
        .context("one of ours")?;
    store.write(std::slice::from_ref(returns)).await?;

    let letters = list_letters(&reader.client, &all, 10).await?.letters;
    for (place, came_back) in [(0, Some(true)), (1, Some(false)), (2, None)] {
        let digest = chosen[place].digest;
        let info = letters.iter().find(|info| info.digest == digest);
        let info = info.context("it is there")?;
        assert_eq!(info.came_back, came_back);
        assert_eq!(info.replayed_at.is_some(), came_back.is_some());
    }
    let summary = summarize_letters(&reader.client, &all, 10).await?;
    let group = &summary.groups[0];
    assert_eq!((group.letters, group.replayed, group.came_back), (3, 2, 1));
    let still: Vec<Digest> = choose_letters(&reader.client, &open)
        .await?
        .iter()
        .map(|one| one.digest)
        .collect();
    assert_eq!(still.len(), 2);
    assert!(!still.contains(&chosen[1].digest));

    for forbidden in [
        "update dead_letter set payload = ''",
        "update dead_letter set deliveries = 0",
        "delete from dead_letter_suppressed",
        "select * from reading",
        "update dead_letter_quota set letters = 0",
    ] {
        let error = operator.client.batch_execute(forbidden).await;
        let error = error.expect_err(forbidden);
        let code = error.code().map(|code| code.code());
        assert_eq!(code, Some("42501"), "{forbidden}: {error}");
    }
    Ok(())
}
