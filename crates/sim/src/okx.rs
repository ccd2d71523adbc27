//! OKX v5: REST under `/api/v5`, WebSockets under `/ws/v5/{public,private,business}`.
//!
//! Order entry is on the private WebSocket, by `instIdCode`. What a connection subscribed to is its
//! [`session`]; what the public channels have shown is their [`feed`]; requests become orders in
//! [`order`] and [`trade`]; rows are written in [`rows`] and [`private`]. Written from OKX's published
//! documentation as of 2026-07; where it is silent, real frames decide.

mod account;
mod arg;
mod auth;
mod bills;
mod codes;
mod feed;
mod order;
mod private;
mod public;
mod push;
mod rows;
mod session;
mod trade;

use crate::event::{Event, MarketEvent};
use crate::exchange::Exchange;
use crate::faults::{Due, RequestFault};
use crate::order::AccountRow;
use crate::scenario::Scenario;
use crate::server::{ConnId, ControlFrame, Outbox, Protocol, Reply, Request, Response};
use crate::wire::json::Obj;
use crate::wire::window::{Rule, Windows};
use arg::Door;
use auth::Keys;
use base::{VenueId, WallNs};
use codes::Code;
use feed::{CHANNELS, Feed};
use order::Words;
use public::Query;
use session::Session;
use std::collections::BTreeMap;
use trade::{Answer, Outcome};

/// The simulated OKX.
#[derive(Debug)]
pub struct Okx {
    exchange: Exchange,
    keys: Keys,
    sessions: BTreeMap<ConnId, Session>,
    feeds: Vec<Feed>,
    windows: Windows,
    words: BTreeMap<u64, Words>,
    dead_men: BTreeMap<(AccountRow, String), i64>,
    close_at: Option<WallNs>,
    speed: i64,
}

/// Connections one address may open in a second.
const CONNECTS: Rule = Rule::new(3, 1_000);

impl Okx {
    /// The venue around an exchange; `speed` is how much faster than the wall its time runs, because
    /// silence is judged by the wall.
    #[must_use]
    pub fn new(exchange: Exchange, scenario: &Scenario, speed: u32) -> Self {
        let start = exchange.market().now().millis();
        let feeds = (0..exchange.specs().0.len()).map(|row| Feed::new(row, start)).collect();
        Self {
            keys: Keys::of(scenario, VenueId::Okx),
            exchange,
            sessions: BTreeMap::new(),
            feeds,
            windows: Windows::default(),
            words: BTreeMap::new(),
            dead_men: BTreeMap::new(),
            close_at: None,
            speed: i64::from(speed.max(1)),
        }
    }

    /// The words of an order's request.
    fn words_of(&mut self, id: u64) -> &mut Words {
        self.words.entry(id).or_insert_with(Words::unknown)
    }

    /// Answers a request that is no upgrade.
    fn answer(&mut self, now: WallNs, request: &Request) -> Reply {
        match self.exchange.faults.request(now) {
            Some(RequestFault::TooMany) => return Reply::Response(refused(429, codes::TOO_MANY)),
            Some(RequestFault::Banned) => {
                return Reply::Response(Response::json(403, "{\"msg\":\"Forbidden\"}"));
            }
            Some(RequestFault::Unavailable) => {
                return Reply::Response(refused(503, codes::UNAVAILABLE));
            }
            None => {}
        }
        let rule = Rule::new(public::limit_of(&request.path), 2_000);
        let caller = request.header("ok-access-key").unwrap_or("");
        let key = format!("rest:{}:{}:{caller}", request.method, request.path);
        let is_order = trade::Op::of_path(&request.path).is_some() && request.method == "POST";
        if !is_order && !self.windows.take(now, &key, rule, 1).ok {
            return Reply::Response(refused(429, codes::TOO_MANY));
        }
        if request.method == "GET"
            && let Some(answer) = self.public(now, &request.path, &Query::of(request))
        {
            return Reply::Response(match answer {
                Ok(answer) => body(200, &answer),
                Err((code, msg)) => refusal(&code, &msg),
            });
        }
        let known_to = self.keys.rest(now, request);
        let account = match known_to.and_then(|account| self.admit(caller, account)) {
            Ok(account) => account,
            Err(code) if known(&request.path) => return Reply::Response(refused(401, code)),
            Err(_) => return Reply::Response(not_found(request)),
        };
        match self.private(now, account, request) {
            None => Reply::Response(not_found(request)),
            Some(Err((code, msg))) => Reply::Response(refusal(&code, &msg)),
            Some(Ok(outcome)) => timed(now, is_order, outcome),
        }
    }

