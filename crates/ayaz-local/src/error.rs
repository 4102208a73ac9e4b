//! Errors, named by what the reader can do about them.

use std::io;
use std::path::{Path, PathBuf};

/// Why local servers could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// A server is neither given nor installed, and cannot be fetched.
    #[error(
        "{missing} not found on this machine, and Debian's packages cannot be fetched: {reason}\n\
         do one of these:\n\
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

    /// A directory cannot be used. Choose another one.
    #[error("cannot use directory {path}: {reason}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },

    /// A server did not start.
    #[error("{server} did not start: {reason}; the end of its log:\n{log}")]
    Startup {
        /// The server's name.
        server: &'static str,
        /// Why it counts as not started.
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

    /// A server still runs after it was stopped and then killed.
    #[error("{server} did not stop within {limit_seconds} s")]
    Stop {
        /// The server's name.
        server: &'static str,
        /// The time limit in seconds.
        limit_seconds: u64,
    },

    /// The data of a server could not be prepared.
    #[error("cannot prepare {server}: {reason}")]
    Prepare {
        /// The server's name.
        server: &'static str,
        /// The output of the helper program.
        reason: String,
    },

    /// An operation on a file or directory failed.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// The operation.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl LocalError {
    /// For `map_err`: adds the action and the path to the system's error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Whether another program has taken the port. Another start on another port may succeed.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Startup { log, .. } if log.contains("Address already in use"))
    }
}
