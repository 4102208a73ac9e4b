//! How a bus drives: from stop to stop, 400 to 550 m apart. It accelerates at about 1 m/s², cruises at 27
//! to 44 km/h, and waits at stops and lights. The mean speed is 17 to 22 km/h.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::noise::{between, uniform_signed};
use crate::route::{DEPOT, Place, Route};

/// Distance between stops of a route, m.
const STOP_SPACING_M: (f64, f64) = (400.0, 550.0);

/// Distance between lights on the drive from and to the depot, m.
const LIGHT_SPACING_M: (f64, f64) = (700.0, 1_100.0);

/// Share of stops after which a light is red.
const LIGHT_RED_SHARE: f64 = 0.45;

/// Share of segments between stops with slow traffic.
const TRAFFIC_SHARE: f64 = 0.4;

/// Length of slow traffic, m.
const TRAFFIC_LENGTH_M: f64 = 40.0;

/// Mean mass of a passenger, kg.
pub(crate) const PASSENGER_KG: f64 = 70.0;

/// A part of the shift.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leg {
    /// From the depot to the route.
    PullOut { to: Place, length_m: f64 },
    /// Rounds on the route.
    Service,
    /// From a stop back to the depot.
    PullIn { from: Place, length_m: f64 },
}

/// The demand at the stops.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PassengerDemand {
    /// Usual number of passengers in the bus at this hour of the day.
    pub(crate) wanted: f64,
    pub(crate) doors: u32,
}

/// The motion of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Motion {
    pub(crate) distance_m: f64,
    /// Mean speed of the step, m/s.
    pub(crate) speed_mean_mps: f64,
    /// Mean acceleration of the step, m/s².
    pub(crate) acceleration_mps2: f64,
    /// Whether the bus has reached the depot.
    pub(crate) arrived: bool,
}

/// Slow traffic before the next stop.
#[derive(Debug, Clone, Copy, Default)]
struct Traffic {
    /// Where it begins, metres before the next stop. Its length is [`TRAFFIC_LENGTH_M`].
    from_m: f64,
    /// Its speed as a share of the cruising speed, 0 to 1.
    share: f64,
}

/// The position of the bus and the next actions of its driver.
#[derive(Debug, Clone)]
pub(crate) struct Driver {
    leg: Leg,
    /// Metres from the start of the leg; for [`Leg::Service`] from the route's origin.
    leg_distance_m: f64,
    segment_remaining_m: f64,
    cruise_mps: f64,
    traffic: Traffic,
    pub(crate) speed_mps: f64,
    /// How long the bus still stands, and how long its doors are still open, s.
    stand_seconds: f64,
    doors_seconds: f64,
    pub(crate) doors_open: bool,
    pub(crate) passengers: u32,
}

impl Driver {
    /// A driver who leaves the depot.
    pub(crate) fn pull_out(route: &Route) -> Self {
        let to = route.place(0.0);
        Self::on(
            Leg::PullOut {
                to,
                length_m: DEPOT.distance_m(to),
            },
            0.0,
        )
    }

    /// A driver on the route, at a stop.
    pub(crate) fn in_service(route_distance_m: f64, passengers: u32) -> Self {
        Self {
            passengers,
            ..Self::on(Leg::Service, route_distance_m)
        }
    }

    fn on(leg: Leg, leg_distance_m: f64) -> Self {
        Self {
            leg,
            leg_distance_m,
            segment_remaining_m: 0.0,
            cruise_mps: 10.0,
            traffic: Traffic::default(),
            speed_mps: 0.0,
            stand_seconds: 20.0,
            doors_seconds: 0.0,
            doors_open: false,
            passengers: 0,
        }
    }

    /// The position of the bus.
    pub(crate) fn place(&self, route: &Route) -> Place {
        match self.leg {
            Leg::PullOut { to, length_m } => DEPOT.towards(to, self.leg_distance_m / length_m),
            Leg::Service => route.place(self.leg_distance_m),
            Leg::PullIn { from, length_m } => from.towards(DEPOT, self.leg_distance_m / length_m),
        }
    }

    /// Whether the bus takes passengers.
    pub(crate) fn in_public_service(&self) -> bool {
        self.leg == Leg::Service
    }

    /// Whether the bus stands, so that it may turn to the depot.
    pub(crate) fn is_at_stop(&self) -> bool {
        self.stand_seconds > 0.0
    }

    /// Leaves the route for the depot without passengers. Call this at a stop.
    pub(crate) fn pull_in(&mut self, route: &Route) {
        if self.leg == Leg::Service {
            let from = self.place(route);
            self.passengers = 0;
            self.leg = Leg::PullIn {
                from,
                length_m: from.distance_m(DEPOT),
            };
            self.leg_distance_m = 0.0;
            self.segment_remaining_m = 0.0;
        }
    }

    /// Advances by `seconds` (at most 1). `acceleration_max` gives the highest acceleration at a speed,
    /// m/s².
    pub(crate) fn advance(
        &mut self,
        seconds: f64,
        rng: &mut ChaCha8Rng,
        demand: PassengerDemand,
        acceleration_max: impl Fn(f64) -> f64,
    ) -> Motion {
        if self.stand_seconds > 0.0 {
            self.stand(seconds, rng);
            return Motion::default();
        }
        let before = self.speed_mps;
        let after = self.next_speed(seconds, rng.next_u64(), acceleration_max);
        let speed_mean_mps = (before + after) / 2.0;
        let distance_m = speed_mean_mps * seconds;
        self.speed_mps = after;
        self.segment_remaining_m -= distance_m;
        self.leg_distance_m += distance_m;
        let arrived = after == 0.0 && self.segment_remaining_m <= 2.0 && {
            self.segment_remaining_m = 0.0;
            self.arrive(rng, demand)
        };
        let acceleration_mps2 = (after - before) / seconds;
        Motion {
            distance_m,
            speed_mean_mps,
            acceleration_mps2,
            arrived,
        }
    }