    /// The account of a key that was not withdrawn.
    fn admit(&mut self, key: &str, account: AccountRow) -> Result<AccountRow, Code> {
        if self.exchange.keys.admits(key) { Ok(account) } else { Err(codes::BAD_KEY) }
    }

    /// Closes what logged on with a key that was withdrawn since.
    fn part_with_strangers(&self, out: &mut Outbox) {
        let sessions = self.sessions.iter().map(|(conn, session)| (*conn, &*session.key));
        self.exchange.keys.part_with_strangers(sessions, out);
    }

    /// Sends what happened on the exchange to those who want to know.
    fn flush(&mut self, now: WallNs, out: &mut Outbox) {
        let events = self.exchange.take_events();
        for event in &events {
            if let Event::Market(event) = event
                && let Some(feed) = row_of(event).and_then(|row| self.feeds.get_mut(row))
            {
                feed.on_event(event);
            }
        }
        self.push_private(now, &events, out);
    }

    /// Pushes what is due on the public channels.
    fn push_public(&mut self, now: WallNs, out: &mut Outbox) {
        let mut feeds = std::mem::take(&mut self.feeds);
        for (row, feed) in feeds.iter_mut().enumerate() {
            let spec = self.exchange.spec(row).clone();
            let wanted: Vec<&str> =
                CHANNELS.into_iter().filter(|channel| self.wanted(channel, &spec)).collect();
            if wanted.is_empty() {
                feed.sleep();
                continue;
            }
            if self.exchange.faults.is_silent(now, &spec.name) {
                continue;
            }
            for push in
                feed.due(now.millis(), self.exchange.market(), &|channel| wanted.contains(&channel))
            {
                if push.sequenced && self.exchange.faults.skips_book(now, &spec.name) {
                    continue;
                }
                self.publish(now, &spec, &push, out);
            }
        }
        self.feeds = feeds;
    }

    /// What happens by itself.
    fn happen(&mut self, now: WallNs, out: &mut Outbox) {
        while let Some(due) = self.exchange.faults.due(now) {
            match due {
                Due::DropPublic => self.drop_door(Door::Public, out),
                Due::DropPrivate => self.drop_door(Door::Private, out),
                Due::SilentCancel => {
                    self.exchange.cancel_silently(now);
                }
                Due::Shutdown(at) => self.announce_shutdown(at, out),
                Due::ListenKeyExpiry => {}
            }
        }
        if self.close_at.is_some_and(|at| now >= at) {
            self.close_at = None;
            self.close_all(out);
        }
        self.fire_dead_men(now);
        self.cut_silent(now, out);
    }
}

impl Protocol for Okx {
    fn venue(&self) -> VenueId {
        VenueId::Okx
    }

    fn on_http(&mut self, now: WallNs, request: &Request, out: &mut Outbox) -> Reply {
        self.exchange.advance(now);
        let reply = if request.wants_upgrade() {
            if Door::of(&request.path).is_none() {
                Reply::Response(not_found(request))
            } else if self.windows.take(now, "connect", CONNECTS, 1).ok {
                Reply::Upgrade
            } else {
                Reply::Response(Response::json(429, "{\"msg\":\"Too many connection attempts\"}"))
            }
        } else {
            self.answer(now, request)
        };
        self.flush(now, out);
        reply
    }

