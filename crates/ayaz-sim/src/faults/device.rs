//! The device, which gives readings their number and time.

use ayaz_model::{SignalSet, UnixMicroseconds};

use crate::bus::Bus;
use crate::faults::recording::Recorded;
use crate::faults::{DataFault, DataFaultPlan, FaultLog};
use crate::noise::hash;

/// How long a device takes to start, µs.
const START_MICROSECONDS: i64 = 20_000_000;

/// A boot after the first.
#[derive(Debug, Clone, Copy)]
struct Boot {
    boot_id: u32,
    /// The sequence number that its first reading has without reboots.
    first_sequence: u64,
    began: UnixMicroseconds,
}

#[derive(Debug, Clone)]
pub(super) struct Device {
    /// Clock jumps and reboots with the number of their plan.
    plans: Vec<(usize, DataFaultPlan)>,
    /// Boots by the number of the plan that caused them.
    boots: Vec<(usize, Boot)>,
    /// The id of the first boot. The ids of later boots are derived from it.
    seed: u64,
}

impl Device {
    pub(super) fn new(bus: &Bus, plans: &[DataFaultPlan]) -> Self {
        let plans = plans.iter().copied().enumerate().filter(|(_, plan)| {
            matches!(
                plan.fault,
                DataFault::ClockJump { .. } | DataFault::Reboot { .. }
            )
        });
        Self {
            plans: plans.collect(),
            boots: Vec::new(),
            seed: u64::from(bus.boot_id()),
        }
    }

    /// Sets boot, sequence and time of a reading as the device does.
    pub(super) fn identify(&mut self, recorded: &mut Recorded, log: &mut FaultLog) {
        let at = recorded.taken_at;
        for &(number, plan) in &self.plans {
            let is_reboot = matches!(plan.fault, DataFault::Reboot { .. });
            if is_reboot && at >= plan.from && !self.boots.iter().any(|b| b.0 == number) {
                let boot = Boot {
                    boot_id: (hash(&[self.seed, 61, number as u64]) >> 32) as u32,
                    first_sequence: recorded.reading.key.sequence,
                    began: at.plus(-START_MICROSECONDS),
                };
                self.boots.push((number, boot));
            }
        }
        let key = &mut recorded.reading.key;
        let true_sequence = key.sequence;
        if let Some((_, boot)) = self.boots.last() {
            key.boot_id = boot.boot_id;
            key.sequence = true_sequence - boot.first_sequence;
        }
        for plan in &self.plans {
            let booted = self.boots.iter().find(|boot| boot.0 == plan.0);
            let shown = match (plan.1.fault, booted) {
                (DataFault::ClockJump { offset_seconds }, _) if plan.1.holds_at(at) => {
                    key.recorded_at.plus(offset_seconds * 1_000_000)
                }
                (
                    DataFault::Reboot {
                        clock_starts_at: Some(epoch),
                    },
                    Some((_, boot)),
                ) if plan.1.holds_at(at) => epoch.plus(at.0 - boot.began.0),
                (
                    DataFault::Reboot {
                        clock_starts_at: None,
                    },
                    Some((_, boot)),
                ) if boot.first_sequence == true_sequence => key.recorded_at,
                _ => continue,
            };
            key.recorded_at = shown;
            log.note((plan.0, &plan.1), *key, at, SignalSet::EMPTY);
        }
    }
}
