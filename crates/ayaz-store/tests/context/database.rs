//! A database with two buses for each test.

use anyhow::{Context, Result};
use ayaz_store::{Connection, Role};
use ayaz_test_db::TestDatabase;
use tokio_postgres::types::FromSqlOwned;

pub(crate) struct Database {
    pub(crate) owner: Connection,
    database: TestDatabase,
}

impl Database {
    pub(crate) async fn new() -> Result<Option<Self>> {
        let Some(database) = TestDatabase::migrated().await? else {
            return Ok(None);
        };
        let owner = Connection::open(database.url(), Role::Owner).await?;
        owner
            .client
            .batch_execute(
                "insert into vehicle_model values ('E12', 12, 330, 'electric');
                insert into vehicle (fleet, vehicle, model)
                values ('astana', 'b1', 'E12'), ('astana', 'b2', null);
                insert into depot values ('north', 'Asia/Almaty', 3), ('oslo', 'Europe/Oslo', 4)",
            )
            .await?;
        Ok(Some(Self { owner, database }))
    }

    pub(crate) async fn role(&self, role: Role) -> Result<Connection> {
        Ok(Connection::open(self.database.url(), role).await?)
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
