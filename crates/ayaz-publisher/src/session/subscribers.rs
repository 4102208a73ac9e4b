//! Whether anybody is there to whom the broker hands our messages, and how long nobody has been.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::PublishError;

/// What the broker's acknowledgements say of subscribers.
#[derive(Debug)]
pub(crate) struct Subscribers {
    /// How long to wait for one; `None` if none is needed.
    wait_max: Option<Duration>,
    /// First answer that there is none, since there last was one.
    missing_since: Option<Instant>,
}

impl Subscribers {
    pub(crate) fn awaited(wait_max: Option<Duration>) -> Self {
        Self {
            wait_max,
            missing_since: None,
        }
    }

    /// Whether a message that nobody has subscribed to must be sent again.
    pub(crate) fn are_awaited(&self) -> bool {
        self.wait_max.is_some()
    }

    /// The broker handed a message to somebody.
    pub(crate) fn found(&mut self) {
        self.missing_since = None;
    }

    /// The broker had nobody for a message of that topic; returns how much longer to try.
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
    fn the_clock_starts_at_the_first_answer_and_anew_after_a_delivery() {
        let start = Instant::now();
        let mut subscribers = Subscribers::awaited(Some(Duration::from_secs(60)));
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
