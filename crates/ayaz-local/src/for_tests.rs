//! Helpers for tests that need a server.

use std::path::PathBuf;

use crate::LocalError;
use crate::bundle::open_cache;
use crate::user::ServerUser;

/// Skips tests that need a server, if it is `1`.
const SKIP: &str = "AYAZ_SKIP_SERVER_TESTS";

/// Whether `AYAZ_SKIP_SERVER_TESTS` is `1`, so that a test that needs a server must end now. Prints
/// `skipped` in that case.
pub fn skips_server_tests() -> bool {
    let skips = std::env::var_os(SKIP).is_some_and(|value| value == "1");
    if skips {
        println!("skipped: {SKIP} is 1, and this test needs a server");
    }
    skips
}

/// The sentence for a test that gets no server.
pub fn server_needed() -> String {
    format!("this test needs a server; {SKIP}=1 skips all tests that need one")
}

/// The cache directory (`AYAZ_CACHE_DIR`, else the user's), created if it is not there.
///
/// # Errors
///
/// If it cannot be created, or the servers' user cannot read it.
pub async fn cache_dir() -> Result<PathBuf, LocalError> {
    open_cache(ServerUser::needed()?.as_ref()).await
}
