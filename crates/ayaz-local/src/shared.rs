//! The directory with recorded data, which tests and the demo read.

use std::path::{Path, PathBuf};

/// The directory with recorded data and test vectors: `AYAZ_SHARED`, else `shared` beside the
/// workspace; `None` if it does not exist.
pub fn shared_dir() -> Option<PathBuf> {
    let path = match std::env::var_os("AYAZ_SHARED") {
        Some(given) => PathBuf::from(given),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    path.canonicalize().ok().filter(|path| path.is_dir())
}
