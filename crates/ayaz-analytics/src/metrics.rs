//! Metrics of the worker. The doc comment of a metric is its help text.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

macro_rules! define_metrics {
    ($(#[doc = $help:literal] $constant:ident = $describe:ident($name:literal, $unit:ident);)+) => {
        $(#[doc = $help] pub const $constant: &str = $name;)+

        /// Gives the recorder the help texts.
        pub fn describe() {
            $($describe!($name, Unit::$unit, $help.trim());)+
        }
    };
}

define_metrics! {
    /// Hours of vehicles that were refreshed
    HOURS_REFRESHED = describe_counter("ayaz_analytics_hours_refreshed_total", Count);
    /// Refreshes of an hour that started from a checkpoint
    HOURS_READ_ON = describe_counter("ayaz_analytics_hours_read_on_total", Count);
    /// Memory for checkpoints of open hours
    OPEN_HOURS_BYTES = describe_gauge("ayaz_analytics_running_hours_bytes", Bytes);
    /// Readings that were read for refreshes
    READINGS_READ = describe_counter("ayaz_analytics_readings_read_total", Count);
    /// Hours of vehicles that wait for a refresh
    BACKLOG_HOURS = describe_gauge("ayaz_analytics_refresh_backlog_hours", Count);
    /// Vehicles whose hours wait because their data or settings cannot be used; the log names them
    VEHICLES_SET_ASIDE = describe_gauge("ayaz_analytics_vehicles_set_aside", Count);
    /// Hours of fleets whose exterior temperatures were compared
    FLEET_HOURS_JUDGED = describe_counter("ayaz_analytics_fleet_hours_judged_total", Count);
    /// Hours of vehicles whose exterior temperature became flagged or unflagged by this
    EXTERIOR_FLAGS_TURNED = describe_counter("ayaz_analytics_exterior_doubts_turned_total", Count);
    /// Hours of fleets that are over and wait for the comparison
    BACKLOG_FLEET_HOURS = describe_gauge("ayaz_analytics_fleet_backlog_hours", Count);
    /// Duration of a refresh of neighbouring hours, from begin to commit
    REFRESH_DURATION_SECONDS = describe_histogram("ayaz_analytics_refresh_duration_seconds", Seconds);
    /// When the worker last had nothing left to do, Unix time
    LAST_REFRESH_TIMESTAMP_SECONDS =
        describe_gauge("ayaz_analytics_last_refresh_timestamp_seconds", Seconds);
}
