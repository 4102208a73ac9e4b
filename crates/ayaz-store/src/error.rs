//! Errors, named by what happens next: [`StoreError::Transient`] is tried again; [`StoreError::TooLarge`] is
//! tried again in parts; [`StoreError::Refused`] is caused by the data; [`StoreError::Context`] skips one
//! vehicle; [`StoreError::Fatal`] stops the daemon.

use thiserror::Error;
use tokio_postgres::error::SqlState;

/// Why a database operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Caused by the environment: the server is down, full, overloaded or restarting. Try again later on a
    /// new connection. The statement may or may not have taken effect.
    #[error("{operation}: {cause}")]
    Transient {
        /// The operation.
        operation: &'static str,
        /// Message of the driver or the server.
        cause: String,
    },
    /// Too much for one transaction: the server's lock table or memory is full. Smaller parts may fit; a part
    /// that cannot be divided is tried again later, since others may have used the space.
    #[error("{operation}: {cause}")]
    TooLarge {
        /// The operation.
        operation: &'static str,
        /// Message of the server, or the limit of ours that was exceeded.
        cause: String,
    },
    /// Caused by the data: the server would refuse the same data again.
    #[error("{operation}: {cause}")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// Message of the server, with its SQLSTATE.
        cause: String,
    },
    /// The table already has a row with that key.
    #[error("{operation}: a row with that key exists already")]
    Duplicate {
        /// The operation.
        operation: &'static str,
    },
    /// The context of one vehicle is not usable. Its figures wait until the operator corrects it; other
    /// vehicles are not affected.
    #[error("{0}")]
    Context(String),
    /// Caused by this program or its setup: schema, rights, configuration.
    #[error("{0}")]
    Fatal(String),
}

impl StoreError {
    /// Classifies an error of the driver by its SQLSTATE.
    pub fn from_driver(operation: &'static str, error: tokio_postgres::Error) -> Self {
        let cause = describe(&error);
        let Some(code) = error.code() else {
            // Without an answer of the server: the connection broke.
            return Self::Transient { operation, cause };
        };
        match Class::of(code) {
            Class::Duplicate => Self::Duplicate { operation },
            Class::TooLarge => Self::TooLarge { operation, cause },
            Class::Refused => Self::Refused { operation, cause },
            Class::Fatal => Self::Fatal(format!("{operation}: {cause}")),
            Class::Transient => Self::Transient { operation, cause },
        }
    }

    /// Whether one vehicle's data or context causes the error, and not the database.
    pub fn affects_one_vehicle(&self) -> bool {
        matches!(self, Self::Context(_) | Self::Refused { .. })
    }

    /// Whether the same operation may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. } | Self::TooLarge { .. })
    }
}

/// What a SQLSTATE means for a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Duplicate,
    TooLarge,
    Refused,
    Fatal,
    Transient,
}

impl Class {
    /// <https://www.postgresql.org/docs/17/errcodes-appendix.html>
    fn of(code: &SqlState) -> Self {
        if *code == SqlState::UNIQUE_VIOLATION {
            return Self::Duplicate;
        }
        // "Out of shared memory": a transaction needs more locks than there are.
        if *code == SqlState::OUT_OF_MEMORY {
            return Self::TooLarge;
        }
        match code.code().get(..2).unwrap_or_default() {
            // Cardinality, data exception, integrity constraint, WITH CHECK OPTION, program limit.
            "21" | "22" | "23" | "44" | "54" => Self::Refused,
            // Missing tables, columns, rights or databases.
            "3D" | "3F" | "42" => Self::Fatal,
            // Any other error does not prove that the data is bad: a server that is starting, full, broken or
            // read-only must not turn good messages into dead letters.
            _ => Self::Transient,
        }
    }
}

/// The driver's error with the server's message, which `Display` leaves out.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_of_the_data_are_classified_as_refused() {
        for (code, class) in [
            ("23505", Class::Duplicate),
            ("23514", Class::Refused),
            ("22008", Class::Refused),
            ("22021", Class::Refused),
            ("54000", Class::Refused),
            ("42P01", Class::Fatal),
            ("42501", Class::Fatal),
            ("08006", Class::Transient),
            ("25006", Class::Transient),
            ("26000", Class::Transient),
            ("28P01", Class::Transient),
            ("40P01", Class::Transient),
            ("53100", Class::Transient),
            ("53200", Class::TooLarge),
            ("53300", Class::Transient),
            ("57P01", Class::Transient),
            ("58030", Class::Transient),
            ("XX000", Class::Transient),
            ("XX001", Class::Transient),
            ("TS001", Class::Transient),
        ] {
            assert_eq!(Class::of(&SqlState::from_code(code)), class, "{code}");
        }
    }
}
