//! Errors of a first connection: the address, the user, the cause and the advice.

use anyhow::{Context, Result};
use ayaz_store::{Connection, DatabaseUrl, Role};
use ayaz_test_db::or_skip;
use tokio::net::TcpListener;

use crate::database::Database;

/// The error of connecting to this address.
async fn error(url: &str) -> Result<String> {
    let url: DatabaseUrl = url.parse()?;
    let opened = Connection::open(&url, Role::Reader).await;
    Ok(opened
        .map(drop)
        .err()
        .context("it cannot work")?
        .to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_give_address_user_cause_and_advice() -> Result<()> {
    let database = or_skip!(Database::empty());
    let (_, place) = database.url.expose().split_once('@').context("a login")?;
    let (server, _) = place.split_once('/').context("a database")?;
    let (login, _) = database.url.expose().split_once('@').context("a login")?;

    let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let text = error(&format!("postgres://anna:QXZ789@{free}/fleet")).await?;
    let words = [
        format!("{free}/fleet as anna").as_str(),
        "does the database server run",
    ]
    .map(str::to_owned);
    assert!(words.iter().all(|word| text.contains(word)), "{text}");

    let text = error(&format!("postgres://anna:QXZ789@{place}")).await?;
    assert!(
        text.contains("as anna") && text.contains("is this the password of anna?"),
        "{text}"
    );
    assert!(!text.contains("QXZ"), "{text}");

    let text = error(&format!("postgres://anna@{place}")).await?;
    assert!(
        text.contains("as anna: the server asks for a password, and the URL has none"),
        "{text}"
    );

    let text = error(&format!("{login}@{server}/no_such_database")).await?;
    assert!(
        text.contains("no_such_database") && text.contains("create database"),
        "{text}"
    );

    // Another program listens on the port.
    let other = TcpListener::bind("127.0.0.1:0").await?;
    let address = other.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = other.accept().await {
            drop(client);
        }
    });
    let text = error(&format!("postgres://anna:QXZ789@{address}/fleet")).await?;
    assert!(text.contains("does a PostgreSQL server listen"), "{text}");
    Ok(())
}
