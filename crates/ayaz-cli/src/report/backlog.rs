//! Tells if figures lack stored readings.

use ayaz_store::backlog::Backlog;
use jiff::Unit;

/// The note for people if hours wait for the worker; `None` if none wait.
pub(super) fn note(backlog: &Backlog) -> Option<String> {
    let Backlog { hours, since, now } = *backlog;
    if hours == 0 {
        return None;
    }
    let (counted, wait) = match hours {
        1 => ("hour", "waits"),
        _ => ("hours", "wait"),
    };
    let since = since.map_or(String::new(), |since| {
        let seconds = now.duration_since(since).as_secs().max(0);
        let at = since.round(Unit::Second).unwrap_or(since);
        format!(
            ", since {} UTC ({})",
            at.strftime("%Y-%m-%d %H:%M:%S"),
            age(seconds)
        )
    });
    Some(format!(
        "{hours} {counted} of readings {wait} for ayaz-analytics{since}: these figures do not \
         contain their new readings yet. ayaz-analytics refreshes them; if it is not running, run \
         `ayaz-analytics --once`."
    ))
}

/// The age in a suitable unit.
fn age(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_hours_are_shown_with_their_age() {
        let backlog = |hours, since: Option<&str>| Backlog {
            hours,
            since: since.map(|since| since.parse().unwrap()),
            now: "2026-01-12T12:00:00Z".parse().unwrap(),
        };
        assert_eq!(note(&backlog(0, None)), None);
        for (hours, since, expected) in [
            (1, "2026-01-12T11:59:25Z", "1 hour of readings waits"),
            (
                7,
                "2026-01-12T11:59:25.4Z",
                "since 2026-01-12 11:59:25 UTC (34 s)",
            ),
            (7, "2026-01-12T12:00:03Z", "(0 s)"),
            (7, "2026-01-12T11:00:00Z", "(60 min)"),
            (7, "2026-01-12T04:00:00Z", "(8 h)"),
            (
                7,
                "2026-01-02T12:00:00Z",
                "7 hours of readings wait for ayaz-analytics",
            ),
            (7, "2026-01-02T12:00:00Z", "(10 days)"),
        ] {
            let message = note(&backlog(hours, Some(since))).unwrap();
            assert!(message.contains(expected), "{message}");
        }
    }
}
