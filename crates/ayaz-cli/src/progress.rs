//! Progress of long work: a bar where a person watches, plain lines where nobody does.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Counts towards a total.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: u64,
    last_line: Instant,
}

impl Progress {
    /// Towards `total` things, named in the plural.
    pub fn new(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{msg:>22} [{bar:30}] {human_pos}/{human_len} {eta}");
            ProgressBar::new(total)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what)
        });
        Self {
            bar,
            what,
            total,
            last_line: Instant::now(),
        }
    }

    /// So many are done.
    pub fn set(&mut self, done: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                ayaz_daemon::note!("{}: {done} of {}", self.what, self.total);
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    /// All is done; the bar goes.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
