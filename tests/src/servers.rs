//! One private broker and TimescaleDB for all tests of a process.

use std::sync::OnceLock;
use std::thread;

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options};

/// Addresses of the shared servers.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// As the owner of the whole database server.
    pub database_url: String,
    /// As a user who may do everything.
    pub mqtt_url: String,
}

static SHARED: OnceLock<Result<Addresses, String>> = OnceLock::new();

/// Starts the servers at the first call. They end with the process.
pub fn shared() -> Result<Addresses> {
    let started = SHARED.get_or_init(|| {
        // A thread of their own, because the runtime that starts them must live as long as they do,
        // and every test has its own.
        let (tell, told) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let runtime = match tokio::runtime::Runtime::new() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(error.to_string()))),
            };
            runtime.block_on(async {
                match LocalStack::start(Options::default(), |line| eprintln!("{line}")).await {
                    Ok(stack) => {
                        let addresses = Addresses {
                            database_url: stack.database_url().to_owned(),
                            mqtt_url: stack.mqtt_url().to_owned(),
                        };
                        let _ = tell.send(Ok(addresses));
                        std::future::pending::<()>().await;
                    }
                    Err(error) => drop(tell.send(Err(error.to_string()))),
                }
            });
        });
        told.recv()
            .unwrap_or_else(|_| Err("the servers' thread ended".to_owned()))
    });
    started
        .clone()
        .map_err(anyhow::Error::msg)
        .context("start the private servers")
}
