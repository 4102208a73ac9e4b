//! Printing. A closed standard output (`| head`) is not an error. A failure to write remarks to standard
//! error does not stop the work.

use std::fmt::Display;
use std::io::{self, Write};

use crate::masked::masked;

/// Writes a line to standard output.
///
/// # Errors
///
/// The error of the system, except for a closed pipe.
pub fn line(text: impl Display) -> io::Result<()> {
    write(format_args!("{text}\n"))
}

/// Writes text to standard output without a line end.
///
/// # Errors
///
/// The error of the system, except for a closed pipe.
pub fn write(text: impl Display) -> io::Result<()> {
    write_to(io::stdout().lock(), text)
}

fn write_to(mut out: impl Write, text: impl Display) -> io::Result<()> {
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let text = format!("cannot write to the standard output: {error}");
            Err(io::Error::new(error.kind(), text))
        }
        Ok(()) => Ok(()),
    }
}

/// Writes a line to standard error and ignores failures. Hides passwords in URLs.
pub fn note(text: impl Display) {
    let text = masked(text);
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// [`output::note`](note) with the arguments of `eprintln!`.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => { $crate::output::note(format_args!($($text)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_an_error_and_a_closed_pipe_is_not() {
        let full = std::fs::File::create("/dev/full").unwrap();
        let error = write_to(full, "x").unwrap_err().to_string();
        assert!(
            error.starts_with("cannot write to the standard output: "),
            "{error}"
        );
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        write_to(writer, "x").unwrap();
    }
}
