//! Which messages wait for which acknowledgement: pure bookkeeping, no clock and no network.
//!
//! Messages are kept in the order of publishing. Within one connection (an *epoch*) each message
//! that goes out gets a packet id, in that order, and an acknowledgement names the packet id.
//! A new epoch forgets the packet ids, since the broker may: every message that is still kept
//! goes out again, oldest first.

use std::collections::VecDeque;

/// Messages that were handed over and not yet acknowledged.
#[derive(Debug)]
pub struct AckWindow<M> {
    /// Oldest first; `None` where a later message was acknowledged before an older one.
    slots: VecDeque<Option<Slot<M>>>,
    /// Position of the first slot, counted from the start of the epoch.
    first: u64,
    /// Position of the next message that gets a packet id.
    next_to_send: u64,
    /// Position of the message that holds a packet id, at the packet id's index.
    positions: Vec<Option<u64>>,
    /// How many slots are `Some`.
    waiting: usize,
}

#[derive(Debug)]
struct Slot<M> {
    message: M,
    sent_before: bool,
}

impl<M> Default for AckWindow<M> {
    fn default() -> Self {
        Self {
            slots: VecDeque::new(),
            first: 0,
            next_to_send: 0,
            positions: Vec::new(),
            waiting: 0,
        }
    }
}

impl<M> AckWindow<M> {
    /// Keeps a message, after all others.
    pub fn push(&mut self, message: M) {
        self.slots.push_back(Some(Slot {
            message,
            sent_before: false,
        }));
        self.waiting += 1;
    }

    /// The next message in order went out under this packet id; returns whether it had been sent
    /// in an earlier epoch. `None` if no message was due, which is the caller's mistake.
    pub fn sent(&mut self, packet_id: u16) -> Option<bool> {
        let offset = usize::try_from(self.next_to_send.checked_sub(self.first)?).ok()?;
        let slot = self.slots.get_mut(offset)?.as_mut()?;
        let again = std::mem::replace(&mut slot.sent_before, true);
        let index = usize::from(packet_id);
        if self.positions.len() <= index {
            self.positions.resize(index + 1, None);
        }
        self.positions[index] = Some(self.next_to_send);
        self.next_to_send += 1;
        Some(again)
    }

    /// The message of this epoch that waits under this packet id. It goes on waiting.
    pub fn waiting_under(&self, packet_id: u16) -> Option<&M> {
        let position = (*self.positions.get(usize::from(packet_id))?)?;
        let offset = usize::try_from(position.checked_sub(self.first)?).ok()?;
        Some(&self.slots.get(offset)?.as_ref()?.message)
    }

    /// The broker acknowledged this packet id; returns the message, which is no longer kept.
    /// `None` if no message of this epoch waits under it.
    pub fn acknowledged(&mut self, packet_id: u16) -> Option<M> {
        let position = self.positions.get_mut(usize::from(packet_id))?.take()?;
        let offset = usize::try_from(position.checked_sub(self.first)?).ok()?;
        let slot = self.slots.get_mut(offset)?.take()?;
        self.waiting -= 1;
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
        Some(slot.message)
    }

    /// A new connection: forgets all packet ids, so that every message kept is sent again.
    pub fn start_epoch(&mut self) {
        self.slots.retain(Option::is_some);
        self.positions.clear();
        self.first = 0;
        self.next_to_send = 0;
    }

    /// The messages kept, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &M> {
        self.slots.iter().flatten().map(|slot| &slot.message)
    }

    /// How many messages are kept.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }
}

#[cfg(test)]
mod tests;
