//! Publishes telemetry at QoS 1 and keeps every message until the broker has acknowledged it.
//!
//! Reading order: [`publisher`] (the public type), [`window`] (which messages wait for which
//! acknowledgement), `session` (the task that owns the connection), [`encode`] (readings to wire
//! types).
//!
//! Guarantee: every message that [`Publisher::publish`] accepts reaches the broker at least once and
//! in order, however often the connection is lost, if the process lives and [`Publisher::finish`]
//! returns `Ok`. With [`PublisherOptions::subscriber_wait`] the broker also had a subscriber for it.
//! A lost connection may deliver a message twice; the store ignores the duplicate by its key.

pub mod encode;
pub mod error;
pub mod options;
pub mod publisher;
mod session;
mod shared;
pub mod window;

pub use error::PublishError;
pub use options::PublisherOptions;
pub use publisher::{PublishedCounts, Publisher};
