//! What programs print. Whoever reads standard output may have seen enough (`| head`), which is no
//! failure; standard error holds remarks, without which the work goes on all the same.

use std::fmt::Display;
use std::io::{self, Write};

use crate::masked::masked;

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
    write_to(io::stdout().lock(), text)
}

fn write_to(mut out: impl Write, text: impl Display) -> io::Result<()> {
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let what = format!("cannot write to the standard output: {error}");
            Err(io::Error::new(error.kind(), what))
        }
        Ok(()) => Ok(()),
    }
}

/// Writes a line to standard error, if that takes it. Addresses are shown without their passwords.
pub fn note(text: impl Display) {
    let text = masked(text);
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// [`output::note`](note), as `eprintln!` is written.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => { $crate::output::note(format_args!($($text)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_and_a_closed_pipe_is_not() {
        let full = std::fs::File::create("/dev/full").unwrap();
        let told = write_to(full, "x").unwrap_err().to_string();
        assert!(
            told.starts_with("cannot write to the standard output: "),
            "{told}"
        );
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        write_to(writer, "x").unwrap();
    }
}
