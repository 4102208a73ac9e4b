//! Reads a log as a stream of bytes. Decompresses it on the fly, and decodes its fields.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

use super::mapping::Encoding;
use crate::first_bytes;

/// The name of standard input.
pub const STANDARD_INPUT: &str = "-";

/// The first two bytes of every gzip file.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// Longest row. An unclosed quote would make the rest of the file one row.
const ROW_BYTES_MAX: u64 = 1 << 20;

/// Added after the last byte. The row reader finds the end of the input with it. The last row
/// contains it if it has an unclosed quote or no line end.
const TAIL: &[u8] = b"\0end of input\0\n";
/// The same without its line end.
pub(super) const END_MARK: &[u8] = TAIL.split_at(TAIL.len() - 1).0;

/// How many bytes have been read.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Bytes read, as on disk, of all files that share the counter.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Device and inode of an input that can be read only once. Two names of one pipe have the same
/// identity. `None` for a file or a folder.
pub(super) fn identity_of_pipe(path: &Path) -> io::Result<Option<(u64, u64)>> {
    let (metadata, can_reopen) = match is_standard_input(path) {
        true => (standard_input()?.metadata()?, false),
        false => {
            let metadata = std::fs::metadata(path)?;
            let can_reopen = metadata.is_file() || metadata.is_dir();
            (metadata, can_reopen)
        }
    };
    Ok((!can_reopen).then(|| (metadata.dev(), metadata.ino())))
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

fn standard_input() -> io::Result<File> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// The bytes of a log without a byte order mark, followed by [`END_MARK`] as a line.
pub(super) struct Source {
    unpacked: Box<dyn Read + Send>,
    is_begun: bool,
    /// The rest of [`TAIL`] after the log's last byte. Once it is set, the log is over, even if
    /// somebody appends to the file.
    tail: Option<&'static [u8]>,
    /// Bytes since the row reader finished the last row.
    row_bytes: u64,
    last_byte: u8,
    is_crlf: Option<bool>,
    opened: Opened,
}

/// The file of a log, and its state when it was opened.
struct Opened {
    file: File,
    metadata: Metadata,
    /// True if it can be opened again with the same bytes.
    can_reopen: bool,
}

impl Source {
    /// Opens a file or a pipe. Detects gzip by its first bytes.
    pub(super) fn open(path: &Path, progress: Progress) -> io::Result<Source> {
        let file = match is_standard_input(path) {
            true => standard_input()?,
            false => File::open(path)?,
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::other("it is a folder: name the files in it"));
        }
        let opened = Opened {
            file: file.try_clone()?,
            can_reopen: metadata.is_file() && !is_standard_input(path),
            metadata,
        };
        let mut bytes = BufReader::with_capacity(1 << 16, Counted(file, progress));
        let first = first_bytes(&mut bytes)?;
        let is_gzip = first.starts_with(GZIP_MAGIC);
        let bytes = Cursor::new(first).chain(bytes);
        Ok(Source {
            unpacked: match is_gzip {
                true => Box::new(Unpacked(Some(GzDecoder::new(bytes)))),
                false => Box::new(bytes),
            },
            is_begun: false,
            tail: None,
            row_bytes: 0,
            last_byte: b'\n',
            is_crlf: None,
            opened,
        })
    }

    /// Checks the text's first bytes and removes a byte order mark. The row reader removes it only
    /// if it arrives in one piece.
    fn begin(&mut self) -> io::Result<()> {
        let first = first_bytes(&mut self.unpacked)?;
        if let Some(what) = first_bytes::not_utf8(&first, "ayaz replay …") {
            return Err(io::Error::new(ErrorKind::Unsupported, what));
        }
        let first = Cursor::new(first_bytes::without_mark(&first).to_vec());
        let rest = std::mem::replace(&mut self.unpacked, Box::new(io::empty()));
        self.unpacked = Box::new(first.chain(rest));
        self.is_begun = true;
        Ok(())
    }

    /// Starts a new row.
    pub(super) fn row_ends(&mut self) {
        self.row_bytes = 0;
    }

    /// True if lines end in CR LF. The first line decides.
    pub(super) fn is_crlf(&self) -> bool {
        self.is_crlf.unwrap_or(false)
    }

    /// True if it can be opened again from the start. A file can, a pipe cannot.
    pub(super) fn can_reopen(&self) -> bool {
        self.opened.can_reopen
    }

    /// Size on disk; `None` for a pipe.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        let metadata = &self.opened.metadata;
        metadata.is_file().then_some(metadata.len())
    }

    /// How the file has changed since it was opened; `None` for no change, or for a pipe.
    pub(super) fn change(&self) -> Option<String> {
        let (before, now) = (&self.opened.metadata, self.opened.file.metadata().ok()?);
        let (length_before, length) = (before.len(), now.len());
        if !before.is_file() {
            None
        } else if length_before != length {
            Some(format!(
                "it changed from {length_before} to {length} bytes while it was read"
            ))
        } else if before.modified().ok() != now.modified().ok() {
            Some("it was written to while it was read".to_owned())
        } else {
            None
        }
    }

    /// Records facts that the row reader does not report.
    fn note(&mut self, bytes: &[u8]) {
        if self.is_crlf.is_none()
            && let Some(at) = bytes.iter().position(|byte| *byte == b'\n')
        {
            let before = at.checked_sub(1).map_or(self.last_byte, |at| bytes[at]);
            self.is_crlf = Some(before == b'\r');
        }
        self.last_byte = bytes.last().copied().unwrap_or(self.last_byte);
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(tail) = &mut self.tail {
            return tail.read(buffer);
        }
        if !self.is_begun {
            self.begin()?;
        }
        let read = self.unpacked.read(buffer)?;
        if read == 0 {
            return self.tail.insert(TAIL).read(buffer);
        }
        self.note(&buffer[..read]);
        self.row_bytes += read as u64;
        if self.row_bytes > ROW_BYTES_MAX {
            return Err(io::Error::other(
                "a row is longer than 1 MiB: is a quote never closed?",
            ));
        }
        Ok(read)
    }
}

/// The text of a field; `None` if it is not valid in this encoding.
pub(super) fn decode(field: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(field).ok().map(Cow::Borrowed),
        // The first 256 code points of Unicode are Latin-1.
        Encoding::Latin1 => Some(field.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// Reads in a loop, because a pipe may return the first byte alone.
fn first_bytes(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    let count = first_bytes::COUNT as u64;
    bytes.by_ref().take(count).read_to_end(&mut first)?;
    Ok(first)
}

/// Decompresses consecutive gzip members.
struct Unpacked<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.0 else {
                return Ok(0);
            };
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match decoder.get_mut().fill_buf()?.first() {
                None => return Ok(0),
                Some(next) if GZIP_MAGIC.first() == Some(next) => {
                    self.0 = self
                        .0
                        .take()
                        .map(|ended| GzDecoder::new(ended.into_inner()));
                }
                Some(_) => {
                    return Err(io::Error::new(
                        ErrorKind::Unsupported,
                        "its gzip data end, and other data follow: remove them",
                    ));
                }
            }
        }
    }
}

struct Counted(File, Progress);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.1.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
