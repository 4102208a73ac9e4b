//! One private server for all tests of this binary. It ends with the process.

use std::sync::{OnceLock, mpsc};

use ayaz_local::{LocalStack, Options};

/// Its address; `None` where there is no TimescaleDB to be had.
pub(crate) fn url() -> Option<&'static str> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    URL.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        // A thread of its own, since the server belongs to a runtime and each test has another.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let options = Options {
                    database: true,
                    broker: false,
                    ..Options::default()
                };
                let started = LocalStack::start(options, |line| eprintln!("{line}")).await;
                match started {
                    Ok(stack) => {
                        send.send(Some(stack.database_url().to_owned())).unwrap();
                        std::future::pending::<()>().await;
                    }
                    Err(error) => {
                        eprintln!("skipped: {error}");
                        send.send(None).unwrap();
                    }
                }
            });
        });
        receive.recv().unwrap()
    })
    .as_deref()
}
