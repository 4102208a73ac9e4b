//! Logging through `tracing`, to standard error. It never ends work, nor makes it wait: lines go through
//! a bounded [`queue`], and those that cannot be written are counted.

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

/// How long the end of the process waits for a log that takes its last lines slowly.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// What a write beyond the limit on a file's size raises, on all of Linux but MIPS.
const SIGXFSZ: i32 = 25;

static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Hands the last lines over when it is dropped, or gives them up after a second.
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

/// Starts logging. `RUST_LOG` chooses what (default `info`), `AYAZ_LOG_FORMAT=json` writes one JSON
/// object a line instead of text. A second call changes nothing.
pub fn init() -> Log {
    init_with("info", io::stderr())
}

/// As [`init`], with another default filter, and by way of what else writes to standard error, as the bar
/// of a long command. A thread writes to `destination`, in whole lines.
pub fn init_with(default: &str, destination: impl Write + Send + 'static) -> Log {
    outlive_file_size_limit();
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
        // They would go to standard error by a macro that panics where that cannot be written.
        .log_internal_errors(false);
    // Fails only where logging runs already, as in a demo that holds several daemons.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.with_ansi(io::stderr().is_terminal()).try_init()
    };
    if let Some(mistake) = mistake {
        tracing::warn!("RUST_LOG {mistake}: {default} holds instead");
    }
    if !["", "text", "json"].contains(&format.as_str()) {
        tracing::warn!(
            format,
            "AYAZ_LOG_FORMAT is not known: it can be text or json"
        );
    }
    Log(())
}

/// The filter that a value of `RUST_LOG` says, or what is wrong with it.
fn filter(value: &OsStr) -> Result<EnvFilter, String> {
    let value = value.to_str().ok_or("is not UTF-8")?;
    // The library takes such a value for a filter that lets nothing but errors through.
    if value
        .split(',')
        .all(|directive| directive.trim().is_empty())
    {
        return Err("names no level (write debug, info, warn, error or off)".to_owned());
    }
    EnvFilter::try_new(value).map_err(|error| format!("cannot be read ({error})"))
}

/// A line of its own, as why the process ends, behind what was logged before. Like any other it may be
/// lost. Addresses are shown without their passwords.
pub fn line(text: impl Display) {
    let text = masked(text) + "\n";
    match QUEUE.get() {
        Some(queue) => queue.push(text.as_bytes()),
        // Nothing is logged yet, and there is nobody else to tell.
        None => drop(io::stderr().write_all(text.as_bytes())),
    }
}

/// Lines that could not be written so far.
pub(crate) fn lines_lost() -> u64 {
    QUEUE.get().map_or(0, |queue| queue.lines_lost())
}

/// Without this, a log that reaches the limit on a file's size (`ulimit -f`) would end the process; with
/// it, that is an error like a full disk.
fn outlive_file_size_limit() {
    if Handle::try_current().is_ok() {
        // The signal stays handled when the stream is dropped.
        drop(signal(SignalKind::from_raw(SIGXFSZ)));
    }
}

/// Puts each event into the queue.
struct Lines(Arc<Queue>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

struct Line<'a>(&'a Queue);

impl Write for Line<'_> {
    // An event comes in one piece.
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
    fn a_filter_that_says_nothing_is_none() {
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
