//! A received message that is not acknowledged yet.

use ayaz_model::UnixMicroseconds;
use bytes::Bytes;

use crate::ack::AckToken;

/// A received message on its way to the database.
#[derive(Debug)]
pub struct Delivery {
    /// The topic it was published on.
    pub topic: Bytes,
    /// The bytes of the payload.
    pub payload: Bytes,
    /// When it arrived, by the daemon's clock.
    pub received_at: UnixMicroseconds,
    /// Settles the delivery after it is stored.
    pub token: AckToken,
}
