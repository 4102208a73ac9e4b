//! In which order messages are worked on, so that a vehicle that floods does not keep the others
//! waiting. Pure.
//!
//! As long as less waits than one vehicle may, the order is that of receipt, and nothing is looked at.
//! Beyond it each vehicle has a lane of its own, and the lanes take turns by bytes: whoever has little
//! is through at its next turn, however much another has. Messages of one vehicle stay in order.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::delivery::Delivery;

/// What a lane may hand over at a turn, bytes.
const TURN_BYTES: usize = 64 * 1024;

/// How long it must have been quiet about a vehicle before it is named again.
const QUIET: Duration = Duration::from_secs(60);

/// Most vehicles that are remembered as named.
const NAMED_MAX: usize = 64;

/// A vehicle of which so much waits that the others go first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flood {
    /// Its topic, without the last level.
    pub topic: Bytes,
    /// How much of it waits.
    pub bytes: usize,
}

/// What is received and not yet decoded.
#[derive(Debug)]
pub struct Waiting {
    vehicle_max_bytes: usize,
    bytes: usize,
    /// In the order of receipt; empty while there are lanes.
    line: VecDeque<Delivery>,
    lanes: Vec<Lane>,
    /// Places in `lanes` that are free.
    free: Vec<usize>,
    /// Of each vehicle that has one.
    lane_of: HashMap<Bytes, usize>,
    /// Lanes that hold something; the first has its turn.
    turns: VecDeque<usize>,
    over: usize,
    /// The lane that has held the most, if it still holds something.
    heaviest: Option<usize>,
    held_back: u64,
    /// When a vehicle was last seen flooding after it had been named.
    named: HashMap<Bytes, Instant>,
}

#[derive(Debug, Default)]
struct Lane {
    vehicle: Bytes,
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    /// Bytes that it may still hand over.
    credit: usize,
    is_over: bool,
}

impl Waiting {
    /// Nothing waits. So much may of one vehicle, until the others go first.
    pub fn new(vehicle_max_bytes: usize) -> Self {
        Self {
            vehicle_max_bytes,
            bytes: 0,
            line: VecDeque::new(),
            lanes: Vec::new(),
            free: Vec::new(),
            lane_of: HashMap::new(),
            turns: VecDeque::new(),
            over: 0,
            heaviest: None,
            held_back: 0,
            named: HashMap::new(),
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty() && self.turns.is_empty()
    }

    /// Vehicles of which more waits than may.
    pub fn over(&self) -> usize {
        self.over
    }

    /// How many messages joined those of a vehicle that is over its bound, since the last call.
    pub fn take_held_back(&mut self) -> u64 {
        std::mem::take(&mut self.held_back)
    }

    /// Adds a message. Returns the vehicle that floods, if that is news.
    pub fn push(&mut self, delivery: Delivery, now: Instant) -> Option<Flood> {
        self.bytes += delivery.token.bytes();
        if self.turns.is_empty() {
            if self.bytes <= self.vehicle_max_bytes {
                self.line.push_back(delivery);
                return None;
            }
            for earlier in std::mem::take(&mut self.line) {
                self.join(earlier);
            }
        }
        self.join(delivery);
        self.flood(now)
    }

    /// Puts a message into its vehicle's lane.
    fn join(&mut self, delivery: Delivery) {
        let vehicle = vehicle(&delivery.topic);
        let index = match self.lane_of.get(vehicle) {
            Some(index) => *index,
            None => self.open(delivery.topic.slice(..vehicle.len())),
        };
        let lane = &mut self.lanes[index];
        lane.bytes += delivery.token.bytes();
        lane.deliveries.push_back(delivery);
        if lane.bytes > self.vehicle_max_bytes {
            self.held_back += 1;
            self.over += usize::from(!lane.is_over);
            lane.is_over = true;
        }
        let bytes = lane.bytes;
        if self.heaviest.is_none_or(|it| bytes > self.lanes[it].bytes) {
            self.heaviest = Some(index);
        }
    }

    /// A lane for a vehicle that has none.
    fn open(&mut self, vehicle: Bytes) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.lanes.push(Lane::default());
            self.lanes.len() - 1
        });
        let lane = &mut self.lanes[index];
        lane.vehicle = vehicle.clone();
        lane.credit = TURN_BYTES;
        self.lane_of.insert(vehicle, index);
        self.turns.push_back(index);
        index
    }

    /// The vehicle that has more than its bound and than all others together, who wait for it; unless
    /// that was said lately.
    fn flood(&mut self, now: Instant) -> Option<Flood> {
        let lane = &self.lanes[self.heaviest?];
        if !lane.is_over || self.turns.len() == 1 || 2 * lane.bytes <= self.bytes {
            return None;
        }
        let is_recent = |at: &Instant| now.duration_since(*at) < QUIET;
        if let Some(at) = self.named.get_mut(&lane.vehicle) {
            let was_recent = is_recent(at);
            *at = now;
            if was_recent {
                return None;
            }
        } else {
            if self.named.len() == NAMED_MAX {
                self.named.retain(|_, at| is_recent(at));
            }
            if self.named.len() == NAMED_MAX {
                return None;
            }
            // A copy: a slice would keep the whole topic alive.
            let vehicle = Bytes::copy_from_slice(&lane.vehicle);
            self.named.insert(vehicle, now);
        }
        Some(Flood {
            topic: lane.vehicle.clone(),
            bytes: lane.bytes,
        })
    }

    /// The message whose turn it is.
    pub fn pop(&mut self) -> Option<Delivery> {
        let delivery = match self.line.pop_front() {
            Some(delivery) => delivery,
            None => self.pop_in_turn()?,
        };
        self.bytes -= delivery.token.bytes();
        Some(delivery)
    }

    fn pop_in_turn(&mut self) -> Option<Delivery> {
        loop {
            let index = *self.turns.front()?;
            let lane = &mut self.lanes[index];
            let bytes = lane.deliveries.front().map_or(0, |next| next.token.bytes());
            if lane.credit < bytes {
                lane.credit += TURN_BYTES;
                self.turns.rotate_left(1);
                continue;
            }
            lane.credit -= bytes;
            lane.bytes -= bytes;
            let delivery = lane.deliveries.pop_front();
            // Not over again with the next message.
            if lane.is_over && lane.bytes <= self.vehicle_max_bytes / 2 {
                lane.is_over = false;
                self.over -= 1;
            }
            if lane.deliveries.is_empty() {
                self.turns.pop_front();
                self.lane_of.remove(&lane.vehicle);
                // Its room goes too: it may have been much.
                *lane = Lane::default();
                self.free.push(index);
                self.heaviest = self.heaviest.filter(|it| *it != index);
                if self.turns.is_empty() {
                    (self.lanes, self.free) = (Vec::new(), Vec::new());
                }
            }
            return delivery;
        }
    }
}

/// A topic without its last level, which is the kind of message.
fn vehicle(topic: &[u8]) -> &[u8] {
    let slash = topic.iter().rposition(|byte| *byte == b'/');
    &topic[..slash.unwrap_or(topic.len())]
}

#[cfg(test)]
mod tests;
