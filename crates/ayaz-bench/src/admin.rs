//! Reads a daemon's `/metrics` and `/readyz`. Each request uses a new connection, because the admin
//! port closes it.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A daemon's admin port.
#[derive(Debug)]
pub(super) struct Admin {
    address: SocketAddr,
}

/// A response of the admin port.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) is_ok: bool,
    pub(super) body: String,
}

impl Admin {
    pub(super) fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(8 * 1_024);
        loop {
            if let Some(complete) = parse(&answer)? {
                return Ok(complete);
            }
            if stream.read_buf(&mut answer).await? == 0 {
                bail!("the admin port closed the connection");
            }
        }
    }
}

/// `None` if the response is not complete yet.
fn parse(answer: &[u8]) -> Result<Option<Answer>> {
    let text = std::str::from_utf8(answer).context("the response is not UTF-8")?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .context("the response has no content length")?;
    Ok((body.len() >= length).then(|| Answer {
        is_ok: head.starts_with("HTTP/1.1 200"),
        body: body.to_owned(),
    }))
}

/// The value of a metric without labels, or the sum over its labels; 0 if it was never counted.
pub(super) fn metric(text: &str, name: &str) -> f64 {
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok())
        // Not `sum`, because it returns −0 for no values.
        .fold(0.0, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_when_its_length_says_so() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
        for cut in 0..whole.len() {
            assert!(parse(&whole[..cut]).unwrap().is_none(), "{cut} bytes");
        }
        let answer = parse(whole).unwrap().unwrap();
        assert!(answer.is_ok);
        assert_eq!(answer.body, "body");
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\nbody").is_err());
    }

    #[tokio::test]
    async fn an_admin_port_answers_several_requests() {
        let config = ayaz_daemon::admin::AdminConfig::on_loopback(0);
        let port = ayaz_daemon::admin::Admin::bind(&config).await.unwrap();
        let admin = Admin::at(port.address().unwrap());
        let readiness = ayaz_daemon::admin::Readiness::waiting_for(&[]);
        let recorder = ayaz_daemon::metrics::install();
        let serving = tokio::spawn(port.serve(recorder, readiness, std::future::pending()));
        for _ in 0..3 {
            assert!(admin.get("/readyz").await.unwrap().is_ok);
        }
        serving.abort();
    }

    #[test]
    fn metrics_are_found_by_their_whole_name() {
        let text = "# HELP a_total what\na_total 7\na_total_more 9\n\
                    b_total{reason=\"x\"} 1\nb_total{reason=\"y z\"} 2.5\n";
        assert_eq!(metric(text, "a_total"), 7.0);
        assert_eq!(metric(text, "b_total"), 3.5);
        assert_eq!(metric(text, "c_total"), 0.0);
    }
}
