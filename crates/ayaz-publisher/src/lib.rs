//! Publishes telemetry at QoS 1 and keeps every message until the broker has acknowledged it.
//!
//! Reading order: [`publisher`] (what callers use), [`window`]
//! (which messages wait for which acknowledgement), `session` (one task that owns the
//! connection), [`encode`] (readings to wire types and topics).
//!
//! What is promised: a message that [`Publisher::publish`] took is delivered to the broker at
//! least once, in the order of publishing, over any number of lost connections, as long as the
//! process lives and [`Publisher::finish`] returns `Ok`; with
//! [`PublisherOptions::subscriber_wait`] also that the broker had a subscriber to hand it to. A broken connection may deliver a message
//! twice; readings carry an identity, so a message twice is stored once.

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
