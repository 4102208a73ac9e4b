//! Given weather for a test: one spell after the other.

use std::f64::consts::TAU;

use ayaz_model::UnixMicroseconds;

use crate::climate::{SNAP_EDGE_HOURS, smooth_step};

/// Days of similar weather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spell {
    /// When the weather begins to change to it. The change takes 12 hours.
    pub from: UnixMicroseconds,
    /// Mean, °C.
    pub mean_celsius: f64,
    /// Half of the difference between day and night, K. The warmest time is 15 h solar time.
    pub swing_kelvin: f64,
}

/// Temperature at an instant, °C; `days` are solar days since 1970 with fraction.
pub(super) fn celsius(spells: &[Spell], at: UnixMicroseconds, days: f64) -> f64 {
    let daily = (TAU * (days - 15.0 / 24.0)).cos();
    let mut celsius = 0.0;
    for (index, spell) in spells.iter().enumerate() {
        let since_hours = at.seconds_since(spell.from) / 3600.0;
        let share = if index == 0 {
            1.0
        } else {
            smooth_step((since_hours / SNAP_EDGE_HOURS).clamp(0.0, 1.0))
        };
        celsius += share * (spell.mean_celsius + spell.swing_kelvin * daily - celsius);
    }
    celsius
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::climate::Climate;
    use crate::local_time::instant;

    #[test]
    fn the_weather_changes_to_the_next_spell_within_half_a_day() {
        let spell = |day, mean_celsius| Spell {
            from: instant(day, 3.0),
            mean_celsius,
            swing_kelvin: 2.0,
        };
        let climate = Climate::in_spells(vec![spell(20_000, 8.0), spell(20_003, -35.0)]);
        for (day, hour, low, high) in [
            (19_990, 3.0, 5.9, 10.1),
            (20_000, 15.0, 9.5, 10.1),
            (20_003, 3.0, 5.9, 10.1),
            (20_003, 9.0, -16.0, -11.0),
            (20_003, 15.0, -33.1, -32.9),
            (20_050, 3.0, -37.1, -36.5),
        ] {
            let celsius = climate.exterior_temperature_celsius(instant(day, hour));
            assert!(
                (low..high).contains(&celsius),
                "day {day} at {hour}: {celsius}"
            );
        }
    }
}
