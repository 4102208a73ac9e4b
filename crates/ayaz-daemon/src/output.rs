//! Standard output. Whoever reads it may have seen enough (`| head`), which is no failure.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line.
///
/// # Errors
///
/// What the system says, but for a closed pipe.
pub fn line(text: impl Display) -> io::Result<()> {
    write(format_args!("{text}\n"))
}

/// Writes text as it is.
///
/// # Errors
///
/// What the system says, but for a closed pipe.
pub fn write(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
