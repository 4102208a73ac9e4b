//! The columns of `reading`, in their order, from the list of signals.

use ayaz_model::{Signal, SignalKind};

/// Columns before the signals, with their types.
pub(crate) const HEAD: &[(&str, &str)] = &[
    ("vehicle_id", "integer"),
    ("recorded_at", "timestamptz"),
    ("boot_id", "bigint"),
    ("sequence", "bigint"),
    ("received_at", "timestamptz"),
    ("time_quality", "smallint"),
    ("historical", "boolean"),
    ("invalid_signals", "bigint"),
];

/// Insert order of rows in `reading` and `cell_reading`, for all programs: with one order, transactions on
/// the same keys wait for each other and do not deadlock. `ingest::rows` sorts a batch the same way.
pub(crate) const WRITE_ORDER: &str =
    "date_trunc('day', recorded_at, 'UTC'), vehicle_id, recorded_at, boot_id, sequence";

/// Type of a signal in the database.
pub fn sql_type(signal: Signal) -> &'static str {
    match signal.kind() {
        SignalKind::Float(..) => "real",
        SignalKind::Double(..) => "double precision",
        SignalKind::Flag => "boolean",
        SignalKind::Count(_) => "integer",
        SignalKind::Counter | SignalKind::Bits => "bigint",
        SignalKind::Choice(_) => "smallint",
        SignalKind::Text => "text",
        SignalKind::Codes => "bigint[]",
    }
}

/// Number of columns of `reading`.
pub(crate) const COUNT: i16 = (HEAD.len() + Signal::ALL.len()) as i16;

/// `name, name, …` of all columns.
pub fn names() -> String {
    all().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// `name type, name type, …` of all columns.
pub(crate) fn definitions() -> String {
    all()
        .map(|(name, kind)| format!("{name} {kind}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    HEAD.iter().copied().chain(
        Signal::ALL
            .iter()
            .map(|signal| (signal.name(), sql_type(*signal))),
    )
}
