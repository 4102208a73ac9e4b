//! How much of each service day is accounted for.

mod time;

pub use time::{DayTime, SessionSpan};
