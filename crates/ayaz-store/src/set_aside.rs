//! Readings that were set aside: what waits, taking it into `reading`, and clearing it. How they come
//! to be there is in [`ingest`](crate::ingest).
//!
//! Reading order: [`selection`] (which readings), [`read`] (what is shown), [`accept`] (into `reading`),
//! [`clear`] (away), [`history`] (vehicles that may send more days), [`tidy`] (what an earlier version left).

pub mod accept;
pub mod clear;
pub mod history;
pub mod read;
pub mod selection;
pub mod tidy;

pub use accept::{Accepted, accept};
pub use clear::clear;
pub use history::announce_history;
pub use read::{SetAsideGroup, SetAsideTotal, set_aside_groups, set_aside_total};
pub use selection::{Judgement, SetAsideSelection};
pub use tidy::{Tidied, tidy};
