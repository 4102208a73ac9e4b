//! Which messages wait for which acknowledgement. Pure: no clock, no network.
//!
//! Messages are in the order of publishing. Within one connection (an *epoch*) each sent message gets
//! a packet id, in that order, and an acknowledgement names the packet id. A new epoch forgets the
//! packet ids, since the broker may do so too: all messages in the window are sent again, oldest
//! first.

use std::collections::VecDeque;

/// Published messages that are not acknowledged yet.
#[derive(Debug)]
pub struct AckWindow<M> {
    /// Oldest first; `None` for a message that was acknowledged before an older one.
    slots: VecDeque<Option<Slot<M>>>,
    /// Position of the first slot, counted from the start of the epoch.
    first: u64,
    /// Position of the next message that gets a packet id.
    next_to_send: u64,
    /// Position of each message, by packet id.
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
    /// Adds a message at the end.
    pub fn push(&mut self, message: M) {
        self.slots.push_back(Some(Slot {
            message,
            sent_before: false,
        }));
        self.waiting += 1;
    }

    /// Records that the next message was sent with this packet id. Returns whether it was sent before,
    /// in an earlier epoch. `None` if no message is left to send, which is a bug of the caller.
    pub fn sent(&mut self, packet_id: u16) -> Option<bool> {
        let offset = usize::try_from(self.next_to_send.checked_sub(self.first)?).ok()?;
        let slot = self.slots.get_mut(offset)?.as_mut()?;
        let was_sent = std::mem::replace(&mut slot.sent_before, true);
        let index = usize::from(packet_id);
        if self.positions.len() <= index {
            self.positions.resize(index + 1, None);
        }
        self.positions[index] = Some(self.next_to_send);
        self.next_to_send += 1;
        Some(was_sent)
    }

    /// The message that waits for the acknowledgement of this packet id.
    pub fn message_of(&self, packet_id: u16) -> Option<&M> {
        let position = (*self.positions.get(usize::from(packet_id))?)?;
        let offset = usize::try_from(position.checked_sub(self.first)?).ok()?;
        Some(&self.slots.get(offset)?.as_ref()?.message)
    }

    /// Removes and returns the message that the broker acknowledged. `None` if no message of this
    /// epoch has this packet id.
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

    /// Starts a new connection: forgets all packet ids, so that all messages are sent again.
    pub fn start_epoch(&mut self) {
        self.slots.retain(Option::is_some);
        self.positions.clear();
        self.first = 0;
        self.next_to_send = 0;
    }

    /// All messages in the window, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &M> {
        self.slots.iter().flatten().map(|slot| &slot.message)
    }

    /// The number of messages in the window.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether the window is empty.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }
}

#[cfg(test)]
mod tests;
