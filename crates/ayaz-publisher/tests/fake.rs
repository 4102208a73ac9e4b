//! Publishes to a fake broker that does what a real one does rarely: it rejects, limits, refuses,
//! acknowledges out of order or closes the connection.

use std::time::Duration;

use ayaz_publisher::{PublishError, PublishedCounts, Publisher, PublisherOptions};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

#[path = "fake/broker.rs"]
mod broker;

use broker::{Fake, Reply};

const TIMEOUT: Duration = Duration::from_secs(20);

async fn connect(fake: &Fake) -> Result<Publisher, PublishError> {
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.inflight_max = 4;
    timeout(TIMEOUT, Publisher::connect(options))
        .await
        .expect("connect ends")
}

async fn finish(publisher: Publisher) -> Result<PublishedCounts, PublishError> {
    timeout(TIMEOUT, publisher.finish())
        .await
        .expect("finish ends")
}

#[tokio::test]
async fn a_rejected_message_is_an_error_and_a_missing_subscriber_is_none() {
    for (code, name) in [
        (0x87, "NotAuthorized"),
        (0x97, "QuotaExceeded"),
        (0x80, "Unspecified"),
    ] {
        let fake = Fake::start(vec![], move |_, _| Reply::Acknowledge(code)).await;
        let publisher = connect(&fake).await.unwrap();
        publisher
            .publish("some/topic", Bytes::from_static(b"x"))
            .await
            .unwrap();
        let text = finish(publisher).await.unwrap_err().to_string();
        assert!(text.contains("some/topic") && text.contains(name), "{text}");
    }
    let fake = Fake::start(vec![], |_, _| Reply::Acknowledge(0x10)).await;
    let publisher = connect(&fake).await.unwrap();
    publisher.publish("some/topic", Bytes::new()).await.unwrap();
    assert_eq!(finish(publisher).await.unwrap().messages, 1);
}

#[tokio::test]
async fn with_subscriber_wait_a_message_without_subscriber_is_sent_again_in_order() {
    // The second message of the first connection has no subscriber, but the third has one.
    let fake = Fake::start(vec![], |connection, nth| match (connection, nth) {
        (0, 1) | (1, 0) => Reply::Acknowledge(0x10),
        _ => Reply::Acknowledge(0),
    })
    .await;
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.subscriber_wait = Some(TIMEOUT);
    let publisher = Publisher::connect(options).await.unwrap();
    for number in 0..3u8 {
        publisher
            .publish("t", Bytes::from(vec![number]))
            .await
            .unwrap();
    }
    let counts = finish(publisher).await.unwrap();
    assert_eq!((counts.messages, counts.reconnects), (3, 2));
    assert_eq!(fake.received()[2], [1, 2]);
}

#[tokio::test]
async fn a_retained_message_needs_no_subscriber() {
    let fake = Fake::start(vec![], |_, _| Reply::Acknowledge(0x10)).await;
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.subscriber_wait = Some(TIMEOUT);
    let publisher = Publisher::connect(options).await.unwrap();
    publisher
        .publish_retained("some/status", Bytes::new())
        .await
        .unwrap();
    assert_eq!(finish(publisher).await.unwrap().messages, 1);
}

