//! One WebSocket connection: login, subscriptions, orders, keep-alive.

use super::arg::{Arg, Door, PRIVATE, Wrong};
use super::codes::{self, Code};
use super::trade::{Answer, Op, Outcome};
use super::{Okx, private};
use crate::order::AccountRow;
use crate::server::{ConnId, Outbox};
use crate::wire::json::{Obj, field};
use crate::wire::window::Rule;
use base::WallNs;
use serde_json::Value;

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its name in `connId`.
    pub(crate) name: String,
    pub(crate) door: Door,
    pub(crate) account: Option<AccountRow>,
    /// The key it logged on with.
    pub(crate) key: String,
    pub(crate) subs: Vec<Arg>,
    /// When something was last sent or heard on it.
    pub(crate) heard: WallNs,
}

/// Silence after which a connection is cut, real milliseconds.
const IDLE_MS: i64 = 30_000;
/// Subscriptions, unsubscriptions and logins of one connection.
const REQUESTS: Rule = Rule::new(480, 3_600_000);
/// Longest list of arguments.
const ARGS_MAX: usize = 64 * 1024;
/// Connections of one account with the same private channel.
const CHANNEL_CONNS_MAX: usize = 30;

impl Session {
    /// A fresh connection.
    pub(crate) fn new(conn: ConnId, door: Door, now: WallNs) -> Self {
        let mixed = conn.0.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        Self {
            name: format!("{mixed:08x}"),
            door,
            account: None,
            key: String::new(),
            subs: Vec::new(),
            heard: now,
        }
    }
}

