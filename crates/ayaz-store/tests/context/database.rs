//! One server for the whole binary, a database with two buses for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options};
use ayaz_store::{Connection, DatabaseUrl, Role, migrate};
use tokio::sync::OnceCell;
use tokio_postgres::types::FromSqlOwned;

pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) owner: Connection,
}

impl Database {
    pub(crate) async fn new() -> Result<Self> {
        static SERVER: OnceCell<LocalStack> = OnceCell::const_new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = SERVER
            .get_or_try_init(|| async {
                let options = Options {
                    database: true,
                    broker: false,
                    ..Options::default()
                };
                LocalStack::start(options, |line| eprintln!("{line}")).await
            })
            .await?;
        let base = server.database_url();
        let owner = Connection::open(&base.parse()?, Role::Owner).await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("context_{}_{number}", std::process::id());
        owner
            .client
            .batch_execute(&format!("create database {name}"))
            .await?;
        let (server, _) = base.rsplit_once('/').context("the URL names a database")?;
        let url: DatabaseUrl = format!("{server}/{name}").parse()?;
        migrate::migrate(&url).await?;
        let owner = Connection::open(&url, Role::Owner).await?;
        owner
            .client
            .batch_execute(
                "insert into vehicle_model values ('E12', 12, 330, 'electric');
                insert into vehicle (fleet, vehicle, model)
                values ('astana', 'b1', 'E12'), ('astana', 'b2', null);
                insert into depot values ('north', 'Asia/Almaty', 3), ('oslo', 'Europe/Oslo', 4)",
            )
            .await?;
        Ok(Self { url, owner })
    }

    pub(crate) async fn role(&self, role: Role) -> Result<Connection> {
        Ok(Connection::open(&self.url, role).await?)
    }

    pub(crate) async fn execute(&self, sql: &str) -> Result<()> {
        let done = self.owner.client.batch_execute(sql).await;
        done.with_context(|| sql.to_owned())
    }

    /// The first column of the only row.
    pub(crate) async fn one<T: FromSqlOwned>(&self, sql: &str) -> Result<T> {
        let row = self.owner.client.query_one(sql, &[]).await;
        Ok(row.with_context(|| sql.to_owned())?.get(0))
    }
}
