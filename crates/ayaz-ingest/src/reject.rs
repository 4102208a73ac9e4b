//! The reasons for a dead letter. The message itself is wrong, so a retry cannot help.

use ayaz_store::Rejection;

/// All reasons in metrics and in the table `dead_letter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not the topic of a vehicle.
    TopicUnknown,
    /// Larger than `limits.payload_max_bytes`.
    PayloadTooLarge,
    /// Not a protobuf message of the topic's kind.
    PayloadUndecodable,
    /// Another kind of message than the topic's, such as telemetry on `…/status`.
    PayloadOfAnotherKind,
    /// The payload names another vehicle than the topic.
    VehicleMismatch,
    /// The number of readings differs from `reading_count`: the payload is truncated.
    ReadingCountMismatch,
    /// No readings at all.
    ReadingsMissing,
    /// More readings than `limits.readings_max`.
    ReadingsTooMany,
    /// More cells than one reading may have.
    CellsTooMany,
    /// No base time: the bus's clock was never set, or the publisher has a bug.
    TimeMissing,
    /// A time outside of 1970 to 2199.
    TimeOutOfRange,
    /// A sequence number that cannot be stored.
    SequenceOutOfRange,
}

impl Reason {
    /// The reason's name in metrics and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::TopicUnknown => "topic_unknown",
            Self::PayloadTooLarge => "payload_too_large",
            Self::PayloadUndecodable => "payload_undecodable",
            Self::PayloadOfAnotherKind => "payload_of_another_kind",
            Self::VehicleMismatch => "vehicle_mismatch",
            Self::ReadingCountMismatch => "reading_count_mismatch",
            Self::ReadingsMissing => "readings_missing",
            Self::ReadingsTooMany => "readings_too_many",
            Self::CellsTooMany => "cells_too_many",
            Self::TimeMissing => "time_missing",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::SequenceOutOfRange => "sequence_out_of_range",
        }
    }
}

/// A message that becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The reason, for counting.
    pub reason: Reason,
    /// The explanation, for an operator.
    pub detail: String,
}

impl Reject {
    /// Rejects a message.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

impl From<Reject> for Rejection {
    fn from(reject: Reject) -> Self {
        Self {
            reason: reject.reason.name(),
            detail: reject.detail,
        }
    }
}
