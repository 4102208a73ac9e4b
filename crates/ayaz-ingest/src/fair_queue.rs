//! A fair queue of received messages, so that a vehicle that floods does not delay the others. Pure.
//!
//! While the queue holds less than the limit of one vehicle, it is first in, first out. Above the limit
//! each vehicle has its own lane, and the lanes take turns by bytes (deficit round robin): a vehicle with
//! few messages waits for one round only. Messages of one vehicle stay in order.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::delivery::Delivery;

/// Bytes that a lane may deliver in one turn.
const TURN_BYTES: usize = 64 * 1024;

/// A flood of the same vehicle is reported again after this time without one.
const QUIET: Duration = Duration::from_secs(60);

/// Maximum of remembered reports.
const REPORTS_MAX: usize = 64;

/// A vehicle with so many waiting messages that those of others are delivered first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flood {
    /// Its topic, without the last level.
    pub topic: Bytes,
    /// The bytes of its waiting messages.
    pub bytes: usize,
}

/// Received messages that are not decoded yet.
#[derive(Debug)]
pub struct FairQueue {
    vehicle_max_bytes: usize,
    bytes: usize,
    /// Messages in the order of receipt; empty while there are lanes.
    fifo: VecDeque<Delivery>,
    lanes: Vec<Lane>,
    /// Indices of unused lanes.
    free: Vec<usize>,
    /// The index of each vehicle's lane.
    lane_of: HashMap<Bytes, usize>,
    /// Lanes with messages; the first one has its turn.
    turns: VecDeque<usize>,
    over: usize,
    /// The lane that had the most bytes, if it is not empty.
    heaviest: Option<usize>,
    held_back: u64,
    /// When each reported vehicle last flooded.
    reports: HashMap<Bytes, Instant>,
}

#[derive(Debug, Default)]
struct Lane {
    vehicle: Bytes,
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    /// Bytes that it may still deliver in this turn.
    credit: usize,
    is_over: bool,
}

impl FairQueue {
    /// An empty queue. Above `vehicle_max_bytes` of one vehicle, the others are delivered first.
    pub fn new(vehicle_max_bytes: usize) -> Self {
        Self {
            vehicle_max_bytes,
            bytes: 0,
            fifo: VecDeque::new(),
            lanes: Vec::new(),
            free: Vec::new(),
            lane_of: HashMap::new(),
            turns: VecDeque::new(),
            over: 0,
            heaviest: None,
            held_back: 0,
            reports: HashMap::new(),
        }
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.fifo.is_empty() && self.turns.is_empty()
    }

    /// The number of vehicles above the limit.
    pub fn over(&self) -> usize {
        self.over
    }

    /// Messages of vehicles above the limit, since the last call.
    pub fn take_held_back(&mut self) -> u64 {
        std::mem::take(&mut self.held_back)
    }

    /// Adds a message. Returns the vehicle that floods, if it is not reported yet.
    pub fn push(&mut self, delivery: Delivery, now: Instant) -> Option<Flood> {
        self.bytes += delivery.token.bytes();
        if self.turns.is_empty() {
            if self.bytes <= self.vehicle_max_bytes {
                self.fifo.push_back(delivery);
                return None;
            }
            for earlier in std::mem::take(&mut self.fifo) {
                self.push_to_lane(earlier);
            }
        }
        self.push_to_lane(delivery);
        self.new_flood(now)
    }

    /// Adds a message to its vehicle's lane.
    fn push_to_lane(&mut self, delivery: Delivery) {
        let vehicle = vehicle(&delivery.topic);
        let index = match self.lane_of.get(vehicle) {
            Some(index) => *index,
            None => self.open_lane(delivery.topic.slice(..vehicle.len())),
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

    /// Opens a lane for a vehicle. Returns its index.
    fn open_lane(&mut self, vehicle: Bytes) -> usize {
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

    /// The vehicle above its limit that has more bytes than all others together, if there are others and
    /// it was not reported recently.
    fn new_flood(&mut self, now: Instant) -> Option<Flood> {
        let lane = &self.lanes[self.heaviest?];
        if !lane.is_over || self.turns.len() == 1 || 2 * lane.bytes <= self.bytes {
            return None;
        }
        let is_recent = |at: &Instant| now.duration_since(*at) < QUIET;
        if let Some(at) = self.reports.get_mut(&lane.vehicle) {
            let was_recent = is_recent(at);
            *at = now;
            if was_recent {
                return None;
            }
        } else {
            if self.reports.len() == REPORTS_MAX {
                self.reports.retain(|_, at| is_recent(at));
            }
            if self.reports.len() == REPORTS_MAX {
                return None;
            }
            // A copy, since a slice would keep the whole topic in memory.
            let vehicle = Bytes::copy_from_slice(&lane.vehicle);
            self.reports.insert(vehicle, now);
        }
        Some(Flood {
            topic: lane.vehicle.clone(),
            bytes: lane.bytes,
        })
    }

    /// Removes the next message.
    pub fn pop(&mut self) -> Option<Delivery> {
        let delivery = match self.fifo.pop_front() {
            Some(delivery) => delivery,
            None => self.pop_from_lanes()?,
        };
        self.bytes -= delivery.token.bytes();
        Some(delivery)
    }

    fn pop_from_lanes(&mut self) -> Option<Delivery> {
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
            // Half the limit, so that the state does not change with each message.
            if lane.is_over && lane.bytes <= self.vehicle_max_bytes / 2 {
                lane.is_over = false;
                self.over -= 1;
            }
            if lane.deliveries.is_empty() {
                self.turns.pop_front();
                self.lane_of.remove(&lane.vehicle);
                // Also frees the memory of the lane.
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

/// The topic without its last level, which is the kind.
fn vehicle(topic: &[u8]) -> &[u8] {
    let slash = topic.iter().rposition(|byte| *byte == b'/');
    &topic[..slash.unwrap_or(topic.len())]
}

#[cfg(test)]
mod tests;
