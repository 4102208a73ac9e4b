//! Publishes to a real broker that stops and starts. Checks that every published message arrives, in
//! the order of publishing apart from repetitions, and that the counts are right.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, ensure};
use ayaz_local::{LocalStack, Options, skips_server_tests};
use ayaz_model::BrokerUrl;
use ayaz_publisher::{PublishError, Publisher, PublisherOptions};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

#[path = "broker/subscriber.rs"]
mod subscriber;

const TIMEOUT: Duration = Duration::from_secs(60);

async fn local_broker() -> anyhow::Result<(LocalStack, BrokerUrl)> {
    let options = Options {
        database: false,
        broker: true,
        ..Options::default()
    };
    let stack = LocalStack::start(options, |line| println!("{line}")).await?;
    let url = stack.mqtt_url().parse()?;
    Ok((stack, url))
}

fn payload(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

/// Reads until the last number has arrived. Returns all numbers in the order of arrival.
async fn receive_until(rx: &mut mpsc::Receiver<Bytes>, last: u32) -> anyhow::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        let payload = timeout(TIMEOUT, rx.recv())
            .await
            .with_context(|| format!("only {} messages arrived", numbers.len()))?
            .context("subscriber ended")?;
        numbers.push(u32::from_be_bytes(payload.as_ref().try_into()?));
    }
    Ok(numbers)
}

