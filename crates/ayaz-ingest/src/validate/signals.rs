//! Checks the values of one reading against the limits of their signals.

use std::sync::LazyLock;

use ayaz_model::measurements::{Value, codes, count, double, float, text};
use ayaz_model::{Invalid, Signal, SignalKind, SignalSet, TopicKind};
use ayaz_proto::telemetry::v1::READING_FIELDS;

use super::telemetry::Rows;
use crate::payload_kind;
use crate::wire::{Irregular, Wire, WireType};

/// Numbers of invalid values by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InvalidCounts {
    /// NaN or infinite.
    pub not_finite: u64,
    /// Outside the signal's limits.
    pub out_of_range: u64,
    /// An unknown code of an enumeration.
    pub unknown_value: u64,
    /// A text or list that is too long, or a text with control characters.
    pub malformed: u64,
}

impl InvalidCounts {
    pub(super) fn add(&mut self, why: Invalid) {
        match why {
            Invalid::NotFinite => self.not_finite += 1,
            Invalid::OutOfRange => self.out_of_range += 1,
            Invalid::UnknownValue => self.unknown_value += 1,
            Invalid::Malformed => self.malformed += 1,
        }
    }
}

/// The signal of each field number. A test checks that signals are in the order of their field numbers.
static FIELDS: LazyLock<[Option<(Signal, SignalKind)>; FIELD_NUMBERS]> = LazyLock::new(|| {
    let mut fields = [None; FIELD_NUMBERS];
    for (name, number) in READING_FIELDS {
        let slot = usize::try_from(*number)
            .ok()
            .and_then(|number| fields.get_mut(number));
        if let (Some(slot), Some(signal)) = (slot, Signal::by_name(name)) {
            *slot = Some((signal, signal.kind()));
        }
    }
    fields
});

const FIELD_NUMBERS: usize = 128;

/// Code 0 of every enumeration means "not sent".
const UNSPECIFIED: i32 = 0;

/// Writes the valid values to the row, and returns the signals of the invalid ones.
pub(super) fn measurements(
    mut wire: Wire<'_>,
    rows: &mut impl Rows,
    counts: &mut InvalidCounts,
) -> Result<SignalSet, Irregular> {
    let fields = &*FIELDS;
    let mut invalid = SignalSet::EMPTY;
    let mut last = 0;
    let mut list = [0; ayaz_model::signals::CODES_MAX];
    while let Some((number, wire_type)) = wire.field()? {
        if number <= last {
            return Err(Irregular);
        }
        last = number;
        let Some(Some((signal, kind))) = fields.get(number as usize) else {
            if payload_kind::is_foreign_in_reading(TopicKind::Telemetry, number) {
                return Err(Irregular);
            }
            // A field of a later schema version.
            wire.skip(wire_type)?;
            continue;
        };
        let signal = *signal;
        let checked = match (*kind, wire_type) {
            (SignalKind::Float(min, max), WireType::Fixed32) => {
                float(f32::from_le_bytes(wire.fixed()?), min, max).map(Value::Float)
            }
            (SignalKind::Double(min, max), WireType::Fixed64) => {
                double(f64::from_le_bytes(wire.fixed()?), min, max).map(Value::Double)
            }
            (SignalKind::Flag, WireType::Varint) => Ok(Value::Flag(wire.varint()? != 0)),
            (SignalKind::Count(max), WireType::Varint) => {
                count(wire.varint()? as u32, max).map(Value::Count)
            }
            (SignalKind::Counter, WireType::Varint) => Ok(Value::Counter(wire.varint()? as u32)),
            // PostgreSQL has no unsigned integers; the bits stay the same.
            (SignalKind::Bits, WireType::Varint) => Ok(Value::Bits(wire.varint()? as i64)),
            (SignalKind::Choice(names), WireType::Varint) => match wire.varint()? as i32 {
                UNSPECIFIED => continue,
                code if code > 0 && code as usize <= names.len() => Ok(Value::Choice(code as i16)),
                _ => Err(Invalid::UnknownValue),
            },
            (SignalKind::Text, WireType::Bytes) => {
                match std::str::from_utf8(wire.bytes()?).map_err(|_| Irregular)? {
                    "" => continue,
                    value => text(value).map(Value::Text),
                }
            }
            (SignalKind::Codes, WireType::Bytes) => {
                let mut packed = Wire::new(wire.bytes()?);
                let mut length = 0;
                while !packed.is_empty() {
                    let code = packed.varint()? as u32;
                    if let Some(place) = list.get_mut(length) {
                        *place = code;
                    }
                    length += 1;
                }
                match list.get(..length) {
                    Some([]) => continue,
                    Some(list) => codes(list).map(Value::Codes),
                    None => Err(Invalid::Malformed),
                }
            }
            _ => return Err(Irregular),
        };
        match checked {
            Ok(value) => rows.put(signal, value),
            Err(why) => {
                invalid.insert(signal);
                counts.add(why);
            }
        }
    }
    Ok(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_in_the_order_of_their_field_numbers() {
        let of_fields: Vec<Signal> = FIELDS.iter().flatten().map(|(signal, _)| *signal).collect();
        assert_eq!(of_fields, Signal::ALL);
    }
}
