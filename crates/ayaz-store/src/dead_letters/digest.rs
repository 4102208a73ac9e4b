//! A letter's name: the digest of its topic and payload.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use bytes::BytesMut;
use sha2::{Digest as _, Sha256};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// Bytes of a digest.
const BYTES: usize = 32;

/// SHA-256 of topic and payload. `Display` shows it in hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; BYTES]);

impl Digest {
    /// Digits that people read and type; two letters that share them are told apart by more.
    pub const SHORT_DIGITS: usize = 12;

    /// The digest of a message.
    pub fn of(topic: &[u8], payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        // The length keeps topic and payload apart.
        hash.update((topic.len() as u64).to_be_bytes());
        hash.update(topic);
        hash.update(payload);
        Self(hash.finalize().into())
    }

    /// Its first digits.
    pub fn short(&self) -> String {
        self.to_string()[..Self::SHORT_DIGITS].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl ToSql for Digest {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.as_slice().to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <&[u8] as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Digest {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(<&[u8]>::from_sql(ty, raw)?.try_into()?))
    }

    fn accepts(ty: &Type) -> bool {
        <&[u8] as FromSql<'_>>::accepts(ty)
    }
}

/// The first digits of one or several digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPrefix(String);

/// Why a text is no start of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest has up to {} hexadecimal digits, as `ayaz dead-letters list --letters` shows them", 2 * BYTES)]
pub struct DigestPrefixError;

impl FromStr for DigestPrefix {
    type Err = DigestPrefixError;

    fn from_str(text: &str) -> Result<Self, DigestPrefixError> {
        let is_one = (1..=2 * BYTES).contains(&text.len())
            && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_one
            .then(|| Self(text.to_ascii_lowercase()))
            .ok_or(DigestPrefixError)
    }
}

impl fmt::Display for DigestPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DigestPrefix {
    /// The first and the last digest that begin so.
    pub(super) fn range(&self) -> (Digest, Digest) {
        (self.filled_with(0), self.filled_with(15))
    }

    fn filled_with(&self, rest: u8) -> Digest {
        let digit = |at: usize| match self.0.as_bytes().get(at) {
            Some(digit @ b'0'..=b'9') => digit - b'0',
            Some(digit) => digit - b'a' + 10,
            None => rest,
        };
        Digest(std::array::from_fn(|at| {
            digit(2 * at) << 4 | digit(2 * at + 1)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_and_payload_do_not_run_together() {
        assert_ne!(Digest::of(b"a", b"bc"), Digest::of(b"ab", b"c"));
        assert_eq!(Digest::of(b"a", b"bc"), Digest::of(b"a", b"bc"));
    }

    #[test]
    fn a_prefix_covers_exactly_what_begins_with_it() {
        let digest = Digest::of(b"topic", b"payload");
        let text = digest.to_string();
        for digits in 1..=text.len() {
            let prefix: DigestPrefix = text[..digits].to_uppercase().parse().unwrap();
            let (first, last) = prefix.range();
            assert!((first..=last).contains(&digest), "{digits}");
            assert!(first.to_string().starts_with(&text[..digits]));
            assert!(last.to_string().starts_with(&text[..digits]));
            assert_eq!(first == last, digits == text.len());
        }
        for bad in ["", "xyz", "-1", &"0".repeat(65), "а"] {
            assert!(bad.parse::<DigestPrefix>().is_err(), "{bad:?}");
        }
    }
}
