//! USD-M: listen keys and the private connections behind them.

use super::super::api::{Answer, ApiError, Call};
use super::super::venue::Doorway;
use crate::order::AccountRow;
use crate::server::{ConnId, Outbox};
use base::WallNs;
use std::collections::BTreeMap;

/// How long a key lives, by the wall.
const LIFE_NS: i64 = 3_600 * 1_000_000_000;

/// Keys that are alive, and who listens.
#[derive(Debug, Default)]
pub(super) struct Keys {
    alive: BTreeMap<AccountRow, Key>,
    made: u64,
    listeners: BTreeMap<ConnId, Listener>,
    /// Private connections that have named no living key: whether they are combined.
    waiting: BTreeMap<ConnId, bool>,
}

#[derive(Debug)]
struct Key {
    text: String,
    until: WallNs,
}

#[derive(Debug)]
struct Listener {
    account: AccountRow,
    key: String,
    combined: bool,
    /// The only events wanted; all when empty.
    events: Vec<String>,
}

impl Keys {
    /// A new key, or the living one with its time renewed.
    pub(super) fn start(&mut self, call: &Call, speed: i64) -> String {
        let until = WallNs(call.now.0 + LIFE_NS * speed);
        let made = self.made;
        let key = self
            .alive
            .entry(call.account)
            .or_insert_with(|| Key { text: name(call.account, made), until });
        key.until = until;
        self.made += 1;
        format!("{{\"listenKey\":\"{}\"}}", key.text)
    }

    /// Renews the time of the living key.
    pub(super) fn keep(&mut self, call: &Call, speed: i64) -> Answer {
        let key = self.alive.get_mut(&call.account);
        let key = key.ok_or_else(|| ApiError::bad(-1125, "This listenKey does not exist."))?;
        key.until = WallNs(call.now.0 + LIFE_NS * speed);
        Ok(format!("{{\"listenKey\":\"{}\"}}", key.text))
    }

    /// Ends it; its connections stay open and silent.
    pub(super) fn end(&mut self, call: &Call) -> String {
        self.alive.remove(&call.account);
        "{}".to_owned()
    }

    /// A private connection; false when its key is not alive.
    pub(super) fn open(&mut self, now: WallNs, conn: ConnId, doorway: &Doorway) -> bool {
        let Doorway::Private { key, combined, events } = doorway else {
            return false;
        };
        let owner = self.alive.iter().find(|(_, alive)| alive.text == *key && alive.until > now);
        let Some((account, _)) = owner else {
            self.waiting.insert(conn, *combined);
            return false;
        };
        let listener = Listener {
            account: *account,
            key: key.clone(),
            combined: *combined,
            events: events.clone(),
        };
        self.listeners.insert(conn, listener);
        true
    }

    /// A connection may also subscribe to its key, as to any other stream: Binance's own connectors do.
    pub(super) fn hear(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        let message: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let names = message["params"].as_array().map_or(&[][..], Vec::as_slice);
        if let Some(combined) = self.waiting.get(&conn).copied() {
            let subscribes = message["method"] == "SUBSCRIBE";
            for key in names.iter().filter(|_| subscribes).filter_map(serde_json::Value::as_str) {
                let (key, events) = (key.to_owned(), Vec::new());
                if self.open(now, conn, &Doorway::Private { key, combined, events }) {
                    self.waiting.remove(&conn);
                }
            }
        }
        if message["method"] == "UNSUBSCRIBE"
            && let Some(listener) = self.listeners.remove(&conn)
        {
            self.waiting.insert(conn, listener.combined);
        }
        out.text(conn, format!("{{\"result\":null,\"id\":{}}}", message["id"]));
    }

    pub(super) fn close(&mut self, conn: ConnId) {
        self.listeners.remove(&conn);
        self.waiting.remove(&conn);
    }

    pub(super) fn conns(&self) -> Vec<ConnId> {
        self.listeners.keys().copied().collect()
    }

    /// Sends an event to whoever listens for it.
    pub(super) fn send(&self, account: AccountRow, name: &str, text: &str, out: &mut Outbox) {
        let alive = self.alive.get(&account).map(|key| key.text.as_str());
        for (conn, listener) in &self.listeners {
            let wanted = listener.events.is_empty() || listener.events.iter().any(|e| e == name);
            if listener.account == account && wanted && alive == Some(&listener.key) {
                out.text(*conn, listener.wrap(text));
            }
        }
    }

    /// Ends keys whose time is over (or all): their connections are told, then stay silent.
    pub(super) fn expire(&mut self, now: WallNs, all: bool, out: &mut Outbox) {
        let over: Vec<AccountRow> =
            self.alive.iter().filter(|(_, key)| all || now >= key.until).map(|(a, _)| *a).collect();
        for account in over {
            let Some(key) = self.alive.get(&account) else {
                continue;
            };
            let ms = now.millis();
            let text = format!(
                "{{\"e\":\"listenKeyExpired\",\"E\":\"{ms}\",\"listenKey\":\"{}\"}}",
                key.text
            );
            self.send(account, "listenKeyExpired", &text, out);
            self.alive.remove(&account);
        }
    }
}

impl Listener {
    fn wrap(&self, text: &str) -> String {
        if self.combined {
            format!("{{\"stream\":\"{}\",\"data\":{text}}}", self.key)
        } else {
            text.to_owned()
        }
    }
}

/// 64 letters and digits, made from the account and a counter.
fn name(account: AccountRow, made: u64) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (account as u64) ^ (made << 16);
    let letter = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let set = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let at = usize::try_from(state >> 33).unwrap_or(0) % set.len();
        char::from(set[at])
    };
    std::iter::repeat_with(letter).take(64).collect()
}

/// `/private/ws?listenKey=…&events=A/B`, `/private/ws/<key>`, `/private/stream?listenKey=…`.
pub(super) fn doorway(rest: &str, query: &str) -> Option<Doorway> {
    let field = |name: &str| {
        let prefix = format!("{name}=");
        query.split('&').find_map(|f| f.strip_prefix(&prefix).map(str::to_owned))
    };
    let combined = rest.starts_with("/stream");
    let in_path = rest.strip_prefix("/ws/").map(str::to_owned);
    if !combined && in_path.is_none() && rest.trim_end_matches('/') != "/ws" {
        return None;
    }
    let key = field("listenKey").or(in_path).or_else(|| field("streams")).unwrap_or_default();
    let events = field("events").unwrap_or_default().replace("%2F", "/");
    let events = events.split('/').filter(|e| !e.is_empty()).map(str::to_owned).collect();
    Some(Doorway::Private { key, combined, events })
}
