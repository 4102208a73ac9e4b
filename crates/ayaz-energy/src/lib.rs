//! The energy rules: they turn the samples of a bus into energy, trips and sessions. No I/O, no
//! asynchronous code, no database.
//!
//! ```
//! use ayaz_energy::hours::{Hours, Rules};
//! use ayaz_energy::sessions::{Window, assemble};
//! use ayaz_energy::{Activity, Sample};
//! use ayaz_model::UnixMicroseconds;
//!
//! // Half an hour at 36 km/h, 60 kW and −22.5 °C, one reading a second. Current out of the
//! // battery is negative.
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
//! // One hour from 1970-01-01T00:00:00Z. The state of the hour before is not known.
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
//! Reading order:
//!
//! - [`sample`]: the input;
//! - [`interval`]: two neighbouring samples;
//! - [`energy`], [`ends`]: what is summed;
//! - [`integrate`]: sums over intervals;
//! - [`exact`]: rounding that makes sums exact;
//! - [`plausibility`]: readings that are flagged;
//! - [`clock`]: readings that were recorded with a wrong time;
//! - [`trips`]: trips without drive cycle numbers;
//! - [`activity`]: what a bus does;
//! - [`service_days`]: the day of an instant;
//! - [`buckets`]: what sums are grouped by;
//! - [`hours`]: all of this for neighbouring hours;
//! - [`sessions`], [`days`], [`trip_days`]: made from hours;
//! - [`exterior`], [`fleet`]: comparison of vehicles.

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
