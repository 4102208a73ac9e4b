//! Ready-made weeks of a fleet: weather, buses, and what goes wrong.
//!
//! | Scenario | Weather | What goes wrong |
//! |---|---|---|
//! | [`Scenario::cold_snap`] | a week of +5 to +12 °C, then one at −35 °C | nothing in the mild week; in the cold one every fault of the catalogue, spread over the buses, the first of which stays healthy |
//! | [`Scenario::mild_week`] | +5 to +12 °C | nothing |
//! | [`Scenario::summer_week`] | up to +38 °C, dust | nothing; condensers are dusty |
//!
//! ```
//! use ayaz_sim::Scenario;
//! use jiff::civil::date;
//!
//! // Half of the days are mild, half are cold.
//! let scenario = Scenario::cold_snap(1, 3, date(2025, 1, 6)).days(2);
//! let mut deliveries = scenario.deliveries();
//! for message in deliveries.by_ref().take(1_000) {
//!     assert!(!message.readings.is_empty());
//! }
//! assert_eq!(deliveries.truth().len(), 3);
//! ```

use std::sync::Arc;

use ayaz_model::{UnixMicroseconds, VehicleId};
use jiff::civil::Date;

use crate::bus::{Bus, BusConfig};
use crate::climate::{Climate, Spell};
use crate::delivery::Deliveries;
use crate::faults::{DataFaultPlan, Recording};
use crate::local_time::{SERVICE_DAY_FROM_HOUR, day_number, instant};

mod catalogue;
mod fleet;
mod schedule;

use schedule::Schedule;

/// Days of a week.
const WEEK_DAYS: u32 = 7;

/// Mean and half of the daily swing of the spells, °C and K.
const MILD: (f64, f64) = (8.5, 3.5);
const COLD: (f64, f64) = (-35.0, 2.0);
const SUMMER: (f64, f64) = (32.0, 6.0);

/// What dust costs the air conditioning in summer.
const DUST: f64 = 0.12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ColdSnap,
    MildWeek,
    SummerWeek,
}

/// A bus of a scenario, and what will happen to its readings.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioBus {
    /// Its name.
    pub vehicle: VehicleId,
    /// What it is, what it does, and what breaks in it.
    pub config: BusConfig,
    /// What happens to its readings.
    pub data_faults: Vec<DataFaultPlan>,
}

/// A fleet for some service days. Everything follows from seed, number of buses, first day and
/// number of days.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    kind: Kind,
    seed: u64,
    first_day: Date,
    days: u32,
    climate: Arc<Climate>,
    buses: Vec<ScenarioBus>,
}

impl Scenario {
    /// A healthy mild week, then a week at −35 °C in which everything goes wrong, beginning at
    /// 03:00 of a local day.
    pub fn cold_snap(seed: u64, buses: usize, first_day: Date) -> Self {
        Self::new(Kind::ColdSnap, seed, buses, first_day, 2 * WEEK_DAYS)
    }

    /// A healthy week of +5 to +12 °C, beginning at 03:00 of a local day.
    pub fn mild_week(seed: u64, buses: usize, first_day: Date) -> Self {
        Self::new(Kind::MildWeek, seed, buses, first_day, WEEK_DAYS)
    }

    /// A dusty week of up to +38 °C, beginning at 03:00 of a local day.
    pub fn summer_week(seed: u64, buses: usize, first_day: Date) -> Self {
        Self::new(Kind::SummerWeek, seed, buses, first_day, WEEK_DAYS)
    }

    /// The same for another number of service days, at least 1. Of a cold snap the first half of
    /// them, rounded down, is mild.
    #[must_use]
    pub fn days(self, days: u32) -> Self {
        Self::new(
            self.kind,
            self.seed,
            self.buses.len(),
            self.first_day,
            days.max(1),
        )
    }

    fn new(kind: Kind, seed: u64, buses: usize, first_day: Date, days: u32) -> Self {
        let mut scenario = Self {
            kind,
            seed,
            first_day,
            days,
            climate: Arc::new(Climate::new(seed)),
            buses: fleet::buses(seed, buses),
        };
        scenario.climate = Arc::new(scenario.weather());
        if kind == Kind::ColdSnap {
            let cold_days = i64::from(days - scenario.mild_days());
            let first = day_number(first_day) + i64::from(scenario.mild_days());
            Schedule::new(seed, first, cold_days).spread(&mut scenario.buses);
        }
        if kind == Kind::SummerWeek {
            for bus in &mut scenario.buses {
                bus.config.condenser_fouling = DUST;
            }
        }
        scenario
    }

    fn mild_days(&self) -> u32 {
        self.days / 2
    }

    fn weather(&self) -> Climate {
        let spell = |from, (mean_celsius, swing_kelvin)| Spell {
            from,
            mean_celsius,
            swing_kelvin,
        };
        let start = self.start();
        Climate::in_spells(match self.kind {
            Kind::MildWeek => vec![spell(start, MILD)],
            Kind::SummerWeek => vec![spell(start, SUMMER)],
            Kind::ColdSnap if self.mild_days() == 0 => vec![spell(start, COLD)],
            Kind::ColdSnap => vec![spell(start, MILD), spell(self.cold_from(), COLD)],
        })
    }

    /// When it begins.
    pub fn start(&self) -> UnixMicroseconds {
        instant(day_number(self.first_day), SERVICE_DAY_FROM_HOUR)
    }

    /// When it ends: the instant of each bus's last reading.
    pub fn end(&self) -> UnixMicroseconds {
        self.day_start(self.days)
    }

    /// When the first service day of the cold week begins and the weather turns, which takes half
    /// a day. Nothing goes wrong before. Only meaningful of a cold snap.
    pub fn cold_from(&self) -> UnixMicroseconds {
        self.day_start(self.mild_days())
    }

    fn day_start(&self, days: u32) -> UnixMicroseconds {
        instant(
            day_number(self.first_day) + i64::from(days),
            SERVICE_DAY_FROM_HOUR,
        )
    }

    /// Its buses.
    pub fn buses(&self) -> &[ScenarioBus] {
        &self.buses
    }

    /// The weather that they all have.
    pub fn climate(&self) -> &Climate {
        &self.climate
    }

    /// What one bus records, with the faults of its sensors and its device. `index` must be that
    /// of a bus.
    pub fn recording(&self, index: usize) -> Recording {
        self.recorded(index, &self.buses[index].data_faults)
    }

    /// What the same bus would record if nothing went wrong with its readings.
    pub fn true_recording(&self, index: usize) -> Recording {
        self.recorded(index, &[])
    }

    fn recorded(&self, index: usize, plans: &[DataFaultPlan]) -> Recording {
        let config = self.buses[index].config.clone();
        let bus = Bus::new(config, Arc::clone(&self.climate), self.start()).with_ledger();
        Recording::new(bus, self.end(), plans)
    }

    /// All messages, in the order of arrival, and the truth beside them.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self)
    }
}
