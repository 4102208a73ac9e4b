//! Where the broker is, and as whom to log in.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

const PORT_DEFAULT: u16 = 1883;

/// `mqtt://[user:password@]host[:port]`. `Debug` and `Display` show no password.
#[derive(Clone)]
pub struct MqttUrl {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<SecretString>,
}

/// Why a text is no MQTT URL. The text itself is not repeated, since it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MqttUrlError {
    /// Not a URL, or with parts that mean nothing here.
    #[error("mqtt url must look like mqtt://[user:password@]host[:port]: {0}")]
    Malformed(String),
    /// `mqtts://` and the like.
    #[error(
        "TLS is not built in yet: run a local stunnel or a broker bridge that speaks TLS to the \
         outside, and give its address as mqtt://127.0.0.1:port"
    )]
    Tls,
    /// Another scheme.
    #[error("mqtt url must start with mqtt://, not {0}://")]
    Scheme(String),
    /// Nothing between `//` and the port.
    #[error("mqtt url names no host; it must look like mqtt://[user:password@]host[:port]")]
    NoHost,
}

impl MqttUrl {
    /// Name or address; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// 1883 where none is given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as messages name a broker.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// User and password, if a user is given.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let password = self
            .password
            .as_ref()
            .map_or("", |password| password.expose_secret());
        Some((self.user.as_deref()?, password))
    }
}

impl FromStr for MqttUrl {
    type Err = MqttUrlError;

    fn from_str(text: &str) -> Result<Self, MqttUrlError> {
        let malformed = |why: &str| MqttUrlError::Malformed(why.to_owned());
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            return Err(malformed("mqtt:// is missing"));
        };
        match scheme {
            "mqtt" | "tcp" => {}
            "mqtts" | "ssl" | "tls" | "wss" => return Err(MqttUrlError::Tls),
            other => return Err(MqttUrlError::Scheme(other.to_owned())),
        }
        let url = Url::parse(&format!("mqtt://{rest}")).map_err(|error| match error {
            url::ParseError::EmptyHost => MqttUrlError::NoHost,
            other => MqttUrlError::Malformed(other.to_string()),
        })?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(MqttUrlError::NoHost)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(malformed("nothing may follow the port"));
        }
        // A URL keeps `@`, `:` and `/` of a password as `%40`, `%3A` and `%2F`.
        let decode = |part: &str| match percent_decode_str(part).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(malformed("user or password is not UTF-8")),
        };
        Ok(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(PORT_DEFAULT),
            user: Some(url.username())
                .filter(|user| !user.is_empty())
                .map(decode)
                .transpose()?,
            password: url
                .password()
                .map(decode)
                .transpose()?
                .map(SecretString::from),
        })
    }
}

impl fmt::Display for MqttUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user, &self.password) {
            (Some(user), Some(_)) => write!(f, "mqtt://{user}:***@{}:{}", self.host, self.port),
            (Some(user), None) => write!(f, "mqtt://{user}@{}:{}", self.host, self.port),
            (None, _) => write!(f, "mqtt://{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for MqttUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MqttUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_and_the_password_is_never_shown() {
        let url: MqttUrl = "mqtt://bus:p%40ss%2Fw%C3%B6rd@broker.example:1884"
            .parse()
            .unwrap();
        assert_eq!((url.host(), url.port()), ("broker.example", 1884));
        assert_eq!(url.credentials(), Some(("bus", "p@ss/wörd")));
        assert_eq!(url.to_string(), "mqtt://bus:***@broker.example:1884");
        assert_eq!(
            format!("{url:?}"),
            "MqttUrl(mqtt://bus:***@broker.example:1884)"
        );

        let url: MqttUrl = "mqtt://127.0.0.1".parse().unwrap();
        assert_eq!(
            (url.address().as_str(), url.credentials()),
            ("127.0.0.1:1883", None)
        );
        let url: MqttUrl = "mqtt://[::1]:1999/".parse().unwrap();
        assert_eq!(url.address(), "[::1]:1999");
    }

    #[test]
    fn what_is_no_mqtt_url_is_refused_without_repeating_it() {
        let cases = [
            ("mqtts://u:secret@host", "TLS is not built in"),
            (
                "https://u:secret@host",
                "must start with mqtt://, not https://",
            ),
            ("host:1883", "mqtt:// is missing"),
            ("mqtt://", "names no host"),
            ("mqtt://:1883", "names no host"),
            ("mqtt://u:secret@", "host"),
            ("mqtt://u:secret@host:99999", "port"),
            ("mqtt://u:secret@host/topic", "nothing may follow the port"),
            ("mqtt://u:%ffsecret@host", "not UTF-8"),
            ("", "mqtt:// is missing"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<MqttUrl>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }
}
