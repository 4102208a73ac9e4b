//! A private Mosquitto broker.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crate::command::run;
use crate::error::LocalError;
use crate::folder::Folder;
use crate::locate::MosquittoPrograms;
use crate::mqtt_probe;
use crate::secret::Secret;
use crate::user::{ServerUser, plain_command};

pub(crate) const NAME: &str = "Mosquitto";
/// On SIGTERM it saves sessions and queued messages.
pub(crate) const STOP_SIGNALS: &[&str] = &["TERM", "KILL"];

const USER: &str = "ayaz";
const PASSWD_LIMIT: Duration = Duration::from_secs(30);

/// A broker whose files are in `home`.
#[derive(Debug)]
pub(crate) struct Broker {
    programs: MosquittoPrograms,
    home: Folder,
    password: Secret,
    binds_client_ids: bool,
    user: Option<ServerUser>,
}

impl Broker {
    pub(crate) async fn open(
        programs: MosquittoPrograms,
        home: &Folder,
        user: Option<&ServerUser>,
        logins: &[String],
    ) -> Result<Self, LocalError> {
        let password = Secret::kept_in(home, user)?;
        // Hashed in the file: `ps` would show an argument.
        let names = [USER].into_iter().chain(logins.iter().map(String::as_str));
        let text: String = names
            .map(|name| format!("{name}:{}\n", password.0))
            .collect();
        home.write_private("users", &text, user)?;
        let mut command = plain_command(&programs.passwd, user);
        let hashed = run(
            command.args(["-U", "users"]).current_dir(home.path()),
            PASSWD_LIMIT,
        )
        .await;
        hashed.map_err(|reason| LocalError::Prepare {
            server: NAME,
            reason,
        })?;
        Ok(Self {
            programs,
            home: home.clone(),
            password,
            binds_client_ids: !logins.is_empty(),
            user: user.cloned(),
        })
    }

    pub(crate) fn url(&self, port: u16) -> Secret {
        self.url_as(USER, port)
    }

    /// The address with another login, whose name has only letters and digits.
    pub(crate) fn url_as(&self, login: &str, port: u16) -> Secret {
        Secret(format!(
            "mqtt://{login}:{}@127.0.0.1:{port}",
            self.password.0
        ))
    }

    pub(crate) fn command(&self, port: u16) -> Result<Vec<OsString>, LocalError> {
        let name = "mosquitto.conf";
        let path = self.home.path().join(name);
        let text = configuration(self.home.path(), port, self.binds_client_ids);
        self.home.write_private(name, &text, self.user.as_ref())?;
        Ok(vec![
            self.programs.broker.clone().into(),
            "-c".into(),
            path.into(),
        ])
    }

    pub(crate) async fn is_ready(&self, port: u16) -> Result<(), String> {
        mqtt_probe::connect(port, USER, &self.password.0).await
    }
}

/// See mosquitto.conf(5).
fn configuration(home: &Path, port: u16, binds_client_ids: bool) -> String {
    let mut text =
        format!("listener {port} 127.0.0.1\nuse_username_as_clientid {binds_client_ids}\n");
    let home = home.display();
    let _ = write!(
        text,
        "\
allow_anonymous false
password_file {home}/users

# Sessions and queued messages are kept over a restart. A crash loses the last seconds.
persistence true
persistence_location {home}/
autosave_interval 5

# The ingest daemon acknowledges after the database commits, so a whole batch is in flight.
max_inflight_messages 10000
# Messages for a stopped daemon. 0 is documented as no limit, but 2.0.16 then dropped all messages.
max_queued_messages 10000000
max_queued_bytes 0
# A larger packet disconnects its sender. message_size_limit would acknowledge the message and
# drop it, so it is not set.
max_packet_size 1048576
set_tcp_nodelay true

log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
log_timestamp_format %Y-%m-%dT%H:%M:%S
"
    );
    text
}
