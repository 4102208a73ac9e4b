//! Exit codes, so that a supervisor and a script can tell what went wrong.

/// Wrong arguments, as clap has it.
pub const BAD_USAGE: u8 = 2;

/// A configuration that cannot be used (`EX_USAGE` of sysexits.h, as other daemons use it).
pub const BAD_CONFIG: u8 = 64;

/// The work itself failed.
pub const FAILED: u8 = 1;
