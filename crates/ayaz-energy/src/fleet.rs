//! Compares the exterior temperatures of a fleet's vehicles in one hour.
//!
//! A bus's own readings do not show that its sensor reads twelve degrees too warm, or has been
//! frozen for weeks. The other buses show it. A bus is flagged if its mean of the hour is further
//! from the fleet's median than weather and place explain. In doubt, a bus is not flagged:
//!
//! - Only temperatures **on trips** count, because halls and depots are warm, and only with half an
//!   hour of them. A sensor that comes out of a hall of +10 °C into −35 °C and takes five minutes
//!   to follow is 45 K · 5 min / 30 min = 7.5 K too warm in the mean of half an hour, and less in a
//!   longer mean: below the limit.
//! - Fewer than five buses are not enough.
//! - Buses with **similar** deviations (within half of the limit of each other) are in another
//!   climate if they are at least two and at least a tenth of the fleet. They are not flagged. The
//!   same holds for two depots.
//!
//! The median includes all buses that count. With five or more, one wrong bus moves it at most to
//! the next value.
//!
//! A flag covers the whole hour, parked time too, because it is the same sensor. An hour without
//! trips is never flagged. A frozen sensor is found in hours in which the air differs from it by
//! more than the limit; in other hours its temperatures are near the truth.

use serde::Deserialize;

use crate::exterior::{ExteriorFlag, FleetExterior, VehicleExterior};

/// Fewer vehicles are no fleet, whatever the configuration says.
const VEHICLES_MIN: usize = 3;

/// When the fleet contradicts a bus.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FleetConfig {
    /// Whether the check runs.
    pub enabled: bool,
    /// Fewest vehicles that were on trips, at least 3.
    pub vehicles_min: usize,
    /// Least time of a vehicle on trips in the hour, 60 to 3600 s.
    pub trip_seconds_min: f64,
    /// A vehicle further from the median is flagged, K, at least 1.
    pub deviation_kelvin: f64,
    /// Vehicles with similar deviations are not flagged if they are this share of the fleet, 0 to
    /// 1.
    pub alike_share_min: f64,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            vehicles_min: 5,
            trip_seconds_min: 1_800.0,
            deviation_kelvin: 8.0,
            alike_share_min: 0.1,
        }
    }
}

/// The result of an hour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judgement {
    /// The fleet's temperature; `None` where no vehicle was on trips for long enough.
    pub fleet: Option<FleetExterior>,
    /// Flags, in the order of the vehicles' numbers.
    pub flags: Vec<ExteriorFlag>,
}

/// Judges an hour. Vehicles are in the order of their numbers, each once.
pub fn judge(vehicles: &[VehicleExterior], config: &FleetConfig) -> Judgement {
    let seconds_min = config.trip_seconds_min.clamp(60.0, 3_600.0);
    let means: Vec<_> = vehicles
        .iter()
        .filter(|of| of.exterior.seconds >= seconds_min)
        .filter_map(|of| Some((of.vehicle, of.exterior.mean_celsius()?)))
        .collect();
    let mut sorted: Vec<f64> = means.iter().map(|(_, celsius)| *celsius).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(median) = median(&sorted) else {
        return Judgement::default();
    };
    let fleet = Some(FleetExterior {
        vehicles: sorted.len() as i64,
        exterior_median_celsius: median,
    });
    if !config.enabled || sorted.len() < config.vehicles_min.max(VEHICLES_MIN) {
        return Judgement {
            fleet,
            flags: Vec::new(),
        };
    }
    let limit = config.deviation_kelvin.max(1.0);
    let share = config.alike_share_min.clamp(0.0, 1.0);
    let climate_min = (share * sorted.len() as f64).max(2.0);
    let flags = means
        .into_iter()
        .filter(|(_, celsius)| {
            (celsius - median).abs() > limit
                && (similar(&sorted, *celsius, limit / 2.0) as f64) < climate_min
        })
        .map(|(vehicle, celsius)| ExteriorFlag {
            vehicle,
            exterior_mean_celsius: celsius,
            exterior_median_celsius: median,
            deviation_kelvin: celsius - median,
        });
    Judgement {
        fleet,
        flags: flags.collect(),
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(middle.checked_sub(1)?)?;
    Some((lower + upper) / 2.0)
}

/// How many are within this distance, itself included.
fn similar(sorted: &[f64], celsius: f64, kelvin: f64) -> usize {
    let first = sorted.partition_point(|of| *of < celsius - kelvin);
    let end = sorted.partition_point(|of| *of <= celsius + kelvin);
    end - first
}

/// The changes from the stored flags to the new ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Vehicles whose flags are deleted.
    pub removed: Vec<i32>,
    /// Flags that are inserted after that.
    pub added: Vec<ExteriorFlag>,
    /// Vehicles that become flagged or unflagged.
    pub turned: Vec<i32>,
    /// Whether these are all changes.
    pub complete: bool,
}

