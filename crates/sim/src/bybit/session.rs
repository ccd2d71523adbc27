//! One WebSocket connection: authentication, subscriptions, orders, heartbeats.

use super::auth::{header, in_time};
use super::codes::{self, Wrong};
use super::feed::Topic;
use super::trade::{Answer, Op, Outcome};
use super::{Bybit, rows};
use crate::order::AccountRow;
use crate::server::{ConnId, Outbox};
use crate::wire::json::{Obj, field};
use base::{Product, WallNs};
use serde_json::Value;
use std::collections::BTreeSet;

/// Which WebSocket path a connection came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/v5/public/{spot|linear}`.
    Public(Product),
    /// `/v5/private`.
    Private,
    /// `/v5/trade`.
    Trade,
}

impl Door {
    /// The door of a path.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/v5/public/spot" => Some(Self::Public(Product::Spot)),
            "/v5/public/linear" => Some(Self::Public(Product::Perpetual)),
            "/v5/private" => Some(Self::Private),
            "/v5/trade" => Some(Self::Trade),
            _ => None,
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its name in `conn_id`.
    pub(crate) name: String,
    pub(crate) door: Door,
    pub(crate) account: Option<AccountRow>,
    /// The key it logged on with.
    pub(crate) key: String,
    pub(crate) topics: Vec<String>,
    /// Request ids that have been used.
    used: BTreeSet<String>,
    pub(crate) heard: WallNs,
}

/// Silence after which a connection is cut, real milliseconds.
const IDLE_MS: i64 = 600_000;
/// Longest list of topics of one connection, in characters.
const ARGS_MAX: usize = 21_000;
/// Most topics in one request on spot.
const SPOT_ARGS_MAX: usize = 10;

/// The private topics; those of derivatives and spot may also be asked for by category.
const PRIVATE: [&str; 13] = [
    "order",
    "order.spot",
    "order.linear",
    "execution",
    "execution.spot",
    "execution.linear",
    "execution.fast",
    "execution.fast.spot",
    "execution.fast.linear",
    "position",
    "position.linear",
    "wallet",
    "greeks",
];

impl Session {
    /// A fresh connection.
    pub(crate) fn new(conn: ConnId, door: Door, now: WallNs) -> Self {
        let name = rows::uuid(&[9, conn.0]);
        Self {
            name,
            door,
            account: None,
            key: String::new(),
            topics: Vec::new(),
            used: BTreeSet::new(),
            heard: now,
        }
    }
}

