//! The private servers of tests.

use std::io::{self, Write};

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options, server_needed, skips_server_tests};
use tokio::sync::OnceCell;

use crate::cluster;

/// The address of the database server that all tests of this process share. It is started at the first
/// call and ends with the process. `None` if tests that need a server are skipped.
///
/// # Errors
///
/// If there is no server. All calls give the same error, so that each test fails at once.
pub async fn server_url() -> Result<Option<&'static str>> {
    static SERVER: OnceCell<Result<LocalStack, String>> = OnceCell::const_new();
    if skips_server_tests() {
        return Ok(None);
    }
    let options = Options {
        broker: false,
        ..Options::default()
    };
    let server = SERVER
        .get_or_init(|| async { launch(options).await.map_err(|error| format!("{error:#}")) })
        .await;
    match server {
        Ok(server) => Ok(Some(server.database_url())),
        Err(error) => Err(anyhow::Error::msg(error.clone())),
    }
}

/// Starts servers for one test, which may stop them. `None` if tests that need a server are skipped.
///
/// # Errors
///
/// As [`LocalStack::start`].
pub async fn start(options: Options) -> Result<Option<LocalStack>> {
    if skips_server_tests() {
        return Ok(None);
    }
    launch(options).await.map(Some)
}

async fn launch(options: Options) -> Result<LocalStack> {
    if options.database && !server_is_given() {
        cluster::start_on_copy(options).await
    } else {
        start_servers(options).await
    }
}

/// Starts servers. The error says that tests need them; an error of the schema, which comes later, does not.
pub(crate) async fn start_servers(options: Options) -> Result<LocalStack> {
    let started = LocalStack::start(options, print).await;
    started.with_context(server_needed)
}

/// Whether `AYAZ_DATABASE_URL` names the server.
pub(crate) fn server_is_given() -> bool {
    std::env::var_os("AYAZ_DATABASE_URL").is_some_and(|url| !url.is_empty())
}

/// Prints a step of a start.
pub(crate) fn print(line: &str) {
    // A line that cannot be written is no reason to fail.
    let _ = writeln!(io::stderr(), "{line}");
}
