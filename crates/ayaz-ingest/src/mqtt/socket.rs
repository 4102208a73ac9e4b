//! A TCP connection whose reader does not wake up for every segment.
//!
//! A broker writes each message separately. A wake-up for each one costs more than the message itself,
//! and epoll wakes the thread even while nobody reads. So the socket is registered with epoll only while
//! it is idle. While bytes arrive, it is polled every few milliseconds.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::time::{Instant, Sleep};

/// How long bytes may collect before they are read.
const READ_INTERVAL: Duration = Duration::from_millis(2);

/// Maximum bytes of one read.
const READ_BYTES: usize = 128 * 1024;

#[derive(Debug)]
pub(super) struct Reader {
    stream: Arc<TcpStream>,
    buffer: Box<[u8]>,
    /// The wait before the next read.
    next_read: Pin<Box<Sleep>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    stream: Arc<TcpStream>,
}

pub(super) fn split(stream: tokio::net::TcpStream) -> io::Result<(Reader, Writer)> {
    // The socket stays non-blocking, and is removed from epoll.
    let stream = Arc::new(stream.into_std()?);
    let writer = Writer {
        stream: Arc::clone(&stream),
    };
    let reader = Reader {
        stream,
        buffer: vec![0; READ_BYTES].into(),
        next_read: Box::pin(tokio::time::sleep(Duration::ZERO)),
    };
    Ok((reader, writer))
}

impl Reader {
    /// Appends received bytes to the input. Returns their number, 0 at the end. Cancel-safe.
    pub(super) async fn read(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        if !self.next_read.is_elapsed() {
            self.next_read.as_mut().await;
        }
        loop {
            match (&*self.stream).read(&mut self.buffer) {
                Ok(read) => {
                    input.extend_from_slice(&self.buffer[..read]);
                    if read < READ_BYTES {
                        self.next_read
                            .as_mut()
                            .reset(Instant::now() + READ_INTERVAL);
                    }
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    registered(&self.stream)?.readable().await?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Writer {
    /// Writes bytes of the output and removes them from it. Cancel-safe.
    pub(super) async fn write(&mut self, output: &mut BytesMut) -> io::Result<()> {
        loop {
            match (&*self.stream).write(output) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    output.advance(written);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    registered(&self.stream)?.writable().await?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes the write side.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

/// A second descriptor of the connection. It is registered with epoll until it is dropped.
fn registered(stream: &TcpStream) -> io::Result<tokio::net::TcpStream> {
    tokio::net::TcpStream::from_std(stream.try_clone()?)
}
