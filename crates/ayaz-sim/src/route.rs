//! Where a bus drives: a circle through Astana, and a straight line from the depot to it.
//!
//! Positions are metres east and north of the centre, so that the driven distance agrees with the distance
//! between positions.

use std::f64::consts::TAU;

use crate::noise::{between, hash};

/// Centre of the city, degrees north and east (WGS 84).
const CENTRE_DEGREES: (f64, f64) = (51.13, 71.43);

/// Metres in a degree of latitude.
const LATITUDE_DEGREE_M: f64 = 111_200.0;

/// Metres in a degree of longitude at 51.13° north.
const LONGITUDE_DEGREE_M: f64 = 69_870.0;

/// The depot, m east and north of the centre.
pub(crate) const DEPOT: Place = Place {
    east_m: 6_000.0,
    north_m: -2_500.0,
};

/// Metres east and north of the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) east_m: f64,
    pub(crate) north_m: f64,
}

impl Place {
    pub(crate) fn distance_m(self, other: Place) -> f64 {
        (self.east_m - other.east_m).hypot(self.north_m - other.north_m)
    }

    /// The place at a share (0 to 1) of the way to another place.
    pub(crate) fn towards(self, other: Place, share: f64) -> Place {
        Place {
            east_m: self.east_m + (other.east_m - self.east_m) * share,
            north_m: self.north_m + (other.north_m - self.north_m) * share,
        }
    }

    /// Latitude and longitude, degrees.
    pub(crate) fn degrees(self) -> (f64, f64) {
        (
            CENTRE_DEGREES.0 + self.north_m / LATITUDE_DEGREE_M,
            CENTRE_DEGREES.1 + self.east_m / LONGITUDE_DEGREE_M,
        )
    }
}

/// A route of the network: a circle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Route {
    /// The number that passengers see.
    pub(crate) number: u64,
    centre: Place,
    radius_m: f64,
    /// Angle of the origin: the place nearest to the depot, where buses join the route.
    origin: f64,
}

impl Route {
    /// A route, whose shape depends on seed and number. Numbers begin at 10.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let draw = |what, low, high| between(hash(&[seed, 31, number, what]), low, high);
        let centre = Place {
            east_m: draw(1, -1_500.0, 1_000.0),
            north_m: draw(2, -1_000.0, 1_500.0),
        };
        let origin = (DEPOT.north_m - centre.north_m).atan2(DEPOT.east_m - centre.east_m);
        Self {
            number,
            centre,
            radius_m: draw(3, 2_000.0, 3_200.0),
            origin,
        }
    }

    /// The place that many metres from the origin, counter-clockwise. More than one round is allowed.
    pub(crate) fn place(&self, distance_m: f64) -> Place {
        let (sin, cos) = (self.origin + distance_m / self.radius_m).sin_cos();
        Place {
            east_m: self.centre.east_m + self.radius_m * cos,
            north_m: self.centre.north_m + self.radius_m * sin,
        }
    }

    /// Length of a round, m.
    pub(crate) fn length_m(&self) -> f64 {
        TAU * self.radius_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_ends_at_its_start_and_distances_are_in_metres() {
        for number in 10..40 {
            let route = Route::new(9, number);
            let (from, to) = (route.place(0.0), route.place(route.length_m()));
            assert!(from.distance_m(to) < 1e-6);
            assert!((route.place(100.0).distance_m(from) - 100.0).abs() < 0.1);
            assert!(
                (2_000.0..8_000.0).contains(&from.distance_m(DEPOT)),
                "route {number}"
            );
        }
    }
}
