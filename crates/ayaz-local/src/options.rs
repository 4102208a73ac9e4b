//! Which servers to start, and how.

use std::path::PathBuf;

/// Which servers to start, and where their data is.
///
/// If `AYAZ_DATABASE_URL` or `AYAZ_MQTT_URL` gives the address of a server, that server is used and none
/// is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where data is kept for the next start. `None` is a new temporary directory, removed on stop.
    pub data_dir: Option<PathBuf>,
    /// A `data_dir` of stopped servers. A new database cluster is a copy of the one in it, if the same
    /// version of PostgreSQL and TimescaleDB made that one.
    pub cluster_copied_from: Option<PathBuf>,
    /// Whether to start TimescaleDB.
    pub database: bool,
    /// Whether to start an MQTT broker.
    pub broker: bool,
    /// Shared buffers of the database in MB. 256 suits a machine with a few GB of memory. The readings of
    /// one hour should fit: 1.4 MB for each vehicle at one reading a second.
    pub shared_buffers_mb: u32,
    /// More logins of the broker, for tests. If there are any, it binds client ids to logins, as the
    /// deployed broker does.
    pub logins: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data_dir: None,
            cluster_copied_from: None,
            database: true,
            broker: true,
            shared_buffers_mb: 256,
            logins: Vec::new(),
        }
    }
}

/// The address of a given server. An empty variable counts as unset.
pub(crate) fn given_url(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}
