//! Checks whether a broker accepts our login: one MQTT 3.1.1 CONNECT and its answer. It is written by
//! hand, because a client library is much larger.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(5);

/// Succeeds if the broker on this port accepts the user's password.
pub(crate) async fn connect(port: u16, user: &str, password: &str) -> Result<(), String> {
    match timeout(LIMIT, exchange(port, &connect_packet(user, password))).await {
        Err(_) => Err("the broker did not answer".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        // CONNACK: two bytes follow, no session present, accepted.
        Ok(Ok([0x20, 2, 0, 0])) => Ok(()),
        Ok(Ok(answer)) => Err(format!("the broker answered {answer:?}")),
    }
}

async fn exchange(port: u16, packet: &[u8]) -> io::Result<[u8; 4]> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(packet).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    // DISCONNECT: without it, the broker logs a lost client.
    stream.write_all(&[0xe0, 0]).await?;
    Ok(answer)
}

/// MQTT 3.1.1 section 3.1: clean session, user name and password, keep-alive 10 s.
fn connect_packet(user: &str, password: &str) -> Vec<u8> {
    let mut body = Vec::new();
    push_string(&mut body, "MQTT");
    body.extend([4, 0b1100_0010, 0, 10]);
    for text in ["ayaz-local-probe", user, password] {
        push_string(&mut body, text);
    }
    // One byte is enough for the length: our user and password are short.
    let length = u8::try_from(body.len()).unwrap_or(127).min(127);
    let mut packet = vec![0x10, length];
    packet.append(&mut body);
    packet
}

fn push_string(packet: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    packet.extend(length.to_be_bytes());
    packet.extend(text.as_bytes());
}
