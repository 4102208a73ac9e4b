//! One message as the broker delivered it, with the right to acknowledge it.

use ayaz_model::UnixMicroseconds;
use bytes::Bytes;

use crate::ack::AckToken;

/// A delivered message on its way into the database.
#[derive(Debug)]
pub struct Delivery {
    /// Where it was published.
    pub topic: Bytes,
    /// Its bytes.
    pub payload: Bytes,
    /// The daemon's clock when it arrived.
    pub received_at: UnixMicroseconds,
    /// Hands it back once it is stored.
    pub token: AckToken,
}
