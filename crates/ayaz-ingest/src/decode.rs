//! Decodes a message: the topic gives vehicle and kind, and the payload must match the kind. Pure.

use ayaz_model::{Topic, TopicKind, VehicleKey};
use ayaz_proto::Message as _;
use ayaz_proto::telemetry::v1::{CellBatch, VehicleStatus};

use crate::payload_kind;
use crate::reject::{Reason, Reject};
use crate::validate::Limits;

/// A decoded message. Its values are not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame<'a> {
    /// The vehicle of the topic.
    pub vehicle: VehicleKey,
    /// The message.
    pub body: Body<'a>,
}

/// The wire message of each kind of topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    /// `…/telemetry`: a `TelemetryBatch`. [`validate`](crate::validate) decodes and checks it in one
    /// pass.
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
            payload_kind::check(kind, payload, limits.readings_max)?;
            Body::Cells(CellBatch::decode(payload).map_err(undecodable)?)
        }
        // A cleared retained status: the vehicle is offline.
        TopicKind::Status if payload.is_empty() => Body::Status(VehicleStatus {
            vehicle: vehicle.vehicle.as_str().to_owned(),
            online: false,
            boot_id: 0,
        }),
        TopicKind::Status => {
            payload_kind::check(kind, payload, limits.readings_max)?;
            Body::Status(VehicleStatus::decode(payload).map_err(undecodable)?)
        }
    };
    Ok(Frame { vehicle, body })
}
