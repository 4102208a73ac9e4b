//! Errors named by what happens next: [`StoreError::Transient`] is tried again,
//! [`StoreError::TooLarge`] is tried again in parts, [`StoreError::Refused`] is the data's fault,
//! [`StoreError::Context`] costs a vehicle, [`StoreError::Fatal`] stops the daemon.

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
    /// More than one transaction can hold: the server's table of locks is full, or its memory. Parts
    /// of it may fit; what cannot be parted is tried again later, since others may have filled both.
    #[error("{operation}: {cause}")]
    TooLarge {
        /// What was tried.
        operation: &'static str,
        /// What the server said, or which bound of ours was passed.
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
    /// What is known of one vehicle beside its readings cannot be used, so its figures wait until that is
    /// corrected; those of others do not.
    #[error("{0}")]
    Context(String),
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
        match Class::of(code) {
            Class::Duplicate => Self::Duplicate { operation },
            Class::TooLarge => Self::TooLarge { operation, cause },
            Class::Refused => Self::Refused { operation, cause },
            Class::Fatal => Self::Fatal(format!("{operation}: {cause}")),
            Class::Transient => Self::Transient { operation, cause },
        }
    }

    /// Whether it speaks against one vehicle's data or what is known of it, and not against the database.
    pub fn is_of_one_vehicle(&self) -> bool {
        matches!(self, Self::Context(_) | Self::Refused { .. })
    }

    /// Whether the same may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. } | Self::TooLarge { .. })
    }
}

/// What a SQLSTATE says about trying again.
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
        // "Out of shared memory" where a transaction needs more locks than there are.
        if *code == SqlState::OUT_OF_MEMORY {
            return Self::TooLarge;
        }
        match code.code().get(..2).unwrap_or_default() {
            // Cardinality, data exception, integrity constraint, WITH CHECK OPTION, program limit.
            "21" | "22" | "23" | "44" | "54" => Self::Refused,
            // Missing tables, columns, rights or databases.
            "3D" | "3F" | "42" => Self::Fatal,
            // Everything else, known or not, is no proof against the data: a server that is
            // starting, full, broken or read-only must not turn good messages into dead letters.
            _ => Self::Transient,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_speaks_against_the_data_is_held_against_it() {
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
