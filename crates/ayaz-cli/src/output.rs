//! Formats that commands write and read.
//!
//! For people: a [`table`] that fits the terminal ([`look`]), with [`notes`] below it, [`number`]s,
//! [`plural`]s, [`printable`] texts of buses, and [`progress`] of long work. For programs: a
//! [`sheet`] as CSV, in which no text is a [`formula`], or as JSON. On the command line:
//! [`instant`]s and [`age`]s.

pub(crate) mod age;
pub(crate) mod formula;
pub(crate) mod instant;
pub(crate) mod look;
pub(crate) mod notes;
pub(crate) mod number;
pub(crate) mod plural;
pub(crate) mod printable;
pub(crate) mod progress;
pub(crate) mod sheet;
pub(crate) mod table;
