//! The queue of log lines. Its own thread writes them, so that a full or slow disk, or a pipe that nobody
//! reads, delays only that thread.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// Maximum bytes of waiting lines. Further lines are lost.
const BYTES_MAX: usize = 1 << 20;

/// How often the thread tries to report lost lines while no other line arrives.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Wait before the next write to a non-blocking destination that is busy.
const BUSY_DELAY: Duration = Duration::from_millis(20);

/// The format of the line that reports lost lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Text,
    Json,
}

/// Lines that wait for the thread that writes them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    lines_lost: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Lines lost since the last one in `lines`, because the queue was full.
    lost: u64,
    is_writing: bool,
}

#[derive(Debug)]
struct Line {
    text: Vec<u8>,
    /// Lines lost before this one, because the queue was full.
    lost_before: u64,
}

impl Queue {
    /// Starts the writer thread.
    pub(super) fn start(out: impl Write + Send + 'static, style: Style) -> Arc<Self> {
        let queue = Arc::new(Self::default());
        let lines = queue.clone();
        // If the thread cannot start, the count of lost lines shows it.
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || lines.write_all(LineWriter::new(out, style)));
        queue
    }

    /// Adds a line with its line end, if there is room. Never waits for the destination.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.bytes + line.len() > BYTES_MAX {
            state.lost += 1;
            self.lines_lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let lost_before = std::mem::take(&mut state.lost);
        state.bytes += line.len();
        state.lines.push_back(Line {
            text: line.to_vec(),
            lost_before,
        });
        self.changed.notify_all();
    }

    /// The number of lines that could not be written.
    pub(super) fn lines_lost(&self) -> u64 {
        self.lines_lost.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written or lost, for at most this long.
    pub(super) fn flush(&self, time_limit: Duration) {
        let deadline = Instant::now() + time_limit;
        let mut state = self.lock();
        while !state.lines.is_empty() || state.is_writing {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn write_all(&self, mut writer: LineWriter<impl Write>) {
        loop {
            let (line, lost) = self.next(writer.unreported > 0);
            writer.unreported += lost;
            if !writer.write(line.as_deref()) {
                self.lines_lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The next line, and how many were lost before it. With `must_report` it returns without a line
    /// after [`RETRY_INTERVAL`].
    fn next(&self, must_report: bool) -> (Option<Vec<u8>>, u64) {
        let mut state = self.lock();
        state.is_writing = false;
        self.changed.notify_all();
        let deadline = Instant::now() + RETRY_INTERVAL;
        while state.lines.is_empty() && state.lost == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if must_report && left.is_zero() {
                break;
            }
            state = if must_report {
                let waited = self.changed.wait_timeout(state, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let waited = self.changed.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            };
        }
        state.is_writing = true;
        match state.lines.pop_front() {
            Some(line) => {
                state.bytes -= line.text.len();
                (Some(line.text), line.lost_before)
            }
            None => (None, std::mem::take(&mut state.lost)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid after every operation, also after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes lines, and reports in the log how many were lost.
struct LineWriter<W> {
    out: W,
    style: Style,
    /// Lost lines that the log does not report yet.
    unreported: u64,
    /// Whether the last line was written only in part.
    is_cut: bool,
}

impl<W: Write> LineWriter<W> {
    fn new(out: W, style: Style) -> Self {
        Self {
            out,
            style,
            unreported: 0,
            is_cut: false,
        }
    }

    /// Reports lost lines if necessary, then writes the line. Returns false if the line is lost.
    fn write(&mut self, line: Option<&[u8]>) -> bool {
        let mut is_written = true;
        if self.unreported > 0 {
            is_written = self.put(self.note().as_bytes()).is_ok();
            if is_written {
                self.unreported = 0;
            }
        }
        let Some(line) = line else {
            return true;
        };
        is_written = is_written && self.put(line).is_ok();
        self.unreported += u64::from(!is_written);
        is_written
    }

    fn note(&self) -> String {
        let mut time = String::new();
        // If the time cannot be formatted, the note has none.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        let lines = self.unreported;
        match self.style {
            Style::Text => {
                format!("{time}  WARN {NOTE_TARGET}: {NOTE} lines={lines}\n")
            }
            Style::Json => format!(
                "{{\"timestamp\":\"{time}\",\"level\":\"WARN\",\"fields\":{{\"message\":\"{NOTE}\",\
                 \"lines\":{lines}}},\"target\":\"{NOTE_TARGET}\"}}\n"
            ),
        }
    }

    fn put(&mut self, text: &[u8]) -> io::Result<()> {
        if self.is_cut {
            self.put_all(b"\n")?;
        }
        self.put_all(text)
    }

    fn put_all(&mut self, mut text: &[u8]) -> io::Result<()> {
        while !text.is_empty() {
            match self.out.write(text) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.is_cut = text[written - 1] != b'\n';
                    text = &text[written..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Another process made the shared pipe or terminal non-blocking.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(BUSY_DELAY),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

const NOTE_TARGET: &str = "ayaz_daemon::log";
const NOTE: &str = "lines of this log could not be written";

#[cfg(test)]
mod tests;
