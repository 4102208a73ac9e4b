//! One private broker for all tests of a process.

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options, server_needed, skips_server_tests};
use tokio::sync::OnceCell;

/// The address of the broker, as a user who may do everything. It is started at the first call and ends
/// with the process. `None` if tests that need a server are skipped.
pub async fn broker_url() -> Result<Option<&'static str>> {
    static BROKER: OnceCell<Result<LocalStack, String>> = OnceCell::const_new();
    if skips_server_tests() {
        return Ok(None);
    }
    let options = Options {
        database: false,
        ..Options::default()
    };
    let broker = BROKER
        .get_or_init(|| async {
            let started = LocalStack::start(options, |line| eprintln!("{line}")).await;
            started.map_err(|error| error.to_string())
        })
        .await;
    match broker {
        Ok(broker) => Ok(Some(broker.mqtt_url())),
        Err(error) => Err(anyhow::Error::msg(error.clone())).with_context(server_needed),
    }
}
