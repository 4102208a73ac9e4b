//! A database for each test, as a copy of one template that has today's schema.
//!
//! Migrating takes seconds, copying a template a fraction of one. The template is named by the hash of
//! all migrations and views. All tests of a process use one private server (`server`); the cluster of
//! that server is a copy of one in the cache directory, which already has the template (`cluster`), so
//! all test processes of a machine share one migration. If `AYAZ_DATABASE_URL` names a server, the
//! template is made there (`template`). Databases are dropped when their test ends, or when the next
//! test process starts (`session`).
//!
//! A test that gets no server fails. With `AYAZ_SKIP_SERVER_TESTS=1` no server is started, and
//! [`or_skip`] ends the test:
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! let database = ayaz_test_db::or_skip!(ayaz_test_db::TestDatabase::migrated());
//! let connection = ayaz_store::Connection::open(database.url(), ayaz_store::Role::Owner).await?;
//! # Ok(())
//! # }
//! ```

mod cluster;
mod database;
mod owned;
mod server;
mod session;
mod template;

pub use database::TestDatabase;
pub use owned::Database;
pub use server::{server_url, start};

/// Awaits the future of a `Result<Option<T>>` and gives the `T`. The test ends here with an error, or
/// without one if the option is `None`: then tests that need a server are skipped.
#[macro_export]
macro_rules! or_skip {
    ($made:expr) => {
        match $made.await? {
            Some(made) => made,
            None => return Ok(()),
        }
    };
}
