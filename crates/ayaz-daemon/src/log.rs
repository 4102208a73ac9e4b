//! Logging through `tracing`, to standard error. Logging never stops or delays the work: lines go
//! through a bounded [`queue`], which counts the lines that it cannot write.

mod queue;

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::masked::masked;
use queue::{Queue, Style};

/// Longest wait for the last lines when the process ends.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// The signal for a write over the file size limit, on all Linux platforms except MIPS.
const SIGXFSZ: i32 = 25;

static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Writes the last lines when it is dropped, for at most one second.
#[derive(Debug)]
#[must_use = "the last lines are written when this is dropped"]
pub struct Log(());

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(queue) = QUEUE.get() {
            queue.flush(FLUSH_MAX);
        }
    }
}

/// Starts logging. `RUST_LOG` is the filter (default `info`). `AYAZ_LOG_FORMAT=json` writes one JSON
/// object per line instead of text. A second call changes nothing.
pub fn init() -> Log {
    init_with("info", io::stderr())
}

/// Like [`init`], with another default filter and another destination, such as one that redraws a
/// progress bar. A thread writes whole lines to `destination`.
pub fn init_with(default: &str, destination: impl Write + Send + 'static) -> Log {
    ignore_file_size_signal();
    let chosen = std::env::var_os(EnvFilter::DEFAULT_ENV);
    let (filter, mistake) = match chosen.map(|chosen| filter(&chosen)) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(mistake)) => (EnvFilter::new(default), Some(mistake)),
        None => (EnvFilter::new(default), None),
    };
    let format = std::env::var("AYAZ_LOG_FORMAT").unwrap_or_default();
    let json = format == "json";
    let style = if json { Style::Json } else { Style::Text };
    let queue = QUEUE.get_or_init(|| Queue::start(destination, style));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines(queue.clone()))
        // tracing prints them with a macro that panics if standard error fails.
        .log_internal_errors(false);
    // Fails only if logging runs already, as in a demo with several daemons.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.with_ansi(io::stderr().is_terminal()).try_init()
    };
    if let Some(mistake) = mistake {
        tracing::warn!("RUST_LOG {mistake}: using {default}");
    }
    if !["", "text", "json"].contains(&format.as_str()) {
        tracing::warn!(
            format,
            "AYAZ_LOG_FORMAT has an unknown value: write text or json"
        );
    }
    Log(())
}

/// Parses a value of `RUST_LOG`. The error says what is wrong with it.
fn filter(value: &OsStr) -> Result<EnvFilter, String> {
    let value = value.to_str().ok_or("is not UTF-8")?;
    // The library parses such a value as a filter for errors only.
    if value
        .split(',')
        .all(|directive| directive.trim().is_empty())
    {
        return Err("names no level (write debug, info, warn, error or off)".to_owned());
    }
    EnvFilter::try_new(value).map_err(|error| format!("cannot be parsed ({error})"))
}

/// Writes a plain line after all earlier log lines, such as why the process ends. It may be lost like any
/// log line. Hides passwords in URLs.
pub fn line(text: impl Display) {
    let text = masked(text) + "\n";
    match QUEUE.get() {
        Some(queue) => queue.push(text.as_bytes()),
        // Logging has not started, and a failure cannot be reported anywhere.
        None => drop(io::stderr().write_all(text.as_bytes())),
    }
}

/// The number of lines that could not be written.
pub(crate) fn lines_lost() -> u64 {
    QUEUE.get().map_or(0, |queue| queue.lines_lost())
}

/// Turns the file size limit (`ulimit -f`) into a write error like a full disk. By default it ends the
/// process.
fn ignore_file_size_signal() {
    if Handle::try_current().is_ok() {
        // The handler stays installed after the stream is dropped.
        drop(signal(SignalKind::from_raw(SIGXFSZ)));
    }
}

/// Pushes each event to the queue.
struct Lines(Arc<Queue>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

struct Line<'a>(&'a Queue);

impl Write for Line<'_> {
    // tracing writes an event in one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn an_empty_or_invalid_filter_is_an_error() {
        for value in [&b""[..], b",,,", b" , ", b"\xff", b"info=loud"] {
            let filter = filter(OsStr::from_bytes(value));
            assert!(filter.is_err(), "{value:?}: {filter:?}");
        }
        for value in ["warn", "off", "info,ayaz_ingest=debug", "warn,"] {
            let filter = filter(OsStr::new(value));
            assert!(filter.is_ok(), "{value}: {filter:?}");
        }
    }
}
