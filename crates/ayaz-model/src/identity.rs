//! Identifiers of fleet and vehicle, as in the topic.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use thiserror::Error;

/// Longest fleet or vehicle identifier, in characters.
pub const IDENTIFIER_LENGTH_MAX: usize = 64;

/// Why a fleet or vehicle identifier is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// Empty or longer than [`IDENTIFIER_LENGTH_MAX`].
    #[error("identifier has {0} characters, but must have 1 to {IDENTIFIER_LENGTH_MAX}")]
    Length(usize),
    /// A character outside `[A-Za-z0-9_-]`.
    #[error("identifier contains {0:?}, but only letters, digits, '_' and '-' are allowed")]
    Character(char),
}

fn check(text: &str) -> Result<(), IdentityError> {
    if text.is_empty() || text.len() > IDENTIFIER_LENGTH_MAX {
        return Err(IdentityError::Length(text.chars().count()));
    }
    match text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && *c != '_' && *c != '-')
    {
        Some(c) => Err(IdentityError::Character(c)),
        None => Ok(()),
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(CompactString);

        impl $name {
            /// The identifier as in a topic.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdentityError;

            fn from_str(text: &str) -> Result<Self, IdentityError> {
                check(text)?;
                Ok(Self(CompactString::new(text)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    };
}

identifier! {
    /// A fleet: the unit of access rights and of sharding. Matches `[A-Za-z0-9_-]{1,64}`.
    FleetId
}

identifier! {
    /// A vehicle within its fleet. Matches `[A-Za-z0-9_-]{1,64}`.
    VehicleId
}

/// A vehicle's number in the database.
pub type VehicleNumber = i32;

/// Fleet and vehicle: the unique name of a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VehicleKey {
    /// The fleet of the vehicle.
    pub fleet: FleetId,
    /// The vehicle's name within the fleet.
    pub vehicle: VehicleId,
}

impl fmt::Display for VehicleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.fleet, self.vehicle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_allow_only_characters_of_a_topic_level() {
        for good in ["a", "E12-007", "bus_1", &"x".repeat(64)] {
            assert_eq!(good.parse::<VehicleId>().unwrap().as_str(), good);
        }
        assert_eq!("".parse::<FleetId>(), Err(IdentityError::Length(0)));
        assert_eq!(
            "x".repeat(65).parse::<FleetId>(),
            Err(IdentityError::Length(65))
        );
        for (bad, c) in [
            ("a/b", '/'),
            ("a+", '+'),
            ("#", '#'),
            ("аяз", 'а'),
            ("a b", ' '),
        ] {
            assert_eq!(bad.parse::<FleetId>(), Err(IdentityError::Character(c)));
        }
    }
}
