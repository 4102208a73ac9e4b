//! Readings that are set aside: list, accept into `reading`, or delete. [`ingest`](crate::ingest) sets them
//! aside.
//!
//! Reading order: [`selection`] (which readings), [`read`] (list), [`accept`] (move into `reading`),
//! [`clear`] (delete), [`history`] (vehicles that may send more days), [`tidy`] (readings of an earlier
//! version).

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
pub use selection::{SetAsideSelection, TimeRule};
pub use tidy::{Tidied, tidy};
