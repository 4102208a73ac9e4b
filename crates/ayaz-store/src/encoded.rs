//! Readings as rows of binary COPY, encoded as soon as they are checked: between the wire and the
//! database a value is written once.

use ayaz_model::measurements::Value;
use ayaz_model::{
    Reading, ReadingKey, Signal, SignalSet, TimeQuality, UnixMicroseconds, VehicleNumber,
};
use bytes::{Buf, BufMut, BytesMut};

use crate::columns;
use crate::copy::{postgres_time, sequence};

/// Bytes of a row up to and with `historical`: the number of fields, then seven fields.
const HEAD_BYTES: usize = 2 + 8 + 4 * 12 + 6 + 5;
/// Where the number of the vehicle stands, which is not known before the row is written.
const VEHICLE_AT: std::ops::Range<usize> = 6..10;
/// A field without a value has the length −1 and nothing else: four bytes of this.
const NULL_BYTE: u8 = 0xff;
const NULL_BYTES: usize = 4;
/// Largest field of a number: its length and eight bytes.
const NUMBER_BYTES: usize = 12;
/// The bytes that a row has no need to ask for: its head, and every signal a number.
const ROW_BYTES: usize = HEAD_BYTES + NULL_BYTES + NUMBER_BYTES * Signal::ALL.len();
const INT8_OID: u32 = 20;

/// What a row of `reading` says beside its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowHead {
    /// The reading's identity within the vehicle.
    pub key: ReadingKey,
    /// The daemon's clock when it arrived.
    pub received_at: UnixMicroseconds,
    /// How far the key's time can be believed.
    pub time_quality: TimeQuality,
    /// Whether the device kept it back and sent it later.
    pub historical: bool,
}

/// The readings of a message, in its order, as rows that only lack the number of the vehicle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EncodedReadings {
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// Makes the rows of one message after another.
///
/// For each message call [`reset`](Self::reset), for each row [`begin`](Self::begin), then
/// [`put`](Self::put) for each value in the order of the signals, then [`finish`](Self::finish), and
/// in the end [`take`](Self::take).
#[derive(Debug, Clone)]
pub struct ReadingEncoder {
    done: EncodedReadings,
    /// The row that is being written, and behind it nulls, as far as a row can reach.
    row: Vec<u8>,
    /// Place of the next signal to be written.
    next: usize,
    /// Where it will stand.
    at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    key: ReadingKey,
    time_quality: TimeQuality,
    start: usize,
}

/// One row of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedRow<'a> {
    /// Its identity within the vehicle.
    pub(crate) key: ReadingKey,
    /// How far the key's time can be believed.
    pub(crate) time_quality: TimeQuality,
    bytes: &'a [u8],
}

impl EncodedReadings {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Walks through all rows as PostgreSQL would.
    ///
    /// # Errors
    ///
    /// Where a row is not one that PostgreSQL could read: a mistake of ours.
    pub fn check(&self) -> Result<(), String> {
        for (number, row) in self.rows().enumerate() {
            let mut rest = row.bytes;
            let wrong = |what: &str| format!("row {number}: {what}");
            if rest.len() < 2 || rest.get_i16() != columns::COUNT {
                return Err(wrong("its number of fields is wrong"));
            }
            for field in 0..columns::COUNT {
                let length = if rest.len() < 4 {
                    i32::MAX
                } else {
                    rest.get_i32()
                };
                // −1 is a null, which has no bytes.
                let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
                if length > rest.len() {
                    return Err(wrong(&format!("field {field} is cut off")));
                }
                rest.advance(length);
            }
            if !rest.is_empty() {
                return Err(wrong("bytes are left over"));
            }
        }
        Ok(())
    }

    /// How far each row's time can be believed.
    pub fn time_qualities(&self) -> impl Iterator<Item = TimeQuality> {
        self.rows.iter().map(|row| row.time_quality)
    }

    /// The first rows and the others, about as many; `None` if there is only one.
    pub(crate) fn halves(&self) -> Option<[Self; 2]> {
        let (first, second) = self.rows.split_at(self.rows.len() / 2);
        let middle = second.first()?.start;
        let (first_bytes, second_bytes) = self.bytes.split_at(middle);
        let mut second = second.to_vec();
        for row in &mut second {
            row.start -= middle;
        }
        let first = Self {
            bytes: first_bytes.to_vec(),
            rows: first.to_vec(),
        };
        let second = Self {
            bytes: second_bytes.to_vec(),
            rows: second,
        };
        (!first.is_empty()).then_some([first, second])
    }

