//! State shared by the callers and the connection task: the window, the current client, and the
//! memory budget.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use tokio::sync::{Notify, Semaphore};

use crate::error::PublishError;
use crate::publisher::PublishedCounts;
use crate::window::AckWindow;

/// A message that waits for its acknowledgement.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) retain: bool,
    /// Its part of the memory budget, released at its acknowledgement.
    pub(crate) cost: u32,
}

impl Message {
    /// Bytes of the packet: fixed header up to 5, topic length 2, packet id 2, properties 1.
    pub(crate) fn packet_size(&self) -> usize {
        self.topic.len() + self.payload.len() + 10
    }

    fn check(&self, packet_size_max: usize) -> Result<(), PublishError> {
        let size = self.packet_size();
        if size <= packet_size_max {
            return Ok(());
        }
        Err(PublishError::TooLarge {
            topic: self.topic.clone(),
            size,
            max: packet_size_max,
        })
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) window: AckWindow<Message>,
    /// The client of the current connection; `None` between connections.
    client: Option<AsyncClient>,
    /// The broker's Maximum Packet Size, bytes.
    packet_size_max: usize,
    pub(crate) was_connected: bool,
    pub(crate) failure: Option<PublishError>,
    pub(crate) counts: PublishedCounts,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Free bytes of the memory budget.
    pub(crate) budget: Semaphore,
    /// Notified when the window becomes empty, a connection is accepted, or the publisher fails.
    pub(crate) changed: Notify,
}

impl Shared {
    pub(crate) fn new(window_bytes_max: u32) -> Self {
        let state = State {
            window: AckWindow::default(),
            client: None,
            packet_size_max: usize::MAX,
            was_connected: false,
            failure: None,
            counts: PublishedCounts::default(),
        };
        Self {
            state: Mutex::new(state),
            budget: Semaphore::new(window_bytes_max as usize),
            changed: Notify::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics in the middle of a change, so a poisoned lock still holds valid state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the publisher. Keeps the first failure and wakes all waiting callers.
    pub(crate) fn fail(&self, error: PublishError) {
        let mut state = self.lock();
        state.client = None;
        state.failure.get_or_insert(error);
        drop(state);
        self.budget.close();
        self.changed.notify_waiters();
    }

    /// Waits until `ready` returns a value.
    pub(crate) async fn wait<T>(&self, mut ready: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(result) = ready(&mut self.lock()) {
                return result;
            }
            changed.await;
        }
    }
}

impl State {
    /// Adds a message to the window, and sends it if there is a connection.
    pub(crate) fn accept(&mut self, message: Message) -> Result<(), PublishError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        message.check(self.packet_size_max)?;
        if let Some(client) = &self.client
            && !submit(client, &message)
        {
            // The connection has just ended; the next one sends the whole window.
            self.client = None;
        }
        self.window.push(message);
        Ok(())
    }

    /// Sends the whole window over a new connection, before any new message. Returns the number of
    /// messages.
    pub(crate) fn connected(
        &mut self,
        client: &AsyncClient,
        packet_size_max: Option<u32>,
    ) -> Result<usize, PublishError> {
        self.packet_size_max = packet_size_max.map_or(usize::MAX, |max| max as usize);
        self.window.start_epoch();
        for message in self.window.messages() {
            message.check(self.packet_size_max)?;
        }
        let sent = self
            .window
            .messages()
            .all(|message| submit(client, message));
        self.client = sent.then(|| client.clone());
        if self.was_connected {
            self.counts.reconnects += 1;
        }
        self.was_connected = true;
        Ok(self.window.len())
    }

    pub(crate) fn disconnected(&mut self) {
        self.client = None;
    }

    /// Sends DISCONNECT. Returns whether there is a connection.
    pub(crate) fn disconnect(&self) -> bool {
        self.client
            .as_ref()
            .is_some_and(|client| client.try_disconnect().is_ok())
    }
}

/// Returns whether the client accepted it. Never waits, since the channel is as long as the window.
fn submit(client: &AsyncClient, message: &Message) -> bool {
    let Message {
        topic,
        payload,
        retain,
        ..
    } = message;
    client
        .try_publish(topic.as_str(), QoS::AtLeastOnce, *retain, payload.clone())
        .is_ok()
}
