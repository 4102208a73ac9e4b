//! A log as a stream of bytes, unpacked on the way and never held whole, and as fields of text.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::mapping::Encoding;

/// The first two bytes of every gzip file.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// Longest row. An unclosed quote would make the rest of the file one row.
const ROW_BYTES_MAX: u64 = 1 << 20;

/// How far a file has been read.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Bytes read so far, as they are on disk, of all files that share the counter.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes that were unpacked since the row reader last finished a row.
#[derive(Debug, Clone, Default)]
pub struct RowLimit(Arc<AtomicU64>);

impl RowLimit {
    /// A row is complete.
    pub fn row_ends(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Opens a file, plain or gzip by its first bytes.
pub fn open(path: &Path, progress: Progress, limit: RowLimit) -> io::Result<Box<dyn Read + Send>> {
    if path.is_dir() {
        return Err(io::Error::other("it is a folder: name the files in it"));
    }
    let mut file = BufReader::with_capacity(1 << 16, Counted(File::open(path)?, progress));
    let unpacked: Box<dyn Read + Send> = match file.fill_buf()?.starts_with(GZIP_MAGIC) {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    Ok(Box::new(Limited(unpacked, limit)))
}

/// A CSV reader over a file; every row must have as many fields as the header.
pub(super) fn reader(
    path: &Path,
    delimiter: u8,
    progress: Progress,
    limit: RowLimit,
) -> io::Result<csv::Reader<Box<dyn Read + Send>>> {
    let source = open(path, progress, limit)?;
    Ok(csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(source))
}

/// The text of a field; `None` if it is not in that encoding.
pub(super) fn decode(field: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(field).ok().map(Cow::Borrowed),
        // The first 256 code points of Unicode are those of Latin-1.
        Encoding::Latin1 => Some(field.iter().map(|byte| char::from(*byte)).collect()),
    }
}

struct Counted(File, Progress);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

struct Limited(Box<dyn Read + Send>, RowLimit);

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        if self.1.0.fetch_add(read as u64, Ordering::Relaxed) > ROW_BYTES_MAX {
            return Err(io::Error::other(
                "a row is longer than 1 MiB: is a quote never closed?",
            ));
        }
        Ok(read)
    }
}