    /// The identity within the vehicle of each row whose time is believed.
    pub(crate) fn believed_keys(&self) -> impl Iterator<Item = ReadingKey> {
        let believed = |row: &&Row| row.time_quality == TimeQuality::Good;
        self.rows.iter().filter(believed).map(|row| row.key)
    }

    /// Appends the rows of that vehicle, in the binary format of COPY.
    pub fn put_rows(&self, vehicle: VehicleNumber, out: &mut BytesMut) {
        for row in self.rows() {
            row.put(vehicle, out);
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = EncodedRow<'_>> {
        let ends = self.rows.iter().skip(1).map(|row| row.start);
        let ends = ends.chain([self.bytes.len()]);
        self.rows.iter().zip(ends).map(|(row, end)| EncodedRow {
            key: row.key,
            time_quality: row.time_quality,
            bytes: &self.bytes[row.start..end],
        })
    }
}

impl Default for ReadingEncoder {
    fn default() -> Self {
        Self {
            done: EncodedReadings::default(),
            row: vec![NULL_BYTE; ROW_BYTES],
            next: 0,
            at: 0,
        }
    }
}

impl ReadingEncoder {
    /// Forgets what was not taken, and makes room for so many rows, whose values take about
    /// `value_bytes`.
    pub fn reset(&mut self, rows: usize, value_bytes: usize) {
        let empty_row = HEAD_BYTES + NULL_BYTES * (1 + Signal::ALL.len());
        self.clear_row();
        self.done = EncodedReadings {
            bytes: Vec::with_capacity(rows * empty_row + value_bytes),
            rows: Vec::with_capacity(rows),
        };
    }

    /// The rows that are finished.
    pub fn take(&mut self) -> EncodedReadings {
        std::mem::take(&mut self.done)
    }

    /// Begins a row.
    pub fn begin(&mut self, head: RowHead) {
        let RowHead {
            key,
            received_at,
            time_quality,
            historical,
        } = head;
        let mut out = &mut self.row[..HEAD_BYTES];
        out.put_i16(columns::COUNT);
        out.put_i32(4);
        out.put_i32(0);
        for number in [
            postgres_time(key.recorded_at),
            i64::from(key.boot_id),
            sequence(key.sequence),
            postgres_time(received_at),
        ] {
            out.put_i32(8);
            out.put_i64(number);
        }
        out.put_i32(2);
        out.put_i16(time_quality.code());
        out.put_i32(1);
        out.put_u8(u8::from(historical));
        self.done.rows.push(Row {
            key,
            time_quality,
            start: self.done.bytes.len(),
        });
        self.next = 0;
        self.at = HEAD_BYTES;
    }

    /// Writes the value of a signal that stands behind all those written before; those between
    /// have none.
    #[inline]
    pub fn put(&mut self, signal: Signal, value: Value<'_>) {
        let place = signal as usize;
        debug_assert!(place >= self.next, "{signal:?} comes too late");
        self.skip_to(place);
        self.next = place + 1;
        match value {
            Value::Float(value) => self.field(value.to_be_bytes()),
            Value::Double(value) => self.field(value.to_be_bytes()),
            Value::Flag(value) => self.field([u8::from(value)]),
            Value::Count(value) => self.field(value.to_be_bytes()),
            Value::Counter(value) => self.field(i64::from(value).to_be_bytes()),
            Value::Bits(value) => self.field(value.to_be_bytes()),
            Value::Choice(code) => self.field(code.to_be_bytes()),
            Value::Text(text) => {
                self.grow(text.len());
                self.write((text.len() as u32).to_be_bytes());
                self.row[self.at..][..text.len()].copy_from_slice(text.as_bytes());
                self.at += text.len();
            }
            Value::Codes(codes) => self.codes(codes),
        }
    }

