//! What can go wrong, named by what the reader can do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the local servers could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// A server is neither given, nor installed, nor could it be fetched.
    #[error(
        "{missing} not found on this machine, and Debian's packages cannot be used: {reason}\n\
         one of these helps:\n\
         - set AYAZ_DATABASE_URL and AYAZ_MQTT_URL to running servers\n\
         - install PostgreSQL 15 to 18 with TimescaleDB 2.19 or later, and Mosquitto 2\n\
         - docker compose -f deploy/compose.yaml up"
    )]
    Unavailable {
        /// The servers that are missing.
        missing: String,
        /// Why they could not be fetched, with apt's last lines.
        reason: String,
    },

    /// A directory cannot be used; choose another one.
    #[error("cannot use directory {path}: {reason}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },

    /// A server did not come up.
    #[error("{server} did not start: {reason}; the end of its log:\n{log}")]
    Startup {
        /// The server's name.
        server: &'static str,
        /// What was being waited for.
        reason: String,
        /// The last lines the server wrote.
        log: String,
    },

    /// A server ended by itself.
    #[error("{server} has ended ({reason}); the end of its log:\n{log}")]
    Ended {
        /// The server's name.
        server: &'static str,
        /// How it ended.
        reason: String,
        /// The last lines the server wrote.
        log: String,
    },

    /// A server is still there after it was told to stop, and killed.
    #[error("{server} did not stop within {limit_seconds} s")]
    Stop {
        /// The server's name.
        server: &'static str,
        /// How long it was waited for, in seconds.
        limit_seconds: u64,
    },

    /// Preparing a server's data failed.
    #[error("cannot prepare {server}: {reason}")]
    Prepare {
        /// The server's name.
        server: &'static str,
        /// What the helper program said.
        reason: String,
    },

    /// The file system refused something.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl LocalError {
    /// For `map_err`: names the action and the path beside the system's message.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Whether another program took the chosen port first; starting again on another port helps.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Startup { log, .. } if log.contains("Address already in use"))
    }
}
