//! Turns the state of a bus into a reading with every signal of an electric bus.

use ayaz_model::{ChargeState, Gear, Measurements, Reading, ReadingKey, SignalSet, TimeQuality};
use rand::Rng;

use crate::battery::CELLS;
use crate::bus::{Bus, Phase};
use crate::driving::Driver;
use crate::faults::PhysicalFaultKind;
use crate::model::Heating;
use crate::noise::uniform_signed;
use crate::traction::motor;

/// Mean altitude of the city, m. It is flat.
const ALTITUDE_M: f64 = 347.0;

/// Fault code of a failed battery heater.
const BATTERY_HEATER_FAULT: u32 = 520_201;

/// Fault code of a failed cabin heater.
const CABIN_HEATER_FAULT: u32 = 520_301;

/// Alarm bits of GB/T 32960: low state of charge, difference of cells, insulation.
const ALARM_SOC_LOW: i64 = 1 << 4;
const ALARM_CELLS_DIFFER: i64 = 1 << 10;
const ALARM_INSULATION: i64 = 1 << 11;

/// Insulation resistance, kΩ: healthy, and at the end of a fault.
const INSULATION_KOHM: (f64, f64) = (4_000.0, 100.0);

/// Below this insulation resistance there is an alarm, kΩ: 500 Ω/V at 540 V.
const INSULATION_WARNING_KOHM: f64 = 270.0;

/// Above this difference between the highest and the lowest cell there is an alarm, V.
const CELL_SPREAD_WARNING_VOLTS: f32 = 0.3;

/// The reading of this instant.
pub(crate) fn reading(bus: &mut Bus, sequence: u64) -> Reading {
    let (bits, more) = (bus.rng.next_u64(), bus.rng.next_u64());
    let mut measurements = Measurements::default();
    battery(bus, bits, &mut measurements);
    heating(bus, more, &mut measurements);
    motion(bus, more, &mut measurements);
    charging(bus, &mut measurements);
    alarms(bus, &mut measurements);
    Reading {
        key: ReadingKey {
            recorded_at: bus.now,
            boot_id: bus.boot_id,
            sequence,
        },
        received_at: bus.now,
        historical: false,
        time_quality: TimeQuality::Good,
        invalid: SignalSet::EMPTY,
        measurements,
    }
}

fn battery(bus: &Bus, bits: u64, m: &mut Measurements) {
    let pack = &bus.battery;
    let cell = pack.voltage_volts / CELLS;
    // Cell voltages differ more under load and where the voltage curve is steep.
    let steepness = if (0.1..0.97).contains(&pack.soc) {
        0.0
    } else {
        0.012
    };
    let spread = 0.004 + steepness + 2e-5 * pack.current_out_amperes.abs();
    m.soc_percent = Some((pack.soc * 1_000.0).round() as f32 / 10.0);
    m.soh_percent = Some(pack.soh_percent as f32);
    m.pack_voltage_volts = Some(pack.voltage_volts as f32);
    m.pack_current_amperes = Some(-pack.current_out_amperes as f32);
    let lowest = cell - spread * (1.0 + 0.1 * uniform_signed(bits, 0)) - weakness_volts(bus);
    m.cell_voltage_min_volts = Some(lowest as f32);
    m.cell_voltage_max_volts = Some((cell + spread * (1.0 + 0.1 * uniform_signed(bits, 1))) as f32);
    m.cell_temperature_min_celsius = Some(pack.coldest_celsius() as f32);
    m.cell_temperature_max_celsius =
        Some((pack.temperature_celsius + pack.temperature_spread_kelvin) as f32);
    m.battery_temperature_celsius = Some(pack.temperature_celsius as f32);
    let insulation = insulation_kohm(bus) * (1.0 + 0.0375 * uniform_signed(bits, 2));
    m.insulation_resistance_kohm = Some(insulation.round() as f32);
    m.charge_power_limit_kw = Some((pack.charge_limit_watts / 1e3) as f32);
    m.discharge_power_limit_kw = Some((pack.discharge_limit_watts / 1e3) as f32);
    m.battery_heater_power_watts = Some(bus.powers.battery_heater as f32);
    m.energy_charged_total_kwh = Some(bus.lifetime.charged_kwh);
    m.energy_discharged_total_kwh = Some(bus.lifetime.discharged_kwh);
}

/// Voltage by which a weak group of cells is below the others, V. It grows under load and at low charge,
/// because the smaller capacity is empty first.
fn weakness_volts(bus: &Bus) -> f64 {
    if bus
        .config
        .fault(PhysicalFaultKind::CellGroupWeak, bus.now)
        .is_none()
    {
        return 0.0;
    }
    let low = (0.4 - bus.battery.soc).max(0.0);
    0.015 + 4e-4 * bus.battery.current_out_amperes.max(0.0) + 0.8 * low * low
}

/// Insulation resistance, kΩ. During the fault it falls by the same share each day.
fn insulation_kohm(bus: &Bus) -> f64 {
    let (healthy, broken) = INSULATION_KOHM;
    bus.config
        .fault(PhysicalFaultKind::InsulationFalling, bus.now)
        .map_or(healthy, |fault| {
            healthy * (broken / healthy).powf(fault.progress(bus.now))
        })
}

