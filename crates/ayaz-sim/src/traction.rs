//! Forces on the bus and their power: rolling, air, and acceleration.

use crate::model::BusModel;

/// Standard gravity, m/s².
const GRAVITY: f64 = 9.81;

/// Factor of the accelerated mass for rotating parts.
const ROTATING_SHARE: f64 = 1.06;

/// Efficiency from battery to wheel (inverter, motor and axle) while driving.
const DRIVE_EFFICIENCY: f64 = 0.86;

/// Efficiency from wheel to battery while braking with the motor.
const REGENERATION_EFFICIENCY: f64 = 0.78;

/// Below this speed only the friction brakes work, m/s.
const REGENERATION_SPEED_MIN_MPS: f64 = 1.5;

/// Maximum increase of the rolling resistance in deep cold: snow, stiff tyres and grease.
const SNOW_SHARE_MAX: f64 = 0.15;

/// Radius of the driven wheel, m.
const WHEEL_RADIUS_M: f64 = 0.478;

/// Motor turns per wheel turn.
const AXLE_RATIO: f64 = 5.5;

/// Road values that depend on the weather.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Road {
    air_density: f64,
    rolling_resistance: f64,
}

impl Road {
    pub(crate) fn new(model: &BusModel, exterior_celsius: f64) -> Self {
        let snow = ((-5.0 - exterior_celsius) / 20.0).clamp(0.0, 1.0);
        Self {
            air_density: 1.293 * 273.15 / (273.15 + exterior_celsius),
            rolling_resistance: model.rolling_resistance * (1.0 + SNOW_SHARE_MAX * snow),
        }
    }

    /// Resistance at a speed, N; 0 while standing.
    pub(crate) fn resistance_newtons(&self, model: &BusModel, mass_kg: f64, speed: f64) -> f64 {
        if speed <= 0.0 {
            return 0.0;
        }
        let area = model.drag_coefficient * model.frontal_area_m2;
        let drag = 0.5 * self.air_density * area * speed * speed;
        drag + self.rolling_resistance * mass_kg * GRAVITY
    }
}

/// The drive in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Drive {
    /// Electric power, W, negative while regenerating.
    pub(crate) power_watts: f64,
    /// Force of the motors at the wheel, N.
    pub(crate) motor_force_newtons: f64,
    /// Force of the friction brakes at the wheel, N.
    pub(crate) friction_force_newtons: f64,
}

/// Maximum acceleration at a speed with the given electric power, m/s².
pub(crate) fn acceleration_max(
    model: &BusModel,
    mass_kg: f64,
    resistance_newtons: f64,
    speed: f64,
    power_watts: f64,
) -> f64 {
    let wheel_watts = (power_watts * DRIVE_EFFICIENCY).min(model.motor_max_watts);
    (wheel_watts / speed.max(0.5) - resistance_newtons) / (mass_kg * ROTATING_SHARE)
}

/// The drive at a mean speed and acceleration. While braking, the friction brakes take the power that the
/// battery does not accept.
pub(crate) fn drive(
    model: &BusModel,
    mass_kg: f64,
    resistance_newtons: f64,
    (speed, acceleration): (f64, f64),
    charge_limit_watts: f64,
) -> Drive {
    let force = mass_kg * ROTATING_SHARE * acceleration + resistance_newtons;
    if speed <= 0.0 {
        return Drive::default();
    }
    if force >= 0.0 {
        let power_watts = force * speed / DRIVE_EFFICIENCY;
        return Drive {
            power_watts,
            motor_force_newtons: force,
            friction_force_newtons: 0.0,
        };
    }
    let wanted = if speed < REGENERATION_SPEED_MIN_MPS {
        0.0
    } else {
        -force * speed
    };
    let taken = wanted
        .min(model.regeneration_max_watts)
        .min(charge_limit_watts / REGENERATION_EFFICIENCY)
        .max(0.0);
    Drive {
        power_watts: -taken * REGENERATION_EFFICIENCY,
        motor_force_newtons: -taken / speed,
        friction_force_newtons: -force - taken / speed,
    }
}

/// Speed of the motor, rpm, and its torque, N·m.
pub(crate) fn motor(speed: f64, force_newtons: f64) -> (f64, f64) {
    let rpm = speed / WHEEL_RADIUS_M * AXLE_RATIO * 60.0 / std::f64::consts::TAU;
    (rpm, force_newtons * WHEEL_RADIUS_M / AXLE_RATIO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::E12;

    #[test]
    fn a_full_bus_at_forty_needs_the_computed_power() {
        let road = Road::new(&E12, 15.0);
        let speed = 40.0 / 3.6;
        let resistance = road.resistance_newtons(&E12, 18_000.0, speed);
        // Rolling 971 N and drag 396 N at 1.225 kg/m³.
        assert!((resistance - 1_367.0).abs() < 10.0, "{resistance}");
        let drive = drive(&E12, 18_000.0, resistance, (speed, 0.0), 0.0);
        assert!(
            (drive.power_watts - 17_660.0).abs() < 200.0,
            "{}",
            drive.power_watts
        );
    }

    #[test]
    fn regeneration_is_not_more_than_the_battery_accepts() {
        for limit in [0.0, 30_000.0, 1e9] {
            let braking = drive(&E12, 16_000.0, 900.0, (10.0, -1.2), limit);
            assert!(-braking.power_watts <= limit + 1e-6);
            let total = braking.motor_force_newtons - braking.friction_force_newtons;
            assert!((total - (900.0 - 1.2 * 16_000.0 * ROTATING_SHARE)).abs() < 1e-6);
        }
    }
}