    /// Ends the row; `invalid` are the signals that were sent with a value that cannot be true.
    pub fn finish(&mut self, invalid: SignalSet) {
        self.skip_to(Signal::ALL.len());
        let (head, values) = self.row[..self.at].split_at(HEAD_BYTES);
        let bytes = &mut self.done.bytes;
        bytes.extend_from_slice(head);
        // They stand before the values, and are known only after them.
        if invalid.is_empty() {
            bytes.extend_from_slice(&[NULL_BYTE; NULL_BYTES]);
        } else {
            bytes.put_i32(8);
            bytes.put_u64(invalid.bits() as u64);
        }
        bytes.extend_from_slice(values);
        self.clear_row();
    }

    fn clear_row(&mut self) {
        // Texts and lists made it longer.
        self.row.truncate(ROW_BYTES);
        let written = self.at.min(ROW_BYTES);
        self.row[..written].fill(NULL_BYTE);
        self.at = 0;
    }

    fn skip_to(&mut self, place: usize) {
        self.at += place.saturating_sub(self.next) * NULL_BYTES;
    }

    /// Makes room for so many bytes more than a number has.
    fn grow(&mut self, bytes: usize) {
        self.row.resize(self.row.len() + bytes, NULL_BYTE);
    }

    #[inline]
    fn write<const N: usize>(&mut self, bytes: [u8; N]) {
        self.row[self.at..][..N].copy_from_slice(&bytes);
        self.at += N;
    }

    /// One of a number: at most eight bytes.
    #[inline]
    fn field<const N: usize>(&mut self, value: [u8; N]) {
        // Looked up once for length and value, of which there are dozens in a row.
        let field: &mut [u8] = &mut self.row[self.at..][..NUMBER_BYTES];
        field[..4].copy_from_slice(&(N as u32).to_be_bytes());
        field[4..4 + N].copy_from_slice(&value);
        self.at += 4 + N;
    }

    /// A one-dimensional array: dimensions, "may hold nulls", type of the elements, length, lower
    /// bound, elements.
    fn codes(&mut self, codes: &[u32]) {
        let length = 20 + NUMBER_BYTES * codes.len();
        self.grow(length);
        let words = [length as u32, 1, 1, INT8_OID, codes.len() as u32, 1];
        for word in words {
            self.write(word.to_be_bytes());
        }
        for code in codes {
            self.field(i64::from(*code).to_be_bytes());
        }
    }
}

impl EncodedRow<'_> {
    /// The row of that vehicle.
    pub(crate) fn put(&self, vehicle: VehicleNumber, out: &mut BytesMut) {
        let start = out.len();
        out.extend_from_slice(self.bytes);
        out[start..][VEHICLE_AT].copy_from_slice(&vehicle.to_be_bytes());
    }
}

impl<'a> FromIterator<&'a Reading> for EncodedReadings {
    fn from_iter<I: IntoIterator<Item = &'a Reading>>(readings: I) -> Self {
        let mut encoder = ReadingEncoder::default();
        for reading in readings {
            encoder.begin(RowHead {
                key: reading.key,
                received_at: reading.received_at,
                time_quality: reading.time_quality,
                historical: reading.historical,
            });
            let m = &reading.measurements;
            macro_rules! value {
                (float, $value:expr) => {
                    Value::Float(*$value)
                };
                (double, $value:expr) => {
                    Value::Double(*$value)
                };
                (flag, $value:expr) => {
                    Value::Flag(*$value)
                };
                (count, $value:expr) => {
                    Value::Count(*$value)
                };
                (counter, $value:expr) => {
                    Value::Counter(*$value)
                };
                (bits, $value:expr) => {
                    Value::Bits(*$value)
                };
                (choice, $value:expr) => {
                    Value::Choice($value.code())
                };
                (text, $value:expr) => {
                    Value::Text($value)
                };
                (codes, $value:expr) => {
                    Value::Codes($value)
                };
            }
            macro_rules! put_signals {
                ($($(#[$doc:meta])* $name:ident: $kind:ident($($argument:tt)*);)+) => {
                    $(if let Some(value) = &m.$name {
                        encoder.put(Signal::$name, value!($kind, value));
                    })+
                };
            }
            ayaz_model::for_each_signal!(put_signals);
            encoder.finish(reading.invalid);
        }
        encoder.take()
    }
}