    fn on_open(&mut self, now: WallNs, request: &Request, out: &mut Outbox) {
        self.exchange.advance(now);
        if let Some(door) = Door::of(&request.path) {
            self.sessions.insert(request.conn, Session::new(request.conn, door, now));
        }
        self.flush(now, out);
    }

    fn on_text(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        self.exchange.advance(now);
        self.flush(now, out);
        self.hear(now, conn, text, out);
        self.flush(now, out);
    }

    fn on_control(&mut self, now: WallNs, conn: ConnId, _frame: ControlFrame, out: &mut Outbox) {
        self.exchange.advance(now);
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.heard = now;
        }
        self.flush(now, out);
    }

    fn on_closed(&mut self, _now: WallNs, conn: ConnId) {
        self.sessions.remove(&conn);
    }

    fn on_tick(&mut self, now: WallNs, out: &mut Outbox) {
        self.exchange.advance(now);
        self.happen(now, out);
        self.flush(now, out);
        self.push_public(now, out);
        self.part_with_strangers(out);
    }

    fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }
}

/// The instrument of a market event.
fn row_of(event: &MarketEvent) -> Option<crate::spec::Row> {
    match event {
        MarketEvent::Frame { .. } => None,
        MarketEvent::Top { row, .. }
        | MarketEvent::Depth { row, .. }
        | MarketEvent::Trade { row, .. }
        | MarketEvent::Mark { row, .. }
        | MarketEvent::Funding { row, .. }
        | MarketEvent::Settled { row, .. } => Some(*row),
    }
}

/// The body every REST answer has.
fn body(status: u16, answer: &Answer) -> Response {
    let object =
        Obj::new().text("code", &answer.code).raw("data", &answer.data).quoted("msg", &answer.msg);
    Response::json(status, object.end())
}

/// The body of order endpoints, which tell how long they took in microseconds.
fn timed_body(now: WallNs, answer: &Answer) -> Response {
    let micros = now.0 / 1_000;
    let object = Obj::new()
        .text("code", &answer.code)
        .raw("data", &answer.data)
        .text("inTime", micros)
        .quoted("msg", &answer.msg)
        .text("outTime", micros + 1_200);
    Response::json(200, object.end())
}

fn timed(now: WallNs, is_order: bool, outcome: Outcome) -> Reply {
    let whole =
        |answer: &Answer| if is_order { timed_body(now, answer) } else { body(200, answer) };
    match outcome {
        Outcome::Now(answer) if answer.code == codes::TOO_MANY.0 => {
            Reply::Response(refusal(&answer.code, &answer.msg))
        }
        Outcome::Now(answer) => Reply::Response(whole(&answer)),
        Outcome::Later(at, answer) => Reply::Later(at, whole(&answer)),
        Outcome::Silence => Reply::Cut,
    }
}

/// A refusal with the HTTP status its code has.
fn refusal(code: &str, msg: &str) -> Response {
    let status = match code {
        "50011" | "50061" => 429,
        "50001" | "50026" => 503,
        "50002" | "50014" | "50015" => 400,
        _ => 200,
    };
    let answer = Answer { code: code.to_owned(), msg: msg.to_owned(), data: "[]".to_owned() };
    body(status, &answer)
}

fn refused(status: u16, code: Code) -> Response {
    body(status, &Answer::refused(code))
}

fn not_found(request: &Request) -> Response {
    let text = Obj::new()
        .text("code", "404")
        .raw("data", "{}")
        .text("detailMsg", "")
        .text("error_code", "404");
    let text = text
        .text("error_message", "Not Found")
        .quoted("msg", &format!("{} not found", request.path));
    Response::json(404, text.end())
}

/// Whether a path belongs to the API at all: a wrong key is told about only there.
fn known(path: &str) -> bool {
    path.starts_with("/api/v5/account/") || path.starts_with("/api/v5/trade/")
}

#[cfg(test)]
mod tests;
