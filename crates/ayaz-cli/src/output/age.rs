//! Durations on the command line.

use jiff::{SignedDuration, Timestamp};

/// Reads days, hours, minutes or seconds, with an optional minus sign.
pub(crate) fn parse(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "write 30d, 12h, 90m or 45s".to_owned();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let unit_at = digits
        .find(|c: char| !c.is_ascii_digit())
        .ok_or_else(wrong)?;
    let (number, unit) = digits.split_at(unit_at);
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    // At most a hundred years, because callers add it to a time.
    match number.checked_mul(seconds) {
        Some(seconds) if seconds <= 36_525 * 86_400 => {
            Ok(SignedDuration::from_secs(sign * seconds))
        }
        _ => Err("it can be 100 years (36525d) at most".to_owned()),
    }
}

/// The instant `age` before `now`.
pub(crate) fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.saturating_sub(age).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [
            ("30d", 2_592_000),
            ("12h", 43_200),
            ("-90m", -5_400),
            ("0s", 0),
        ] {
            assert_eq!(
                parse(text),
                Ok(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "30",
            "d",
            "3w",
            "1h30m",
            "--1h",
            "99999999999999999999d",
            "40000d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
