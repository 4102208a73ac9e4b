//! A subscriber with a persistent session.

use std::time::Duration;

use anyhow::Context;
use ayaz_model::BrokerUrl;
use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// Subscribes, waits for the SUBACK, and returns the payloads as they arrive.
pub(crate) async fn start(url: &BrokerUrl, filter: &str) -> anyhow::Result<mpsc::Receiver<Bytes>> {
    let mut options = MqttOptions::new("test-subscriber", url.host(), url.port());
    if let Some((user, password)) = url.credentials() {
        options.set_credentials(user, password);
    }
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(3600));
    let (client, mut event_loop) = AsyncClient::new(options, 10);
    let (payloads, received) = mpsc::channel(100_000);
    let (subscribed, confirmed) = oneshot::channel();
    let mut subscribed = Some(subscribed);
    let filter = filter.to_owned();
    tokio::spawn(async move {
        loop {
            match event_loop.poll().await {
                Ok(Event::Incoming(Incoming::ConnAck(ack))) if !ack.session_present => {
                    if client
                        .try_subscribe(filter.as_str(), QoS::AtLeastOnce)
                        .is_err()
                    {
                        return;
                    }
                }
                Ok(Event::Incoming(Incoming::SubAck(_))) => {
                    subscribed.take().map(|confirm| confirm.send(()));
                }
                Ok(Event::Incoming(Incoming::Publish(publish))) => {
                    if payloads.try_send(publish.payload).is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => {
                    event_loop.state.events.clear();
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
    timeout(Duration::from_secs(20), confirmed)
        .await?
        .context("subscriber ended")?;
    Ok(received)
}