/// The difference; both are in the order of the vehicles' numbers. It covers at most `turned_max`
/// vehicles that turn; the rest follows when the hour is judged again.
pub fn changes(known: &[ExteriorFlag], found: &[ExteriorFlag], turned_max: usize) -> Changes {
    let find = |of: &[ExteriorFlag], vehicle| {
        let place = of.binary_search_by_key(&vehicle, |flag| flag.vehicle);
        place.ok().and_then(|place| of.get(place).copied())
    };
    let mut changes = Changes {
        complete: true,
        ..Changes::default()
    };
    let mut turn = |vehicle, turned: &mut Vec<i32>| {
        let has_room = turned.len() < turned_max;
        changes.complete &= has_room;
        if has_room {
            turned.push(vehicle);
        }
        has_room
    };
    for flag in known {
        match find(found, flag.vehicle) {
            Some(same) if same == *flag => {}
            // Only the median or its own mean has changed.
            Some(other) => {
                changes.removed.push(flag.vehicle);
                changes.added.push(other);
            }
            None if turn(flag.vehicle, &mut changes.turned) => changes.removed.push(flag.vehicle),
            None => {}
        }
    }
    for flag in found {
        if find(known, flag.vehicle).is_none() && turn(flag.vehicle, &mut changes.turned) {
            changes.added.push(*flag);
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use crate::exterior::Exterior;

    use super::*;

    /// One hour on the road for each.
    fn fleet(celsius: &[f64]) -> Vec<VehicleExterior> {
        (1..)
            .zip(celsius)
            .map(|(vehicle, celsius)| out(vehicle, *celsius, 3_600.0))
            .collect()
    }

    fn out(vehicle: i32, celsius: f64, seconds: f64) -> VehicleExterior {
        VehicleExterior {
            vehicle,
            exterior: Exterior {
                kelvin_seconds: (celsius + 273.15) * seconds,
                seconds,
            },
        }
    }

    fn flagged(vehicles: &[VehicleExterior]) -> Vec<i32> {
        let judgement = judge(vehicles, &FleetConfig::default());
        judgement.flags.iter().map(|of| of.vehicle).collect()
    }

    #[test]
    fn a_bus_far_from_its_fleet_is_flagged() {
        for (celsius, expected) in [
            // Twelve degrees too warm, too cold, and frozen since autumn.
            (&[-35.0, -34.0, -23.0, -35.5, -34.5][..], &[3][..]),
            (&[-35.0, -34.0, -47.0, -35.5, -34.5], &[3]),
            (&[-35.0, -34.0, 7.5, -35.5, -34.5, -34.9], &[3]),
            // Frozen in autumn, while it is autumn.
            (&[5.0, 6.0, 7.5, 5.5, 6.5, 6.2], &[]),
            // At the limit, and just beyond.
            (&[0.0, 0.0, 8.0, 0.0, 0.0], &[]),
            (&[0.0, 0.0, 8.1, 0.0, 0.0], &[3]),
            // Two that are wrong, each in its own way.
            (&[-35.0, -34.0, 7.5, -35.5, -34.5, -20.0], &[3, 6]),
            // Too few vehicles.
            (&[-35.0, -34.0, 7.5, -35.5], &[]),
            (&[], &[]),
        ] {
            assert_eq!(flagged(&fleet(celsius)), expected, "{celsius:?}");
        }
    }

    #[test]
    fn buses_of_a_depot_in_another_climate_are_not_flagged() {
        // An inversion: the depot in the hills is warmer.
        let valley = [-22.0, -21.5, -21.0, -22.5, -20.5, -21.2];
        let hills = [-8.0, -9.0, -10.5];
        let all = [&valley[..], &hills[..]].concat();
        assert!(flagged(&fleet(&all)).is_empty());
        assert!(flagged(&fleet(&[&valley[..], &hills[..2]].concat())).is_empty());
        assert_eq!(flagged(&fleet(&[&valley[..], &hills[..1]].concat())), [7]);
        // In a large fleet, a few that agree by chance are no climate.
        let mut many = vec![-21.0; 97];
        many.extend(hills);
        assert_eq!(flagged(&fleet(&many)), [98, 99, 100]);
    }

    #[test]
    fn a_bus_with_little_trip_time_is_not_judged_and_does_not_count() {
        let mut vehicles = fleet(&[-35.0, -34.0, -35.0, -35.5, -34.5]);
        vehicles.push(out(6, 5.0, 1_799.0));
        assert!(flagged(&vehicles).is_empty());
        vehicles[5] = out(6, 5.0, 1_800.0);
        assert_eq!(flagged(&vehicles), [6]);
        vehicles[0] = out(1, -35.0, 60.0);
        vehicles[1] = out(2, -35.0, 0.0);
        let judgement = judge(&vehicles, &FleetConfig::default());
        assert!(judgement.flags.is_empty(), "only four vehicles count");
        assert_eq!(judgement.fleet.unwrap().vehicles, 4);
    }

    #[test]
    fn a_bus_out_of_a_warm_hall_is_not_flagged() {
        // Half an hour on the road; its sensor follows within five minutes.
        let mut vehicles = fleet(&[-35.0; 5]);
        let warm = (1..=1_800).map(|second| 45.0 * (-f64::from(second) / 300.0).exp());
        let mean = warm.sum::<f64>() / 1_800.0 - 35.0;
        vehicles.push(out(6, mean, 1_800.0));
        assert!(flagged(&vehicles).is_empty());
    }

    #[test]
    fn the_median_is_kept_also_where_nobody_is_flagged() {
        let vehicles = fleet(&[-35.0, -34.0, 7.0, -33.0]);
        let fleet = judge(&vehicles, &FleetConfig::default()).fleet.unwrap();
        assert_eq!(fleet.vehicles, 4);
        assert!((fleet.exterior_median_celsius + 33.5).abs() < 1e-9);
        let off = FleetConfig {
            enabled: false,
            ..FleetConfig::default()
        };
        let vehicles = self::fleet(&[-35.0, -34.0, 7.0, -33.0, -35.0]);
        let judgement = judge(&vehicles, &off);
        assert!(judgement.flags.is_empty());
        assert!(judgement.fleet.is_some());
        assert_eq!(judge(&[], &off), Judgement::default());
    }

    fn flag(vehicle: i32, median: f64) -> ExteriorFlag {
        ExteriorFlag {
            vehicle,
            exterior_mean_celsius: 5.0,
            exterior_median_celsius: median,
            deviation_kelvin: 5.0 - median,
        }
    }

    #[test]
    fn only_vehicles_whose_flag_appears_or_goes_are_turned() {
        let known = [flag(1, -10.0), flag(2, -10.0), flag(4, -10.0)];
        assert_eq!(
            changes(&known, &known, 10),
            Changes {
                complete: true,
                ..Changes::default()
            }
        );
        // The median has changed; 2 is not flagged any more and 3 is.
        let found = [flag(1, -11.0), flag(3, -11.0), flag(4, -11.0)];
        assert_eq!(
            changes(&known, &found, 10),
            Changes {
                removed: vec![1, 2, 4],
                added: found[..1]
                    .iter()
                    .chain(&found[2..])
                    .chain(&found[1..2])
                    .copied()
                    .collect(),
                turned: vec![2, 3],
                complete: true,
            }
        );
    }

    #[test]
    fn many_changes_are_made_in_parts() {
        let mut known: Vec<_> = (0..10).map(|vehicle| flag(vehicle, -10.0)).collect();
        let found: Vec<_> = (5..20).map(|vehicle| flag(vehicle, -11.0)).collect();
        let mut turned = Vec::new();
        loop {
            let changes = changes(&known, &found, 4);
            known.retain(|of| !changes.removed.contains(&of.vehicle));
            known.extend(&changes.added);
            known.sort_by_key(|of| of.vehicle);
            assert!(changes.turned.len() <= 4);
            turned.extend(changes.turned);
            if changes.complete {
                break;
            }
        }
        assert_eq!(known, found);
        assert_eq!(
            turned,
            [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
        );
    }
}
