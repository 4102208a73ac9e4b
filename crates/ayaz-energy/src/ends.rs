//! First and last values of signals that are not summed.

use ayaz_model::UnixMicroseconds;

/// A value and its time.
pub type Stamped = (UnixMicroseconds, f64);

/// The first and the last present value of a signal. Of two values at the same instant the lower
/// one is first and the higher one last, so the order of samples does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FirstLast {
    /// The first.
    pub first: Option<Stamped>,
    /// The last.
    pub last: Option<Stamped>,
}

impl FirstLast {
    /// From a single sample.
    pub fn of(at: UnixMicroseconds, value: Option<f64>) -> Self {
        let stamped = value.map(|value| (at, value));
        Self {
            first: stamped,
            last: stamped,
        }
    }

    /// Adds those of other samples.
    pub fn merge(&mut self, other: &Self) {
        if let Some(first) = other.first
            && self.first.is_none_or(|own| is_before(first, own))
        {
            self.first = Some(first);
        }
        if let Some(last) = other.last
            && self.last.is_none_or(|own| is_before(own, last))
        {
            self.last = Some(last);
        }
    }

    /// The first value.
    pub fn first_value(&self) -> Option<f64> {
        self.first.map(|(_, value)| value)
    }

    /// The last value.
    pub fn last_value(&self) -> Option<f64> {
        self.last.map(|(_, value)| value)
    }
}

fn is_before(a: Stamped, b: Stamped) -> bool {
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).is_lt()
}

/// First and last values of the signals that sessions show.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ends {
    /// State of charge, %.
    pub soc_percent: FirstLast,
    /// Odometer, km.
    pub odometer_km: FirstLast,
    /// Air outside, °C.
    pub exterior_celsius: FirstLast,
    /// Air in the cabin, °C.
    pub cabin_celsius: FirstLast,
    /// The pack, °C.
    pub battery_celsius: FirstLast,
}

impl Ends {
    /// Adds those of other samples.
    pub fn merge(&mut self, other: &Self) {
        self.soc_percent.merge(&other.soc_percent);
        self.odometer_km.merge(&other.odometer_km);
        self.exterior_celsius.merge(&other.exterior_celsius);
        self.cabin_celsius.merge(&other.cabin_celsius);
        self.battery_celsius.merge(&other.battery_celsius);
    }

    /// Each signal, in the order of the columns.
    pub fn all(&self) -> [&FirstLast; 5] {
        [
            &self.soc_percent,
            &self.odometer_km,
            &self.exterior_celsius,
            &self.cabin_celsius,
            &self.battery_celsius,
        ]
    }

    /// The reverse of [`all`](Self::all).
    pub fn from_all(all: [FirstLast; 5]) -> Self {
        let [
            soc_percent,
            odometer_km,
            exterior_celsius,
            cabin_celsius,
            battery_celsius,
        ] = all;
        Self {
            soc_percent,
            odometer_km,
            exterior_celsius,
            cabin_celsius,
            battery_celsius,
        }
    }
}
