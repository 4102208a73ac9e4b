//! The URL of an MQTT broker, with user and password.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

const PORT_DEFAULT: u16 = 1883;

/// `mqtt://[user:password@]host[:port]`. `Debug` and `Display` show no password.
#[derive(Clone)]
pub struct BrokerUrl {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<SecretString>,
}

/// Why a text is not a broker's URL. No message repeats the text, since it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BrokerUrlError {
    /// Not a URL, or one with a path, query or fragment.
    #[error("mqtt url must look like mqtt://[user:password@]host[:port]: {0}")]
    Malformed(String),
    /// `mqtts://` and the like.
    #[error(
        "TLS is not built in yet: run a local stunnel or a broker bridge that speaks TLS to the \
         outside, and give its address as mqtt://127.0.0.1:port"
    )]
    Tls,
    /// Another scheme.
    #[error("mqtt url must start with mqtt://, not {0}")]
    Scheme(&'static str),
    /// A reserved character in the user or the password.
    #[error(
        "mqtt url must look like mqtt://[user:password@]host[:port]: the user or the password holds a \
         character that is reserved in a URL; percent-encode it (@ is %40, : is %3A, / is %2F, # is \
         %23, ? is %3F, % is %25)"
    )]
    NotEncoded,
    /// No host between `//` and the port.
    #[error("mqtt url names no host; it must look like mqtt://[user:password@]host[:port]")]
    NoHost,
}

impl BrokerUrl {
    /// The host's name or address; an IPv6 address has brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 1883 if the URL has none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, as errors and log lines show it.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// User and password. `None` without a user.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let password = self
            .password
            .as_ref()
            .map_or("", |password| password.expose_secret());
        Some((self.user.as_deref()?, password))
    }
}

impl FromStr for BrokerUrl {
    type Err = BrokerUrlError;

    fn from_str(text: &str) -> Result<Self, BrokerUrlError> {
        let malformed = |why: &str| BrokerUrlError::Malformed(why.to_owned());
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            return Err(malformed("mqtt:// is missing"));
        };
        match scheme {
            "mqtt" | "tcp" => {}
            "mqtts" | "ssl" | "tls" | "wss" => return Err(BrokerUrlError::Tls),
            "http" | "https" => return Err(BrokerUrlError::Scheme("http://")),
            "ws" => return Err(BrokerUrlError::Scheme("ws://")),
            // The unknown scheme may be part of a password, so the error does not show it.
            _ => return Err(BrokerUrlError::Scheme("another scheme")),
        }
        check_login(rest)?;
        let url = Url::parse(&format!("mqtt://{rest}")).map_err(|error| match error {
            url::ParseError::EmptyHost => BrokerUrlError::NoHost,
            other => BrokerUrlError::Malformed(other.to_string()),
        })?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(BrokerUrlError::NoHost)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(malformed("nothing may follow the port"));
        }
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

/// Checks the text after `mqtt://`, so that no part of a password is parsed as host or port.
fn check_login(rest: &str) -> Result<(), BrokerUrlError> {
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let (login, host) = authority.split_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let is_plain = |part: &str| {
        let mut codes = part.split('%').skip(1);
        !part.contains([':', '[', ']'])
            && codes.all(|code| code.chars().take(2).filter(char::is_ascii_hexdigit).count() == 2)
    };
    if host.contains('@') || tail.contains('@') || !is_plain(user) || !is_plain(password) {
        return Err(BrokerUrlError::NotEncoded);
    }
    Ok(())
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The user is hidden too: somebody may have written the password there.
        let login = if self.user.is_some() { "***@" } else { "" };
        write!(f, "mqtt://{login}{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_has_its_parts_and_never_shows_the_password() {
        let url: BrokerUrl = "mqtt://bus:p%40ss%2Fw%C3%B6rd@broker.example:1884"
            .parse()
            .unwrap();
        assert_eq!((url.host(), url.port()), ("broker.example", 1884));
        assert_eq!(url.credentials(), Some(("bus", "p@ss/wörd")));
        assert_eq!(url.to_string(), "mqtt://***@broker.example:1884");
        assert_eq!(
            format!("{url:?}"),
            "BrokerUrl(mqtt://***@broker.example:1884)"
        );

        let url: BrokerUrl = "mqtt://127.0.0.1".parse().unwrap();
        assert_eq!(
            (url.address().as_str(), url.credentials()),
            ("127.0.0.1:1883", None)
        );
        let url: BrokerUrl = "mqtt://[::1]:1999/".parse().unwrap();
        assert_eq!(url.address(), "[::1]:1999");
    }

    proptest! {
        /// Letters that our own words do not contain, and the reserved characters.
        #[test]
        fn no_part_of_a_password_is_shown(
            password in "[QXZ7890@:/#?%\\[\\]&=+ ]{3,12}",
            host in prop::sample::select(&["h", "h:1", "[::1]:1", "h:x", "", "h/topic"][..]),
            form in 0..3,
        ) {
            let text = match form {
                0 => format!("mqtt://u:{password}@{host}"),
                1 => format!("mqtt://{password}@{host}"),
                _ => format!("mqtts://u:{password}@{host}"),
            };
            let shown = match text.parse::<BrokerUrl>() {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            let letters: Vec<char> = password.chars().collect();
            for part in letters.windows(3) {
                let part: String = part.iter().collect();
                // Our own words contain reserved characters.
                if part.contains(char::is_alphanumeric) {
                    prop_assert!(!shown.contains(&part), "{} is in {}", part, shown);
                }
            }
        }
    }

    #[test]
    fn an_error_does_not_repeat_a_wrong_url() {
        let cases = [
            ("mqtts://u:secret@host", "TLS is not built in"),
            (
                "https://u:secret@host",
                "must start with mqtt://, not http://",
            ),
            ("host:1883", "mqtt:// is missing"),
            ("mqtt://", "names no host"),
            ("mqtt://:1883", "names no host"),
            ("mqtt://u:secret@", "host"),
            ("mqtt://u:secret@host:99999", "port"),
            ("mqtt://u:secret@host/topic", "nothing may follow the port"),
            ("mqtt://u:%ffsecret@host", "not UTF-8"),
            ("mqtt://u:a@secret@host", "percent-encode it"),
            ("mqtt://u:a:secret@host", "percent-encode it"),
            ("mqtt://u:a/secret@host", "percent-encode it"),
            ("mqtt://u:a#secret@host", "percent-encode it"),
            ("mqtt://u:a?secret@host", "percent-encode it"),
            ("mqtt://u:a%secret@host", "percent-encode it"),
            ("secret://u:p@host", "must start with mqtt://"),
            ("", "mqtt:// is missing"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<BrokerUrl>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }
}
