//! PostgreSQL's binary COPY format
//! (<https://www.postgresql.org/docs/17/sql-copy.html#SQL-COPY-FILE-FORMATS>), and rows of cell readings.
//! [`encoded`](crate::encoded) makes the rows of readings.
//!
//! This is the daemon's inner loop, so we encode it ourselves: the driver's generic writer looks up the type
//! of each value and sends a message every 4 KiB.

use ayaz_model::{CellReading, UnixMicroseconds, VehicleNumber};
use bytes::{BufMut, BytesMut};

/// How much is encoded before it is handed to the connection.
pub const CHUNK_BYTES: usize = 128 * 1024;

/// PostgreSQL counts microseconds from 2000-01-01.
const POSTGRES_EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

const NULL: i32 = -1;

/// Signature, flags and extension length that precede the rows.
pub fn put_header(out: &mut BytesMut) {
    out.put_slice(b"PGCOPY\n\xff\r\n\0");
    out.put_i32(0);
    out.put_i32(0);
}

/// What follows the last row.
pub fn put_trailer(out: &mut BytesMut) {
    out.put_i16(-1);
}

/// One row of `cell_reading`.
pub(crate) fn put_cells(out: &mut BytesMut, vehicle: VehicleNumber, cells: &CellReading) {
    out.put_i16(CELL_COLUMNS);
    vehicle.put(out);
    cells.key.recorded_at.put(out);
    i64::from(cells.key.boot_id).put(out);
    sequence(cells.key.sequence).put(out);
    cells.received_at.put(out);
    cells.time_quality.code().put(out);
    cells.historical.put(out);
    cells.voltages_volts.put(out);
    cells.temperatures_celsius.put(out);
}

/// Columns of `cell_reading`, as [`put_cells`] writes them.
pub(crate) const CELL_COLUMN_NAMES: &str = "vehicle_id, recorded_at, boot_id, sequence, \
     received_at, time_quality, historical, voltages_volts, temperatures_celsius";

/// The same columns with types.
pub(crate) const CELL_COLUMN_DEFINITIONS: &str = "vehicle_id integer, recorded_at timestamptz, \
     boot_id bigint, sequence bigint, received_at timestamptz, time_quality smallint, \
     historical boolean, voltages_volts real[], temperatures_celsius real[]";

const CELL_COLUMNS: i16 = 9;

/// Validation keeps sequence numbers below 2⁶³; should one come by another way, it must not turn
/// into another reading's.
pub fn sequence(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// An instant as the server stores it.
pub fn postgres_time(at: UnixMicroseconds) -> i64 {
    at.0.saturating_sub(POSTGRES_EPOCH_MICROSECONDS)
}

/// A value as a field: its length, then its bytes in network order.
trait Field {
    fn put(&self, out: &mut BytesMut);
}

macro_rules! fixed_width {
    ($($type:ty: $length:literal $put:ident;)+) => {
        $(impl Field for $type {
            fn put(&self, out: &mut BytesMut) {
                out.put_i32($length);
                out.$put(*self);
            }
        })+
    };
}

fixed_width! {
    i16: 2 put_i16;
    i32: 4 put_i32;
    i64: 8 put_i64;
    f32: 4 put_f32;
}

impl Field for bool {
    fn put(&self, out: &mut BytesMut) {
        out.put_i32(1);
        out.put_u8(u8::from(*self));
    }
}

impl Field for UnixMicroseconds {
    fn put(&self, out: &mut BytesMut) {
        postgres_time(*self).put(out);
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut BytesMut) {
        match self {
            Some(value) => value.put(out),
            None => out.put_i32(NULL),
        }
    }
}

/// An array element, with the number of its type.
trait Element: Field {
    const TYPE_OID: i32;
}

impl Element for Option<f32> {
    const TYPE_OID: i32 = 700;
}

fn put_array<T: Element>(out: &mut BytesMut, values: impl ExactSizeIterator<Item = T>) {
    let length_at = out.len();
    out.put_i32(0);
    let dimensions = i32::from(values.len() > 0);
    out.put_i32(dimensions);
    // Null flag; the server does not rely on it.
    out.put_i32(1);
    out.put_i32(T::TYPE_OID);
    if dimensions == 1 {
        out.put_i32(values.len() as i32);
        out.put_i32(1);
        values.for_each(|value| value.put(out));
    }
    let length = (out.len() - length_at - 4) as i32;
    out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
}

impl Field for Box<[Option<f32>]> {
    fn put(&self, out: &mut BytesMut) {
        put_array(out, self.iter().copied());
    }
}
