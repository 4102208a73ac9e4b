//! An input between planning and replaying. A file is closed and opened again. A pipe stays open,
//! because it can be read only once.

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::log::Log;
use super::source::Progress;

/// Files are closed while they wait, because there may be many.
pub(super) enum Input {
    File {
        path: PathBuf,
        size_bytes: u64,
        /// The plan is valid only for this header.
        header: ByteRecord,
    },
    Pipe(Box<Log>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::File { path, .. } => write!(f, "File({path:?})"),
            Input::Pipe(_) => write!(f, "Pipe"),
        }
    }
}

impl Input {
    /// Keeps the input after its header was read.
    pub(super) fn of(path: &Path, log: Log) -> Input {
        match log.source().can_reopen() {
            true => Input::File {
                path: path.to_owned(),
                size_bytes: log.source().size_bytes().unwrap_or(0),
                header: log.header().clone(),
            },
            false => Input::Pipe(Box::new(log)),
        }
    }

    /// Size on disk; `None` for a pipe.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        match self {
            Input::File { size_bytes, .. } => Some(*size_bytes),
            Input::Pipe(log) => log.source().size_bytes(),
        }
    }

    /// Its rows, from the first one.
    pub(super) fn rows(self, delimiter: u8, progress: Progress) -> Result<Log, String> {
        match self {
            Input::File { path, header, .. } => {
                let log = Log::open(&path, delimiter, progress)?;
                match *log.header() == header {
                    true => Ok(log),
                    false => Err("its header has changed since the replay started".to_owned()),
                }
            }
            Input::Pipe(log) => Ok(*log),
        }
    }
}
