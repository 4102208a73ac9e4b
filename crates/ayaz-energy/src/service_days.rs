//! Which service day an instant belongs to.

mod rules;
mod zone;

pub use rules::{ServiceDayRule, ServiceDayRules};
pub use zone::{ZoneOffset, zone};
