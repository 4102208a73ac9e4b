//! Tracks for how long the broker has had no subscriber for our messages.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::PublishError;

/// Subscribers, as far as the broker's acknowledgements report them.
#[derive(Debug)]
pub(crate) struct Subscribers {
    /// How long to wait for a subscriber; `None` if none is needed.
    wait_max: Option<Duration>,
    /// When the broker first reported none, after the last delivery.
    missing_since: Option<Instant>,
}

impl Subscribers {
    pub(crate) fn new(wait_max: Option<Duration>) -> Self {
        Self {
            wait_max,
            missing_since: None,
        }
    }

    /// Whether a message without a subscriber must be sent again.
    pub(crate) fn are_required(&self) -> bool {
        self.wait_max.is_some()
    }

    /// The broker delivered a message to a subscriber.
    pub(crate) fn found(&mut self) {
        self.missing_since = None;
    }

    /// The broker has no subscriber for this topic. Returns the time left to try.
    pub(crate) fn missing(
        &mut self,
        topic: String,
        now: Instant,
    ) -> Result<Duration, PublishError> {
        let after = self.wait_max.unwrap_or_default();
        let since = *self.missing_since.get_or_insert_with(|| {
            tracing::warn!(
                "nobody has subscribed to {topic} yet: is ayaz-ingest running? \
                 waiting for up to {after:?}"
            );
            now
        });
        let left = after.saturating_sub(now.saturating_duration_since(since));
        if left.is_zero() {
            return Err(PublishError::NobodySubscribed { topic, after });
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_starts_at_the_first_report_and_again_after_a_delivery() {
        let start = Instant::now();
        let mut subscribers = Subscribers::new(Some(Duration::from_secs(60)));
        let mut missing_at = |second: u64, found_before: bool| {
            if found_before {
                subscribers.found();
            }
            let now = start + Duration::from_secs(second);
            subscribers
                .missing("some/topic".to_owned(), now)
                .map(|left| left.as_secs())
        };
        assert_eq!(missing_at(100, false), Ok(60));
        assert_eq!(missing_at(159, false), Ok(1));
        assert_eq!(missing_at(159, true), Ok(60));
        assert_eq!(missing_at(218, false), Ok(1));
        let text = missing_at(219, false).unwrap_err().to_string();
        for part in ["some/topic", "60s", "start ayaz-ingest", "replay again"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
