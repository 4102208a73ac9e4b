//! The required completeness of a figure.

use std::fmt;

use ayaz_store::reports::{FigureSettings, IncompleteTrips};

use crate::output::number::percent;

/// Required completeness, 0 to 1; 0 accepts all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Threshold(f64);

impl Threshold {
    /// The default in the database.
    pub(super) fn of(settings: &FigureSettings) -> Self {
        Self(settings.completeness_min)
    }

    /// Reads a share from 0 to 1, or percent.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().map(|percent: f64| percent / 100.0),
            None => text.parse(),
        };
        match share {
            // No range contains NaN.
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self(share)),
            _ => Err("write a share from 0 to 1, such as 0.9, or percent, such as 90%".to_owned()),
        }
    }

    /// 0 to 1.
    pub(super) fn share(self) -> f64 {
        self.0
    }

    /// True if a figure is less complete, or its completeness is unknown.
    pub(super) fn is_missed_by(self, completeness: Option<f64>) -> bool {
        self.0 > 0.0 && completeness.is_none_or(|share| share < self.0)
    }

    /// The mark of a figure that is less complete.
    pub(super) fn mark(self, completeness: Option<f64>) -> &'static str {
        if self.is_missed_by(completeness) {
            "*"
        } else {
            ""
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded to a tenth of a percent.
        let percent = (1000.0 * self.0).round() / 10.0;
        write!(f, "{percent} %")
    }
}

/// Why trips are less complete: "9 for missing time, 2 for flagged readings".
pub(super) fn causes(trips: &IncompleteTrips) -> String {
    let causes: Vec<String> = [
        (trips.silent, "for missing time"),
        (trips.flagged, "for flagged readings"),
        (trips.odometer, "for a distance that is not the odometer's"),
        (trips.unknown, "of unknown completeness"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, cause)| format!("{count} {cause}"))
    .collect();
    causes.join(", ")
}

/// A completeness as whole percent, never rounded up to the threshold, with a mark if it is less.
pub(super) fn completeness(share: Option<f64>, threshold: Threshold) -> String {
    // Times have a resolution of a millisecond, so a complete figure may lack part of one.
    let floor = share.map(|share| (100.0 * share + 0.002).floor() / 100.0);
    format!("{}{}", percent(floor), threshold.mark(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_percent_are_read_and_nothing_else() {
        for (text, share) in [
            ("0.9", Some(0.9)),
            ("90%", Some(0.9)),
            ("92.5 %", Some(0.925)),
            ("0", Some(0.0)),
            ("1", Some(1.0)),
            ("90", None),
            ("-0.1", None),
            ("101%", None),
            ("NaN", None),
            ("most", None),
        ] {
            let read = Threshold::parse(text).map(Threshold::share);
            assert_eq!(read.ok(), share, "{text}");
        }
        assert_eq!(Threshold(0.925).to_string(), "92.5 %");
        assert_eq!(Threshold(0.9).to_string(), "90 %");
    }

    #[test]
    fn unknown_completeness_is_below_any_threshold_except_0() {
        let threshold = Threshold(0.9);
        assert!(threshold.is_missed_by(None) && threshold.is_missed_by(Some(0.89)));
        assert!(!threshold.is_missed_by(Some(0.9)));
        assert!(!Threshold(0.0).is_missed_by(None) && !Threshold(0.0).is_missed_by(Some(0.0)));
    }

    #[test]
    fn completeness_is_never_rounded_up_to_the_threshold() {
        let shown = |share| completeness(share, Threshold(0.9));
        assert_eq!(shown(Some(0.8999)), "89*");
        assert_eq!(
            (shown(Some(0.95)), shown(Some(1.0))),
            ("95".into(), "100".into())
        );
        assert_eq!(shown(None), "–*");
    }
}
