//! Address of the database. The address is parsed once; no text of this program shows the password.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Address of the database, with the password. `Debug` and `Display` hide the password.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl {
    secret: SecretString,
    pub(super) config: Config,
}

/// An unusable database URL. The message repeats no part of the URL, since it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database URL cannot be read: {0}; it has the form \
     postgres://USER:PASSWORD@HOST:PORT/DATABASE"
)]
pub struct DatabaseUrlError(&'static str);

const NOT_ENCODED: &str = "the user or the password holds a letter that means something else in a URL; \
     percent-encode it (@ is %40, : is %3A, / is %2F, # is %23, ? is %3F, % is %25)";

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let scheme = text.split_once("://");
        match scheme {
            Some(("postgres" | "postgresql", rest)) => check_parts(rest)?,
            Some(_) => return Err(DatabaseUrlError("it does not begin with postgres://")),
            None if text.contains('=') => {}
            None => return Err(DatabaseUrlError("postgres:// is missing")),
        }
        // The message of the driver would quote parts of the URL.
        let mut config: Config = text.parse().map_err(|_| {
            DatabaseUrlError(match scheme {
                Some(_) => "one of its options is not known, or has a value that it cannot have",
                None => "one of its words is not known, or has a value that it cannot have",
            })
        })?;
        if config.get_hosts().is_empty() {
            return Err(DatabaseUrlError("it names no host"));
        }
        if config.get_hosts().len() > 1 {
            return Err(DatabaseUrlError(
                "it names several hosts: give one host only",
            ));
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(DatabaseUrlError(
                "TLS is not built in yet: use a tunnel, without sslmode=require",
            ));
        }
        // Otherwise a dead peer would block a daemon for two hours, the default of the kernel.
        config
            .connect_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(Duration::from_secs(60));
        Ok(Self {
            secret: text.to_owned().into(),
            config,
        })
    }
}

/// Checks the part after `postgres://`, so that no part of a password is read as a host, a database or an
/// option.
fn check_parts(rest: &str) -> Result<(), DatabaseUrlError> {
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(authority_end);
    if behind.contains(['@', '#']) {
        return Err(DatabaseUrlError(NOT_ENCODED));
    }
    let (login, hosts) = match authority.split_once('@') {
        Some((login, hosts)) => (login, hosts),
        None => ("", authority),
    };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let is_plain = |part: &str| !part.contains([':', '[', ']']) && is_percent_encoded(part);
    if hosts.contains('@') || !is_plain(user) || !is_plain(password) {
        return Err(DatabaseUrlError(NOT_ENCODED));
    }
    for host in hosts.split(',') {
        // IPv6 addresses are in brackets.
        let port = match host.rsplit_once(']') {
            Some((_, port)) => port.strip_prefix(':'),
            None => host.split_once(':').map(|(_, port)| port),
        };
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(DatabaseUrlError("its port is no number from 0 to 65535"));
        }
    }
    Ok(())
}

/// Whether each `%` starts a percent code.
fn is_percent_encoded(part: &str) -> bool {
    let mut codes = part.split('%');
    codes.next();
    codes.all(|code| code.chars().take(2).filter(char::is_ascii_hexdigit).count() == 2)
}

impl TryFrom<String> for DatabaseUrl {
    type Error = DatabaseUrlError;

    fn try_from(text: String) -> Result<Self, DatabaseUrlError> {
        text.parse()
    }
}

