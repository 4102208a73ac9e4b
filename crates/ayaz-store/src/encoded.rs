//! Readings as rows of binary COPY, encoded during validation: each value is written only once between the
//! network and the database.

use ayaz_model::measurements::Value;
use ayaz_model::{
    Reading, ReadingKey, Signal, SignalSet, TimeQuality, UnixMicroseconds, VehicleNumber,
};
use bytes::{Buf, BufMut, BytesMut};

use crate::columns;
use crate::copy::{postgres_time, sequence};

/// Bytes of a row up to and including `historical`: number of fields, then seven fields.
const HEAD_BYTES: usize = 2 + 8 + 4 * 12 + 6 + 5;
/// Position of the vehicle number, which is filled in later.
const VEHICLE_AT: std::ops::Range<usize> = 6..10;
/// A null field is the length −1 without data: four bytes of this value.
const NULL_BYTE: u8 = 0xff;
const NULL_BYTES: usize = 4;
/// Size of the largest numeric field: length and eight bytes.
const NUMBER_BYTES: usize = 12;
/// Bytes reserved for each row: its head, and a number for each signal.
const ROW_BYTES: usize = HEAD_BYTES + NULL_BYTES + NUMBER_BYTES * Signal::ALL.len();
const INT8_OID: u32 = 20;

/// Fields of a row of `reading` that are not signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowHead {
    /// Identifies the reading within the vehicle.
    pub key: ReadingKey,
    /// Time of receipt by the daemon's clock.
    pub received_at: UnixMicroseconds,
    /// Whether the time is plausible.
    pub time_quality: TimeQuality,
    /// Whether the device stored it first and sent it later.
    pub historical: bool,
}

/// Readings of a message, in order, as rows without the vehicle number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EncodedReadings {
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// Encodes the rows of one message after another.
///
/// For each message call [`reset`](Self::reset), for each row [`begin`](Self::begin), then [`put`](Self::put)
/// for each value in the order of the signals, then [`finish`](Self::finish), and at the end
/// [`take`](Self::take).
#[derive(Debug, Clone)]
pub struct ReadingEncoder {
    done: EncodedReadings,
    /// The row that is being written, followed by nulls up to the longest possible row.
    row: Vec<u8>,
    /// Index of the next signal.
    next: usize,
    /// Position of the next field.
    at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    key: ReadingKey,
    time_quality: TimeQuality,
    start: usize,
}

/// One row of [`EncodedReadings`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedRow<'a> {
    /// Identifies the reading within the vehicle.
    pub(crate) key: ReadingKey,
    /// Whether the time is plausible.
    pub(crate) time_quality: TimeQuality,
    bytes: &'a [u8],
}

impl EncodedReadings {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Size of all rows in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Parses all rows as PostgreSQL would.
    ///
    /// # Errors
    ///
    /// If PostgreSQL could not read a row, which is an error of this program.
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
                // −1 means null, which has no data.
                let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
                if length > rest.len() {
                    return Err(wrong(&format!("field {field} is cut off")));
                }
                rest.advance(length);
            }
            if !rest.is_empty() {
                return Err(wrong("it has too many bytes"));
            }
        }
        Ok(())
    }

    /// The time quality of each row.
    pub fn time_qualities(&self) -> impl Iterator<Item = TimeQuality> {
        self.rows.iter().map(|row| row.time_quality)
    }

    /// Two halves of about the same number of rows; `None` if there is only one row.
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

    /// Keys of the rows with a plausible time.
    pub(crate) fn plausible_keys(&self) -> impl Iterator<Item = ReadingKey> {
        let plausible = |row: &&Row| row.time_quality == TimeQuality::Good;
        self.rows.iter().filter(plausible).map(|row| row.key)
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
    /// Drops rows that were not taken, and reserves memory for this number of rows, whose values need about
    /// `value_bytes`.
    pub fn reset(&mut self, rows: usize, value_bytes: usize) {
        let empty_row = HEAD_BYTES + NULL_BYTES * (1 + Signal::ALL.len());
        self.clear_row();
        self.done = EncodedReadings {
            bytes: Vec::with_capacity(rows * empty_row + value_bytes),
            rows: Vec::with_capacity(rows),
        };
    }

    /// Returns the finished rows.
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

    /// Writes the value of a signal. Signals must come in order; skipped ones are null.
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

    /// Ends the row. `invalid` are the signals with an implausible value.
    pub fn finish(&mut self, invalid: SignalSet) {
        self.skip_to(Signal::ALL.len());
        let (head, values) = self.row[..self.at].split_at(HEAD_BYTES);
        let bytes = &mut self.done.bytes;
        bytes.extend_from_slice(head);
        // They stand before the values in the row, but are known only now.
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
        // Texts and lists may have made it longer.
        self.row.truncate(ROW_BYTES);
        let written = self.at.min(ROW_BYTES);
        self.row[..written].fill(NULL_BYTE);
        self.at = 0;
    }

    fn skip_to(&mut self, place: usize) {
        self.at += place.saturating_sub(self.next) * NULL_BYTES;
    }

    /// Reserves memory for values longer than a number.
    fn grow(&mut self, bytes: usize) {
        self.row.resize(self.row.len() + bytes, NULL_BYTE);
    }

    #[inline]
    fn write<const N: usize>(&mut self, bytes: [u8; N]) {
        self.row[self.at..][..N].copy_from_slice(&bytes);
        self.at += N;
    }

    /// Writes a numeric field of at most eight bytes.
    #[inline]
    fn field<const N: usize>(&mut self, value: [u8; N]) {
        // One bounds check for length and value: a row has dozens of fields.
        let field: &mut [u8] = &mut self.row[self.at..][..NUMBER_BYTES];
        field[..4].copy_from_slice(&(N as u32).to_be_bytes());
        field[4..4 + N].copy_from_slice(&value);
        self.at += 4 + N;
    }

    /// Writes a one-dimensional array: dimensions, null flag, element type, length, lower bound, elements.
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
    /// Appends the row with its vehicle number.
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
