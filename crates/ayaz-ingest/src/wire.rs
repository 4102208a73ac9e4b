//! The part of protobuf's wire format (<https://protobuf.dev/programming-guides/encoding/>) that is needed
//! to read a batch in one pass. prost reads all other forms, such as fields in another order.

/// The single pass cannot read this. It may be malformed or only unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Irregular;

/// The wire type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Bytes,
    Fixed32,
}

/// A position in a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire<'a> {
    rest: &'a [u8],
}

impl<'a> Wire<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Number and type of the next field; `None` at the end.
    #[inline]
    pub(crate) fn field(&mut self) -> Result<Option<(u32, WireType)>, Irregular> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let wire_type = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            5 => WireType::Fixed32,
            _ => return Err(Irregular),
        };
        match u32::try_from(key >> 3) {
            Ok(number) if number > 0 => Ok(Some((number, wire_type))),
            _ => Err(Irregular),
        }
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Irregular> {
        // Most varints have one or two bytes.
        match *self.rest {
            [low @ 0..=0x7f, ref rest @ ..] => {
                self.rest = rest;
                return Ok(u64::from(low));
            }
            [low, high @ 0..=0x7f, ref rest @ ..] => {
                self.rest = rest;
                return Ok(u64::from(low & 0x7f) | u64::from(high) << 7);
            }
            _ => {}
        }
        let mut value = 0;
        // The tenth byte may only hold the last bit. prost reads longer encodings.
        for (index, byte) in self.rest.iter().take(9).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        match self.rest.get(9) {
            Some(last @ 0..=1) => {
                value |= u64::from(*last) << 63;
                self.rest = &self.rest[10..];
                Ok(value)
            }
            _ => Err(Irregular),
        }
    }

    #[inline]
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Irregular> {
        let (value, rest) = self.rest.split_first_chunk().ok_or(Irregular)?;
        self.rest = rest;
        Ok(*value)
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Irregular> {
        let length = usize::try_from(self.varint()?).map_err(|_| Irregular)?;
        let (value, rest) = self.rest.split_at_checked(length).ok_or(Irregular)?;
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn skip(&mut self, wire_type: WireType) -> Result<(), Irregular> {
        match wire_type {
            WireType::Varint => self.varint().map(drop),
            WireType::Fixed64 => self.fixed::<8>().map(drop),
            WireType::Bytes => self.bytes().map(drop),
            WireType::Fixed32 => self.fixed::<4>().map(drop),
        }
    }
}

/// Decodes a `sint64`.
pub(crate) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
