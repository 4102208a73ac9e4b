//! Starts both servers, prints their addresses and process ids, and runs until stdin ends.

use std::process::ExitCode;

use ayaz_local::{LocalError, LocalStack, Options, Server};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), LocalError> {
    let data_dir = std::env::args_os().nth(1).map(Into::into);
    let options = Options {
        data_dir,
        ..Options::default()
    };
    let mut stack = LocalStack::start(options, |line| eprintln!("{line}")).await?;
    println!("AYAZ_DATABASE_URL={}", stack.database_url());
    println!("AYAZ_MQTT_URL={}", stack.mqtt_url());
    let pid = |server: Option<&mut Server>| server.and_then(|server| server.pid());
    println!(
        "process ids: {:?} {:?}",
        pid(stack.database()),
        pid(stack.broker())
    );
    // The end of stdin and an error both end the program.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    stack.stop().await
}
