//! What a bus does.

macro_rules! activity {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// What a bus does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Activity {
            $($(#[$doc])+ $name,)+
        }

        impl Activity {
            /// As it stands in the database.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The reverse of [`name`](Self::name).
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

activity! {
    /// Is on a trip.
    Trip = "trip",
    /// Hangs on a charger and its battery gains energy.
    Charging = "charging",
    /// Stands and heats or cools, from grid or battery, without its battery gaining energy.
    Conditioning = "conditioning",
    /// Stands, and none of that.
    Parking = "parking",
}
