//! Generated wire types of package `ayaz.telemetry.v1`, and nothing else. The schema with all
//! units and ranges is `proto/ayaz/telemetry/v1/telemetry.proto`.

/// Package `ayaz.telemetry`.
pub mod telemetry {
    /// Version 1.
    #[allow(missing_docs, clippy::doc_markdown, clippy::pedantic)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ayaz.telemetry.v1.rs"));
    }
}

pub use prost::{DecodeError, Message};
