//! A connection pooler. This one behaves like PgBouncer where it matters: it does not support `options`, and
//! uses one server connection per client, or another one for each transaction.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use ayaz_store::migrate::check_schema;
use ayaz_store::{Connection, DatabaseUrl, Role, StoreError};
use ayaz_test_db::or_skip;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_postgres::NoTls;

use crate::database::Database;

/// Mode of the pooler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Session,
    Transaction,
    /// Another connection per transaction; ignores `options` (`ignore_startup_parameters`).
    TransactionWithoutOptions,
}

/// A message of PostgreSQL's protocol with its kind. The first message of a client has no kind.
struct Packet {
    kind: Option<u8>,
    body: Vec<u8>,
}

impl Packet {
    async fn read(stream: &mut TcpStream, has_kind: bool) -> Result<Self> {
        let kind = match has_kind {
            true => Some(stream.read_u8().await?),
            false => None,
        };
        let length = stream.read_u32().await? as usize;
        ensure!(
            (4..1 << 20).contains(&length),
            "a message of {length} bytes"
        );
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body).await?;
        Ok(Self { kind, body })
    }

    async fn write(&self, stream: &mut TcpStream) -> Result<()> {
        let mut bytes: Vec<u8> = self.kind.into_iter().collect();
        bytes.extend((self.body.len() as u32 + 4).to_be_bytes());
        bytes.extend(&self.body);
        Ok(stream.write_all(&bytes).await?)
    }
}

/// The one server connection, while no client has a transaction on it.
type Shared = Arc<Mutex<Option<TcpStream>>>;

/// Starts the pooler, which ends with the test, and returns the database's address through it.
async fn pooled(database: &Database, mode: Mode) -> Result<DatabaseUrl> {
    let url = database.url.expose();
    let (login, place) = url.split_once('@').context("a login")?;
    let (server, name) = place.split_once('/').context("a database")?;
    let server: SocketAddr = server.parse()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let shared = Shared::default();
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, server, mode, shared.clone()));
        }
    });
    Ok(format!("{login}@{address}/{name}").parse()?)
}

async fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    mode: Mode,
    shared: Shared,
) -> Result<()> {
    let mut first = Packet::read(&mut client, false).await?;
    if let Some(options) = find(&first.body, b"\0options\0") {
        if mode != Mode::TransactionWithoutOptions {
            let body = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
            let refusal = Packet {
                kind: Some(b'E'),
                body: body.to_vec(),
            };
            return refusal.write(&mut client).await;
        }
        let value = options + 9;
        let length = first.body[value..].iter().position(|byte| *byte == 0);
        let end = value + length.context("an end")?;
        first.body.drain(options + 1..=end);
    }
    let mut opened = TcpStream::connect(server).await?;
    first.write(&mut opened).await?;
    log_in(&mut client, &mut opened).await?;
    if mode == Mode::Session {
        tokio::io::copy_bidirectional(&mut client, &mut opened).await?;
        return Ok(());
    }
    shared.lock().await.get_or_insert(opened);
    loop {
        let message = Packet::read(&mut client, true).await?;
        if message.kind == Some(b'X') {
            return Ok(());
        }
        // Other clients wait until the transaction is over.
        let mut shared = shared.lock().await;
        let server = shared.as_mut().context("a connection")?;
        message.write(server).await?;
        transaction(&mut client, server).await?;
    }
}

/// Forwards messages until the client is logged in.
async fn log_in(client: &mut TcpStream, server: &mut TcpStream) -> Result<()> {
    loop {
        let said = Packet::read(server, true).await?;
        said.write(client).await?;
        match (said.kind, said.body.get(3)) {
            (Some(b'Z'), _) => return Ok(()),
            // The client answers every message except "authentication ok" and the last one of SCRAM.
            (Some(b'R'), Some(code)) if ![0, 12].contains(code) => {
                Packet::read(client, true).await?.write(server).await?;
            }
            _ => {}
        }
    }
}

/// Forwards messages until the server is idle.
async fn transaction(client: &mut TcpStream, server: &mut TcpStream) -> Result<()> {
    let (mut one, mut other) = ([0], [0]);
    loop {
        tokio::select! {
            waits = client.peek(&mut one) => {
                waits?;
                Packet::read(client, true).await?.write(server).await?;
            }
            waits = server.peek(&mut other) => {
                waits?;
                let said = Packet::read(server, true).await?;
                said.write(client).await?;
                if said.kind == Some(b'Z') && said.body == b"I" {
                    return Ok(());
                }
            }
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_transaction_mode_is_refused_and_keeps_no_settings() -> Result<()> {
    let database = or_skip!(Database::new());
    for mode in [Mode::Transaction, Mode::TransactionWithoutOptions] {
        let url = pooled(&database, mode).await?;
        for role in [Role::Ingest, Role::Analytics, Role::Reader, Role::Owner] {
            let refused = Connection::open(&url, role).await.map(drop);
            let Err(StoreError::Fatal(text)) = refused else {
                anyhow::bail!("{role:?} {mode:?}: {refused:?}");
            };
            assert!(
                text.contains("pool_mode") && text.contains(&url.to_string()),
                "{text}"
            );
        }
        // The next client gets the connection unchanged.
        let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await?;
        tokio::spawn(connection);
        let row = client
            .query_one(
                "select current_setting('role'),
                    session_user = current_user
                        and not exists (
                            select from pg_prepared_statements where not statement ~ 'role'
                        ),
                    current_setting('ayaz.connection', true)",
                &[],
            )
            .await?;
        assert_eq!(row.get::<_, &str>(0), "none");
        assert!(row.get::<_, bool>(1));
        assert_eq!(row.get::<_, Option<&str>>(2).unwrap_or_default(), "");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_session_mode_works() -> Result<()> {
    let database = or_skip!(Database::new());
    let url = pooled(&database, Mode::Session).await?;
    let connection = Connection::open(&url, Role::Ingest).await?;
    check_schema(&connection).await?;
    let row = connection
        .client
        .query_one(
            "select current_user::text, current_setting('search_path'),
                current_setting('default_transaction_isolation')",
            &[],
        )
        .await?;
    assert_eq!(row.get::<_, &str>(0), "ayaz_ingest");
    assert_eq!(row.get::<_, &str>(1), "public, pg_temp");
    assert_eq!(row.get::<_, &str>(2), "read committed");
    Ok(())
}