impl Bybit {
    /// A text message.
    pub(crate) fn hear(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        session.heard = now;
        let door = session.door;
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            let wrong = codes::parameter("Params Error");
            if door == Door::Trade {
                self.trade_error(conn, "", "", &wrong, out);
            } else {
                self.say(conn, "", "", Err(wrong.1), out);
            }
            return;
        };
        match door {
            Door::Trade => self.hear_trade(now, conn, &message, out),
            Door::Private | Door::Public(_) => self.hear_stream(now, conn, &message, out),
        }
    }

    fn hear_stream(&mut self, now: WallNs, conn: ConnId, message: &Value, out: &mut Outbox) {
        let (op, id) = (field(message, "op"), field(message, "req_id"));
        let args = message.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
        let private = self.sessions.get(&conn).is_some_and(|session| session.door == Door::Private);
        match op.as_str() {
            "ping" if private => {
                let name = self.sessions.get(&conn).map_or("", |session| &session.name);
                let head =
                    if id.is_empty() { Obj::new() } else { Obj::new().quoted("req_id", &id) };
                let args = format!("[\"{}\"]", now.millis());
                out.text(
                    conn,
                    head.text("op", "pong").raw("args", args).text("conn_id", name).end(),
                );
            }
            // On public connections the answer to a ping is called "ping" too.
            "ping" => self.say(conn, "ping", &id, Ok("pong"), out),
            "auth" if private => {
                let verdict = self.auth(now, conn, &args);
                let verdict = verdict.map_err(|(_, text)| text).map(|()| "");
                self.say(conn, "auth", &id, verdict, out);
            }
            "subscribe" => self.subscribe(now, conn, &id, &args, out),
            "unsubscribe" => {
                let topics: Vec<String> =
                    args.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.topics.retain(|topic| !topics.contains(topic));
                }
                self.say(conn, "unsubscribe", &id, Ok(""), out);
            }
            other => self.say(conn, other, &id, Err("Params Error".to_owned()), out),
        }
    }

    /// An answer in the words of the public and private streams.
    fn say(
        &self,
        conn: ConnId,
        op: &str,
        id: &str,
        verdict: Result<&str, String>,
        out: &mut Outbox,
    ) {
        let name = self.sessions.get(&conn).map_or("", |session| &session.name);
        let success = verdict.is_ok();
        let msg = verdict.map_or_else(|text| text, str::to_owned);
        let object =
            Obj::new().raw("success", success).quoted("ret_msg", &msg).text("conn_id", name);
        let object =
            if id.is_empty() && op != "subscribe" { object } else { object.quoted("req_id", id) };
        out.text(conn, object.quoted("op", op).end());
    }

    fn subscribe(&mut self, now: WallNs, conn: ConnId, id: &str, args: &[Value], out: &mut Outbox) {
        let topics: Vec<String> =
            args.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if let Err(text) = self.check_topics(conn, &topics) {
            return self.say(conn, "subscribe", id, Err(text), out);
        }
        let spot = self
            .sessions
            .get(&conn)
            .is_some_and(|session| session.door == Door::Public(Product::Spot));
        self.say(conn, "subscribe", id, Ok(if spot { "subscribe" } else { "" }), out);
        for topic in topics {
            let fresh = self.sessions.get_mut(&conn).is_some_and(|session| {
                let fresh = !session.topics.contains(&topic);
                if fresh {
                    session.topics.push(topic.clone());
                }
                fresh
            });
            if fresh {
                self.greet(now, conn, &topic, out);
            }
        }
    }

    /// One bad topic fails the whole request.
    fn check_topics(&self, conn: ConnId, topics: &[String]) -> Result<(), String> {
        let Some(session) = self.sessions.get(&conn) else {
            return Err("Params Error".to_owned());
        };
        if topics.is_empty() {
            return Err("Params Error".to_owned());
        }
        let asked: usize = topics.iter().chain(&session.topics).map(String::len).sum();
        if asked > ARGS_MAX {
            return Err("args length exceeds 21000".to_owned());
        }
        match session.door {
            Door::Private if session.account.is_none() => Err("Request not authorized".to_owned()),
            Door::Private => {
                let bad = topics.iter().find(|topic| !PRIVATE.contains(&topic.as_str()));
                if let Some(topic) = bad {
                    return Err(format!("Invalid topic :[{topic}]"));
                }
                // "order" and "order.linear" on one connection would say everything twice.
                let all: Vec<&String> = topics.iter().chain(&session.topics).collect();
                let doubled = ["order", "execution", "position"].iter().find(|name| {
                    let whole = all.iter().any(|topic| topic == *name);
                    let part = ["spot", "linear"]
                        .iter()
                        .any(|kind| all.iter().any(|t| **t == format!("{name}.{kind}")));
                    whole && part
                });
                doubled.map_or(Ok(()), |name| {
                    Err(format!("Invalid topic :[{name}] is subscribed already"))
                })
            }
            Door::Trade => Err("Params Error".to_owned()),
            Door::Public(product) => {
                if product == Product::Spot && topics.len() > SPOT_ARGS_MAX {
                    return Err("args size >10".to_owned());
                }
                let known = |topic: &String| {
                    let parsed = Topic::parse(topic);
                    parsed.is_some_and(|(_, symbol)| {
                        self.exchange.specs().by_symbol(symbol, Some(product)).is_some()
                    })
                };
                topics
                    .iter()
                    .find(|topic| !known(topic))
                    .map_or(Ok(()), |topic| Err(format!("Invalid topic :[{topic}]")))
            }
        }
    }

    /// Logs a connection on.
    fn auth(&mut self, now: WallNs, conn: ConnId, args: &[Value]) -> Result<(), Wrong> {
        let account = self.keys.socket(now, args)?;
        let key = args.first().and_then(Value::as_str).unwrap_or_default();
        let account = self.admit(key, account)?;
        if let Some(session) = self.sessions.get_mut(&conn) {
            (session.account, session.key) = (Some(account), key.to_owned());
        }
        Ok(())
    }

    fn hear_trade(&mut self, now: WallNs, conn: ConnId, message: &Value, out: &mut Outbox) {
        let (op, id) = (field(message, "op"), field(message, "reqId"));
        let args = message.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
        match op.as_str() {
            "ping" => {
                let data = format!("[\"{}\"]", now.millis());
                let text = self.trade_head(conn, &id, 0, "OK", "pong").raw("data", data);
                self.trade_end(conn, text, out);
            }
            "auth" => {
                let known = self.sessions.get(&conn).and_then(|session| session.account);
                let verdict = if known.is_some() {
                    Err(codes::owned(codes::REPEATED_AUTH))
                } else {
                    self.auth(now, conn, &args)
                };
                match verdict {
                    Ok(()) => {
                        let text = self.trade_head(conn, &id, 0, "OK", "auth");
                        self.trade_end(conn, text, out);
                    }
                    Err(wrong) => self.trade_error(conn, &id, "auth", &wrong, out),
                }
            }
            name => match Op::of(name) {
                Some(op) => self.trade_op(now, conn, (&id, name, op), message, &args, out),
                None => self.trade_error(conn, &id, name, &codes::owned(codes::BAD_OP), out),
            },
        }
    }

    fn trade_head(&self, _conn: ConnId, id: &str, code: i64, msg: &str, op: &str) -> Obj {
        let head = if id.is_empty() { Obj::new() } else { Obj::new().quoted("reqId", id) };
        head.raw("retCode", code).quoted("retMsg", msg).quoted("op", op)
    }

    fn trade_end(&self, conn: ConnId, text: Obj, out: &mut Outbox) {
        let name = self.sessions.get(&conn).map_or("", |session| &session.name);
        out.text(conn, text.text("connId", name).end());
    }

    fn trade_error(&self, conn: ConnId, id: &str, op: &str, wrong: &Wrong, out: &mut Outbox) {
        let text = self
            .trade_head(conn, id, wrong.0, &wrong.1, op)
            .raw("data", "{}")
            .raw("retExtInfo", "{}");
        self.trade_end(conn, text, out);
    }

    fn trade_op(
        &mut self,
        now: WallNs,
        conn: ConnId,
        (id, name, op): (&str, &str, Op),
        message: &Value,
        args: &[Value],
        out: &mut Outbox,
    ) {
        let verdict = self.trade_check(now, conn, id, message, args);
        let (account, item) = match verdict {
            Ok(found) => found,
            Err(wrong) => return self.trade_error(conn, id, name, &wrong, out),
        };
        let outcome = match self.exchange.faults.request(now) {
            None => self.operate(now, account, op, &item),
            Some(crate::faults::RequestFault::Unavailable) => {
                Outcome::Now(Answer::wrong(codes::owned(codes::SERVER_ERROR)))
            }
            Some(_) => Outcome::Now(Answer::wrong(codes::owned(codes::TOO_MANY))),
        };
        // The answer may come before or after the push that tells of the same order; both happen.
        if self.exchange.market().now().0 / 1_000 % 2 == 1 {
            self.flush(now, out);
        }
        let (at, answer) = match outcome {
            Outcome::Silence => return,
            Outcome::Now(answer) => (None, answer),
            Outcome::Later(at, answer) => (Some(at), answer),
        };
        let session = self.sessions.get(&conn).map_or("", |session| &session.name);
        let text = self
            .trade_head(conn, id, answer.code, &answer.msg, name)
            .raw("data", &answer.result)
            .raw("retExtInfo", &answer.ext)
            .raw("header", limit_header(now, conn, &answer))
            .text("connId", session)
            .end();
        match at {
            None => out.text(conn, text),
            Some(at) => out.text_later(at, conn, text),
        }
    }

    /// Whether a trade request may be carried out, for whom, and its one argument.
    fn trade_check(
        &mut self,
        now: WallNs,
        conn: ConnId,
        id: &str,
        message: &Value,
        args: &[Value],
    ) -> Result<(AccountRow, Value), Wrong> {
        let restarting = self.close_at.is_some();
        let session =
            self.sessions.get_mut(&conn).ok_or_else(|| codes::owned(codes::SERVER_ERROR))?;
        let account =
            session.account.ok_or_else(|| (10_007, "User authentication failed.".to_owned()))?;
        if restarting {
            return Err(codes::owned(codes::RESTARTING));
        }
        if id.len() > 36 {
            return Err(codes::parameter("reqId is too long"));
        }
        if !id.is_empty() && !session.used.insert(id.to_owned()) {
            return Err(codes::owned(codes::REPEATED_ID));
        }
        in_time(now, &header(message, "X-BAPI-TIMESTAMP"), &header(message, "X-BAPI-RECV-WINDOW"))?;
        let item = args.first().cloned().ok_or_else(|| codes::parameter("Params Error"))?;
        Ok((account, item))
    }

    /// Cuts connections on which nothing has been sent or heard for too long.
    pub(crate) fn cut_silent(&mut self, now: WallNs, out: &mut Outbox) {
        let limit = IDLE_MS * self.speed;
        for (conn, session) in &mut self.sessions {
            if now.millis() - session.heard.millis() > limit {
                out.close(*conn, 1000, "");
                session.heard = WallNs(i64::MAX);
            }
        }
    }

    /// Breaks the market data connections, or all the others.
    pub(crate) fn drop_connections(&self, public: bool, out: &mut Outbox) {
        let hit = |session: &Session| matches!(session.door, Door::Public(_)) == public;
        self.sessions
            .iter()
            .filter(|(_, session)| hit(session))
            .for_each(|(conn, _)| out.cut(*conn));
    }

    /// Closes every connection.
    pub(crate) fn close_all(&self, out: &mut Outbox) {
        self.sessions.keys().for_each(|conn| out.close(*conn, 1001, ""));
    }
}

/// The rate-limit header of a trade answer.
fn limit_header(now: WallNs, conn: ConnId, answer: &Answer) -> String {
    let trace = rows::uuid(&[7, conn.0, now.0.cast_unsigned()]).replace('-', "");
    let object = answer.limit.map_or_else(Obj::new, |(count, verdict)| {
        Obj::new()
            .text("X-Bapi-Limit", count)
            .text("X-Bapi-Limit-Status", verdict.left)
            .text("X-Bapi-Limit-Reset-Timestamp", verdict.reset_ms)
    });
    object.text("Traceid", trace).text("Timenow", now.millis()).end()
}
