//! Errors named by what happens next: [`StoreError::Transient`] is tried again,
//! [`StoreError::Refused`] is the data's fault, [`StoreError::Fatal`] stops the daemon.

use thiserror::Error;
use tokio_postgres::error::SqlState;

/// Why the database did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The world's fault: the server is away, full, overloaded or restarting. Try again later, on a
    /// new connection; nothing is known of the outcome of the statement.
    #[error("{operation}: {cause}")]
    Transient {
        /// What was tried.
        operation: &'static str,
        /// What the driver or the server said.
        cause: String,
    },
    /// The data's fault: the same data would be refused again.
    #[error("{operation}: {cause}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// What the server said, with its SQLSTATE.
        cause: String,
    },
    /// A row of that key is there already.
    #[error("{operation}: a row of that key is there already")]
    Duplicate {
        /// What was tried.
        operation: &'static str,
    },
    /// Our own or the operator's fault: schema, rights, configuration.
    #[error("{0}")]
    Fatal(String),
}

impl StoreError {
    /// Sorts a driver's error by its SQLSTATE.
    pub fn from_driver(operation: &'static str, error: tokio_postgres::Error) -> Self {
        let cause = describe(&error);
        let Some(code) = error.code() else {
            // No answer from the server: the connection broke.
            return Self::Transient { operation, cause };
        };
        if *code == SqlState::UNIQUE_VIOLATION {
            return Self::Duplicate { operation };
        }
        match code.code().get(..2).unwrap_or_default() {
            // Connection; read-only transaction (a standby about to be promoted);
            // authentication (passwords are rotated under a running daemon); transaction rollback
            // (deadlock); resources; object state (locks); operator intervention; system error;
            // configuration file.
            "08" | "25" | "28" | "40" | "53" | "55" | "57" | "58" | "F0" => {
                Self::Transient { operation, cause }
            }
            // Missing tables, columns, rights or databases.
            "3D" | "3F" | "42" => Self::Fatal(format!("{operation}: {cause}")),
            _ => Self::Refused { operation, cause },
        }
    }

    /// Whether the same may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }
}

/// The driver's error with the server's message, which its own `Display` leaves out.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
