//! What the daemon and the publisher both know about a broker connection. No I/O.

pub mod advice;
mod takeover;

pub use takeover::TakeoverDetector;