impl DatabaseUrl {
    /// The whole URL with its password, to pass it to another process in its environment.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// User name of the login.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or("?")
    }

    /// The same server with another database.
    ///
    /// # Errors
    ///
    /// If this address is not a URL, or the name does not fit into one.
    pub fn with_database(&self, name: &str) -> Result<Self, DatabaseUrlError> {
        let (address, options) = match self.expose().split_once('?') {
            Some((address, options)) => (address, format!("?{options}")),
            None => (self.expose(), String::new()),
        };
        let (scheme, server) = address
            .split_once("://")
            .ok_or(DatabaseUrlError("it is not written as a URL"))?;
        let server = server.split('/').next().unwrap_or_default();
        format!("{scheme}://{server}/{name}{options}").parse()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "?".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let database = self.config.get_dbname().unwrap_or("?");
        write!(f, "{host}:{port}/{database}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn another_database_is_on_the_same_server() {
        for (one, another) in [
            ("postgres://u:p@h:1/d", "postgres://u:p@h:1/e"),
            ("postgres://u:p@h", "postgres://u:p@h/e"),
            (
                "postgres://h/d?connect_timeout=3",
                "postgres://h/e?connect_timeout=3",
            ),
        ] {
            let url: DatabaseUrl = one.parse().unwrap();
            assert_eq!(url.with_database("e").unwrap().expose(), another);
        }
        let words: DatabaseUrl = "host=h dbname=d".parse().unwrap();
        assert!(words.with_database("e").is_err());
    }

    #[test]
    fn urls_give_server_database_and_user() {
        for (text, shown, user) in [
            (
                "postgres://ayaz:p@127.0.0.1:5433/fleet",
                "127.0.0.1:5433/fleet",
                "ayaz",
            ),
            (
                "postgresql://a%40b:p%40%3A%2F%23%3F%25@h/d",
                "h:5432/d",
                "a@b",
            ),
            (
                "postgres://u:p$&+,;=!*'()~-_.é@h/d?connect_timeout=3",
                "h:5432/d",
                "u",
            ),
            ("postgres://u@[::1]:1234/d", "::1:1234/d", "u"),
            (
                "postgres:///d?host=/run/postgresql",
                "/run/postgresql:5432/d",
                "?",
            ),
            ("host=h port=7 dbname=d user=u password='a b'", "h:7/d", "u"),
        ] {
            let url: DatabaseUrl = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (url.to_string().as_str(), url.user()),
                (shown, user),
                "{text}"
            );
        }
        let encoded: DatabaseUrl = "postgres://u:%40%3A%2F%23%3F%25@h/d".parse().unwrap();
        assert_eq!(encoded.config.get_password(), Some(&b"@:/#?%"[..]));
    }

    #[test]
    fn an_unusable_url_gets_a_message_with_advice() {
        for (text, expected) in [
            ("", "postgres:// is missing"),
            ("mysql://u:p@h/d", "does not begin with postgres://"),
            ("postgres://u:p@h:x/d", "port is no number"),
            ("postgres://u:p@h:70000/d", "port is no number"),
            ("postgres://u:p@one:1,two:2/d", "give one host only"),
            ("host=one,two user=u", "give one host only"),
            ("postgres://u:a@b@h/d", "percent-encode it"),
            ("postgres://u:a:b@h/d", "percent-encode it"),
            ("postgres://u:a/b@h/d", "percent-encode it"),
            ("postgres://u:a#b@h/d", "percent-encode it"),
            ("postgres://u:a?b@h/d", "percent-encode it"),
            ("postgres://u:a%b@h/d", "percent-encode it"),
            ("postgres://u:a%zz@h/d", "percent-encode it"),
            ("postgres://u:p@h/d#x", "percent-encode it"),
            ("postgres://u:p@h/d?sslmode=require", "TLS is not built in"),
            (
                "postgres://u:p@h/d?no_such_option=1",
                "options is not known",
            ),
            ("host=h no_such_word=1", "words is not known"),
        ] {
            let error = text
                .parse::<DatabaseUrl>()
                .map(drop)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        /// Letters that no message contains, and all special characters of URLs.
        #[test]
        fn no_part_of_a_password_is_shown(
            password in "[QXZ7890@:/#?%\\[\\]&=+ ]{3,12}",
            host in prop::sample::select(&["h", "h:1", "[::1]:1", "h:x", ""][..]),
            behind in prop::sample::select(&["/d", "", "/d?sslmode=require", "/d?nonsense=1"][..]),
            form in 0..4,
        ) {
            let text = match form {
                0 => format!("postgres://u:{password}@{host}{behind}"),
                1 => format!("postgres://{password}@{host}{behind}"),
                2 => format!("user=u host=h password={password}"),
                _ => format!("http://u:{password}@{host}{behind}"),
            };
            let shown = match text.parse::<DatabaseUrl>() {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            let letters: Vec<char> = password.chars().collect();
            for part in letters.windows(3) {
                let part: String = part.iter().collect();
                // Messages contain many of the special characters, so only the other letters are checked.
                if part.contains(char::is_alphanumeric) {
                    prop_assert!(!shown.contains(&part), "{} is in {}", part, shown);
                }
            }
        }
    }
}
