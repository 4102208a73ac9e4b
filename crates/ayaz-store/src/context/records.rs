//! Models, depots, vehicles and context records, as imported and shown.

use ayaz_model::VehicleKey;
use jiff::Timestamp;

use super::Attribute;

/// Heat source of the cabin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heater {
    /// A resistive heater on the traction battery.
    Electric,
    /// A heater that burns fuel.
    Fuel,
    /// A heat pump.
    HeatPump,
    /// No heater.
    None,
}

impl Heater {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Electric, Self::Fuel, Self::HeatPump, Self::None];

    /// Name in the database and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Electric => "electric",
            Self::Fuel => "fuel",
            Self::HeatPump => "heat_pump",
            Self::None => "none",
        }
    }

    /// Finds a heater by name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|heater| heater.name() == name)
    }
}

/// A vehicle model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name of the model.
    pub model: String,
    /// Length, m.
    pub length_m: Option<f32>,
    /// Energy between full and empty, kWh.
    pub usable_energy_kwh: Option<f32>,
    /// Heat source of the cabin.
    pub heater: Option<Heater>,
}

/// A depot where vehicles park.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depot {
    /// Name of the depot.
    pub depot: String,
    /// IANA time zone, such as `Asia/Almaty`.
    pub zone: String,
    /// Local hour at which a service day begins, 0 to 23.
    pub cut_over_hour: i16,
}

/// A vehicle and its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vehicle {
    /// Fleet and name.
    pub key: VehicleKey,
    /// Its model, for its whole life.
    pub model: Option<String>,
}

/// An attribute of a vehicle with its period of validity. Its key is everything except `valid_to` and
/// `value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextRecord {
    /// The vehicle.
    pub vehicle: VehicleKey,
    /// The attribute.
    pub attribute: Attribute,
    /// First instant; `None` means no start.
    pub valid_from: Option<Timestamp>,
    /// First instant after; `None` means no end.
    pub valid_to: Option<Timestamp>,
    /// A value that passes [`Attribute::check`].
    pub value: String,
}