fn heating(bus: &Bus, bits: u64, m: &mut Measurements) {
    let exterior = bus.weather.exterior_celsius;
    m.exterior_temperature_celsius = Some((exterior + 0.1 * uniform_signed(bits, 0)) as f32);
    m.cabin_temperature_celsius =
        Some((bus.cabin.temperature_celsius + 0.05 * uniform_signed(bits, 1)) as f32);
    m.cabin_setpoint_celsius = Some(bus.cabin.setpoint_celsius(exterior) as f32);
    m.cabin_heater_power_watts = Some(bus.powers.cabin_heater as f32);
    m.heat_pump_power_watts = Some(bus.powers.heat_pump as f32);
    m.air_conditioning_power_watts = Some(bus.powers.air_conditioning as f32);
    m.coolant_temperature_celsius = Some(bus.cabin.coolant_celsius as f32);
    m.auxiliary_power_watts = Some(bus.powers.auxiliary as f32);
    if bus.config.heating == Heating::Fuel {
        m.fuel_heater_on = Some(bus.fuel_litres_per_hour > 0.0);
        m.fuel_heater_rate_litres_per_hour = Some(bus.fuel_litres_per_hour as f32);
        m.fuel_heater_total_litres = Some(bus.lifetime.fuel_litres);
    }
    // Two lead batteries in series, charged while the key is on. Cold lowers their voltage.
    let rest = 25.4 + 0.01 * (exterior - 20.0);
    let volts = if bus.is_driving() || bus.plug().is_some() {
        27.8
    } else {
        rest
    };
    m.low_voltage_battery_volts = Some((volts + 0.05 * uniform_signed(bits, 2)) as f32);
}

fn motion(bus: &Bus, bits: u64, m: &mut Measurements) {
    let place = bus.place();
    let (latitude, longitude) = place.degrees();
    // A receiver has an error of a metre or two.
    m.latitude_degrees = Some(latitude + 1e-5 * uniform_signed(bits, 0));
    m.longitude_degrees = Some(longitude + 1.5e-5 * uniform_signed(bits, 1));
    m.altitude_m = Some((ALTITUDE_M + 2.0 * uniform_signed(bits, 3)) as f32);
    m.position_valid = Some(true);
    m.odometer_km = Some(bus.lifetime.odometer_km);
    m.motor_temperature_max_celsius = Some(bus.motor_celsius as f32);
    m.traction_power_watts = Some(bus.powers.traction as f32);
    match &bus.phase {
        Phase::Driving(driver) => driving(bus, driver, m),
        Phase::Parked(_) => {
            m.speed_kmh = Some(0.0);
            m.gear = Some(Gear::Park);
            m.doors_open = Some(false);
            m.motor_speed_rpm = Some(0.0);
            m.motor_torque_nm = Some(0.0);
        }
    }
}

fn driving(bus: &Bus, driver: &Driver, m: &mut Measurements) {
    let drive = &bus.drive;
    let (rpm, torque) = motor(driver.speed_mps, drive.motor_force_newtons);
    let share = |force: f64| (force / 32_000.0 * 100.0).clamp(0.0, 100.0) as f32;
    let standing = driver.is_at_stop();
    let braking = drive.friction_force_newtons - drive.motor_force_newtons.min(0.0);
    m.drive_cycle = Some(bus.shift.cycle);
    m.speed_kmh = Some((driver.speed_mps * 3.6) as f32);
    m.gear = Some(if driver.doors_open {
        Gear::Neutral
    } else {
        Gear::Drive
    });
    m.accelerator_percent = Some(share(drive.motor_force_newtons));
    m.brake_percent = Some(if standing { 30.0 } else { share(braking) });
    m.doors_open = Some(driver.doors_open);
    m.passenger_count = Some(driver.passengers);
    m.motor_speed_rpm = Some(rpm as f32);
    m.motor_torque_nm = Some(torque as f32);
    m.route = Some(bus.route_name.clone());
    m.block = Some(bus.block_name.clone());
}

fn charging(bus: &Bus, m: &mut Measurements) {
    m.charger_power_watts = Some(bus.powers.charger as f32);
    m.charge_state = Some(match bus.plug() {
        None => ChargeState::Unplugged,
        Some(plug) if plug.complete => ChargeState::Complete,
        Some(_) if bus.powers.charger > 0.0 => ChargeState::Charging,
        Some(_) => ChargeState::Plugged,
    });
    m.charging_station = bus.plug().map(|plug| plug.station.clone());
}

fn alarms(bus: &Bus, m: &mut Measurements) {
    let low = bus.is_driving() && bus.battery.soc < 0.15;
    let differ = m
        .cell_voltage_max_volts
        .zip(m.cell_voltage_min_volts)
        .is_some_and(|(max, min)| max - min > CELL_SPREAD_WARNING_VOLTS);
    let leaks = insulation_kohm(bus) < INSULATION_WARNING_KOHM;
    let mut codes = Vec::new();
    if !bus.battery_heater_works() {
        codes.push(BATTERY_HEATER_FAULT);
    }
    if bus.has(PhysicalFaultKind::CabinHeaterFailed) {
        codes.push(CABIN_HEATER_FAULT);
    }
    let flags = [
        (low, ALARM_SOC_LOW),
        (differ, ALARM_CELLS_DIFFER),
        (leaks, ALARM_INSULATION),
    ];
    m.alarm_flags = Some(flags.iter().filter(|f| f.0).fold(0, |all, f| all | f.1));
    m.alarm_level = Some(if !codes.is_empty() || leaks {
        2
    } else {
        u32::from(low || differ)
    });
    if !codes.is_empty() {
        m.fault_codes = Some(codes.into());
    }
}
