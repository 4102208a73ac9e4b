//! Simulated electric buses in a cold city: Astana, −40 °C in January and +40 °C in July.
//!
//! The model is small and physical. The bus itself keeps a [`Truth`], and tests compare the results of
//! the analytics with it. The same seed and the same start give the same readings. No I/O, no clock, no
//! threads.
//!
//! Reading order:
//!
//! 1. [`model`]: the two vehicles, E12 and E18, with units and sources.
//! 2. [`climate`]: the temperature outside at any instant.
//! 3. `duty`: when a bus leaves, pauses and returns; `route`: where it drives;
//!    `driving`: how it drives from stop to stop.
//! 4. `traction`, `cabin`, `battery`, `charger`: the physics.
//! 5. [`bus`]: one step of time with all of them; `report` turns the state into a reading.
//! 6. [`truth`]: what really happened: energy by component, service days, and sessions, which
//!    [`truth::session`] defines. [`fleet`]: many healthy buses; [`bad_payloads`]: invalid bytes for
//!    tests of decoders.
//! 7. [`faults`]: what fails in a bus or in its readings; [`delivery`]: messages in the order of
//!    arrival; [`scenario`]: complete weeks of a fleet.
//!
//! **Energy.** Every power is the mean over the last step at the terminals of the pack, as a battery
//! management system filters it. A step takes 1 s with the key on, and at most 10 s with the key off.
//! Trapezoids over means of equal steps differ from the sum of the steps only at the ends. A parked bus
//! reports each change of key, plug, charger and heater when it happens and 1 s later, and each step
//! while it is plugged in or heated. So the integral of the readings is within a percent of the truth,
//! for each component of each service day. In every reading, up to the rounding of `f32`,
//!
//! ```text
//! −V·I = traction + cabin_heater + heat_pump + battery_heater + air_conditioning + auxiliary
//!        − charger
//! ```
//!
//! (all in W, I positive into the battery). The loss in the pack's own resistance is behind the
//! terminals: it lowers V, warms the cells and reduces the state of charge, but is not a component.
//!
//! **Not modelled:** gradients (Astana is flat), wind, the loss of capacity of cold cells (the pack stays
//! above freezing), and weekends.

mod battery;
mod cabin;
mod charger;
mod driving;
mod duty;
mod local_time;
mod noise;
mod report;
mod route;
mod traction;

pub mod bad_payloads;
pub mod bus;
pub mod climate;
pub mod delivery;
pub mod faults;
pub mod fleet;
pub mod model;
pub mod scenario;
pub mod truth;

pub use bus::{Bus, BusConfig};
pub use charger::ChargingWindow;
pub use climate::{Climate, ColdSnap, Spell};
pub use delivery::{Deliveries, Delivery};
pub use faults::{
    DataFault, DataFaultKind, DataFaultPlan, PhysicalFault, PhysicalFaultKind, ReadingRange,
    Recorded, Recording, TruthDataFault,
};
pub use fleet::Fleet;
pub use model::{BusModel, E12, E18, Heating};
pub use scenario::{Scenario, ScenarioBus};
pub use truth::{
    Truth, TruthBus, TruthDay, TruthEnergy, TruthLedger, TruthSession, TruthSessionKind,
    TruthTotals,
};
