//! An input between planning and replaying: closed, if it is a file that can be opened again; open
//! where it was left, if it is a pipe, which can be read once.

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::log::Log;
use super::source::Progress;

/// Many files may wait to be replayed, so none of them is kept open.
pub(super) enum Input {
    File {
        path: PathBuf,
        size_bytes: u64,
        /// The plan holds for this header alone.
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
    /// Keeps what was opened to see its header.
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

    /// Size on disk; `None` where only its end tells.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        match self {
            Input::File { size_bytes, .. } => Some(*size_bytes),
            Input::Pipe(log) => log.source().size_bytes(),
        }
    }

    /// Its rows, from the first on.
    pub(super) fn rows(self, delimiter: u8, progress: Progress) -> Result<Log, String> {
        match self {
            Input::File { path, header, .. } => {
                let log = Log::open(&path, delimiter, progress)?;
                match *log.header() == header {
                    true => Ok(log),
                    false => Err("its header is another than when the replay began".to_owned()),
                }
            }
            Input::Pipe(log) => Ok(*log),
        }
    }
}
