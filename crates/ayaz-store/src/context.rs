//! What is known of vehicles beside their readings, and since when.
//!
//! Reading order: [`attribute`] (what can be known), [`records`] (what is known, as one holds it in
//! hand), [`read`] and [`write`] (from and into the database); for the worker [`rules`] (a vehicle's rules
//! of service days) and [`touches`] (whose rules have changed), [`zones`] (time zones as the database has
//! them).

pub mod attribute;
pub mod read;
pub mod records;
pub mod rules;
pub mod touches;
pub mod write;
pub mod zones;

pub use attribute::Attribute;
pub use read::{Selection, StoredContext, zone_names};
pub use records::{ContextRecord, Depot, Heater, Model, Vehicle};
pub use rules::service_day_rules;
pub(crate) use rules::{SERVICE_DAY_RULES, rules_by};
pub use touches::take_over_context;
pub use write::{ContextChanges, ContextWriter};
pub use zones::Zones;
