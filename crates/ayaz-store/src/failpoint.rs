//! Places where the fault harness ends the process, as `kill -9` would at just that moment. They
//! exist in debug builds only, and do nothing unless the variable `FAILPOINTS` names them
//! (`FAILPOINTS=before_commit=5%return`).

/// Ends the process here if the harness wants it so.
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

/// Takes over what the environment says; failpoints are dead before.
pub fn arm() {
    #[cfg(debug_assertions)]
    std::mem::forget(fail::FailScenario::setup());
}
