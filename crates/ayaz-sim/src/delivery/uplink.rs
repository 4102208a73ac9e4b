//! The way of the readings of one bus from its device to the receiver: they are sent, sent late, sent
//! twice or lost.

use std::collections::VecDeque;

use ayaz_model::{Reading, SignalSet, UnixMicroseconds};

use crate::delivery::{LATE_READINGS_MAX, LIVE_READINGS_MAX};
use crate::faults::{DataFault, DataFaultPlan, FaultLog, Recorded, TruthDataFault};

/// The longest time that a live message covers, µs.
const LIVE_SPAN_MICROSECONDS: i64 = 10_000_000;

/// From this delay on, readings are marked historical, s.
const HISTORICAL_FROM_SECONDS: i64 = 3_600;

/// A message with its time of arrival.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) due: UnixMicroseconds,
    pub(super) historical: bool,
    pub(super) readings: Vec<Reading>,
}

/// Readings during a blackout or duplicate fault, which are sent later.
#[derive(Debug, Clone)]
struct HeldReadings {
    number: usize,
    plan: DataFaultPlan,
    readings: Vec<Reading>,
}

impl HeldReadings {
    fn delay_seconds(&self) -> i64 {
        match self.plan.fault {
            DataFault::Blackout { delay_seconds } | DataFault::Duplicates { delay_seconds } => {
                delay_seconds.max(0)
            }
            _ => 0,
        }
    }

    /// When the readings arrive.
    fn due(&self) -> UnixMicroseconds {
        let delay = self.delay_seconds().saturating_mul(1_000_000);
        self.plan.until().plus(delay)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Uplink {
    /// Blackouts and duplicates that are not over.
    held: Vec<HeldReadings>,
    lost: Vec<(usize, DataFaultPlan)>,
    live: Vec<Recorded>,
    ready: VecDeque<Message>,
    /// Late messages, in the order of arrival.
    late: VecDeque<Message>,
    /// No further live message arrives before this.
    horizon: UnixMicroseconds,
    log: FaultLog,
}

impl Uplink {
    pub(super) fn new(plans: &[DataFaultPlan]) -> Self {
        let (mut held, mut lost) = (Vec::new(), Vec::new());
        for (number, &plan) in plans.iter().enumerate() {
            match plan.fault {
                DataFault::Blackout { .. } | DataFault::Duplicates { .. } => {
                    held.push(HeldReadings {
                        number,
                        plan,
                        readings: Vec::new(),
                    })
                }
                DataFault::Lost => lost.push((number, plan)),
                _ => {}
            }
        }
        Self {
            held,
            lost,
            live: Vec::with_capacity(LIVE_READINGS_MAX),
            ready: VecDeque::new(),
            late: VecDeque::new(),
            horizon: UnixMicroseconds(i64::MIN),
            log: FaultLog::default(),
        }
    }

    pub(super) fn faults(&self) -> impl Iterator<Item = &TruthDataFault> {
        self.log.faults()
    }

    pub(super) fn held_readings(&self) -> usize {
        let messages = self.ready.iter().chain(&self.late);
        self.held
            .iter()
            .map(|held| held.readings.len())
            .sum::<usize>()
            + messages
                .map(|message| message.readings.len())
                .sum::<usize>()
            + self.live.len()
    }

    /// Takes the next reading of the device.
    pub(super) fn take(&mut self, recorded: Recorded) {
        let (at, key) = (recorded.taken_at, recorded.reading.key);
        self.queue_ended_faults(at);
        self.horizon = self.horizon.max(recorded.ready_at);
        for (number, plan) in &self.lost {
            if plan.holds_at(at) {
                self.log.note((*number, plan), key, at, SignalSet::EMPTY);
                return;
            }
        }
        for held in &mut self.held {
            if held.plan.holds_at(at) {
                self.log
                    .note((held.number, &held.plan), key, at, SignalSet::EMPTY);
                held.readings.push(recorded.reading.clone());
                if matches!(held.plan.fault, DataFault::Blackout { .. }) {
                    return;
                }
            }
        }
        let fits = self.live.first().is_none_or(|first| {
            at.0 - first.taken_at.0 <= LIVE_SPAN_MICROSECONDS
                && first.reading.key.boot_id == key.boot_id
        });
        if !fits {
            self.send_live();
        }
        self.live.push(recorded);
        if self.live.len() == LIVE_READINGS_MAX {
            self.send_live();
        }
    }

    /// The next message, if no other one can arrive before it.
    pub(super) fn next_message(&mut self) -> Option<Message> {
        let live = self.ready.front().map_or(self.horizon, |live| live.due);
        if self.late.front().is_some_and(|late| late.due <= live) {
            return self.late.pop_front();
        }
        self.ready.pop_front()
    }

    /// Call this after the last reading.
    pub(super) fn finish(&mut self) {
        self.queue_ended_faults(UnixMicroseconds(i64::MAX));
        self.send_live();
        self.horizon = UnixMicroseconds(i64::MAX);
    }

    fn send_live(&mut self) {
        let Some(last) = self.live.last() else {
            return;
        };
        self.ready.push_back(Message {
            due: last.ready_at,
            historical: false,
            readings: self.live.drain(..).map(|r| r.reading).collect(),
        });
    }

    /// Queues the readings of faults that have ended.
    fn queue_ended_faults(&mut self, now: UnixMicroseconds) {
        let mut index = 0;
        while index < self.held.len() {
            if self.held[index].plan.until() <= now {
                let held = self.held.remove(index);
                self.queue(&held);
            } else {
                index += 1;
            }
        }
    }

    fn queue(&mut self, held: &HeldReadings) {
        let historical = held.delay_seconds() >= HISTORICAL_FROM_SECONDS;
        let one_boot = held
            .readings
            .chunk_by(|a, b| a.key.boot_id == b.key.boot_id);
        for readings in one_boot.flat_map(|boot| boot.chunks(LATE_READINGS_MAX)) {
            // Not before messages that have already arrived.
            let due = held.due().max(self.horizon);
            let place = self.late.partition_point(|message| message.due <= due);
            self.late.insert(
                place,
                Message {
                    due,
                    historical,
                    readings: readings.to_vec(),
                },
            );
        }
    }
}
