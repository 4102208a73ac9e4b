//! What each connection sets for itself, so that nothing depends on what the database, the login or the
//! server has set.

use super::Role;

/// A setting of PostgreSQL, and its value.
pub(super) type Setting = (&'static str, String);

/// Names the connection to itself: whoever finds another value is on a connection that somebody else
/// has set up.
pub(crate) const MARK: &str = "ayaz.connection";

/// The settings of everybody.
const COMMON: &[(&str, &str)] = &[
    // Another application's tables may come first in the database's own path. Temporary ones come last:
    // they must not hide ours.
    ("search_path", "public,pg_temp"),
    ("timezone", "UTC"),
    ("datestyle", "ISO,YMD"),
    ("intervalstyle", "postgres"),
    ("standard_conforming_strings", "on"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    // A backend that works for a process that is gone ends, also while it waits for a lock.
    ("client_connection_check_interval", "5s"),
];

/// What else the role needs. A reader keeps the time limit of its login: that is the operator's say.
fn own(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        // Until the writer sets the limits that follow from its `write_timeout`.
        Role::Ingest => &[
            ("default_transaction_read_only", "off"),
            // What is acknowledged must survive a crash, whatever the database's default is.
            ("synchronous_commit", "on"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ],
        Role::Analytics => &[
            ("default_transaction_read_only", "off"),
            // A commit that a crash of the server undoes puts its hours back into the queue with it.
            ("synchronous_commit", "off"),
            // The rows of a vehicle's hour follow one another in the table as they do in the index, and
            // come sorted. By default the planner takes each row for a seek of a disk, gathers them in a
            // bitmap and sorts them, at a third more processor time.
            ("random_page_cost", "1.1"),
            ("statement_timeout", "0"),
            ("lock_timeout", "30s"),
            // A worker that was stopped in the middle must not keep what its successor needs.
            ("idle_in_transaction_session_timeout", "120s"),
        ],
        Role::Reader => &[("lock_timeout", "30s")],
        Role::Operator => &[
            ("default_transaction_read_only", "off"),
            ("synchronous_commit", "on"),
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "300s"),
        ],
        Role::Owner => &[
            ("default_transaction_read_only", "off"),
            ("synchronous_commit", "on"),
            ("statement_timeout", "0"),
            ("lock_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
        ],
    }
}

/// All settings of a connection; the role is the last, since it may not be allowed to set the others.
pub(super) fn settings(role: Role, mark: &str) -> Vec<Setting> {
    let fixed = COMMON.iter().chain(own(role));
    fixed
        .map(|(name, value)| (*name, (*value).to_owned()))
        .chain([
            (MARK, mark.to_owned()),
            ("role", role.name().unwrap_or("none").to_owned()),
        ])
        .collect()
}

/// The settings as the `options` of a connection's first message: the server has them from the
/// beginning, and a `discard all` leaves them. What the address itself gives comes before, and gives
/// way.
pub(super) fn as_options(given: Option<&str>, settings: &[Setting]) -> String {
    let mut options = given.unwrap_or_default().to_owned();
    for (name, value) in settings {
        let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
        options.push_str(&format!(" -c {name}={value}"));
    }
    options
}

/// The settings as statements. No value holds a quote.
pub(super) fn as_statements(settings: &[Setting]) -> String {
    let set = |(name, value): &Setting| match *name {
        "search_path" => format!("set {name} = {value}"),
        _ => format!("set {name} = '{value}'"),
    };
    let statements: Vec<String> = settings.iter().map(set).collect();
    format!("-- set_up_connection\n{}", statements.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_as_the_server_reads_them() {
        let settings = [
            ("search_path", "public,pg_temp".to_owned()),
            ("default_transaction_isolation", "read committed".to_owned()),
        ];
        assert_eq!(
            as_options(Some("-c jit=off"), &settings),
            "-c jit=off -c search_path=public,pg_temp \
             -c default_transaction_isolation=read\\ committed"
        );
        assert_eq!(
            as_statements(&settings),
            "-- set_up_connection\nset search_path = public,pg_temp; \
             set default_transaction_isolation = 'read committed'"
        );
    }
}
