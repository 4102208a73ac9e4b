//! Signals with a few named values, and the codes that the database stores.

use thiserror::Error;

/// A code without a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is not a known code")]
pub struct UnknownCode(pub i32);

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $code),+
        }

        impl $name {
            /// Every value, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire and in the database. It is never 0, which means "not sent".
            pub fn code(self) -> i16 {
                self as i16
            }

            /// The value's name in mappings and reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl TryFrom<i32> for $name {
            type Error = UnknownCode;

            fn try_from(code: i32) -> Result<Self, UnknownCode> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    other => Err(UnknownCode(other)),
                }
            }
        }
    };
}

choice! {
    /// State of the charging port.
    ChargeState {
        /// No plug and no pantograph.
        Unplugged = 1 "unplugged",
        /// Connected, no energy flows.
        Plugged = 2 "plugged",
        /// Energy flows into the bus.
        Charging = 3 "charging",
        /// Connected, the requested state of charge is reached.
        Complete = 4 "complete",
        /// Connected, charging was interrupted.
        Fault = 5 "fault",
    }
}

impl ChargeState {
    /// Whether the bus is plugged in, so that current into the battery is not regeneration.
    pub fn is_plugged_in(self) -> bool {
        self != Self::Unplugged
    }
}

choice! {
    /// The selected gear.
    Gear {
        /// Parked.
        Park = 1 "park",
        /// Backwards.
        Reverse = 2 "reverse",
        /// No drive.
        Neutral = 3 "neutral",
        /// Forwards.
        Drive = 4 "drive",
    }
}
