//! What to try about a broker that cannot be used: the end of an error that somebody reads who has
//! set up Ayaz for the first time.

use std::io::{Error, ErrorKind};

use rumqttc::v5::mqttbytes::v5::ConnectReturnCode as Code;

/// For one that speaks MQTT 3.1.1 only.
pub const TAKE_MQTT_5: &str =
    "Ayaz needs MQTT 5: use a broker that speaks it, such as Mosquitto 2, or allow it there";

/// For a port where no MQTT is spoken, or where the connection is closed without an answer.
pub const CHECK_THE_PORT: &str = "is this the port of a broker that speaks MQTT 5 (1883 by default, without TLS), and not another \
     service's? The broker's log says more";

/// For a broker that refuses the connection.
pub fn on_refusal(code: Code) -> &'static str {
    match code {
        Code::BadUserNamePassword
        | Code::NotAuthorized
        | Code::Banned
        | Code::BadAuthenticationMethod => {
            "check user and password in the broker's URL (AYAZ_MQTT_URL), and the broker's users and ACL"
        }
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => TAKE_MQTT_5,
        Code::ClientIdentifierNotValid | Code::BadClientId => {
            "the broker takes other client ids for this user"
        }
        Code::ServerUnavailable
        | Code::ServerBusy
        | Code::QuotaExceeded
        | Code::ConnectionRateExceeded => "the broker has no room for us now; its log says more",
        _ => "the broker's log says more",
    }
}

/// For an error of the network.
pub fn on_network(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "nothing listens there: start the broker, or mend host and port in its URL (AYAZ_MQTT_URL)"
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
