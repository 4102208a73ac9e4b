//! The database and the broker together.

use std::fmt;

use crate::bundle::Bundle;
use crate::data_dir::DataDir;
use crate::error::LocalError;
use crate::locate::{self, MosquittoPrograms, PostgresPrograms};
use crate::mosquitto::Broker;
use crate::options::{Options, given_url};
use crate::postgres::Cluster;
use crate::secret::Secret;
use crate::server::{Kind, Server};
use crate::unpack::PackageSet;
use crate::user::ServerUser;

/// A database and a broker, given by address or started for this process.
///
/// Call [`LocalStack::stop`] for an orderly end. If it is dropped instead, the servers stop and their
/// temporary data is removed a moment later.
pub struct LocalStack {
    database_url: Secret,
    mqtt_url: Secret,
    database: Option<Server>,
    broker: Option<Server>,
    data_dir: Option<DataDir>,
}

impl LocalStack {
    /// Starts the servers that `options` name and waits until they accept clients. `progress` gets one
    /// line for each step. If the future is dropped, the servers stop and their temporary data is removed.
    ///
    /// # Errors
    ///
    /// [`LocalError::Unavailable`] says what is missing and what to do; see [`LocalError`].
    pub async fn start(
        options: Options,
        mut progress: impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        let database_url = given_url("AYAZ_DATABASE_URL");
        let mqtt_url = given_url("AYAZ_MQTT_URL");
        let wanted = Wanted {
            database: options.database && database_url.is_none(),
            broker: options.broker && mqtt_url.is_none(),
        };
        let given = |url: Option<String>| Secret(url.unwrap_or_default());
        let mut stack = Self {
            database_url: given(database_url),
            mqtt_url: given(mqtt_url),
            database: None,
            broker: None,
            data_dir: None,
        };
        if !wanted.database && !wanted.broker && options.data_dir.is_some() {
            progress(
                "the data folder is not used: AYAZ_DATABASE_URL and AYAZ_MQTT_URL name servers, so \
                 no server starts here; unset a variable to start that server",
            );
        }
        if wanted.database || wanted.broker {
            let user = ServerUser::needed()?;
            let programs = Programs::find(wanted, user.as_ref(), &mut progress).await?;
            let given = options.data_dir.as_deref();
            let dir = DataDir::open(given, user.as_ref(), &mut progress).await?;
            stack.data_dir = Some(dir);
            if let Err(error) = stack
                .start_servers(programs, user, &options, &mut progress)
                .await
            {
                // The first error is the one to report.
                let _ = stack.stop().await;
                return Err(error);
            }
        }
        Ok(stack)
    }

    /// `postgres://ayaz:PASSWORD@127.0.0.1:PORT/ayaz`, whose user is the superuser of the private cluster,
    /// or the address in `AYAZ_DATABASE_URL`. Empty if the options have no database.
    pub fn database_url(&self) -> &str {
        &self.database_url.0
    }

    /// `mqtt://ayaz:PASSWORD@127.0.0.1:PORT`, or the address in `AYAZ_MQTT_URL`. Empty if the options have
    /// no broker.
    pub fn mqtt_url(&self) -> &str {
        &self.mqtt_url.0
    }

    /// The broker's address with one of the [`Options::logins`]; `None` if the broker is given by address.
    pub fn mqtt_url_as(&self, login: &str) -> Option<String> {
        Some(self.broker.as_ref()?.url_as(login)?.0)
    }

    /// The database server; `None` if it is given by address.
    pub fn database(&mut self) -> Option<&mut Server> {
        self.database.as_mut()
    }

    /// The broker; `None` if it is given by address.
    pub fn broker(&mut self) -> Option<&mut Server> {
        self.broker.as_mut()
    }

    /// Completes when one of the servers ends by itself, with the end of its log.
    pub async fn server_ended(&mut self) -> LocalError {
        let Self {
            database, broker, ..
        } = self;
        tokio::select! {
            error = Server::ended(database) => error,
            error = Server::ended(broker) => error,
        }
    }

    /// Stops both servers in order and removes temporary data.
    ///
    /// # Errors
    ///
    /// If a server does not stop or its temporary data cannot be removed.
    pub async fn stop(mut self) -> Result<(), LocalError> {
        let database = async {
            match &mut self.database {
                Some(server) => server.stop().await,
                None => Ok(()),
            }
        };
        let broker = async {
            match &mut self.broker {
                Some(server) => server.stop().await,
                None => Ok(()),
            }
        };
        let (database, broker) = tokio::join!(database, broker);
        database?;
        broker?;
        match self.data_dir {
            Some(dir) => dir.remove().await,
            None => Ok(()),
        }
    }

    async fn start_servers(
        &mut self,
        programs: Programs,
        user: Option<ServerUser>,
        options: &Options,
        progress: &mut impl FnMut(&str),
    ) -> Result<(), LocalError> {
        let Some(dir) = &self.data_dir else {
            return Ok(());
        };
        if let Some(programs) = programs.mosquitto {
            let home = dir.server_home("mosquitto", user.as_ref())?;
            let broker = Broker::open(programs, &home, user.as_ref(), &options.logins).await?;
            progress("starting Mosquitto");
            let kind = Kind::Broker(broker);
            let server = Server::launch(kind, home, dir.lock()?, user.clone()).await?;
            self.mqtt_url = server.url();
            self.broker = Some(server);
        }
        if let Some(programs) = programs.postgres {
            let home = dir.server_home("postgres", user.as_ref())?;
            let cluster = Cluster::open(programs, &home, user.as_ref(), options, progress).await?;
            progress(&format!("starting {}", cluster.description()));
            let kind = Kind::Database(cluster);
            let server = Server::launch(kind, home, dir.lock()?, user).await?;
            self.database_url = server.url();
            self.database = Some(server);
        }
        Ok(())
    }
}

impl fmt::Debug for LocalStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStack")
            .field("database", &self.database)
            .field("broker", &self.broker)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct Wanted {
    database: bool,
    broker: bool,
}

/// The programs of the servers to start.
struct Programs {
    postgres: Option<PostgresPrograms>,
    mosquitto: Option<MosquittoPrograms>,
}

impl Programs {
    /// Installed programs first; the bundle has the others.
    async fn find(
        wanted: Wanted,
        user: Option<&ServerUser>,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        let mut postgres = if wanted.database {
            locate::postgres().await
        } else {
            None
        };
        let mut mosquitto = if wanted.broker {
            locate::mosquitto().await
        } else {
            None
        };
        let mut missing = Vec::new();
        if wanted.database && postgres.is_none() {
            missing.push("PostgreSQL with TimescaleDB");
        }
        if wanted.broker && mosquitto.is_none() {
            missing.push("Mosquitto");
        }
        if !missing.is_empty() {
            let missing = missing.join(" and ");
            let bundle = Bundle::ensure(&PackageSet::servers(), &missing, user, progress).await?;
            if wanted.database && postgres.is_none() {
                postgres = Some(bundle.postgres().await.ok_or_else(|| {
                    let reason = "the fetched PostgreSQL does not run here".to_owned();
                    LocalError::Unavailable { missing, reason }
                })?);
            }
            if wanted.broker && mosquitto.is_none() {
                mosquitto = Some(bundle.mosquitto());
            }
        }
        Ok(Self {
            postgres,
            mosquitto,
        })
    }
}
