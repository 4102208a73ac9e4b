//! The daemon's metrics. The comment of each name is its help text.

use std::sync::LazyLock;

use metrics::{
    Counter, Gauge, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

macro_rules! metric_names {
    ($($(#[doc = $help:literal])+ $kind:ident $name:ident = $text:literal;)+) => {
        $($(#[doc = $help])+ pub const $name: &str = $text;)+

        /// Registers the help text of every metric.
        pub fn describe() {
            $(describe!($kind $name, concat!($($help),+));)+
        }
    };
}

macro_rules! describe {
    (counter $name:ident, $help:expr) => {
        describe_counter!($name, $help.trim())
    };
    (gauge $name:ident, $help:expr) => {
        describe_gauge!($name, $help.trim())
    };
    (histogram $name:ident, $help:expr) => {
        describe_histogram!($name, $help.trim())
    };
}

metric_names! {
    /// Messages received, by QoS. The guarantee does not cover QoS 0.
    counter MESSAGES_RECEIVED = "ayaz_ingest_messages_received_total";
    /// Messages acknowledged after their commit.
    counter MESSAGES_ACKNOWLEDGED = "ayaz_ingest_messages_acknowledged_total";
    /// Messages that cannot be stored as rows, by reason, including those over the limits on dead letters.
    counter MESSAGES_REJECTED = "ayaz_ingest_messages_rejected_total";
    /// Rejected messages without a dead letter, because a limit of `[dead_letters]` was reached.
    counter DEAD_LETTERS_SUPPRESSED = "ayaz_ingest_dead_letters_suppressed_total";
    /// Pauses of reading from the broker at the memory limit, until something was stored.
    counter INTAKE_PAUSES = "ayaz_ingest_intake_pauses_total";
    /// Messages of a vehicle with more than `mqtt.vehicle_memory_max_bytes` waiting. Messages of other
    /// vehicles are stored first.
    counter MESSAGES_HELD_BACK = "ayaz_ingest_messages_held_back_total";
    /// Vehicles with more than `mqtt.vehicle_memory_max_bytes` waiting.
    gauge VEHICLES_OVER = "ayaz_ingest_vehicles_over_bound";
    /// Readings stored as new rows, including those set aside.
    counter READINGS_WRITTEN = "ayaz_ingest_readings_written_total";
    /// Duplicate readings, which were stored before.
    counter READINGS_DUPLICATE = "ayaz_ingest_readings_duplicate_total";
    /// New readings that wait for an operator's decision (`ayaz readings`), by reason.
    counter READINGS_SET_ASIDE = "ayaz_ingest_readings_set_aside_total";
    /// Invalid values, stored as absent and marked, by reason.
    counter VALUES_INVALID = "ayaz_ingest_values_invalid_total";
    /// Readings with an implausible time, by time quality.
    counter READINGS_MISTIMED = "ayaz_ingest_readings_mistimed_total";
    /// Transactions committed.
    counter BATCHES_WRITTEN = "ayaz_ingest_batches_written_total";
    /// Rows in a batch.
    histogram BATCH_ROWS = "ayaz_ingest_batch_rows";
    /// Time to write a batch and commit it, without retries, in seconds.
    histogram WRITE_DURATION = "ayaz_ingest_write_duration_seconds";
    /// Failed writes that were retried.
    counter WRITE_RETRIES = "ayaz_ingest_write_retries_total";
    /// Time of the last commit, in seconds since 1970.
    gauge LAST_WRITE = "ayaz_ingest_last_write_timestamp_seconds";
    /// How far the daemon's clock is ahead of the database's, in seconds; negative if it is behind.
    gauge CLOCK_OFFSET = "ayaz_ingest_clock_offset_seconds";
    /// Bytes of messages received and not yet stored.
    gauge OUTSTANDING_BYTES = "ayaz_ingest_outstanding_bytes";
    /// Messages received and not yet acknowledged.
    gauge OUTSTANDING_MESSAGES = "ayaz_ingest_outstanding_messages";
    /// Connections to the broker since the start.
    counter CONNECTIONS = "ayaz_ingest_connections_total";
    /// Reconnects at which the broker had lost our session and its queued messages.
    counter SESSIONS_LOST = "ayaz_ingest_sessions_lost_total";
    /// Requested settings that the broker does not grant: 1 while it does not, by setting (point) and by
    /// whether that breaks or weakens the guarantee.
    gauge SHORTFALLS = "ayaz_ingest_broker_shortfalls";
    /// Messages on topics outside of the configuration, from subscriptions of an earlier configuration.
    /// They are stored.
    counter MESSAGES_UNNAMED = "ayaz_ingest_messages_unnamed_total";
    /// Take-overs by another client with our client id, reported by the broker or detected.
    counter TAKEOVERS = "ayaz_ingest_takeovers_total";
    /// 1 while the broker is connected and has accepted the subscriptions, else 0.
    gauge CONNECTED = "ayaz_ingest_connected";
}

/// Metrics of every message, looked up once. First used after the recorder is installed.
pub(crate) static HOT: LazyLock<Hot> = LazyLock::new(|| Hot {
    received_qos0: counter!(MESSAGES_RECEIVED, "qos" => "0"),
    received_qos1: counter!(MESSAGES_RECEIVED, "qos" => "1"),
    acknowledged: counter!(MESSAGES_ACKNOWLEDGED),
    outstanding_messages: gauge!(OUTSTANDING_MESSAGES),
    outstanding_bytes: gauge!(OUTSTANDING_BYTES),
    vehicles_over: gauge!(VEHICLES_OVER),
});

pub(crate) struct Hot {
    pub(crate) received_qos0: Counter,
    pub(crate) received_qos1: Counter,
    pub(crate) acknowledged: Counter,
    pub(crate) outstanding_messages: Gauge,
    pub(crate) outstanding_bytes: Gauge,
    pub(crate) vehicles_over: Gauge,
}

/// Adds to a counter without labels.
pub(crate) fn add(name: &'static str, value: u64) {
    counter!(name).increment(value);
}

/// Adds to a counter with one label.
pub(crate) fn add_labelled(
    name: &'static str,
    label: &'static str,
    label_value: &'static str,
    value: u64,
) {
    if value > 0 {
        counter!(name, label => label_value).increment(value);
    }
}

/// Sets a gauge.
pub(crate) fn set(name: &'static str, value: f64) {
    gauge!(name).set(value);
}

/// Sets whether the broker grants less at this point.
pub(crate) fn set_shortfall(point: &'static str, effect: &'static str, value: f64) {
    gauge!(SHORTFALLS, "point" => point, "effect" => effect).set(value);
}

/// Adds a sample to a histogram.
pub(crate) fn sample(name: &'static str, value: f64) {
    histogram!(name).record(value);
}
