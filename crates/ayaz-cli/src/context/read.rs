//! Reads files within a size limit.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ayaz_daemon::files;

/// Most bytes of all files of a call. Ten thousand buses need less.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The file name that means standard input.
const STANDARD_INPUT: &str = "-";

/// The names for messages and the bytes of the files.
pub(super) fn all(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>> {
    let is_input = |path: &&PathBuf| path.as_os_str() == STANDARD_INPUT;
    if paths.iter().filter(is_input).count() > 1 {
        bail!("{STANDARD_INPUT} (the standard input) can be read once: name it once");
    }
    let mut left = BYTES_MAX;
    let mut files = Vec::new();
    for path in paths {
        let (name, bytes) = if is_input(&path) {
            let name = "standard input".to_owned();
            (name, within(io::stdin().lock(), left, BYTES_MAX))
        } else {
            (path.display().to_string(), file(path, left))
        };
        let bytes = bytes.with_context(|| format!("read {name}"))?;
        left -= bytes.len() as u64;
        files.push((name, bytes));
    }
    Ok(files)
}

fn file(path: &Path, left: u64) -> Result<Vec<u8>> {
    within(files::open(path)?, left, BYTES_MAX)
}

/// Reads all bytes. Fails if there are more than `left`.
fn within(source: impl Read, left: u64, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more byte shows that the limit is exceeded.
    source.take(left + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > left {
        bail!(
            "with the files before it, this is more than {} MB, the limit of a call: is it the \
             right file? If so, import in several calls",
            most / (1024 * 1024)
        );
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_over_the_limit_is_refused_and_input_at_the_limit_is_read() {
        let most = 2 * 1024 * 1024;
        let error = within(io::repeat(0), most, most).unwrap_err().to_string();
        assert!(error.contains("more than 2 MB"), "{error}");
        let all = within(io::repeat(b'x').take(most), most, most).unwrap();
        assert_eq!(all.len() as u64, most);
        assert!(within(&b"x"[..], 0, most).is_err(), "files before it count");
        assert_eq!(within(&b""[..], 0, most).unwrap(), b"");
    }
}
