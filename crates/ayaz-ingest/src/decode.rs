//! Bytes to wire types: the topic says who and what, the payload must fit it. Pure.

use ayaz_model::{Topic, TopicKind, VehicleKey};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{CellBatch, VehicleStatus};

use crate::kinds;
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
    let Topic { vehicle, kind } = Topic::parse(topic)
        .map_err(|error| Reject::new(Reason::TopicUnknown, error.to_string()))?;
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
        TopicKind::Telemetry => Body::Telemetry(payload),
        TopicKind::Cells => {
            kinds::check(kind, payload, limits.readings_max)?;
            Body::Cells(CellBatch::decode(payload).map_err(undecodable)?)
        }
        // A retained status that was cleared: nobody says that the vehicle is there.
        TopicKind::Status if payload.is_empty() => Body::Status(VehicleStatus {
            vehicle: vehicle.vehicle.as_str().to_owned(),
            online: false,
            boot_id: 0,
        }),
        TopicKind::Status => {
            kinds::check(kind, payload, limits.readings_max)?;
            Body::Status(VehicleStatus::decode(payload).map_err(undecodable)?)
        }
    };
    Ok(Frame { vehicle, body })
}
