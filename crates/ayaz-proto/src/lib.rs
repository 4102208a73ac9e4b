//! Generated wire types of package `ayaz.telemetry.v1`. The schema with all units and ranges is
//! `proto/ayaz/telemetry/v1/telemetry.proto`.

/// Package `ayaz.telemetry`.
pub mod telemetry {
    /// Version 1.
    #[allow(missing_docs, clippy::doc_markdown, clippy::pedantic)]
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ayaz.telemetry.v1.rs"));

        /// Name and number of each field of `Reading`, in the order of the schema.
        pub const READING_FIELDS: &[(&str, u32)] =
            include!(concat!(env!("OUT_DIR"), "/reading_fields.rs"));

        /// Name and number of each field, by the name of the message.
        pub const MESSAGE_FIELDS: &[(&str, &[(&str, u32)])] =
            include!(concat!(env!("OUT_DIR"), "/message_fields.rs"));
    }
}

pub use prost::{DecodeError, Message};
