//! Neighbouring hours of one vehicle.

mod outcome;

pub use outcome::{DoubtedStretch, HourSequence, HourState, HoursOutcome, Neighbours, OpenTrip};
