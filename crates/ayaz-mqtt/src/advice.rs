//! Advice at the end of an error about a broker, for somebody who sets up Ayaz for the first time.

use std::io::{Error, ErrorKind};

use rumqttc::v5::mqttbytes::v5::ConnectReturnCode as Code;

/// For a broker that supports MQTT 3.1.1 only.
pub const USE_MQTT_5: &str =
    "Ayaz needs MQTT 5: use a broker that supports it, such as Mosquitto 2, or enable it there";

/// For a port without MQTT, or where the server closes the connection without an answer.
pub const CHECK_THE_PORT: &str = "check that this is the port of an MQTT 5 broker without TLS (1883 by default), and not of another \
     service; the broker's log says more";

/// For a broker that refuses the connection.
pub fn on_refusal(code: Code) -> &'static str {
    match code {
        Code::BadUserNamePassword
        | Code::NotAuthorized
        | Code::Banned
        | Code::BadAuthenticationMethod => {
            "check user and password in the broker's URL (AYAZ_MQTT_URL), and the broker's users and ACL"
        }
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => USE_MQTT_5,
        Code::ClientIdentifierNotValid | Code::BadClientId => {
            "the broker expects another client id for this user"
        }
        Code::ServerUnavailable
        | Code::ServerBusy
        | Code::QuotaExceeded
        | Code::ConnectionRateExceeded => {
            "the broker accepts no more connections now; its log says more"
        }
        _ => "the broker's log says more",
    }
}

/// For an error of the network.
pub fn on_network(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "no server listens there: start the broker, or correct host and port in its URL (AYAZ_MQTT_URL)"
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof => {
            CHECK_THE_PORT
        }
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "check host, port, network and firewall"
        }
        _ => "check host and port in the broker's URL (AYAZ_MQTT_URL)",
    }
}