impl Okx {
    /// A text message.
    pub(crate) fn hear(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        session.heard = now;
        if text == "ping" {
            return out.text(conn, "pong");
        }
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return self.error(conn, "", "60012", &format!("Invalid request: {text}"), out);
        };
        let (id, op) = (field(&message, "id"), field(&message, "op"));
        let args = message.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
        if id.len() > 32 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return self.error(conn, "", "60013", "Invalid args", out);
        }
        match op.as_str() {
            "login" | "subscribe" | "unsubscribe" => {
                if !self.windows.take(now, &format!("ws:{}", conn.0), REQUESTS, 1).ok
                    || text.len() > ARGS_MAX
                {
                    return self.error(conn, &id, codes::WS_TOO_FAST.0, codes::WS_TOO_FAST.1, out);
                }
                if args.is_empty() {
                    return self.error(conn, &id, codes::WS_BAD_ARGS.0, codes::WS_BAD_ARGS.1, out);
                }
                match op.as_str() {
                    "login" => self.login(now, conn, &args, out),
                    "subscribe" => {
                        args.iter().for_each(|arg| self.subscribe(now, conn, &id, arg, out));
                    }
                    _ => args.iter().for_each(|arg| self.unsubscribe(conn, &id, arg, out)),
                }
            }
            name => match Op::of(name) {
                Some(op) => self.order_op(now, conn, (&id, name, op), &message, &args, out),
                None => self.error(conn, &id, "60012", &format!("Invalid request: {text}"), out),
            },
        }
    }

    fn login(&mut self, now: WallNs, conn: ConnId, args: &[Value], out: &mut Outbox) {
        let key = args.first().map_or_else(String::new, |arg| field(arg, "apiKey"));
        let verdict =
            args.first().ok_or(codes::WS_BAD_ARGS).and_then(|arg| self.keys.login(now, arg));
        let verdict =
            verdict.and_then(|account| self.admit(&key, account).map_err(|_| codes::WS_LOGIN_KEY));
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        let verdict = match (session.door, session.account) {
            (Door::Public, _) => Err(codes::WS_BAD_ARGS),
            (_, Some(_)) => Err(codes::WS_LOGIN_AGAIN),
            _ => verdict,
        };
        match verdict {
            Ok(account) => {
                (session.account, session.key) = (Some(account), key);
                let text = Obj::new()
                    .text("event", "login")
                    .text("msg", "")
                    .text("code", "0")
                    .text("connId", &session.name);
                out.text(conn, text.end());
            }
            Err(code) => self.error(conn, "", code.0, code.1, out),
        }
    }

    fn subscribe(&mut self, now: WallNs, conn: ConnId, id: &str, object: &Value, out: &mut Outbox) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let Some(arg) = Arg::parse(object) else {
            return self.error(conn, id, codes::WS_BAD_ARGS.0, codes::WS_BAD_ARGS.1, out);
        };
        if let Err(wrong) =
            arg.check(session.door, session.account.is_some(), self.exchange.specs())
        {
            let (code, msg) = refusal(wrong, &arg);
            return self.error(conn, id, code.0, &msg, out);
        }
        let shared = self.sessions.values().filter(|other| {
            other.account == session.account
                && other.subs.iter().any(|sub| sub.channel == arg.channel)
        });
        let count = shared.count();
        let private = PRIVATE.contains(&arg.channel.as_str());
        if private && count >= CHANNEL_CONNS_MAX {
            return self.conn_count(conn, "channel-conn-count-error", &arg.channel, count, out);
        }
        self.confirm(conn, "subscribe", id, &arg, out);
        let fresh = match self.sessions.get_mut(&conn) {
            Some(session) if !session.subs.contains(&arg) => {
                session.subs.push(arg.clone());
                true
            }
            _ => false,
        };
        if private && fresh {
            self.conn_count(conn, "channel-conn-count", &arg.channel, count + 1, out);
        }
        if fresh {
            self.greet(now, conn, &arg, out);
        }
    }

    fn unsubscribe(&mut self, conn: ConnId, id: &str, object: &Value, out: &mut Outbox) {
        let Some(arg) = Arg::parse(object) else {
            return self.error(conn, id, codes::WS_BAD_ARGS.0, codes::WS_BAD_ARGS.1, out);
        };
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.subs.retain(|sub| *sub != arg);
        }
        self.confirm(conn, "unsubscribe", id, &arg, out);
    }

    fn confirm(&self, conn: ConnId, event: &str, id: &str, arg: &Arg, out: &mut Outbox) {
        let name = self.sessions.get(&conn).map_or("", |session| &session.name);
        let head = if id.is_empty() { Obj::new() } else { Obj::new().text("id", id) };
        out.text(
            conn,
            head.text("event", event).raw("arg", arg.json(None)).text("connId", name).end(),
        );
    }

    fn conn_count(&self, conn: ConnId, event: &str, channel: &str, count: usize, out: &mut Outbox) {
        let name = self.sessions.get(&conn).map_or("", |session| &session.name);
        let text = Obj::new()
            .text("event", event)
            .text("channel", channel)
            .text("connCount", count)
            .text("connId", name);
        out.text(conn, text.end());
    }

    /// An `error` event.
    fn error(&self, conn: ConnId, id: &str, code: &str, msg: &str, out: &mut Outbox) {
        let name = self.sessions.get(&conn).map_or("", |session| &session.name);
        let head = if id.is_empty() { Obj::new() } else { Obj::new().text("id", id) };
        let text =
            head.text("event", "error").text("code", code).quoted("msg", msg).text("connId", name);
        out.text(conn, text.end());
    }

    fn order_op(
        &mut self,
        now: WallNs,
        conn: ConnId,
        (id, name, op): (&str, &str, Op),
        message: &Value,
        args: &[Value],
        out: &mut Outbox,
    ) {
        let session = self.sessions.get(&conn);
        let account = session.and_then(|session| session.account);
        let Some(account) = account else {
            return self.error(conn, id, codes::WS_NOT_LOGGED_IN.0, codes::WS_NOT_LOGGED_IN.1, out);
        };
        let outcome = match self.exchange.faults.request(now) {
            None => self.operate(now, account, op, args, &field(message, "expTime")),
            Some(crate::faults::RequestFault::Unavailable) => {
                Outcome::Now(Answer::refused(codes::UNAVAILABLE))
            }
            Some(_) => Outcome::Now(Answer::refused(codes::TOO_MANY)),
        };
        // The answer may come before or after the push that tells of the same order; both happen.
        let news_first = self.exchange.market().now().0 / 1_000 % 2 == 1;
        if news_first {
            self.flush(now, out);
        }
        match outcome {
            Outcome::Now(answer) => out.text(conn, reply(now, id, name, &answer)),
            Outcome::Later(at, answer) => out.text_later(at, conn, reply(now, id, name, &answer)),
            Outcome::Silence => {}
        }
    }

    /// Cuts connections on which nothing has been sent or heard for too long.
    pub(crate) fn cut_silent(&mut self, now: WallNs, out: &mut Outbox) {
        let limit = IDLE_MS * self.speed;
        for (conn, session) in &mut self.sessions {
            if now.millis() - session.heard.millis() > limit {
                out.close(*conn, 4004, "No data received in 30s.");
                session.heard = WallNs(i64::MAX);
            }
        }
    }

    /// Breaks all connections of one door.
    pub(crate) fn drop_door(&mut self, door: Door, out: &mut Outbox) {
        let hit = |session: &Session| (session.door == Door::Private) == (door == Door::Private);
        self.sessions
            .iter()
            .filter(|(_, session)| hit(session))
            .for_each(|(conn, _)| out.cut(*conn));
    }

    /// Tells everybody that the connections will be closed.
    pub(crate) fn announce_shutdown(&mut self, at: WallNs, out: &mut Outbox) {
        self.close_at = Some(at);
        for (conn, session) in &self.sessions {
            let text = Obj::new()
                .text("event", "notice")
                .text("code", codes::WS_NOTICE.0)
                .text("msg", codes::WS_NOTICE.1)
                .text("connId", &session.name);
            out.text(*conn, text.end());
        }
        self.feeds.iter_mut().for_each(super::feed::Feed::reset_sequence);
    }

    /// Closes every connection that was told.
    pub(crate) fn close_all(&mut self, out: &mut Outbox) {
        self.sessions.keys().for_each(|conn| out.close(*conn, 1001, "service upgrade"));
    }

    /// The user id shown in the pushes of a private channel.
    pub(crate) fn shown_uid(session: &Session, arg: &Arg) -> Option<String> {
        let private = PRIVATE.contains(&arg.channel.as_str());
        session.account.filter(|_| private).map(private::uid)
    }
}

/// The answer to an order operation, with its times in microseconds.
fn reply(now: WallNs, id: &str, name: &str, answer: &Answer) -> String {
    let micros = now.0 / 1_000;
    Obj::new()
        .text("code", &answer.code)
        .raw("data", &answer.data)
        .text("id", id)
        .text("inTime", micros)
        .quoted("msg", &answer.msg)
        .text("op", name)
        .text("outTime", micros + 1_200)
        .end()
}

fn refusal(wrong: Wrong, arg: &Arg) -> (Code, String) {
    match wrong {
        Wrong::NotLoggedIn => (codes::WS_NOT_LOGGED_IN, codes::WS_NOT_LOGGED_IN.1.to_owned()),
        Wrong::Tier => (codes::WS_TIER, codes::WS_TIER.1.to_owned()),
        Wrong::Nowhere => {
            let named = if arg.inst_id.is_empty() {
                String::new()
            } else {
                format!(",instId:{}", arg.inst_id)
            };
            let msg = format!(
                "Wrong URL or channel:{}{named} doesn't exist. Please use the correct URL, channel and parameters referring to API document.",
                arg.channel
            );
            (("60018", ""), msg)
        }
    }
}
