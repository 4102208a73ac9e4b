//! Divides the time between two trips into sessions.

use crate::truth::Step;
use crate::truth::session::{
    CHARGING_MIN_WATTS, CONDITIONING_MIN_WATTS, PAUSE_MAX_SECONDS, SESSION_MIN_SECONDS,
    TruthSession, TruthSessionKind,
};
use jiff::civil::Date;

/// The activity of a parked bus in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Charging,
    Conditioning,
    Idle,
}

impl Activity {
    fn of(step: &Step) -> Self {
        let gain = -step.powers.pack();
        if step.plugged_in && gain > CHARGING_MIN_WATTS {
            Self::Charging
        } else if step.powers.conditioning() > CONDITIONING_MIN_WATTS {
            Self::Conditioning
        } else {
            Self::Idle
        }
    }
}

/// Neighbouring steps with the same activity and the same state of the plug.
#[derive(Debug, Clone)]
struct ParkedSegment {
    activity: Activity,
    /// Times and sums. The kind is decided later.
    session: TruthSession,
}

/// The time between two trips, up to now.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParkedTime {
    segments: Vec<ParkedSegment>,
}

impl ParkedTime {
    pub(crate) fn add(&mut self, step: &Step, service_day: Date) {
        let activity = Activity::of(step);
        let continues = self.segments.last().is_some_and(|last| {
            last.activity == activity && last.session.plugged_in == step.plugged_in
        });
        if !continues {
            self.segments.push(ParkedSegment {
                activity,
                session: TruthSession::begin(TruthSessionKind::Parking, step),
            });
        }
        if let Some(last) = self.segments.last_mut() {
            last.session.extend(step, service_day);
        }
    }

    /// The sessions of the parked time.
    pub(crate) fn sessions(&self) -> Vec<TruthSession> {
        let segments = &self.segments;
        let mut kinds = vec![(TruthSessionKind::Parking, 0); segments.len()];
        join(
            segments,
            &mut kinds,
            Activity::Charging,
            TruthSessionKind::Charging,
        );
        join(
            segments,
            &mut kinds,
            Activity::Conditioning,
            TruthSessionKind::Conditioning,
        );
        let mut sessions: Vec<TruthSession> = Vec::new();
        let mut last = None;
        for (segment, kind) in segments.iter().zip(kinds) {
            match sessions.last_mut() {
                Some(session) if last == Some(kind) => session.append(&segment.session),
                _ => sessions.push(TruthSession {
                    kind: kind.0,
                    ..segment.session.clone()
                }),
            }
            last = Some(kind);
        }
        sessions
    }
}

/// The kind of a session and its number, which separates neighbouring sessions of one kind.
type SessionLabel = (TruthSessionKind, usize);

const PARKING: SessionLabel = (TruthSessionKind::Parking, 0);

/// Finds the sessions of one kind and labels their segments.
fn join(
    segments: &[ParkedSegment],
    kinds: &mut [SessionLabel],
    activity: Activity,
    kind: TruthSessionKind,
) {
    let mut from = 0;
    while from < segments.len() {
        if segments[from].activity != activity || kinds[from] != PARKING {
            from += 1;
            continue;
        }
        let last = last_of_session(segments, kinds, activity, from);
        let (first, end) = (&segments[from].session, &segments[last].session);
        if end.end.seconds_since(first.start) >= SESSION_MIN_SECONDS {
            kinds[from..=last].fill((kind, from));
        }
        from = last + 1;
    }
}

/// The last segment of the session that begins at `from`.
fn last_of_session(
    segments: &[ParkedSegment],
    kinds: &[SessionLabel],
    activity: Activity,
    from: usize,
) -> usize {
    let mut last = from;
    for next in from + 1..segments.len() {
        let (session, end) = (&segments[next].session, segments[last].session.end);
        if kinds[next] != PARKING || session.plugged_in != segments[from].session.plugged_in {
            break;
        }
        if segments[next].activity == activity {
            if session.start.seconds_since(end) >= PAUSE_MAX_SECONDS {
                break;
            }
            last = next;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_time::service_day;
    use crate::truth::Powers;
    use ayaz_model::UnixMicroseconds;

    /// The sessions of a parked time, as `kind start-end` in minutes. Each letter is a minute: `c`
    /// charging, `h` heated and plugged in, `b` heated from the battery, `.` idle and plugged in, `-` idle
    /// and unplugged.
    fn sessions(minutes: &str) -> Vec<String> {
        let mut parked = ParkedTime::default();
        for (minute, what) in minutes.chars().enumerate() {
            let powers = match what {
                'c' => Powers {
                    charger: 50_000.0,
                    battery_heater: 6_000.0,
                    ..Powers::default()
                },
                'h' => Powers {
                    charger: 6_000.0,
                    battery_heater: 6_000.0,
                    ..Powers::default()
                },
                'b' => Powers {
                    cabin_heater: 6_000.0,
                    ..Powers::default()
                },
                _ => Powers::default(),
            };
            let from = UnixMicroseconds(minute as i64 * 60_000_000);
            let step = Step {
                from,
                seconds: 60.0,
                powers,
                loss_watts: 0.0,
                distance_km: 0.0,
                fuel_litres: 0.0,
                soc: (0.5, 0.5),
                drive_cycle: None,
                plugged_in: !matches!(what, 'b' | '-'),
            };
            parked.add(&step, service_day(from));
        }
        let minute = |at: UnixMicroseconds| at.0 / 60_000_000;
        parked
            .sessions()
            .iter()
            .map(|s| format!("{} {}-{}", s.kind.name(), minute(s.start), minute(s.end)))
            .collect()
    }

    #[test]
    fn a_stay_falls_into_sessions_as_defined() {
        let pause = |length: usize| format!("hhh{}hhh", ".".repeat(length));
        for (minutes, expected) in [
            ("....", vec!["parking 0-4"]),
            ("..ccc", vec!["parking 0-2", "charging 2-5"]),
            ("..cc..", vec!["parking 0-6"]),
            (
                "hhhccchhh",
                vec!["conditioning 0-3", "charging 3-6", "conditioning 6-9"],
            ),
            // Heating in a pause of charging belongs to the charging session.
            ("ccchhhccc", vec!["charging 0-9"]),
            // Charging that is too short does not divide a session.
            ("hhhhcchhhh", vec!["conditioning 0-10"]),
            (&pause(14), vec!["conditioning 0-20"]),
            (
                &pause(15),
                vec!["conditioning 0-3", "parking 3-18", "conditioning 18-21"],
            ),
            // Single minutes with short pauses are one session.
            ("h....h....h", vec!["conditioning 0-11"]),
            ("h..............h", vec!["conditioning 0-16"]),
            // A change of the plug divides heating from the battery and heating from the grid.
            (
                "bbb.hhh",
                vec!["conditioning 0-3", "parking 3-4", "conditioning 4-7"],
            ),
            ("bbbhhh", vec!["conditioning 0-3", "conditioning 3-6"]),
            ("bbhh", vec!["parking 0-4"]),
            ("--..ccc", vec!["parking 0-4", "charging 4-7"]),
            ("", vec![]),
        ] {
            assert_eq!(sessions(minutes), expected, "{minutes}");
        }
    }
}
