//! The publisher that callers use.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::PublishError;
use crate::options::{MESSAGE_OVERHEAD_BYTES, PublisherOptions};
use crate::session;
use crate::shared::{Message, Shared};

/// Time limit for DISCONNECT, after the broker has acknowledged everything.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Counters of a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublishedCounts {
    /// Messages that the broker has acknowledged.
    pub messages: u64,
    /// Messages sent again, since a connection ended before their acknowledgement.
    pub resent: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// Take-overs by another client with our client id, reported by the broker or detected.
    pub takeovers: u64,
}

/// Publishes at QoS 1 and keeps each message until the broker has acknowledged it.
///
/// Tasks share it by reference. If it is dropped without [`finish`](Publisher::finish), unacknowledged
/// messages are lost.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    session: JoinHandle<()>,
    window_bytes_max: u32,
}

impl Publisher {
    /// Connects, and retries within the time limit of the options.
    pub async fn connect(options: PublisherOptions) -> Result<Publisher, PublishError> {
        let window_bytes_max = options.window_bytes_max.max(1);
        let shared = Arc::new(Shared::new(window_bytes_max));
        let session = tokio::spawn(session::run(options, Arc::clone(&shared)));
        let publisher = Publisher {
            shared,
            session,
            window_bytes_max,
        };
        publisher
            .shared
            .wait(|state| match &state.failure {
                Some(failure) => Some(Err(failure.clone())),
                None => state.was_connected.then_some(Ok(())),
            })
            .await?;
        Ok(publisher)
    }

    /// Publishes a message. Waits while the window of unacknowledged messages is full, so that memory
    /// stays bounded while the broker is unreachable.
    pub async fn publish(
        &self,
        topic: impl Into<String>,
        payload: Bytes,
    ) -> Result<(), PublishError> {
        self.publish_message(topic.into(), payload, false).await
    }

    /// Publishes a retained message, such as a status.
    pub async fn publish_retained(
        &self,
        topic: impl Into<String>,
        payload: Bytes,
    ) -> Result<(), PublishError> {
        self.publish_message(topic.into(), payload, true).await
    }

    async fn publish_message(
        &self,
        topic: String,
        payload: Bytes,
        retain: bool,
    ) -> Result<(), PublishError> {
        let topic_fits = !topic.is_empty() && topic.len() <= usize::from(u16::MAX);
        if !topic_fits || topic.contains(['+', '#', '\0']) {
            return Err(PublishError::Topic(topic));
        }
        let bytes = u32::try_from(topic.len() + payload.len()).unwrap_or(u32::MAX);
        let cost = bytes
            .saturating_add(MESSAGE_OVERHEAD_BYTES)
            .min(self.window_bytes_max);
        let Ok(permit) = self.shared.budget.acquire_many(cost).await else {
            let failure = self.shared.lock().failure.clone();
            return Err(failure.unwrap_or(PublishError::Stopped));
        };
        self.shared.lock().accept(Message {
            topic,
            payload,
            retain,
            cost,
        })?;
        permit.forget();
        Ok(())
    }

    /// Messages that the broker has acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.shared.lock().counts.messages
    }

    /// Take-overs by another client with our client id.
    pub fn takeovers(&self) -> u64 {
        self.shared.lock().counts.takeovers
    }

    /// Waits until the broker has acknowledged everything, and disconnects.
    pub async fn finish(mut self) -> Result<PublishedCounts, PublishError> {
        let counts = self
            .shared
            .wait(|state| match &state.failure {
                Some(failure) => Some(Err(failure.clone())),
                None => state.window.is_empty().then_some(Ok(state.counts)),
            })
            .await?;
        let is_connected = self.shared.lock().disconnect();
        if is_connected {
            // Everything is acknowledged, so a lost DISCONNECT does no harm.
            let _ = timeout(DISCONNECT_TIMEOUT, &mut self.session).await;
        }
        Ok(counts)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.session.abort();
    }
}
