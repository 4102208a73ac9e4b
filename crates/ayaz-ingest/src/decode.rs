//! Bytes to wire types: the topic says who and what, the payload must fit it. Pure.

use ayaz_model::VehicleKey;
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{CellBatch, VehicleStatus};

use crate::kinds::{self, Kind};
use crate::reject::{Reason, Reject};
use crate::validate::Limits;

/// A message that could be decoded. Its values are not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame<'a> {
    /// Who, by the topic.
    pub vehicle: VehicleKey,
    /// What.
    pub body: Body<'a>,
}

/// The wire message that belongs on each topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    /// `…/telemetry`: a `TelemetryBatch`, which [`validate`](crate::validate) reads and checks in
    /// one pass.
    Telemetry(&'a [u8]),
    /// `…/cells`
    Cells(CellBatch),
    /// `…/status`
    Status(VehicleStatus),
}

/// Decodes a message.
pub fn decode<'a>(topic: &[u8], payload: &'a [u8], limits: &Limits) -> Result<Frame<'a>, Reject> {
    let (vehicle, kind) = parse_topic(topic)?;
    if payload.len() > limits.payload_max_bytes {
        return Err(Reject::new(
            Reason::PayloadTooLarge,
            format!(
                "{} bytes, at most {} are accepted",
                payload.len(),
                limits.payload_max_bytes
            ),
        ));
    }
    let undecodable =
        |error: ayaz_proto::DecodeError| Reject::new(Reason::PayloadUndecodable, error.to_string());
    let body = match kind {
        Kind::Telemetry => Body::Telemetry(payload),
        Kind::Cells => {
            kinds::check(kind, payload, limits.readings_max)?;
            Body::Cells(CellBatch::decode(payload).map_err(undecodable)?)
        }
        // A retained status that was cleared: nobody says that the vehicle is there.
        Kind::Status if payload.is_empty() => Body::Status(VehicleStatus {
            vehicle: vehicle.vehicle.as_str().to_owned(),
            online: false,
            boot_id: 0,
        }),
        Kind::Status => {
            kinds::check(kind, payload, limits.readings_max)?;
            Body::Status(VehicleStatus::decode(payload).map_err(undecodable)?)
        }
    };
    Ok(Frame { vehicle, body })
}

/// `ayaz/v1/{fleet}/{vehicle}/{kind}`
fn parse_topic(topic: &[u8]) -> Result<(VehicleKey, Kind), Reject> {
    let unknown = |why: String| Reject::new(Reason::TopicUnknown, why);
    let topic =
        std::str::from_utf8(topic).map_err(|_| unknown("the topic is not UTF-8".to_owned()))?;
    let mut levels = topic.split('/');
    let (Some("ayaz"), Some("v1"), Some(fleet), Some(vehicle), Some(kind), None) = (
        levels.next(),
        levels.next(),
        levels.next(),
        levels.next(),
        levels.next(),
        levels.next(),
    ) else {
        return Err(unknown(
            "a topic has the form ayaz/v1/{fleet}/{vehicle}/{kind}".to_owned(),
        ));
    };
    let Some(kind) = Kind::by_name(kind) else {
        return Err(unknown(
            "the kind is none of telemetry, cells, status".to_owned(),
        ));
    };
    let fleet = fleet
        .parse()
        .map_err(|error| unknown(format!("fleet: {error}")))?;
    let vehicle = vehicle
        .parse()
        .map_err(|error| unknown(format!("vehicle: {error}")))?;
    Ok((VehicleKey { fleet, vehicle }, kind))
}
