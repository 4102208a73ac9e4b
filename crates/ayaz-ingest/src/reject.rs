//! Why a message is a dead letter: the data's fault, and final.

use ayaz_store::Rejection;

/// The closed list of reasons, as metrics and the table `dead_letter` know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The topic is none that vehicles publish on.
    TopicUnknown,
    /// Larger than `limits.payload_max_bytes`.
    PayloadTooLarge,
    /// Not the protobuf message that belongs on the topic.
    PayloadUndecodable,
    /// Of another kind than the topic says, as telemetry on `…/status`.
    PayloadOfAnotherKind,
    /// The payload names another vehicle than the topic.
    VehicleMismatch,
    /// The payload holds fewer or more readings than it says: it was cut off.
    ReadingCountMismatch,
    /// No readings at all.
    ReadingsMissing,
    /// More readings than `limits.readings_max`.
    ReadingsTooMany,
    /// More cells than one reading may have.
    CellsTooMany,
    /// No base time: the clock was never set, or the publisher is broken.
    TimeMissing,
    /// A time that no database column can hold as a time of this world.
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

/// A message that will be a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// For counting.
    pub reason: Reason,
    /// For a person.
    pub detail: String,
}

impl Reject {
    /// A rejection with its explanation.
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
