//! The topics on which vehicles publish: `ayaz/v1/{fleet}/{vehicle}/{kind}`.

use std::str;

use thiserror::Error;

use crate::{FleetId, IdentityError, VehicleId, VehicleKey};

const PREFIX: &str = "ayaz/v1/";

/// The last level of a topic. It says which wire message the payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// `TelemetryBatch`
    Telemetry,
    /// `CellBatch`
    Cells,
    /// `VehicleStatus`, retained.
    Status,
}

impl TopicKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Telemetry, Self::Cells, Self::Status];

    /// The text of the level.
    pub fn name(self) -> &'static str {
        match self {
            Self::Telemetry => "telemetry",
            Self::Cells => "cells",
            Self::Status => "status",
        }
    }

    /// Finds a kind by the text of its level.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.name().as_bytes() == name)
    }

    /// The topic on which one vehicle publishes messages of this kind.
    pub fn topic(self, fleet: &FleetId, vehicle: &VehicleId) -> String {
        format!("{PREFIX}{fleet}/{vehicle}/{}", self.name())
    }

    /// The topic filter for all vehicles of one fleet, or of all fleets.
    pub fn filter(self, fleet: Option<&FleetId>) -> String {
        let fleet = fleet.map_or("+", FleetId::as_str);
        format!("{PREFIX}{fleet}/+/{}", self.name())
    }
}

/// Why a text is not the topic of a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TopicError {
    /// Not UTF-8.
    #[error("the topic is not UTF-8")]
    Encoding,
    /// Another prefix, or another number of levels.
    #[error("a topic has the form ayaz/v1/{{fleet}}/{{vehicle}}/{{kind}}")]
    Form,
    /// An unknown last level.
    #[error("the kind is none of telemetry, cells, status")]
    Kind,
    /// A fleet that is not an identifier.
    #[error("fleet: {0}")]
    Fleet(IdentityError),
    /// A vehicle that is not an identifier.
    #[error("vehicle: {0}")]
    Vehicle(IdentityError),
}

/// A parsed topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Fleet and vehicle.
    pub vehicle: VehicleKey,
    /// Kind of message.
    pub kind: TopicKind,
}

impl Topic {
    /// Parses and checks a topic.
    pub fn parse(topic: &[u8]) -> Result<Self, TopicError> {
        let topic = str::from_utf8(topic).map_err(|_| TopicError::Encoding)?;
        let [fleet, vehicle, kind] = split(topic.as_bytes()).ok_or(TopicError::Form)?;
        let kind = TopicKind::by_name(kind).ok_or(TopicError::Kind)?;
        let text = |level| str::from_utf8(level).map_err(|_| TopicError::Encoding);
        Ok(Self {
            vehicle: VehicleKey {
                fleet: text(fleet)?.parse().map_err(TopicError::Fleet)?,
                vehicle: text(vehicle)?.parse().map_err(TopicError::Vehicle)?,
            },
            kind,
        })
    }
}

/// Splits a topic into fleet, vehicle and kind without checking them. `None` if the prefix or the
/// number of levels differs.
pub fn split(topic: &[u8]) -> Option<[&[u8]; 3]> {
    let rest = topic.strip_prefix(PREFIX.as_bytes())?;
    let mut levels = rest.split(|byte| *byte == b'/');
    let parts = [levels.next()?, levels.next()?, levels.next()?];
    levels.next().is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formatted_topic_parses_to_its_parts() {
        let vehicle = VehicleKey {
            fleet: "astana".parse().unwrap(),
            vehicle: "E12-007".parse().unwrap(),
        };
        for (kind, expected) in [
            (TopicKind::Telemetry, "ayaz/v1/astana/E12-007/telemetry"),
            (TopicKind::Cells, "ayaz/v1/astana/E12-007/cells"),
            (TopicKind::Status, "ayaz/v1/astana/E12-007/status"),
        ] {
            let topic = kind.topic(&vehicle.fleet, &vehicle.vehicle);
            assert_eq!(topic, expected);
            let parsed = Topic::parse(topic.as_bytes()).unwrap();
            assert_eq!((&parsed.vehicle, parsed.kind), (&vehicle, kind));
        }
        let fleet = Some(&vehicle.fleet);
        assert_eq!(TopicKind::Cells.filter(fleet), "ayaz/v1/astana/+/cells");
        assert_eq!(TopicKind::Cells.filter(None), "ayaz/v1/+/+/cells");
    }

    #[test]
    fn the_error_names_the_wrong_part_of_a_topic() {
        for (topic, expected) in [
            (&b"ayaz/v1/\xff/b/cells"[..], "not UTF-8"),
            (b"", "has the form"),
            (b"ayaz/v2/a/b/cells", "has the form"),
            (b"ayaz/v1/a/b", "has the form"),
            (b"ayaz/v1/a/b/cells/x", "has the form"),
            (b"ayaz/v1/a/b/Cells", "the kind is none of"),
            (b"ayaz/v1//b/cells", "fleet: "),
            (b"ayaz/v1/a/b c/cells", "vehicle: "),
        ] {
            let error = Topic::parse(topic).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
