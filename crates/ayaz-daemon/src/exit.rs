//! Exit codes for supervisors and scripts.

/// Wrong arguments; the same code as clap's.
pub const BAD_USAGE: u8 = 2;

/// An invalid configuration (`EX_USAGE` of sysexits.h, as in other daemons).
pub const BAD_CONFIG: u8 = 64;

/// The work itself failed.
pub const FAILED: u8 = 1;
