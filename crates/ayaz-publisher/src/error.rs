//! Errors that end a publisher. A lost connection is not one of them, since the publisher reconnects.

use std::time::Duration;

use thiserror::Error;

/// Why a publisher ended. Every later call returns the same error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// The broker refuses the connection because of the credentials or the protocol.
    #[error("broker {broker} refuses the connection {user}: {reason}")]
    Refused {
        /// Host and port.
        broker: String,
        /// The user name of the login.
        user: String,
        /// The broker's reason, and advice.
        reason: String,
    },
    /// The first connection did not succeed within the time limit.
    #[error("broker {broker} cannot be reached {user} after {} s: {reason}", after.as_secs())]
    Unreachable {
        /// Host and port.
        broker: String,
        /// The user name of the login.
        user: String,
        /// The time limit.
        after: Duration,
        /// The last failure, and advice.
        reason: String,
    },
    /// The broker acknowledged a message with an error code.
    #[error("broker rejects a message on topic {topic}: {reason}")]
    Rejected {
        /// The message's topic.
        topic: String,
        /// The broker's reason.
        reason: String,
    },
    /// The message is larger than the broker accepts.
    #[error(
        "message of {size} bytes on topic {topic} is larger than the {max} bytes that the broker accepts; \
         put fewer readings in a message or raise max_packet_size in the broker"
    )]
    TooLarge {
        /// The message's topic.
        topic: String,
        /// Size of the whole packet, bytes.
        size: usize,
        /// The broker's limit, bytes.
        max: usize,
    },
    /// The broker disconnected because a packet was too large. It had not announced a limit.
    #[error(
        "the broker disconnected because a message is too large; the largest one has {size} bytes \
         on topic {topic}; put fewer readings in a message or raise the broker's limit"
    )]
    DisconnectedTooLarge {
        /// The topic of the largest message in the window.
        topic: String,
        /// Its size, bytes.
        size: usize,
    },
    /// The broker has no subscriber for a message, see
    /// [`subscriber_wait`](crate::PublisherOptions::subscriber_wait).
    #[error(
        "nobody has subscribed to topic {topic} within {after:?}, so the broker discards its \
         messages; start ayaz-ingest, which keeps a session from its first connection on, and \
         replay again"
    )]
    NobodySubscribed {
        /// Where the messages should have gone.
        topic: String,
        /// The time limit.
        after: Duration,
    },
    /// Not a valid topic: empty, over 65,535 bytes, or with a wildcard.
    #[error("{0:?} is not a valid topic for a message")]
    Topic(String),
    /// The connection task has ended, for example because the runtime shuts down.
    #[error("the publisher's connection task has ended")]
    Stopped,
}
