//! What to start.

use std::path::PathBuf;

/// What to start and where its data lives.
///
/// A server whose address is given in `AYAZ_DATABASE_URL` or `AYAZ_MQTT_URL` is used from there
/// and not started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Kept data, used again by the next start; `None` for a fresh temporary directory that is
    /// removed on stop.
    pub data_dir: Option<PathBuf>,
    /// Whether a TimescaleDB is wanted.
    pub database: bool,
    /// Whether an MQTT broker is wanted.
    pub broker: bool,
    /// Shared buffers of the database, MB. 256 leaves a machine of a few GB its memory; what a large
    /// fleet sends in an hour, 1.4 MB a vehicle at one reading a second, had better find room.
    pub shared_buffers_mb: u32,
    /// Further logins of the broker, for tests. If there are any, it binds client ids to logins, as
    /// the deployed one does.
    pub logins: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data_dir: None,
            database: true,
            broker: true,
            shared_buffers_mb: 256,
            logins: Vec::new(),
        }
    }
}

/// A server given by address; an empty variable counts as unset.
pub(crate) fn given_url(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}
