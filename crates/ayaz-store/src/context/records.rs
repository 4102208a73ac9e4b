//! Models, depots, vehicles and what holds for them, as they are imported and shown.

use ayaz_model::VehicleKey;
use jiff::Timestamp;

use super::Attribute;

/// What heats the cabin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heater {
    /// A resistive heater on the traction battery.
    Electric,
    /// A heater that burns fuel.
    Fuel,
    /// A heat pump.
    HeatPump,
    /// Nothing.
    None,
}

impl Heater {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Electric, Self::Fuel, Self::HeatPump, Self::None];

    /// Its name in the database and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Electric => "electric",
            Self::Fuel => "fuel",
            Self::HeatPump => "heat_pump",
            Self::None => "none",
        }
    }

    /// The heater of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|heater| heater.name() == name)
    }
}

/// A type of vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its name.
    pub model: String,
    /// Length, m.
    pub length_m: Option<f32>,
    /// Energy between full and empty, kWh.
    pub usable_energy_kwh: Option<f32>,
    /// What heats the cabin.
    pub heater: Option<Heater>,
}

/// Where vehicles spend the night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depot {
    /// Its name.
    pub depot: String,
    /// IANA time zone, such as `Asia/Almaty`.
    pub zone: String,
    /// Hour of the zone's clock at which a service day begins, 0 to 23.
    pub cut_over_hour: i16,
}

/// A vehicle and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vehicle {
    /// Its names.
    pub key: VehicleKey,
    /// Its model, for all of its life.
    pub model: Option<String>,
}

/// What held for a vehicle during a time. Its key is everything but `valid_to` and `value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextRecord {
    /// The vehicle.
    pub vehicle: VehicleKey,
    /// What is told.
    pub attribute: Attribute,
    /// First instant; `None` is since ever.
    pub valid_from: Option<Timestamp>,
    /// First instant after; `None` is until further notice.
    pub valid_to: Option<Timestamp>,
    /// As [`Attribute::check`] admits it.
    pub value: String,
}