    /// Speed at the end of the step, m/s: towards the cruising speed, or down for the next stop. It has
    /// noise, so that it is never an exact ramp.
    fn next_speed(&self, seconds: f64, bits: u64, acceleration_max: impl Fn(f64) -> f64) -> f64 {
        let v = self.speed_mps;
        let ahead = (self.segment_remaining_m - v * seconds).max(0.0);
        let braking = 1.0 + 0.12 * uniform_signed(bits, 0);
        let stopping = (2.0 * 0.95 * braking * ahead).sqrt();
        let ahead_of_traffic = self.traffic.from_m - self.segment_remaining_m;
        let slowed = (0.0..TRAFFIC_LENGTH_M).contains(&ahead_of_traffic);
        let share = if slowed { self.traffic.share } else { 1.0 };
        let cruise = self.cruise_mps * share + 0.1 * uniform_signed(bits, 1);
        let brake = if stopping < cruise { 1.8 } else { 1.1 };
        let wanted = stopping.min(cruise);
        let pull = (1.15 - 0.5 * v / self.cruise_mps) * (1.0 + 0.1 * uniform_signed(bits, 2));
        let limit = pull.min(acceleration_max(v + pull * seconds / 2.0));
        let after =
            v + (wanted - v).clamp(-brake * seconds, (limit * seconds).max(-brake * seconds));
        if self.segment_remaining_m - v * seconds <= 0.5 && after < 1.8 {
            0.0
        } else {
            after.max(0.0)
        }
    }

    fn stand(&mut self, seconds: f64, rng: &mut ChaCha8Rng) {
        self.stand_seconds -= seconds;
        self.doors_seconds -= seconds;
        self.doors_open = self.doors_seconds > 0.0;
        if self.stand_seconds <= 0.0 {
            self.stand_seconds = 0.0;
            self.doors_open = false;
            self.depart(rng);
        }
    }

    /// Chooses the next stop or light and the speed until there.
    fn depart(&mut self, rng: &mut ChaCha8Rng) {
        let (low, high) = if self.in_public_service() {
            STOP_SPACING_M
        } else {
            LIGHT_SPACING_M
        };
        let spacing = between(rng.next_u64(), low, high);
        let rest = match self.leg {
            Leg::PullOut { length_m, .. } | Leg::PullIn { length_m, .. } => {
                length_m - self.leg_distance_m
            }
            Leg::Service => f64::INFINITY,
        };
        self.segment_remaining_m = if rest < spacing + 300.0 {
            rest.max(1.0)
        } else {
            spacing
        };
        let (slow, fast) = if self.in_public_service() {
            (7.6, 12.2)
        } else {
            (10.0, 13.5)
        };
        self.cruise_mps = between(rng.next_u64(), slow, fast);
        let (bits, chance) = (rng.next_u64(), between(rng.next_u64(), 0.0, 1.0));
        self.traffic = Traffic {
            // A position behind the bus means no traffic.
            from_m: if chance < TRAFFIC_SHARE {
                0.35 + 0.4 * chance
            } else {
                2.0
            } * self.segment_remaining_m,
            share: between(bits, 0.3, 0.75),
        };
    }

    /// Handles a stop of the bus. Returns whether it is at the depot.
    fn arrive(&mut self, rng: &mut ChaCha8Rng, demand: PassengerDemand) -> bool {
        let light = between(rng.next_u64(), 0.0, 1.0);
        let wait = if light < LIGHT_RED_SHARE {
            5.0 + 35.0 * light / LIGHT_RED_SHARE
        } else {
            0.0
        };
        match self.leg {
            Leg::PullOut { length_m, .. } if length_m - self.leg_distance_m < 3.0 => {
                self.leg = Leg::Service;
                self.leg_distance_m = 0.0;
            }
            Leg::PullIn { length_m, .. } if length_m - self.leg_distance_m < 3.0 => return true,
            Leg::PullOut { .. } | Leg::PullIn { .. } => {
                self.stand_seconds = 5.0 + wait;
                return false;
            }
            Leg::Service => {}
        }
        let exchange = self.exchange_passengers(rng.next_u64(), demand.wanted);
        self.doors_seconds = (11.0 + 2.4 * f64::from(exchange) / f64::from(demand.doors)).min(35.0);
        self.stand_seconds = self.doors_seconds + 2.0 + wait;
        self.doors_open = true;
        false
    }

    /// Lets passengers on and off. Returns the number of both together.
    fn exchange_passengers(&mut self, bits: u64, wanted: f64) -> u32 {
        let target = wanted * (1.0 + 0.5 * uniform_signed(bits, 0));
        let change = (target - f64::from(self.passengers)) * (0.3 + 0.2 * uniform_signed(bits, 1));
        let after = (f64::from(self.passengers) + change).round().max(0.0) as u32;
        let crossing = (f64::from(self.passengers.min(after)) * 0.12) as u32;
        let exchange = self.passengers.abs_diff(after) + 2 * crossing;
        self.passengers = after;
        exchange
    }
}

/// Share of the seats and standing places in use at an hour of the day, 0 to 1.
pub(crate) fn load_share(hour: f64) -> f64 {
    let rush = |at: f64| (1.0 - (hour - at).abs() / 2.0).max(0.0);
    let night = if (6.5..21.0).contains(&hour) {
        0.0
    } else {
        0.12
    };
    (0.28 + 0.35 * rush(8.0) + 0.35 * rush(18.0) - night).clamp(0.05, 0.65)
}
