//! Output while a replay runs: a bar on a terminal, else one line per file.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::fault::Fault;
use super::file::FileCounts;
use super::input::Input;
use super::source::Progress;
use crate::output::plural::plural;
use crate::output::progress::{note_above_bars, shown};

/// Writes to standard error.
#[derive(Debug)]
pub struct Report {
    progress: Progress,
    /// Hidden if standard error is not a terminal.
    bar: ProgressBar,
}

impl Report {
    /// A report on these files. `progress` counts their bytes.
    pub(super) fn new<'a>(
        inputs: impl IntoIterator<Item = &'a Input>,
        progress: Progress,
    ) -> Report {
        let sizes: Option<u64> = inputs.into_iter().map(Input::size_bytes).sum();
        let (bar, style) = match sizes {
            Some(bytes) => (
                ProgressBar::new(bytes),
                "{bar:30} {percent:>3} %  {bytes_per_sec}, {eta} left  {wide_msg}",
            ),
            // The size of a pipe is unknown.
            None => (
                ProgressBar::no_length(),
                "{bytes} read  {bytes_per_sec}  {wide_msg}",
            ),
        };
        // The template is constant. If it were wrong, a plain bar is enough.
        bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
        Report {
            progress,
            bar: shown(bar),
        }
    }

    /// The counter, for the code that reads the files.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    pub(super) fn warnings(&self, warnings: &[String]) {
        for warning in warnings {
            self.line(&format!("warning: {warning}"));
        }
    }

    pub(super) fn fault(&self, fault: &Fault) {
        self.line(&format!("error: {fault}"));
    }

    pub(super) fn file_begins(&self, label: &str) {
        let name = Path::new(label).file_name().unwrap_or_default();
        self.bar.set_message(name.to_string_lossy().into_owned());
    }

    pub(super) fn tick(&self) {
        self.bar.set_position(self.progress.bytes());
    }

    pub(super) fn file_ends(&self, label: &str, counts: &FileCounts) {
        if self.bar.is_hidden() {
            let FileCounts { rows, readings, .. } = counts;
            let skipped = counts.rows_skipped();
            self.line(&format!(
                "{label}: {} read, {}, {} skipped",
                plural(*rows, "row", "rows"),
                plural(*readings, "reading", "readings"),
                plural(skipped, "row", "rows"),
            ));
        }
    }

    pub(super) fn waiting_for_broker(&self) {
        self.tick();
        self.bar
            .set_message("waiting for the broker's acknowledgements");
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        note_above_bars(text);
    }
}
