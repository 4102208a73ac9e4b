//! A daemon without messages stops at once, even if broker or database does not work.

use std::time::{Duration, Instant};

use anyhow::Result;
use ayaz_test_db::or_skip;
use system_tests::{Program, TestBed, wait};
use tokio::net::{TcpListener, TcpStream};

/// From SIGTERM to the end, on a machine that does much else.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The behaviour of a server.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Server {
    Works,
    /// Nothing listens.
    Refuses,
    /// It accepts connections and sends nothing.
    IsSilent,
}

/// The address of such a server, and a listener to keep open.
async fn address(server: Server, real: &str) -> Result<(String, Option<TcpListener>)> {
    if server == Server::Works {
        return Ok((real.to_owned(), None));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut url = url::Url::parse(real)?;
    let port = listener.local_addr()?.port();
    anyhow::ensure!(url.set_port(Some(port)).is_ok(), "{url}");
    let kept = (server == Server::IsSilent).then_some(listener);
    Ok((url.into(), kept))
}

/// Waits until the daemon has tried to connect to this server.
async fn until_tried(
    ingest: &Program,
    part: &str,
    silent: Option<&TcpListener>,
) -> Result<Option<TcpStream>> {
    if let Some(listener) = silent {
        let (connection, _) = listener.accept().await?;
        return Ok(Some(connection));
    }
    wait::until(part, 20, async || {
        let answer = ingest.get("/readyz").await.unwrap_or_default();
        let body = answer.rsplit("\r\n\r\n").next().unwrap_or_default();
        let starting = format!("\"{part}\":\"starting\"");
        Ok(!body.is_empty() && !body.contains(&starting))
    })
    .await?;
    Ok(None)
}

#[tokio::test]
async fn ingest_without_messages_stops_at_once() -> Result<()> {
    use Server::{IsSilent, Refuses, Works};
    let bed = or_skip!(TestBed::new());
    for broker in [Works, Refuses, IsSilent] {
        for database in [Works, Refuses, IsSilent] {
            let (mqtt_url, silent_broker) = address(broker, &bed.mqtt_url).await?;
            let (database_url, silent_database) = address(database, &bed.database_url).await?;
            let variables = [
                ("AYAZ_MQTT_URL", mqtt_url.as_str()),
                ("AYAZ_DATABASE_URL", database_url.as_str()),
            ];
            let ingest = bed.ingest_with(&variables, "", "")?;
            let _broker = until_tried(&ingest, "broker", silent_broker.as_ref()).await?;
            let _database = until_tried(&ingest, "database", silent_database.as_ref()).await?;
            let asked = Instant::now();
            ingest.terminate().await?;
            let took = asked.elapsed();
            println!("broker {broker:?}, database {database:?}: {took:?}");
            assert!(
                took < AT_ONCE,
                "broker {broker:?}, database {database:?}: {took:?}"
            );
        }
    }
    Ok(())
}