#[tokio::test]
async fn a_caller_that_waits_for_the_window_gets_the_failure() {
    let fake = Fake::start(vec![], |_, _| Reply::Acknowledge(0x83)).await;
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.window_bytes_max = 10; // room for one message
    let publisher = Publisher::connect(options).await.unwrap();
    let publishing = async {
        for _ in 0..3 {
            publisher.publish("t", Bytes::new()).await?;
        }
        Ok(())
    };
    let result = timeout(TIMEOUT, publishing).await.expect("publish ends");
    assert!(
        matches!(result, Err(PublishError::Rejected { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn closed_connections_lose_no_message_and_keep_the_order() {
    // Three connections close after some messages; the second acknowledges its second message.
    let fake = Fake::start(vec![], |connection, nth| match (connection, nth) {
        (0, 3) | (1, 3) | (2, 1) => Reply::Close,
        (1, 1) => Reply::Acknowledge(0),
        (0..=2, _) => Reply::Silence,
        _ => Reply::Acknowledge(0),
    })
    .await;
    let publisher = connect(&fake).await.unwrap();
    for number in 0..8u8 {
        publisher
            .publish("t", Bytes::from(vec![number]))
            .await
            .unwrap();
    }
    let counts = finish(publisher).await.unwrap();
    assert_eq!((counts.messages, counts.reconnects), (8, 3));
    let received = fake.received();
    assert_eq!(received[0], [0, 1, 2, 3]);
    assert_eq!(
        received[1],
        [0, 1, 2, 3],
        "nothing was acknowledged, so all are sent again"
    );
    assert_eq!(
        received[2],
        [0, 2],
        "the acknowledged message is not sent again"
    );
    assert_eq!(received[3], [0, 2, 3, 4, 5, 6, 7]);
    assert!(counts.resent >= 4 + 2 + 3, "{counts:?}");
}

#[tokio::test]
async fn an_acknowledgement_out_of_order_counts_for_its_message() {
    let fake = Fake::start(vec![], |connection, nth| match (connection, nth) {
        (0, 3) => Reply::AcknowledgeBackwards(4),
        (0, 5) => Reply::Close,
        (0, _) => Reply::Silence,
        _ => Reply::Acknowledge(0),
    })
    .await;
    let publisher = connect(&fake).await.unwrap();
    for number in 0..7u8 {
        publisher
            .publish("t", Bytes::from(vec![number]))
            .await
            .unwrap();
    }
    assert_eq!(finish(publisher).await.unwrap().messages, 7);
    assert_eq!(fake.received(), [vec![0, 1, 2, 3, 4, 5], vec![4, 5, 6]]);
}

#[tokio::test]
async fn a_message_over_the_announced_limit_is_an_error_before_it_is_sent() {
    // Maximum Packet Size 100.
    let fake = Fake::start(vec![0x27, 0, 0, 0, 100], |_, _| Reply::Acknowledge(0)).await;
    let publisher = connect(&fake).await.unwrap();
    let error = publisher
        .publish("t", Bytes::from(vec![0; 100]))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            PublishError::TooLarge {
                size: 111,
                max: 100,
                ..
            }
        ),
        "{error}"
    );
    publisher
        .publish("t", Bytes::from(vec![0; 80]))
        .await
        .unwrap();
    assert_eq!(
        finish(publisher).await.unwrap().messages,
        1,
        "the publisher continues"
    );
}

#[tokio::test]
async fn a_message_too_large_for_the_broker_ends_the_publisher() {
    let fake = Fake::start(vec![], |_, _| Reply::Disconnect(0x95)).await;
    let publisher = connect(&fake).await.unwrap();
    publisher
        .publish("large", Bytes::from(vec![0; 5_000]))
        .await
        .unwrap();
    let error = finish(publisher).await.unwrap_err();
    assert!(matches!(&error, PublishError::DisconnectedTooLarge { topic, .. } if topic == "large"));
}

#[tokio::test]
async fn wrong_credentials_end_the_publisher_and_a_busy_broker_does_not() {
    let fake = Fake::refusing(vec![0x86]).await;
    let error = connect(&fake).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused { .. }), "{error}");

    // Server unavailable, then client identifier not valid, then accepted.
    let fake = Fake::refusing(vec![0x88, 0x85]).await;
    let publisher = connect(&fake).await.unwrap();
    assert_eq!(finish(publisher).await.unwrap(), PublishedCounts::default());
}

/// A server that answers the first packet with these bytes and closes the connection.
async fn answering(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 1_024];
            // An error means that the client closed the connection.
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

#[tokio::test]
async fn the_error_of_a_first_connection_has_address_user_reason_and_advice() {
    for (answer, reason, advice) in [
        // PostgreSQL does so with an unknown protocol.
        (&b""[..], "closes the connection", "an MQTT 5 broker"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "not an MQTT 5 broker",
            "port of an MQTT 5 broker",
        ),
        (
            b"\x20\x02\x00\x01",
            "without an MQTT 5 answer",
            "port of an MQTT 5 broker",
        ),
        (
            b"\x20\x03\x00\x87\x00",
            "NotAuthorized",
            "check user and password",
        ),
        (
            b"\x20\x03\x00\x84\x00",
            "UnsupportedProtocolVersion",
            "Ayaz needs MQTT 5",
        ),
    ] {
        let address = answering(answer).await;
        let url = format!("mqtt://bus:hunter2@{address}").parse().unwrap();
        let mut options = PublisherOptions::new(url, "publisher");
        options.give_up_after = Some(Duration::from_millis(50));
        let error = timeout(TIMEOUT, Publisher::connect(options)).await.unwrap();
        let error = error.unwrap_err().to_string();
        for word in [&address.to_string(), "as user bus", reason, advice] {
            assert!(error.contains(word), "{word}: {error}");
        }
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_message_larger_than_the_window_is_sent_alone() {
    let fake = Fake::start(vec![], |_, _| Reply::Acknowledge(0)).await;
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.window_bytes_max = 1_000;
    let publisher = Publisher::connect(options).await.unwrap();
    for number in 0..5u8 {
        publisher
            .publish("t", Bytes::from(vec![number; 4_000]))
            .await
            .unwrap();
    }
    assert_eq!(finish(publisher).await.unwrap().messages, 5);
}
