//! The energy rules: what the samples of a bus come to. No I/O, no asynchronous code, no database.
//!
//! ```
//! use ayaz_energy::hours::{Hours, Rules};
//! use ayaz_energy::sessions::{Window, assemble};
//! use ayaz_energy::{Activity, Sample};
//! use ayaz_model::UnixMicroseconds;
//!
//! // Half an hour at 36 km/h, 60 kW and −22.5 °C, a reading a second; out of the battery is negative.
//! let sample = |second| Sample {
//!     sequence: second,
//!     speed_kmh: Some(36.0),
//!     pack_voltage_volts: Some(600.0),
//!     pack_current_amperes: Some(-100.0),
//!     exterior_temperature_celsius: Some(-22.5),
//!     ..Sample::bare(UnixMicroseconds(second * 1_000_000), 1, Some(1))
//! };
//! let samples: Vec<Sample> = (0..=1_800).map(sample).collect();
//!
//! // One hour from 1970-01-01T00:00:00Z on, without a state of the hour before it.
//! let mut hours = Hours::new(UnixMicroseconds(0), 1, None, &Rules::default());
//! samples.into_iter().for_each(|sample| hours.push(sample));
//! hours.advance(UnixMicroseconds(i64::MAX));
//! let sessions = assemble(&hours.finish(&[]).buckets, Window::default());
//!
//! assert_eq!(sessions.len(), 1);
//! let trip = &sessions[0];
//! assert_eq!(trip.kind, Activity::Trip);
//! assert_eq!((trip.energy.km, trip.energy.net_kwh), (18.0, 30.0));
//! assert_eq!(trip.bands[0].band_celsius, Some(-24), "the band from −24 to −22 °C");
//! ```
//!
//! Reading order: [`sample`] (what comes in), [`interval`] (two neighbouring samples), [`energy`] and [`ends`]
//! (what is summed), [`integrate`] (sums over intervals), [`exact`] (so that they add up),
//! [`plausibility`] (what is not believed), [`clock`] (what was recorded with a wrong time), [`trips`] (where
//! drive cycles are not numbered), [`activity`] (what a bus does), [`service_days`] (which day an instant
//! belongs to), [`buckets`] (what sums are grouped by), [`hours`] (all of it for neighbouring hours),
//! [`sessions`], [`days`] and [`trip_days`] (what hours add up to), [`exterior`] and [`fleet`] (vehicles held
//! against each other).

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod activity;
pub mod buckets;
pub mod checks;
pub mod clock;
pub mod components;
pub mod days;
pub mod ends;
pub mod energy;
pub mod exact;
pub mod exterior;
pub mod fleet;
pub mod hours;
pub mod integrate;
pub mod interval;
pub mod plausibility;
pub mod sample;
pub mod service_days;
pub mod sessions;
pub mod trip_days;
pub mod trips;

pub use activity::Activity;
pub use buckets::Bucket;
pub use ends::{Ends, FirstLast};
pub use energy::Energy;
pub use sample::Sample;
