//! Progress of long work: a bar on a terminal, else plain lines.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// All bars of this program. Other output to standard error must suspend them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A bar that [`AboveBars`] and [`note_above_bars`] keep intact.
pub(crate) fn shown(bar: ProgressBar) -> ProgressBar {
    BARS.add(bar)
}

/// Writes a line to standard error, above the bars.
pub(crate) fn note_above_bars(text: &str) {
    BARS.suspend(|| ayaz_daemon::output::note(text));
}

/// Standard error above the bars, for whole lines.
#[derive(Debug)]
pub(crate) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(text))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Progress towards a total.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: u64,
    last_line: Instant,
}

impl Progress {
    /// Starts progress towards `total` things, named in the plural.
    pub(crate) fn new(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{msg:>22} [{bar:30}] {human_pos}/{human_len} {eta}");
            let bar = ProgressBar::new(total)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what);
            shown(bar)
        });
        Self {
            bar,
            what,
            total,
            last_line: Instant::now(),
        }
    }

    /// Sets how many are done.
    pub(crate) fn set(&mut self, done: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                ayaz_daemon::note!("{}: {done} of {}", self.what, self.total);
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
            BARS.remove(&bar);
        }
    }
}
