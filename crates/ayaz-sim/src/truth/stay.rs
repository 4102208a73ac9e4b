//! The time between two trips, and how it falls into sessions.

use crate::truth::Step;
use crate::truth::session::{
    CHARGING_MIN_WATTS, CONDITIONING_MIN_WATTS, PAUSE_MAX_SECONDS, SESSION_MIN_SECONDS,
    TruthSession, TruthSessionKind,
};
use jiff::civil::Date;

/// What an instant alone says of a parked bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Charged,
    Conditioned,
    Idle,
}

impl Mark {
    fn of(step: &Step) -> Self {
        let gain = -step.powers.pack();
        if step.plugged_in && gain > CHARGING_MIN_WATTS {
            Self::Charged
        } else if step.powers.conditioning() > CONDITIONING_MIN_WATTS {
            Self::Conditioned
        } else {
            Self::Idle
        }
    }
}

/// Consecutive steps with the same mark and the same plug.
#[derive(Debug, Clone)]
struct Stretch {
    mark: Mark,
    /// Sums and ends; its kind is decided when the stay is over.
    session: TruthSession,
}

/// The time between two trips, as far as it has passed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stay {
    stretches: Vec<Stretch>,
}

impl Stay {
    pub(crate) fn add(&mut self, step: &Step, service_day: Date) {
        let mark = Mark::of(step);
        let goes_on = self
            .stretches
            .last()
            .is_some_and(|last| last.mark == mark && last.session.plugged_in == step.plugged_in);
        if !goes_on {
            self.stretches.push(Stretch {
                mark,
                session: TruthSession::begin(TruthSessionKind::Parking, step),
            });
        }
        if let Some(last) = self.stretches.last_mut() {
            last.session.extend(step, service_day);
        }
    }

    /// The sessions of the stay.
    pub(crate) fn sessions(&self) -> Vec<TruthSession> {
        let stretches = &self.stretches;
        let mut kinds = vec![(TruthSessionKind::Parking, 0); stretches.len()];
        join(
            stretches,
            &mut kinds,
            Mark::Charged,
            TruthSessionKind::Charging,
        );
        join(
            stretches,
            &mut kinds,
            Mark::Conditioned,
            TruthSessionKind::Conditioning,
        );
        let mut sessions: Vec<TruthSession> = Vec::new();
        let mut last = None;
        for (stretch, kind) in stretches.iter().zip(kinds) {
            match sessions.last_mut() {
                Some(session) if last == Some(kind) => session.append(&stretch.session),
                _ => sessions.push(TruthSession {
                    kind: kind.0,
                    ..stretch.session.clone()
                }),
            }
            last = Some(kind);
        }
        sessions
    }
}

/// A kind and the number of its session, so that neighbours of one kind stay apart.
type Label = (TruthSessionKind, usize);

const PARKING: Label = (TruthSessionKind::Parking, 0);

/// Gives all stretches of the sessions of one kind that kind.
fn join(stretches: &[Stretch], kinds: &mut [Label], mark: Mark, kind: TruthSessionKind) {
    let mut from = 0;
    while from < stretches.len() {
        if stretches[from].mark != mark || kinds[from] != PARKING {
            from += 1;
            continue;
        }
        let last = last_of_session(stretches, kinds, mark, from);
        let (first, end) = (&stretches[from].session, &stretches[last].session);
        if end.end.seconds_since(first.start) >= SESSION_MIN_SECONDS {
            kinds[from..=last].fill((kind, from));
        }
        from = last + 1;
    }
}

/// The last stretch with the mark that belongs to the session that begins at `from`.
fn last_of_session(stretches: &[Stretch], kinds: &[Label], mark: Mark, from: usize) -> usize {
    let mut last = from;
    for next in from + 1..stretches.len() {
        let (session, end) = (&stretches[next].session, stretches[last].session.end);
        if kinds[next] != PARKING || session.plugged_in != stretches[from].session.plugged_in {
            break;
        }
        if stretches[next].mark == mark {
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

    /// Sessions of a stay written as minutes of `c` (charged), `h` (heated on the plug), `b`
    /// (heated from the battery), `.` (idle on the plug) and `-` (idle without), as `kind start-end`
    /// in minutes.
    fn sessions(minutes: &str) -> Vec<String> {
        let mut stay = Stay::default();
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
            stay.add(&step, service_day(from));
        }
        let minute = |at: UnixMicroseconds| at.0 / 60_000_000;
        stay.sessions()
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
            // Heaters in a pause of the charge belong to the charge.
            ("ccchhhccc", vec!["charging 0-9"]),
            // A charge that is too short does not part what it interrupts.
            ("hhhhcchhhh", vec!["conditioning 0-10"]),
            (&pause(14), vec!["conditioning 0-20"]),
            (
                &pause(15),
                vec!["conditioning 0-3", "parking 3-18", "conditioning 18-21"],
            ),
            // Single minutes with short pauses are one session.
            ("h....h....h", vec!["conditioning 0-11"]),
            ("h..............h", vec!["conditioning 0-16"]),
            // The plug parts what comes from the battery from what comes from the grid.
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
