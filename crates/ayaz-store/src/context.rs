//! Context of vehicles: attributes with periods of validity.
//!
//! Reading order: [`attribute`] (the attributes), [`records`] (records in memory), [`read`] and [`write`]
//! (database); for the worker [`rules`] (service day rules of a vehicle), [`touches`] (changed rules) and
//! [`zones`] (time zones of the database).

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
