//! Logging through `tracing`, to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` chooses what (default `info`), `AYAZ_LOG_FORMAT=json` writes one JSON
/// object a line. A second call changes nothing.
pub fn init() {
    init_with_default("info");
}

/// As [`init`], with another default filter.
pub fn init_with_default(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let json = std::env::var("AYAZ_LOG_FORMAT").is_ok_and(|format| format == "json");
    // Fails only where logging runs already, as in a demo that holds several daemons.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init()
    };
}