/// Checks that all numbers are there, in order apart from repetitions.
fn ensure_all(numbers: &[u32], count: u32) -> anyhow::Result<()> {
    // A repetition starts at an unacknowledged message; a new number is the next one.
    let mut next = 0;
    for &number in numbers {
        ensure!(
            number <= next,
            "{next} is missing or late: {number} came first"
        );
        next = next.max(number + 1);
    }
    ensure!(next == count, "{next} of {count} arrived");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_arrives_over_a_broker_that_restarts() -> anyhow::Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    const MESSAGES: u32 = 6_000;
    let (mut stack, url) = local_broker().await?;
    if stack.broker().is_none() {
        println!("skipped: the broker is given by address and cannot be stopped");
        return Ok(());
    }
    let mut arrived = subscriber::start(&url, "restart/#").await?;
    let publisher = Publisher::connect(PublisherOptions::new(url, "publisher-restart")).await?;
    for number in 0..MESSAGES {
        if number == MESSAGES / 3 {
            stack.broker().context("broker")?.stop().await?;
        }
        if number == MESSAGES * 2 / 3 {
            ensure!(
                publisher.acknowledged() < u64::from(number),
                "the broker was stopped"
            );
            stack.broker().context("broker")?.start().await?;
        }
        publisher
            .publish("restart/telemetry", payload(number))
            .await?;
    }
    let counts = timeout(TIMEOUT, publisher.finish()).await??;
    assert_eq!(counts.messages, u64::from(MESSAGES));
    assert!(counts.reconnects >= 1, "{counts:?}");

    let numbers = receive_until(&mut arrived, MESSAGES - 1).await?;
    ensure_all(&numbers, MESSAGES)?;
    stack.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_said_at_once() -> anyhow::Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    let nowhere = "mqtt://127.0.0.1:1".parse()?;
    let mut options = PublisherOptions::new(nowhere, "publisher-nowhere");
    options.give_up_after = Some(Duration::from_millis(200));
    let error = timeout(TIMEOUT, Publisher::connect(options))
        .await?
        .unwrap_err();
    assert!(matches!(error, PublishError::Unreachable { .. }), "{error}");

    let (stack, url) = local_broker().await?;
    if let Some((user, _)) = url.credentials() {
        let stranger = format!("mqtt://{user}:wrong@{}", url.address()).parse()?;
        let options = PublisherOptions::new(stranger, "publisher-stranger");
        let error = timeout(TIMEOUT, Publisher::connect(options))
            .await?
            .unwrap_err();
        assert!(matches!(error, PublishError::Refused { .. }), "{error}");
    }
    let publisher = Publisher::connect(PublisherOptions::new(url, "publisher-topics")).await?;
    for topic in ["", "a/#", "a/+/b", "a\0b"] {
        let error = publisher.publish(topic, Bytes::new()).await.unwrap_err();
        assert_eq!(error, PublishError::Topic(topic.to_owned()));
    }
    publisher.publish("fine", Bytes::new()).await?;
    assert_eq!(
        publisher.finish().await?.messages,
        1,
        "a bad topic does not end the publisher"
    );
    stack.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_before_anybody_has_subscribed_arrives() -> anyhow::Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    const MESSAGES: u32 = 2_000;
    let (stack, url) = local_broker().await?;
    // A broker given by address may remember the subscription of an earlier run.
    let topic = format!("late-{}/telemetry", std::process::id());
    let mut options = PublisherOptions::new(url.clone(), "publisher-early");
    options.subscriber_wait = Some(TIMEOUT);
    let publisher = Publisher::connect(options).await?;
    for number in 0..MESSAGES {
        publisher.publish(topic.as_str(), payload(number)).await?;
    }
    let published_at = Instant::now();
    while published_at.elapsed() < Duration::from_secs(2) {
        ensure!(publisher.acknowledged() == 0, "nobody has subscribed");
        sleep(Duration::from_millis(20)).await;
    }
    let mut arrived = subscriber::start(&url, &topic).await?;
    let counts = timeout(TIMEOUT, publisher.finish()).await??;
    assert_eq!(counts.messages, u64::from(MESSAGES));
    assert!(
        counts.reconnects >= 1,
        "the publisher connected again: {counts:?}"
    );
    let numbers = receive_until(&mut arrived, MESSAGES - 1).await?;
    ensure_all(&numbers, MESSAGES)?;
    stack.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_subscriber_the_publisher_says_what_to_do() -> anyhow::Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    const LIMIT: Duration = Duration::from_millis(700);
    let (stack, url) = local_broker().await?;
    let topic = format!("never-{}/telemetry", std::process::id());
    let mut options = PublisherOptions::new(url, "publisher-unheard");
    options.subscriber_wait = Some(LIMIT);
    let publisher = Publisher::connect(options).await?;
    let published_at = Instant::now();
    publisher.publish(topic.as_str(), payload(0)).await?;
    let error = timeout(TIMEOUT, publisher.finish()).await?.unwrap_err();
    assert!(
        published_at.elapsed() >= LIMIT,
        "it waited for the whole limit"
    );
    let after = LIMIT;
    assert_eq!(error, PublishError::NobodySubscribed { topic, after });
    assert!(error.to_string().contains("start ayaz-ingest"), "{error}");
    stack.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_with_one_client_id_both_get_through_and_say_so() -> anyhow::Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    const MESSAGES: u32 = 3_000;
    let (stack, url) = local_broker().await?;
    let mut arrived = subscriber::start(&url, "twice/#").await?;
    let options = PublisherOptions::new(url, "publisher-twice");
    let (first, second) = tokio::try_join!(
        Publisher::connect(options.clone()),
        Publisher::connect(options)
    )?;
    let mut sent = 0;
    let deadline = Instant::now() + TIMEOUT;
    while sent < MESSAGES || first.takeovers() + second.takeovers() == 0 {
        ensure!(
            Instant::now() < deadline,
            "no take-over after {sent} messages"
        );
        first.publish("twice/first", payload(2 * sent)).await?;
        second
            .publish("twice/second", payload(2 * sent + 1))
            .await?;
        sent += 1;
        sleep(Duration::from_micros(200)).await;
    }
    // After one has finished, the other continues.
    let (messages, first) = (u64::from(sent), timeout(TIMEOUT, first.finish()).await??);
    let second = timeout(TIMEOUT, second.finish()).await??;
    assert_eq!((first.messages, second.messages), (messages, messages));
    let mut missing: HashSet<u32> = (0..2 * sent).collect();
    while !missing.is_empty() {
        let payload = timeout(TIMEOUT, arrived.recv()).await;
        let payload = payload.with_context(|| format!("{} are missing", missing.len()))?;
        let number = payload.context("subscriber ended")?;
        missing.remove(&u32::from_be_bytes(number.as_ref().try_into()?));
    }
    stack.stop().await?;
    Ok(())
}
