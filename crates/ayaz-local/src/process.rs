//! One database server for all tests of a program.

use std::io::{self, Write};

use tokio::sync::OnceCell;

use crate::{LocalError, LocalStack, Options};

/// A database server, started when it is first asked for, that ends with this process. Its progress
/// goes to the standard error.
///
/// # Errors
///
/// As [`LocalStack::start`]. The next one who asks tries again.
pub async fn process_database() -> Result<&'static LocalStack, LocalError> {
    static SERVER: OnceCell<LocalStack> = OnceCell::const_new();
    SERVER
        .get_or_try_init(|| async {
            let options = Options {
                database: true,
                broker: false,
                ..Options::default()
            };
            // A line that cannot be written is no reason to fail.
            LocalStack::start(options, |line| drop(writeln!(io::stderr(), "{line}"))).await
        })
        .await
}
