//! A TCP connection whose reader is not woken for every segment.
//!
//! A broker writes each message by itself. To be woken for each costs both sides more than the message
//! does, and epoll wakes for each even while nobody wants to read. So the socket is registered there
//! only while nothing comes; as long as something does, it is looked at every few milliseconds.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::time::{Instant, Sleep};

/// How long what comes may gather before it is read.
const GATHER: Duration = Duration::from_millis(2);

/// Read at a time.
const READ_BYTES: usize = 128 * 1024;

#[derive(Debug)]
pub(super) struct Reader {
    stream: Arc<TcpStream>,
    buffer: Box<[u8]>,
    /// Until then nothing is read.
    gathering: Pin<Box<Sleep>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    stream: Arc<TcpStream>,
}

pub(super) fn split(stream: tokio::net::TcpStream) -> io::Result<(Reader, Writer)> {
    // It stays non-blocking, and leaves epoll.
    let stream = Arc::new(stream.into_std()?);
    let writer = Writer {
        stream: Arc::clone(&stream),
    };
    let reader = Reader {
        stream,
        buffer: vec![0; READ_BYTES].into(),
        gathering: Box::pin(tokio::time::sleep(Duration::ZERO)),
    };
    Ok((reader, writer))
}

impl Reader {
    /// Appends what has come; returns how many bytes, 0 at the end. Can be cancelled without loss.
    pub(super) async fn read(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        if !self.gathering.is_elapsed() {
            self.gathering.as_mut().await;
        }
        loop {
            match (&*self.stream).read(&mut self.buffer) {
                Ok(read) => {
                    input.extend_from_slice(&self.buffer[..read]);
                    if read < READ_BYTES {
                        self.gathering.as_mut().reset(Instant::now() + GATHER);
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
    /// Writes what the network takes of the output, and removes it there. Can be cancelled without
    /// loss.
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

    /// Tells the other side that nothing more comes.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

/// Another descriptor of the same connection, in epoll as long as it lives.
fn registered(stream: &TcpStream) -> io::Result<tokio::net::TcpStream> {
    tokio::net::TcpStream::from_std(stream.try_clone()?)
}
