//! Tests with the real daemons, a real broker and a real database.

mod admin;
mod backlog;
mod bad_input;
mod broker;
mod broker_limits;
mod broker_revoke;
mod broker_shared;
mod clock;
mod dashboards;
mod dead_letters;
mod fault_harness;
mod faults;
mod fixtures;
mod flood;
mod granted;
mod guarantee;
mod history;
mod logins;
mod logs;
mod real_trips;
mod scenario;
mod set_aside;
mod stopped_worker;
mod stopping;
mod store;
mod time_zones;
