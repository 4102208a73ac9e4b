//! Simulated electric buses in a cold city: Astana, −40 °C in January and +40 °C in July.
//!
//! The model is small and physical, so that what the analytics conclude from its readings can be
//! checked against a [`Truth`] that the bus keeps itself. Everything follows from a seed: the same
//! seed and the same start give the same readings. No I/O, no clock, no threads.
//!
//! Reading order:
//!
//! 1. [`model`]: the two vehicles, E12 and E18, with units and sources.
//! 2. [`climate`]: the temperature outside at any instant.
//! 3. `duty`: when a bus leaves, pauses and comes back; `route`: where it drives;
//!    `driving`: how, from stop to stop.
//! 4. `traction`, `cabin`, `battery`, `charger`: physics, each a file.
//! 5. [`bus`]: one step of time that joins them; `report` turns its state into a reading.
//! 6. [`truth`]: what really happened, for comparison: energy by component, service days, and
//!    sessions, which [`truth::session`] defines. [`fleet`]: many healthy buses;
//!    [`bad_payloads`]: hostile bytes for tests of whoever decodes.
//! 7. [`faults`]: what breaks in a bus, and what happens to its readings; [`delivery`]: messages in
//!    the order of arrival; [`scenario`]: ready-made weeks that join all of it.
//!
//! **Energy.** Every power is the mean over the last step, as a battery management system filters
//! it, taken at the terminals of the pack. A step takes 1 s with the key on and at most 10 s
//! without. Trapezoids over means of equal steps differ from the sum of the steps only at the ends,
//! and a parked bus reports every change of key, plug, charger and heater at its instant and 1 s
//! later, and every step while it is plugged in or heated: so readings integrate to the truth
//! within a percent of every component of every service day. In every reading, up to the rounding of `f32`,
//!
//! ```text
//! −V·I = traction + cabin_heater + heat_pump + battery_heater + air_conditioning + auxiliary
//!        − charger
//! ```
//!
//! (all in W, I positive into the battery). The loss in the pack's own resistance lies behind the
//! terminals: it lowers V, warms the cells and drains the state of charge, and is no component.
//!
//! **Left out:** gradients (Astana is flat), wind, the loss of capacity of cold cells (the pack is
//! kept above freezing), and weekends.

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
    Truth, TruthBus, TruthDay, TruthEnergy, TruthLedger, TruthPiece, TruthSession,
    TruthSessionKind, TruthTotals,
};
