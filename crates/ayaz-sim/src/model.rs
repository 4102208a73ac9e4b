//! The two vehicles. "Published" figures are from the makers or from carculator_bus. "Assumed" figures are
//! engineering values, chosen to give the published consumption.

/// What heats the cabin when the heat pump is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heating {
    /// A resistive water heater on the traction battery.
    Electric,
    /// A fuel-fired water heater. The heat pump works only while its COP is good.
    Fuel,
}

/// A type of bus, in SI units unless the name says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BusModel {
    /// Name in vehicle identifiers.
    pub name: &'static str,
    /// Length, m. Published: 12.17 (Yutong E12) and 18.
    pub length_m: f64,
    /// Usable energy when new, kWh. Published options of the E12: 324, 350, 374, 422; 18 m assumed.
    pub usable_energy_kwh: f64,
    /// Mass without passengers, kg. Published: 13 750; 18 m assumed from 18 000 to 19 500.
    pub empty_mass_kg: f64,
    /// Maximum number of passengers. Published: 70 (E12), 150 (18 m in Astana).
    pub passengers_max: u32,
    /// Number of doors, which decides how long stops take. Published: 4 (18 m in Astana); E12 assumed.
    pub doors: u32,
    /// Frontal area, m². Published (carculator_bus): 8.07.
    pub frontal_area_m2: f64,
    /// Drag coefficient. Published (carculator_bus): 0.65 (0.60 to 0.68).
    pub drag_coefficient: f64,
    /// Rolling resistance. Published (carculator_bus): 0.0055 (0.005 to 0.006).
    pub rolling_resistance: f64,
    /// Heat loss of the cabin with closed doors, W/K. Derived from the envelope: 400 and 600; the
    /// 18 m bus of 2023 has an insulated body, so 500.
    pub ua_doors_closed_watts_per_kelvin: f64,
    /// Mean heat loss of the cabin in service with open and closed doors, W/K. Derived: 600 and 900; 720
    /// with an insulated body.
    pub ua_in_service_watts_per_kelvin: f64,
    /// Heat capacity of the cabin (air, seats, panels), J/K. Assumed.
    pub cabin_heat_capacity_joules_per_kelvin: f64,
    /// Maximum electric power of the heat pump and of the air conditioning, W. Published ratings of
    /// 18 and 24 kW of heat at a COP of 2.3.
    pub heat_pump_max_watts: f64,
    /// Maximum power of the resistive cabin heater, W. Published: modules of 10 kW, up to 30.
    pub cabin_heater_max_watts: f64,
    /// Maximum heat of the fuel heater, W. Assumed: 30 kW class, 35 for 18 m.
    pub fuel_heater_max_watts: f64,
    /// Power of the battery heater, W. Assumed.
    pub battery_heater_max_watts: f64,
    /// Auxiliaries with the key on, W. Published (carculator_bus): 5 kW (3.75 to 6.25).
    pub auxiliary_watts: f64,
    /// Maximum mechanical power of the motors, W. Published: 215 kW; 18 m assumed 2 × 125 kW.
    pub motor_max_watts: f64,
    /// Maximum mechanical power of regeneration, W. Assumed.
    pub regeneration_max_watts: f64,
    /// Resistance of the pack at 25 °C, Ω. Assumed: 168 cells of 0.11 mΩ, and cabling.
    pub pack_resistance_ohms: f64,
    /// Heat capacity of the pack, J/K. Assumed: 7 kg/kWh, 1 kJ/kgK.
    pub pack_heat_capacity_joules_per_kelvin: f64,
    /// Heat loss of the pack to the air outside, W/K. Assumed: insulated, time constant half a day.
    pub pack_ua_watts_per_kelvin: f64,
    /// Power of the depot charger, W. Assumed: 60 to 120 kW; 120 with two guns.
    pub depot_charger_max_watts: f64,
    /// Whether the bus charges in the midday break when its state of charge is low.
    pub charges_at_midday: bool,
    /// First day in service, days since 1970: 2020-01-15 (E12) and 2023-06-15 (E18). Published.
    pub in_service_since_day: i64,
}

/// Yutong E12: 12 m, 350 kWh of LFP, about 1 kWh/km in mild weather.
pub const E12: BusModel = BusModel {
    name: "E12",
    length_m: 12.17,
    usable_energy_kwh: 350.0,
    empty_mass_kg: 13_750.0,
    passengers_max: 70,
    doors: 3,
    frontal_area_m2: 8.07,
    drag_coefficient: 0.65,
    rolling_resistance: 0.0055,
    ua_doors_closed_watts_per_kelvin: 400.0,
    ua_in_service_watts_per_kelvin: 600.0,
    cabin_heat_capacity_joules_per_kelvin: 2.5e6,
    heat_pump_max_watts: 18_000.0 / 2.3,
    cabin_heater_max_watts: 20_000.0,
    fuel_heater_max_watts: 30_000.0,
    battery_heater_max_watts: 6_000.0,
    auxiliary_watts: 5_000.0,
    motor_max_watts: 215_000.0,
    regeneration_max_watts: 120_000.0,
    pack_resistance_ohms: 0.025,
    pack_heat_capacity_joules_per_kelvin: 2.5e6,
    pack_ua_watts_per_kelvin: 45.0,
    depot_charger_max_watts: 90_000.0,
    charges_at_midday: true,
    in_service_since_day: 18_276,
};

/// Articulated 18 m, 600 kWh of LFP, about 1.4 kWh/km in mild weather.
pub const E18: BusModel = BusModel {
    name: "E18",
    length_m: 18.0,
    usable_energy_kwh: 600.0,
    empty_mass_kg: 19_500.0,
    passengers_max: 150,
    doors: 4,
    ua_doors_closed_watts_per_kelvin: 500.0,
    ua_in_service_watts_per_kelvin: 720.0,
    cabin_heat_capacity_joules_per_kelvin: 3.6e6,
    heat_pump_max_watts: 24_000.0 / 2.3,
    cabin_heater_max_watts: 30_000.0,
    fuel_heater_max_watts: 35_000.0,
    battery_heater_max_watts: 10_000.0,
    motor_max_watts: 250_000.0,
    regeneration_max_watts: 160_000.0,
    pack_resistance_ohms: 0.015,
    pack_heat_capacity_joules_per_kelvin: 4.2e6,
    pack_ua_watts_per_kelvin: 60.0,
    depot_charger_max_watts: 120_000.0,
    charges_at_midday: false,
    in_service_since_day: 19_523,
    ..E12
};
