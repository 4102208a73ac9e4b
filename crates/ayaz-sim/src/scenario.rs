//! Complete weeks of a fleet: weather, buses and faults.
//!
//! | Scenario | Weather | Faults |
//! |---|---|---|
//! | [`Scenario::cold_snap`] | a week of +5 to +12 °C, then one at −35 °C | none in the mild week; all faults of the catalogue in the cold week, on all buses but the first |
//! | [`Scenario::mild_week`] | +5 to +12 °C | none |
//! | [`Scenario::summer_week`] | up to +38 °C, dust | none; condensers are dusty |
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

/// Mean of the spells, °C, and half of the difference between day and night, K.
const MILD: (f64, f64) = (8.5, 3.5);
const COLD: (f64, f64) = (-35.0, 2.0);
const SUMMER: (f64, f64) = (32.0, 6.0);

/// Share by which dust raises the power of the air conditioning in summer.
const DUST: f64 = 0.12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ColdSnap,
    MildWeek,
    SummerWeek,
}

/// A bus of a scenario with its planned faults.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioBus {
    /// Its name.
    pub vehicle: VehicleId,
    /// Its configuration with its physical faults.
    pub config: BusConfig,
    /// The faults of its readings.
    pub data_faults: Vec<DataFaultPlan>,
}

/// A fleet for some service days. It depends only on seed, number of buses, first day and number of days.
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
    /// A healthy mild week, then a week at −35 °C with all faults. Begins at 03:00 local time.
    pub fn cold_snap(seed: u64, buses: usize, first_day: Date) -> Self {
        Self::new(Kind::ColdSnap, seed, buses, first_day, 2 * WEEK_DAYS)
    }

    /// A healthy week of +5 to +12 °C. Begins at 03:00 local time.
    pub fn mild_week(seed: u64, buses: usize, first_day: Date) -> Self {
        Self::new(Kind::MildWeek, seed, buses, first_day, WEEK_DAYS)
    }

    /// A dusty week of up to +38 °C. Begins at 03:00 local time.
    pub fn summer_week(seed: u64, buses: usize, first_day: Date) -> Self {
        Self::new(Kind::SummerWeek, seed, buses, first_day, WEEK_DAYS)
    }

    /// The same scenario with another number of service days, at least 1. The first half of a cold snap,
    /// rounded down, is mild.
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

    /// When it ends: the time of the last reading of each bus.
    pub fn end(&self) -> UnixMicroseconds {
        self.day_start(self.days)
    }

    /// When the cold week begins. The weather changes within half a day from then, and faults happen only
    /// after it. Only for a cold snap.
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

    /// The weather of all buses.
    pub fn climate(&self) -> &Climate {
        &self.climate
    }

    /// The recorded readings of one bus, with the faults of its sensors and its device. `index` must be
    /// less than the number of buses.
    pub fn recording(&self, index: usize) -> Recording {
        self.recorded(index, &self.buses[index].data_faults)
    }

    /// The recorded readings of the same bus without data faults.
    pub fn true_recording(&self, index: usize) -> Recording {
        self.recorded(index, &[])
    }

    fn recorded(&self, index: usize, plans: &[DataFaultPlan]) -> Recording {
        let config = self.buses[index].config.clone();
        let bus = Bus::new(config, Arc::clone(&self.climate), self.start()).with_ledger();
        Recording::new(bus, self.end(), plans)
    }

    /// All messages in the order of arrival, with the truth.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self)
    }
}
