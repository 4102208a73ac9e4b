//! Lines on their way to where the log is written. A thread writes them, so that a disk that is full or
//! slow, or a pipe that nobody reads, is that thread's trouble alone.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// Most bytes of lines that wait. What comes over it is lost.
const BYTES_MAX: usize = 1 << 20;

/// How often it is tried to say that lines were lost, while no other line comes.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How long a destination that takes nothing for the moment is left alone, if it says so.
const BUSY_DELAY: Duration = Duration::from_millis(20);

/// What a line about lost lines looks like.
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
    /// Lines for which there was no room, since the last one in `lines`.
    lost: u64,
    is_writing: bool,
}

#[derive(Debug)]
struct Line {
    text: Vec<u8>,
    /// Lines before this one for which there was no room.
    lost_before: u64,
}

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(out: impl Write + Send + 'static, style: Style) -> Arc<Self> {
        let queue = Arc::new(Self::default());
        let lines = queue.clone();
        // Without the thread no line is ever written, which their count tells.
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || lines.write_all(Pen::new(out, style)));
        queue
    }

    /// Takes a line, with its end, if there is room for it. Never waits for the destination.
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

    /// Lines that were not written and never will be.
    pub(super) fn lines_lost(&self) -> u64 {
        self.lines_lost.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written or lost, but no longer than this.
    pub(super) fn flush(&self, longest: Duration) {
        let deadline = Instant::now() + longest;
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

    fn write_all(&self, mut pen: Pen<impl Write>) {
        loop {
            let (line, lost) = self.next(pen.unsaid > 0);
            pen.unsaid += lost;
            if !pen.write(line.as_deref()) {
                self.lines_lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The next line, and how many were lost before it. Without a line after a while if `is_owing`.
    fn next(&self, is_owing: bool) -> (Option<Vec<u8>>, u64) {
        let mut state = self.lock();
        state.is_writing = false;
        self.changed.notify_all();
        let deadline = Instant::now() + RETRY_INTERVAL;
        while state.lines.is_empty() && state.lost == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if is_owing && left.is_zero() {
                break;
            }
            state = if is_owing {
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
        // The state is whole after every operation, so a panic elsewhere leaves it usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes lines, and says of which it could not.
struct Pen<W> {
    out: W,
    style: Style,
    /// Lost lines of which the log does not tell yet.
    unsaid: u64,
    /// Whether the last line was written in part only.
    is_torn: bool,
}

impl<W: Write> Pen<W> {
    fn new(out: W, style: Style) -> Self {
        Self {
            out,
            style,
            unsaid: 0,
            is_torn: false,
        }
    }

    /// Writes how many lines were lost, if that is not said yet, and the line. Returns false if the line
    /// is lost.
    fn write(&mut self, line: Option<&[u8]>) -> bool {
        let mut is_written = true;
        if self.unsaid > 0 {
            is_written = self.put(self.note().as_bytes()).is_ok();
            if is_written {
                self.unsaid = 0;
            }
        }
        let Some(line) = line else {
            return true;
        };
        is_written = is_written && self.put(line).is_ok();
        self.unsaid += u64::from(!is_written);
        is_written
    }

    fn note(&self) -> String {
        let mut time = String::new();
        // A clock that cannot be told leaves the time out.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        let lines = self.unsaid;
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
        if self.is_torn {
            self.put_all(b"\n")?;
        }
        self.put_all(text)
    }

    fn put_all(&mut self, mut text: &[u8]) -> io::Result<()> {
        while !text.is_empty() {
            match self.out.write(text) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.is_torn = text[written - 1] != b'\n';
                    text = &text[written..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Another process has made the pipe or terminal that it shares with us non-blocking.
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
