//! Places where the fault tests kill the process, like `kill -9` at exactly that moment. They exist only in
//! debug builds, and do nothing unless the variable `FAILPOINTS` names them
//! (`FAILPOINTS=before_commit=5%return`).

/// Kills the process here if the fault test asks for it.
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::failpoint::reach($name);
    };
}

/// See [`failpoint!`].
#[cfg(debug_assertions)]
pub fn reach(name: &str) {
    fail::fail_point!(name, |_| std::process::abort());
}

/// Reads the environment variable. Failpoints do nothing before this call.
pub fn arm() {
    #[cfg(debug_assertions)]
    std::mem::forget(fail::FailScenario::setup());
}
