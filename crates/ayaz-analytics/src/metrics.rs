//! What the worker counts. The doc comment of a metric is its help text.

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
    /// Hours of vehicles that were worked out
    HOURS_REFRESHED = describe_counter("ayaz_analytics_hours_refreshed_total", Count);
    /// Of these, hours that were read on from where they were read before
    HOURS_READ_ON = describe_counter("ayaz_analytics_hours_read_on_total", Count);
    /// Memory for open hours, as far as they were read
    OPEN_HOURS_BYTES = describe_gauge("ayaz_analytics_running_hours_bytes", Bytes);
    /// Readings that were read to work hours out
    READINGS_READ = describe_counter("ayaz_analytics_readings_read_total", Count);
    /// Hours of vehicles that wait to be worked out
    BACKLOG_HOURS = describe_gauge("ayaz_analytics_refresh_backlog_hours", Count);
    /// Vehicles whose hours wait because what is known of them cannot be used: the log says which
    VEHICLES_SET_ASIDE = describe_gauge("ayaz_analytics_vehicles_set_aside", Count);
    /// Hours of fleets whose exterior temperatures were held against each other
    FLEET_HOURS_JUDGED = describe_counter("ayaz_analytics_fleet_hours_judged_total", Count);
    /// Hours of vehicles whose exterior temperature became flagged by that, or believed again
    EXTERIOR_DOUBTS_TURNED = describe_counter("ayaz_analytics_exterior_doubts_turned_total", Count);
    /// Hours of fleets that are over and wait to be judged
    BACKLOG_FLEET_HOURS = describe_gauge("ayaz_analytics_fleet_backlog_hours", Count);
    /// Time that neighbouring hours of a vehicle took, from begin to commit
    REFRESH_DURATION_SECONDS = describe_histogram("ayaz_analytics_refresh_duration_seconds", Seconds);
    /// When the worker last found nothing left to do, Unix time
    LAST_REFRESH_TIMESTAMP_SECONDS =
        describe_gauge("ayaz_analytics_last_refresh_timestamp_seconds", Seconds);
}
