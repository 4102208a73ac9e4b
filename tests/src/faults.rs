//! The fault harness. It tests that every acknowledged message is stored exactly once or is a dead letter,
//! whatever fails.
//!
//! The sender keeps a [`ledger`] of the messages that the broker has acknowledged. A [`round`] sends a
//! seeded [`load`] of good and bad messages. Meanwhile seeded [`fault`]s are injected into the [`system`]:
//! daemon, worker, database, broker and, through a [`proxy`], the network. Then everything is repaired, and
//! the tables are compared with the ledger.

pub mod fault;
pub mod ledger;
pub mod load;
pub mod proxy;
pub mod round;
pub mod system;

pub use fault::Fault;
pub use round::{Outcome, Plan};
