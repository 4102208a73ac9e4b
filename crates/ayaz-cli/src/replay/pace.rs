//! Speed of a replay.

use std::str::FromStr;
use std::time::Duration;

use ayaz_model::UnixMicroseconds;
use tokio::time::{Instant, sleep_until};

/// Longest recorded pause that is kept, for example between two drives.
const PAUSE_SECONDS_MAX: f64 = 60.0;

/// A multiple of real time, or as fast as possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as possible.
    Max,
    /// Recorded seconds per second.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Speed, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        match text.trim_end_matches(['x', '×']).parse::<f64>() {
            Ok(times) if times.is_finite() && times >= 0.001 => Ok(Speed::Times(times)),
            _ => Err("must be \"max\" or a number from 0.001, such as 10".to_owned()),
        }
    }
}

/// Delays messages until they are due.
#[derive(Debug)]
pub struct Pace {
    speed: Speed,
    /// Due time of the last message, and the time of its last reading.
    before: Option<(Instant, UnixMicroseconds)>,
}

impl Pace {
    /// The first message sets the start.
    pub fn new(speed: Speed) -> Pace {
        Pace {
            speed,
            before: None,
        }
    }

    /// Waits until a message is due, by the time of its last reading.
    pub async fn wait(&mut self, recorded_at: UnixMicroseconds) {
        if let Some(due) = self.due(Instant::now(), recorded_at) {
            sleep_until(due).await;
        }
    }

    /// The due time of a message; for the first message, `now`. `None` for no delay.
    fn due(&mut self, now: Instant, recorded_at: UnixMicroseconds) -> Option<Instant> {
        let Speed::Times(times) = self.speed else {
            return None;
        };
        let due = match self.before {
            None => now,
            Some((due, before)) => {
                let seconds = recorded_at
                    .seconds_since(before)
                    .clamp(0.0, PAUSE_SECONDS_MAX);
                due + Duration::from_secs_f64(seconds / times)
            }
        };
        self.before = Some((due, recorded_at));
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_max_or_a_positive_number() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("10".parse(), Ok(Speed::Times(10.0)));
        assert_eq!("0.5x".parse(), Ok(Speed::Times(0.5)));
        for bad in ["0", "-1", "NaN", "inf", "fast", "", "1e-9"] {
            assert!(bad.parse::<Speed>().is_err(), "{bad}");
        }
    }

    #[test]
    fn recorded_time_passes_at_the_speed_and_long_pauses_are_shortened() {
        let mut pace = Pace::new(Speed::Times(2.0));
        let started = Instant::now();
        for (recorded_seconds, passed_seconds) in [(100, 0), (106, 3), (105, 3), (999_999, 33)] {
            let recorded_at = UnixMicroseconds(recorded_seconds * 1_000_000);
            let due = pace.due(started, recorded_at).unwrap();
            assert_eq!(
                (due - started).as_secs(),
                passed_seconds,
                "{recorded_seconds}"
            );
        }
        assert_eq!(
            Pace::new(Speed::Max).due(started, UnixMicroseconds(0)),
            None
        );
    }
}
