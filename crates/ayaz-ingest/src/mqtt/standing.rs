//! What the broker does not grant, and sessions that were lost: told in log, metrics and readiness.
//! Outlives connections, so that the same is not told again with each.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ayaz_daemon::admin::Readiness;

use super::answer::{Effect, Point, Shortfall};
use super::{MqttConfig, PART};
use crate::metrics;

/// The part of the daemon's readiness that tells of a lost session.
const SESSION_PART: &str = "session";

/// So long it is told there. Nobody can bring back what was lost: the counter and the log keep it.
const SESSION_TOLD_FOR: Duration = Duration::from_secs(300);

/// Most shortfalls whose words are kept; brokers do not find new ones for long.
const LOGGED_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Standing {
    of_connection: Vec<Shortfall>,
    of_subscriptions: Vec<Shortfall>,
    /// What was logged already, the latest last.
    logged: Vec<Shortfall>,
    /// What has a gauge.
    gauges: HashSet<(Point, Effect)>,
    /// The broker keeps a session for us, as far as we know.
    has_session: bool,
    /// Until when a lost session is told in readiness.
    told_until: Option<Instant>,
}

impl Standing {
    /// The broker has accepted a connection, with these shortfalls.
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
                "the broker has lost our session, and with it what it held for us; look for a \
                 broker without persistence, a short session expiry, or another client with our id"
            );
            readiness.not_ready(
                SESSION_PART,
                format!(
                    "the broker has lost this daemon's session, and with it what buses sent \
                     meanwhile (told for {} minutes)",
                    SESSION_TOLD_FOR.as_secs() / 60
                ),
            );
            self.told_until = Some(Instant::now() + SESSION_TOLD_FOR);
        } else if !session_present {
            tracing::info!(
                client_id,
                "the broker had no session for this daemon and opens one, as it should at the first \
                 start only; messages that were sent before now are not in it"
            );
        }
        self.has_session = true;
        tracing::info!(session_present, "connected to the broker");
        self.of_connection = shortfalls;
        self.of_subscriptions = Vec::new();
        self.tell();
    }

    /// The broker has answered to all subscriptions. Ready, unless something breaks the promise.
    pub(super) fn subscribed(&mut self, shortfalls: Vec<Shortfall>, readiness: &Readiness) {
        self.of_subscriptions = shortfalls;
        self.tell();
        // What is gone is news when it comes back.
        self.logged = self.all().cloned().collect();
        match self.broken() {
            None => readiness.ready(PART),
            Some(why) => readiness.not_ready(PART, why),
        }
    }

    /// Nobody answers, so nothing is known of what would be granted.
    pub(super) fn unreached(&mut self) {
        self.of_connection.clear();
        self.of_subscriptions.clear();
        self.tell();
    }

    /// The connection is over: why, with what the broker had not granted before, which may be the
    /// cause.
    pub(super) fn reason(&self, ended: String) -> String {
        match self.broken() {
            None => ended,
            Some(why) => format!("{ended}; {why}"),
        }
    }

    /// What breaks the promise.
    fn broken(&self) -> Option<String> {
        let broken = self.all().filter(|it| it.effect == Effect::Breaks);
        let texts: Vec<&str> = broken.map(|it| it.text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    fn all(&self) -> impl Iterator<Item = &Shortfall> {
        self.of_connection.iter().chain(&self.of_subscriptions)
    }

    fn tell(&mut self) {
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

    /// When readiness has told of the lost session for long enough.
    pub(super) async fn session_was_told(&self) {
        match self.told_until {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn forget_lost_session(&mut self, readiness: &Readiness) {
        self.told_until = None;
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
    async fn a_lost_session_is_told_for_a_while_and_the_first_is_no_loss() {
        let (config, readiness) = (config(), Readiness::default());
        let mut standing = Standing::default();
        let is_told = || readiness.reasons().contains_key(SESSION_PART);
        standing.connected(&config, false, Vec::new(), &readiness);
        standing.connected(&config, true, Vec::new(), &readiness);
        assert!(!is_told());
        standing.connected(&config, false, Vec::new(), &readiness);
        standing.subscribed(Vec::new(), &readiness);
        assert!(is_told());
        let before = tokio::time::Instant::now();
        standing.session_was_told().await;
        assert!(before.elapsed() + Duration::from_secs(1) >= SESSION_TOLD_FOR);
        standing.forget_lost_session(&readiness);
        assert!(!is_told());
    }

    #[test]
    fn nothing_is_ready_until_all_that_breaks_the_promise_is_gone() {
        let (config, readiness) = (config(), Readiness::waiting_for(&[PART]));
        let mut standing = Standing::default();
        let told = || readiness.reasons().get(PART).cloned().unwrap_or_default();
        fn breaks(text: &str) -> Shortfall {
            shortfall(Effect::Breaks, text)
        }
        standing.connected(&config, true, vec![breaks("no session")], &readiness);
        standing.subscribed(vec![breaks("a topic")], &readiness);
        assert_eq!(told(), "no session; a topic");
        standing.subscribed(Vec::new(), &readiness);
        assert_eq!(told(), "no session", "what CONNECT lacked stays");
        assert_eq!(standing.reason("lost".to_owned()), "lost; no session");
        standing.unreached();
        assert_eq!(standing.reason("lost".to_owned()), "lost");
        let weakens = shortfall(Effect::Weakens, "a short session");
        standing.connected(&config, true, vec![weakens], &readiness);
        assert!(
            !told().is_empty(),
            "not before the subscriptions are answered"
        );
        standing.subscribed(Vec::new(), &readiness);
        assert_eq!(told(), "");
        for number in 0..1_000 {
            let text = number.to_string();
            standing.connected(&config, true, vec![breaks(&text)], &readiness);
        }
        assert!(standing.logged.len() <= LOGGED_MAX);
    }
}
