//! Against a broker that does what a real one does rarely: rejects, limits, refuses, acknowledges
//! out of order or hangs up.

use std::time::Duration;

use ayaz_publisher::{PublishError, PublishedCounts, Publisher, PublisherOptions};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

#[path = "fake/broker.rs"]
mod broker;

use broker::{Fake, Reply};

const PATIENCE: Duration = Duration::from_secs(20);

async fn connect(fake: &Fake) -> Result<Publisher, PublishError> {
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.inflight_max = 4;
    timeout(PATIENCE, Publisher::connect(options))
        .await
        .expect("connect ends")
}

async fn finish(publisher: Publisher) -> Result<PublishedCounts, PublishError> {
    timeout(PATIENCE, publisher.finish())
        .await
        .expect("finish ends")
}

#[tokio::test]
async fn a_rejected_message_is_an_error_and_nobody_listening_is_none() {
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
async fn where_subscribers_are_awaited_a_message_for_nobody_goes_again_in_its_place() {
    // The first connection's second message finds nobody, though its third does.
    let fake = Fake::start(vec![], |connection, nth| match (connection, nth) {
        (0, 1) | (1, 0) => Reply::Acknowledge(0x10),
        _ => Reply::Acknowledge(0),
    })
    .await;
    let mut options = PublisherOptions::new(fake.url(), "publisher");
    options.subscriber_wait = Some(PATIENCE);
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
    options.subscriber_wait = Some(PATIENCE);
    let publisher = Publisher::connect(options).await.unwrap();
    publisher
        .publish_retained("some/status", Bytes::new())
        .await
        .unwrap();
    assert_eq!(finish(publisher).await.unwrap().messages, 1);
}

#[tokio::test]
async fn after_a_failure_a_caller_that_waits_for_room_is_told() {
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
    let result = timeout(PATIENCE, publishing)
        .await
        .expect("nobody waits for ever");
    assert!(
        matches!(result, Err(PublishError::Rejected { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn hung_up_connections_lose_nothing_and_keep_the_order() {
    // Three connections that take messages and hang up; the second acknowledges its second.
    let fake = Fake::start(vec![], |connection, nth| match (connection, nth) {
        (0, 3) | (1, 3) | (2, 1) => Reply::HangUp,
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
        "nothing was acknowledged, so all goes again"
    );
    assert_eq!(
        received[2],
        [0, 2],
        "what was acknowledged does not go again"
    );
    assert_eq!(received[3], [0, 2, 3, 4, 5, 6, 7]);
    assert!(counts.resent >= 4 + 2 + 3, "{counts:?}");
}

#[tokio::test]
async fn acknowledgements_out_of_order_are_those_of_their_messages() {
    let fake = Fake::start(vec![], |connection, nth| match (connection, nth) {
        (0, 3) => Reply::AcknowledgeBackwards(4),
        (0, 5) => Reply::HangUp,
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
async fn a_message_over_the_announced_limit_is_refused_before_it_is_sent() {
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
        "the publisher goes on"
    );
}

#[tokio::test]
async fn a_broker_that_breaks_off_over_a_large_message_is_not_tried_for_ever() {
    let fake = Fake::start(vec![], |_, _| Reply::Disconnect(0x95)).await;
    let publisher = connect(&fake).await.unwrap();
    publisher
        .publish("large", Bytes::from(vec![0; 5_000]))
        .await
        .unwrap();
    let error = finish(publisher).await.unwrap_err();
    assert!(matches!(&error, PublishError::BrokeOffTooLarge { topic, .. } if topic == "large"));
}

#[tokio::test]
async fn wrong_credentials_end_the_first_connection_and_a_busy_broker_does_not() {
    let fake = Fake::refusing(vec![0x86]).await;
    let error = connect(&fake).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused { .. }), "{error}");

    // Server unavailable, then client identifier not valid, then accepted.
    let fake = Fake::refusing(vec![0x88, 0x85]).await;
    let publisher = connect(&fake).await.unwrap();
    assert_eq!(finish(publisher).await.unwrap(), PublishedCounts::default());
}

/// Answers each connection's first packet with these bytes, and closes.
async fn answering(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut heard = [0; 1_024];
            // An error is a client that went away.
            let _ = stream.read(&mut heard).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

#[tokio::test]
async fn a_first_connection_that_fails_says_where_as_whom_why_and_what_to_try() {
    for (answer, why, what_to_try) in [
        // As PostgreSQL does with what it does not understand.
        (&b""[..], "closes the connection", "speaks MQTT 5"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "no MQTT 5 broker",
            "speaks MQTT 5",
        ),
        (
            b"\x20\x02\x00\x01",
            "without an answer of MQTT 5",
            "speaks MQTT 5",
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
        let error = timeout(PATIENCE, Publisher::connect(options))
            .await
            .unwrap();
        let told = error.unwrap_err().to_string();
        for word in [&address.to_string(), "as user bus", why, what_to_try] {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn one_message_larger_than_the_window_goes_alone() {
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
