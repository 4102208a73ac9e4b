//! What callers and the connection task share: the window, the current connection's sender, and
//! the budget of bytes.

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
    /// What it took of the budget, given back with its acknowledgement.
    pub(crate) cost: u32,
}

impl Message {
    /// Size of the packet, bytes: fixed header up to 5, topic length 2, packet id 2, properties 1.
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
    /// The connection that takes messages now; `None` between connections.
    client: Option<AsyncClient>,
    /// What the broker announced, bytes.
    packet_size_max: usize,
    pub(crate) was_connected: bool,
    pub(crate) failure: Option<PublishError>,
    pub(crate) counts: PublishedCounts,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Bytes that may still be kept.
    pub(crate) budget: Semaphore,
    /// Told when the window has become empty, a connection stands, or all is over.
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
        // No code panics while it holds the lock half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the publisher: the first failure stays, and whoever waits is woken.
    pub(crate) fn fail(&self, error: PublishError) {
        let mut state = self.lock();
        state.client = None;
        state.failure.get_or_insert(error);
        drop(state);
        self.budget.close();
        self.changed.notify_waiters();
    }

    /// Waits until `ready` returns something.
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
    /// Keeps a message and sends it if there is a connection.
    pub(crate) fn accept(&mut self, message: Message) -> Result<(), PublishError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        message.check(self.packet_size_max)?;
        if let Some(client) = &self.client
            && !submit(client, &message)
        {
            // The connection has just died; the next one sends all that is kept.
            self.client = None;
        }
        self.window.push(message);
        Ok(())
    }

    /// A connection stands: all that is kept goes out again, before anything new. Returns how
    /// many that are.
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

    /// Asks the connection to say goodbye to the broker; returns whether there is one.
    pub(crate) fn say_goodbye(&self) -> bool {
        self.client
            .as_ref()
            .is_some_and(|client| client.try_disconnect().is_ok())
    }
}

/// Returns whether it was taken. Never waits: the channel is as long as the window can become.
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
