//! The worker that turns readings into energy per kilometre.
//!
//! Ingest leaves in the database which hours of which vehicles it touched; the worker works these
//! hours out anew, whole, so that late data corrects the numbers it belongs to.
//!
//! Reading order: the pure part, [`plausibility`] (what cannot be true), [`interval`] (two
//! neighbouring samples), [`integrate`] (sums over
//! intervals), [`trips`] (where drive cycles are not numbered), [`pieces`] (what sums are grouped
//! by), [`hours`] (all of it for neighbouring hours); then [`config`], [`metrics`], [`work`] (the
//! queue, worked off) and [`run`] (the daemon).

pub mod config;
pub mod hours;
pub mod integrate;
pub mod interval;
pub mod metrics;
pub mod pieces;
pub mod plausibility;
pub mod run;
pub mod trips;
pub mod work;
