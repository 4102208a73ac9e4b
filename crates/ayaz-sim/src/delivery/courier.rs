//! What becomes of the readings of one bus between its device and whoever receives them.

use std::collections::VecDeque;

use ayaz_model::{Reading, SignalSet, UnixMicroseconds};

use crate::delivery::{LATE_READINGS_MAX, LIVE_READINGS_MAX};
use crate::faults::{DataFault, DataFaultPlan, FaultLog, Recorded, TruthDataFault};

/// A live message spans at most this, µs.
const LIVE_SPAN_MICROSECONDS: i64 = 10_000_000;

/// What is sent so much later is marked historical, s.
const HISTORICAL_FROM_SECONDS: i64 = 3_600;

/// A message with the instant of its arrival.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) due: UnixMicroseconds,
    pub(super) historical: bool,
    pub(super) readings: Vec<Reading>,
}

/// A stretch of readings that is kept for later.
#[derive(Debug, Clone)]
struct Kept {
    number: usize,
    plan: DataFaultPlan,
    readings: Vec<Reading>,
}

impl Kept {
    fn delay_seconds(&self) -> i64 {
        match self.plan.fault {
            DataFault::Blackout { delay_seconds } | DataFault::Duplicates { delay_seconds } => {
                delay_seconds.max(0)
            }
            _ => 0,
        }
    }

    /// When the readings are sent.
    fn due(&self) -> UnixMicroseconds {
        let delay = self.delay_seconds().saturating_mul(1_000_000);
        self.plan.until().plus(delay)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Courier {
    /// Faults of delivery to come or under way.
    kept: Vec<Kept>,
    lost: Vec<(usize, DataFaultPlan)>,
    live: Vec<Recorded>,
    ready: VecDeque<Message>,
    /// Late messages, in the order in which they are due.
    late: VecDeque<Message>,
    /// Nothing live arrives before this any more.
    horizon: UnixMicroseconds,
    log: FaultLog,
}

impl Courier {
    pub(super) fn new(plans: &[DataFaultPlan]) -> Self {
        let (mut kept, mut lost) = (Vec::new(), Vec::new());
        for (number, &plan) in plans.iter().enumerate() {
            match plan.fault {
                DataFault::Blackout { .. } | DataFault::Duplicates { .. } => kept.push(Kept {
                    number,
                    plan,
                    readings: Vec::new(),
                }),
                DataFault::Lost => lost.push((number, plan)),
                _ => {}
            }
        }
        Self {
            kept,
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
        self.kept
            .iter()
            .map(|kept| kept.readings.len())
            .sum::<usize>()
            + messages
                .map(|message| message.readings.len())
                .sum::<usize>()
            + self.live.len()
    }

    /// Takes the next reading of the device.
    pub(super) fn take(&mut self, recorded: Recorded) {
        let (at, key) = (recorded.taken_at, recorded.reading.key);
        self.post_what_is_over(at);
        self.horizon = self.horizon.max(recorded.ready_at);
        for (number, plan) in &self.lost {
            if plan.holds_at(at) {
                self.log.note((*number, plan), key, at, SignalSet::EMPTY);
                return;
            }
        }
        for kept in &mut self.kept {
            if kept.plan.holds_at(at) {
                self.log
                    .note((kept.number, &kept.plan), key, at, SignalSet::EMPTY);
                kept.readings.push(recorded.reading.clone());
                if matches!(kept.plan.fault, DataFault::Blackout { .. }) {
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

    /// The next message whose turn it certainly is.
    pub(super) fn next_message(&mut self) -> Option<Message> {
        let live = self.ready.front().map_or(self.horizon, |live| live.due);
        if self.late.front().is_some_and(|late| late.due <= live) {
            return self.late.pop_front();
        }
        self.ready.pop_front()
    }

    /// Nothing more comes from the device.
    pub(super) fn finish(&mut self) {
        self.post_what_is_over(UnixMicroseconds(i64::MAX));
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

    /// Puts what was kept in stretches that have ended into the late post.
    fn post_what_is_over(&mut self, now: UnixMicroseconds) {
        let mut index = 0;
        while index < self.kept.len() {
            if self.kept[index].plan.until() <= now {
                let kept = self.kept.remove(index);
                self.post(&kept);
            } else {
                index += 1;
            }
        }
    }

    fn post(&mut self, kept: &Kept) {
        let historical = kept.delay_seconds() >= HISTORICAL_FROM_SECONDS;
        let one_boot = kept
            .readings
            .chunk_by(|a, b| a.key.boot_id == b.key.boot_id);
        for readings in one_boot.flat_map(|boot| boot.chunks(LATE_READINGS_MAX)) {
            // Never before what has been delivered already.
            let due = kept.due().max(self.horizon);
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
