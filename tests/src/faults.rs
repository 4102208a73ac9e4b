//! The fault harness: is every message that the broker acknowledged stored exactly once, or a dead
//! letter, whatever happens on the way?
//!
//! The sender keeps a [`ledger`] of its own of what the broker acknowledged to it, and that is the
//! only measure. A [`round`] sends a seeded [`load`], good and bad, while seeded [`fault`]s strike
//! the daemon, the worker, the database, the broker and, through a [`proxy`], the network between
//! them; then everything is mended, and the ledger is compared with the tables.

pub mod fault;
pub mod ledger;
pub mod load;
pub mod proxy;
pub mod round;

pub use fault::Fault;
pub use round::{Outcome, Plan};
