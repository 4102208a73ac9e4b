//! Reports settings that the broker does not grant, and lost sessions: in log, metrics and readiness.
//! Keeps its state over all connections, so that each fact is logged once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;

use super::grants::{Effect, Point, Shortfall};
use super::{MqttConfig, PART};
use crate::metrics;

/// The part of the daemon's readiness for a lost session.
const SESSION_PART: &str = "session";

/// How long readiness reports a lost session. The counter and the log keep the fact.
const SESSION_LOSS_SHOWN_FOR: Duration = Duration::from_secs(300);

/// Maximum of remembered log texts.
const LOGGED_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct BrokerState {
    of_connection: Vec<Shortfall>,
    of_subscriptions: Vec<Shortfall>,
    /// Shortfalls that are logged already, the latest last.
    logged: Vec<Shortfall>,
    /// Shortfalls that have a gauge.
    gauges: HashSet<(Point, Effect)>,
    /// Whether the broker has a session for us, as far as we know.
    has_session: bool,
    /// When readiness stops reporting a lost session.
    shown_until: Option<Instant>,
}

impl BrokerState {
    /// The broker accepted a connection, with these shortfalls.
    pub(super) fn connected(
        &mut self,
        config: &MqttConfig,
        session_present: bool,
        shortfalls: Vec<Shortfall>,
        readiness: &Readiness,
    ) {
        metrics::add(metrics::CONNECTIONS, 1);
        let client_id = config.client_id();
        if self.has_session && !session_present {
            metrics::add(metrics::SESSIONS_LOST, 1);
            tracing::error!(
                client_id,
                "the broker has lost our session and its queued messages; check its persistence and \
                 session expiry, and whether another client uses our client id"
            );
            readiness.not_ready(
                SESSION_PART,
                format!(
                    "the broker has lost this daemon's session and its queued messages (shown for {} \
                     minutes)",
                    SESSION_LOSS_SHOWN_FOR.as_secs() / 60
                ),
            );
            self.shown_until = Some(Instant::now() + SESSION_LOSS_SHOWN_FOR);
        } else if !session_present {
            tracing::info!(
                client_id,
                "the broker had no session for this daemon and creates one, which is expected only at \
                 the first start; earlier messages are not in it"
            );
        }
        self.has_session = true;
        tracing::info!(session_present, "connected to the broker");
        self.of_connection = shortfalls;
        self.of_subscriptions = Vec::new();
        self.report();
    }

    /// The broker answered all subscriptions. Ready, unless a shortfall breaks the guarantee.
    pub(super) fn subscribed(&mut self, shortfalls: Vec<Shortfall>, readiness: &Readiness) {
        self.of_subscriptions = shortfalls;
        self.report();
        // A shortfall that returns later is logged again.
        self.logged = self.all().cloned().collect();
        match self.broken() {
            None => readiness.ready(PART),
            Some(why) => readiness.not_ready(PART, why),
        }
    }

    /// The broker does not answer, so its shortfalls are unknown.
    pub(super) fn unreachable(&mut self) {
        self.of_connection.clear();
        self.of_subscriptions.clear();
        self.report();
    }

    /// Why the connection ended, with the shortfalls of the broker, which may be the cause.
    pub(super) fn reason(&self, ended: String) -> String {
        match self.broken() {
            None => ended,
            Some(why) => format!("{ended}; {why}"),
        }
    }

    /// The shortfalls that break the guarantee.
    fn broken(&self) -> Option<String> {
        let broken = self.all().filter(|it| it.effect == Effect::Breaks);
        let texts: Vec<&str> = broken.map(|it| it.text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    fn all(&self) -> impl Iterator<Item = &Shortfall> {
        self.of_connection.iter().chain(&self.of_subscriptions)
    }

    fn report(&mut self) {
        for it in self.all().filter(|it| !self.logged.contains(it)) {
            match it.effect {
                Effect::Breaks => tracing::error!(point = it.point.name(), "{}", it.text),
                Effect::Weakens => tracing::warn!(point = it.point.name(), "{}", it.text),
            }
        }
        let current: Vec<Shortfall> = self.all().cloned().collect();
        self.logged.retain(|it| !current.contains(it));
        self.logged.extend(current);
        let too_many = self.logged.len().saturating_sub(LOGGED_MAX);
        self.logged.drain(..too_many);
        let now: HashSet<_> = self.all().map(|it| (it.point, it.effect)).collect();
        for (point, effect) in self.gauges.union(&now) {
            let value = f64::from(u8::from(now.contains(&(*point, *effect))));
            metrics::set_shortfall(point.name(), effect.name(), value);
        }
        self.gauges.extend(now);
    }

    /// Waits until readiness need no longer report a lost session.
    pub(super) async fn session_loss_expired(&self) {
        match self.shown_until {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn forget_lost_session(&mut self, readiness: &Readiness) {
        self.shown_until = None;
        readiness.ready(SESSION_PART);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> MqttConfig {
        serde_json::from_str(r#"{ "url": "mqtt://127.0.0.1" }"#).unwrap()
    }

    fn shortfall(effect: Effect, text: &str) -> Shortfall {
        Shortfall {
            point: Point::Qos,
            effect,
            text: text.to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_session_is_shown_for_a_while_and_the_first_session_is_no_loss() {
        let (config, readiness) = (config(), Readiness::default());
        let mut state = BrokerState::default();
        let is_shown = || readiness.reasons().contains_key(SESSION_PART);
        state.connected(&config, false, Vec::new(), &readiness);
        state.connected(&config, true, Vec::new(), &readiness);
        assert!(!is_shown());
        state.connected(&config, false, Vec::new(), &readiness);
        state.subscribed(Vec::new(), &readiness);
        assert!(is_shown());
        let before = tokio::time::Instant::now();
        state.session_loss_expired().await;
        assert!(before.elapsed() + Duration::from_secs(1) >= SESSION_LOSS_SHOWN_FOR);
        state.forget_lost_session(&readiness);
        assert!(!is_shown());
    }

    #[test]
    fn the_daemon_is_ready_when_no_shortfall_breaks_the_guarantee() {
        let (config, readiness) = (config(), Readiness::waiting_for(&[PART]));
        let mut state = BrokerState::default();
        let reason = || readiness.reasons().get(PART).cloned().unwrap_or_default();
        fn breaks(text: &str) -> Shortfall {
            shortfall(Effect::Breaks, text)
        }
        state.connected(&config, true, vec![breaks("no session")], &readiness);
        state.subscribed(vec![breaks("a topic")], &readiness);
        assert_eq!(reason(), "no session; a topic");
        state.subscribed(Vec::new(), &readiness);
        assert_eq!(reason(), "no session", "the shortfall of CONNECT stays");
        assert_eq!(state.reason("lost".to_owned()), "lost; no session");
        state.unreachable();
        assert_eq!(state.reason("lost".to_owned()), "lost");
        let weakens = shortfall(Effect::Weakens, "a short session");
        state.connected(&config, true, vec![weakens], &readiness);
        assert!(
            !reason().is_empty(),
            "not ready before the answer to SUBSCRIBE"
        );
        state.subscribed(Vec::new(), &readiness);
        assert_eq!(reason(), "");
        for number in 0..1_000 {
            let text = number.to_string();
            state.connected(&config, true, vec![breaks(&text)], &readiness);
        }
        assert!(state.logged.len() <= LOGGED_MAX);
    }
}
