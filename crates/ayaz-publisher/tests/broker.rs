//! Against a real broker that is stopped and started in the middle. What must hold: every message
//! that was published arrives, in the order of publishing apart from repetitions, and the counts
//! are true.

use std::time::Duration;

use anyhow::{Context, ensure};
use ayaz_local::{LocalStack, Options};
use ayaz_publisher::{MqttUrl, PublishError, Publisher, PublisherOptions};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

#[path = "broker/subscriber.rs"]
mod subscriber;

const PATIENCE: Duration = Duration::from_secs(60);

async fn local_broker() -> anyhow::Result<(LocalStack, MqttUrl)> {
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

/// Reads until the last number has arrived; returns all, in the order of arrival.
async fn receive_until(rx: &mut mpsc::Receiver<Bytes>, last: u32) -> anyhow::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        let payload = timeout(PATIENCE, rx.recv())
            .await
            .with_context(|| format!("only {} messages arrived", numbers.len()))?
            .context("subscriber ended")?;
        numbers.push(u32::from_be_bytes(payload.as_ref().try_into()?));
    }
    Ok(numbers)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_arrives_over_a_broker_that_restarts() -> anyhow::Result<()> {
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
            // In the middle of the stream, with messages under way.
            stack.broker().context("broker")?.stop().await?;
        }
        if number == MESSAGES * 2 / 3 {
            ensure!(
                publisher.acknowledged() < u64::from(number),
                "the broker was away"
            );
            stack.broker().context("broker")?.start().await?;
        }
        publisher
            .publish("restart/telemetry", payload(number))
            .await?;
    }
    let counts = timeout(PATIENCE, publisher.finish()).await??;
    assert_eq!(counts.messages, u64::from(MESSAGES));
    assert!(counts.reconnects >= 1, "{counts:?}");

    let numbers = receive_until(&mut arrived, MESSAGES - 1).await?;
    // A repetition goes back to what was not acknowledged; new ground is taken step by step.
    let mut next = 0;
    for number in numbers {
        ensure!(
            number <= next,
            "{next} is missing or late: {number} came first"
        );
        next = next.max(number + 1);
    }
    assert_eq!(next, MESSAGES);
    stack.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_said_at_once() -> anyhow::Result<()> {
    let nowhere = "mqtt://127.0.0.1:1".parse()?;
    let mut options = PublisherOptions::new(nowhere, "publisher-nowhere");
    options.give_up_after = Some(Duration::from_millis(200));
    let error = timeout(PATIENCE, Publisher::connect(options))
        .await?
        .unwrap_err();
    assert!(matches!(error, PublishError::Unreachable { .. }), "{error}");

    let (stack, url) = local_broker().await?;
    if let Some((user, _)) = url.credentials() {
        let stranger = format!("mqtt://{user}:wrong@{}", url.address()).parse()?;
        let options = PublisherOptions::new(stranger, "publisher-stranger");
        let error = timeout(PATIENCE, Publisher::connect(options))
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
