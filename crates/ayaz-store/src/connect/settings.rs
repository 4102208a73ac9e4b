//! Settings of each connection, so that defaults of the database, the login or the server have no effect.

use super::Role;

/// Name and value of a PostgreSQL setting.
pub(super) type Setting = (&'static str, String);

/// Identifies the connection. Another value shows that we are on a connection of another client.
pub(crate) const MARK: &str = "ayaz.connection";

/// Settings of all roles.
const COMMON: &[(&str, &str)] = &[
    // The database's default path may start with tables of another application. Temporary tables come last,
    // so that they cannot hide ours.
    ("search_path", "public,pg_temp"),
    ("timezone", "UTC"),
    ("datestyle", "ISO,YMD"),
    ("intervalstyle", "postgres"),
    ("standard_conforming_strings", "on"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    // Ends a backend whose client is gone, even while it waits for a lock.
    ("client_connection_check_interval", "5s"),
];

/// Further settings of the role. A reader keeps the statement timeout of its login, which the operator
/// chooses.
fn own(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        // Until the writer sets limits from its `write_timeout`.
        Role::Ingest => &[
            ("default_transaction_read_only", "off"),
            // Acknowledged data must survive a crash, whatever the database's default is.
            ("synchronous_commit", "on"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ],
        Role::Analytics => &[
            ("default_transaction_read_only", "off"),
            // If a crash undoes a commit, it also puts the commit's hours back into the queue.
            ("synchronous_commit", "off"),
            // The rows of a vehicle's hour are adjacent in the table, in the order of the index, and so come
            // out sorted. With the default, the planner expects a disk seek per row, and uses a bitmap and a
            // sort, which take a third more processor time.
            ("random_page_cost", "1.1"),
            ("statement_timeout", "0"),
            ("lock_timeout", "30s"),
            // A worker that was stopped in the middle must not block the next one for long.
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

/// All settings of a connection. The role comes last, since it may not be allowed to set the others.
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

/// The settings as `options` of the first message. They are active from the start, and `discard all` keeps
/// them. Options in the address come first, so ours override them.
pub(super) fn as_options(given: Option<&str>, settings: &[Setting]) -> String {
    let mut options = given.unwrap_or_default().to_owned();
    for (name, value) in settings {
        let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
        options.push_str(&format!(" -c {name}={value}"));
    }
    options
}

/// The settings as statements. No value contains a quote.
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
    fn settings_are_formatted_as_options_and_statements() {
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
