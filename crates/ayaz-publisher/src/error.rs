//! What can go wrong for good. A lost connection is not among it: that is waited out.

use std::time::Duration;

use thiserror::Error;

/// Why a publisher stopped. It stays stopped: every later call returns the same error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// The broker was reached and does not want us: credentials or protocol.
    #[error("broker {broker} refuses the connection {user}: {reason}")]
    Refused {
        /// Host and port.
        broker: String,
        /// As whom we log in.
        user: String,
        /// The broker's reason, and what to try.
        reason: String,
    },
    /// The first connection did not come about in time.
    #[error("broker {broker} cannot be reached {user} after {} s: {reason}", after.as_secs())]
    Unreachable {
        /// Host and port.
        broker: String,
        /// As whom we log in.
        user: String,
        /// How long it was tried.
        after: Duration,
        /// The last failure, and what to try.
        reason: String,
    },
    /// The broker acknowledged a message with an error, so it is not delivered.
    #[error("broker rejects a message on topic {topic}: {reason}")]
    Rejected {
        /// Where the message should have gone.
        topic: String,
        /// The broker's reason.
        reason: String,
    },
    /// The message is larger than the broker takes.
    #[error(
        "message of {size} bytes on topic {topic} is larger than the {max} bytes the broker takes; \
         put fewer readings in a message or raise max_packet_size in the broker"
    )]
    TooLarge {
        /// Where the message should have gone.
        topic: String,
        /// Size of the whole packet, bytes.
        size: usize,
        /// The broker's limit, bytes.
        max: usize,
    },
    /// The broker broke off because a packet was too large, without having announced a limit.
    #[error(
        "broker broke off because a message is too large, the largest that waits has {size} bytes \
         on topic {topic}; put fewer readings in a message or raise the broker's limit"
    )]
    BrokeOffTooLarge {
        /// Topic of the largest message that waits.
        topic: String,
        /// Its size, bytes.
        size: usize,
    },
    /// The broker has nobody to hand messages to, see
    /// [`subscriber_wait`](crate::PublisherOptions::subscriber_wait).
    #[error(
        "nobody has subscribed to topic {topic} within {after:?}, so the broker throws its \
         messages away; start ayaz-ingest, which keeps a session from its first connection on, \
         and replay again"
    )]
    NobodySubscribed {
        /// Where the messages should have gone.
        topic: String,
        /// How long it was tried.
        after: Duration,
    },
    /// No topic to publish to: empty, over 65,535 bytes, or with a wildcard.
    #[error("{0:?} is no topic to publish to")]
    Topic(String),
    /// The task that owns the connection is gone, as when the runtime shuts down.
    #[error("the publisher's connection task has ended")]
    Stopped,
}
