//! Bybit v5: REST under `/v5`, WebSockets under `/v5/public/{spot,linear}`, `/v5/private`, `/v5/trade`.
//!
//! Spot and perpetuals share one account and one symbol text; `category` tells them apart. What a
//! connection may do is its [`session`]; what the public topics have shown is their [`feed`]; requests
//! become orders in [`order`] and [`trade`]. Written from Bybit's published documentation as of 2026-07.

mod account;
mod auth;
mod codes;
mod feed;
mod log;
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
use auth::{Keys, Stranger};
use base::{VenueId, WallNs};
use codes::Wrong;
use feed::{DEPTHS, Feed, Topic};
use public::Query;
use serde_json::Value;
use session::{Door, Session};
use std::collections::{BTreeMap, VecDeque};
use trade::{Answer, Op, Outcome};

/// The simulated Bybit.
#[derive(Debug)]
pub struct Bybit {
    exchange: Exchange,
    keys: Keys,
    sessions: BTreeMap<ConnId, Session>,
    feeds: Vec<Feed>,
    windows: Windows,
    /// Messages on their way through the venue's gateway, oldest first.
    inbox: VecDeque<(WallNs, ConnId, String)>,
    close_at: Option<WallNs>,
    pushes: u64,
    speed: i64,
}

/// How long a message is on its way, real nanoseconds. No real venue answers before a client has
/// returned from sending, and `pybit` relies on that: it notes what it asked after it has asked.
const TRANSIT_NS: i64 = 1_000_000;

/// Connections one address may open in five minutes.
const CONNECTS: Rule = Rule::new(500, 300_000);
/// Requests of one address.
const ADDRESS: Rule = Rule::new(600, 5_000);
/// Queries of one account and path in a second.
const QUERIES: Rule = Rule::new(50, 1_000);

impl Bybit {
    /// The venue around an exchange; `speed` is how much faster than the wall its time runs, because
    /// silence is judged by the wall.
    #[must_use]
    pub fn new(exchange: Exchange, scenario: &Scenario, speed: u32) -> Self {
        let start = exchange.market().now().millis();
        let feeds = (0..exchange.specs().0.len()).map(|row| Feed::new(row, start)).collect();
        Self {
            keys: Keys::of(scenario),
            exchange,
            sessions: BTreeMap::new(),
            feeds,
            windows: Windows::default(),
            inbox: VecDeque::new(),
            close_at: None,
            pushes: 0,
            speed: i64::from(speed.max(1)),
        }
    }

    /// Answers a request that is no upgrade.
    fn answer(&mut self, now: WallNs, request: &Request) -> Reply {
        match self.exchange.faults.request(now) {
            Some(RequestFault::TooMany) => {
                return Reply::Response(refused(now, codes::owned(codes::TOO_MANY)));
            }
            Some(RequestFault::Banned) => {
                return Reply::Response(Response::json(403, "access too frequent"));
            }
            Some(RequestFault::Unavailable) => {
                return Reply::Response(Response::json(503, "service unavailable"));
            }
            None => {}
        }
        if !self.windows.take(now, "address", ADDRESS, 1).ok {
            return Reply::Response(Response::json(403, "access too frequent"));
        }
        let query = Query::of(request);
        if request.method == "GET"
            && let Some(result) = self.public(now, &request.path, &query)
        {
            return Reply::Response(body(now, &result.map_or_else(Answer::wrong, Answer::good)));
        }
        let key = request.header("x-bapi-api-key").unwrap_or_default();
        let known_to = self.keys.rest(now, request);
        let admitted =
            known_to.and_then(|account| self.admit(key, account).map_err(Stranger::Wrong));
        let account = match admitted {
            Ok(account) => account,
            Err(_) if !known(request) => {
                return Reply::Response(Response::json(404, "404 page not found"));
            }
            Err(Stranger::Unsigned) => return Reply::Response(Response::json(401, "")),
            Err(Stranger::Wrong(wrong)) => return Reply::Response(refused(now, wrong)),
        };
        self.answer_account(now, account, request, &query)
    }

    /// The account of a key that was not withdrawn.
    fn admit(&mut self, key: &str, account: AccountRow) -> Result<AccountRow, Wrong> {
        if self.exchange.keys.admits(key) { Ok(account) } else { Err(codes::owned(codes::BAD_KEY)) }
    }

    /// Closes what logged on with a key that was withdrawn since.
    fn part_with_strangers(&self, out: &mut Outbox) {
        let sessions = self.sessions.iter().map(|(conn, session)| (*conn, &*session.key));
        self.exchange.keys.part_with_strangers(sessions, out);
    }

    fn answer_account(
        &mut self,
        now: WallNs,
        account: AccountRow,
        request: &Request,
        query: &Query,
    ) -> Reply {
        let missing = || Reply::Response(refused(now, codes::owned(codes::NO_ROUTE)));
        if request.method == "GET" {
            let verdict =
                self.windows.take(now, &format!("{account}:{}", request.path), QUERIES, 1);
            if !verdict.ok {
                let answer = Answer::wrong(codes::owned(codes::TOO_MANY));
                return Reply::Response(body(
                    now,
                    &Answer { limit: Some((QUERIES.count, verdict)), ..answer },
                ));
            }
            let key = request.header("x-bapi-api-key").unwrap_or("");
            let Some(result) = self.private_get(account, &request.path, query, key) else {
                return missing();
            };
            let answer = result.map_or_else(Answer::wrong, Answer::good);
            return Reply::Response(body(
                now,
                &Answer { limit: Some((QUERIES.count, verdict)), ..answer },
            ));
        }
        let Ok(args) = serde_json::from_str::<Value>(&request.body) else {
            return Reply::Response(refused(
                now,
                codes::parameter("The request body is not JSON."),
            ));
        };
        if let Some(op) = Op::of_path(&request.path) {
            return match self.operate(now, account, op, &args) {
                Outcome::Now(answer) => Reply::Response(body(now, &answer)),
                Outcome::Later(at, answer) => Reply::Later(at, body(now, &answer)),
                Outcome::Silence => Reply::Cut,
            };
        }
        match self.settings(now, account, &request.path, &args) {
            Some(result) => {
                Reply::Response(body(now, &result.map_or_else(Answer::wrong, Answer::good)))
            }
            None => missing(),
        }
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

    /// Pushes what is due on the public topics.
    fn push_public(&mut self, now: WallNs, out: &mut Outbox) {
        let topics = (0..DEPTHS.len()).map(Topic::Book).chain([Topic::Trades, Topic::Ticker]);
        let topics: Vec<Topic> = topics.collect();
        let mut feeds = std::mem::take(&mut self.feeds);
        for (row, feed) in feeds.iter_mut().enumerate() {
            let spec = self.exchange.spec(row).clone();
            let wanted: Vec<Topic> =
                topics.iter().copied().filter(|topic| self.wanted(*topic, &spec)).collect();
            if wanted.is_empty() {
                feed.sleep();
                continue;
            }
            if self.exchange.faults.is_silent(now, &spec.name) {
                continue;
            }
            for push in
                feed.due(now.millis(), self.exchange.market(), &|topic| wanted.contains(&topic))
            {
                if push.sequenced && self.exchange.faults.skips_book(now, &spec.name) {
                    continue;
                }
                self.publish(now, &spec, push, out);
            }
        }
        self.feeds = feeds;
    }

    /// What happens by itself.
    fn happen(&mut self, now: WallNs, out: &mut Outbox) {
        while let Some(due) = self.exchange.faults.due(now) {
            match due {
                Due::DropPublic => self.drop_connections(true, out),
                Due::DropPrivate => self.drop_connections(false, out),
                Due::SilentCancel => {
                    self.exchange.cancel_silently(now);
                }
                // Nothing is announced: books begin again, new orders are refused, lines are closed.
                Due::Shutdown(at) => {
                    self.close_at = Some(at);
                    self.feeds.iter_mut().for_each(Feed::restart);
                }
                Due::ListenKeyExpiry => {}
            }
        }
        if self.close_at.is_some_and(|at| now >= at) {
            self.close_at = None;
            self.close_all(out);
        }
        self.cut_silent(now, out);
    }
}

impl Protocol for Bybit {
    fn venue(&self) -> VenueId {
        VenueId::Bybit
    }

    fn on_http(&mut self, now: WallNs, request: &Request, out: &mut Outbox) -> Reply {
        self.exchange.advance(now);
        let reply = if request.wants_upgrade() {
            if Door::of(&request.path).is_none() {
                Reply::Response(Response::json(404, "404 page not found"))
            } else if self.windows.take(now, "connect", CONNECTS, 1).ok {
                Reply::Upgrade
            } else {
                Reply::Response(Response::json(403, "access too frequent"))
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

    fn on_text(&mut self, now: WallNs, conn: ConnId, text: &str, _out: &mut Outbox) {
        let arrives = WallNs(now.0.saturating_add(TRANSIT_NS * self.speed));
        self.inbox.push_back((arrives, conn, text.to_owned()));
    }

    fn on_control(&mut self, now: WallNs, conn: ConnId, _frame: ControlFrame, out: &mut Outbox) {
        self.exchange.advance(now);
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.heard = now;
        }
        self.flush(now, out);
    }

    fn on_closed(&mut self, now: WallNs, conn: ConnId) {
        // What was sent before the line broke still arrives; its answers reach nobody.
        self.exchange.advance(now);
        let left: Vec<String> =
            self.inbox.iter().filter(|m| m.1 == conn).map(|m| m.2.clone()).collect();
        self.inbox.retain(|message| message.1 != conn);
        let mut nowhere = Outbox::default();
        left.iter().for_each(|text| self.hear(now, conn, text, &mut nowhere));
        self.sessions.remove(&conn);
    }

    fn on_tick(&mut self, now: WallNs, out: &mut Outbox) {
        self.exchange.advance(now);
        self.happen(now, out);
        self.flush(now, out);
        while self.inbox.front().is_some_and(|message| message.0 <= now) {
            let Some((_, conn, text)) = self.inbox.pop_front() else {
                break;
            };
            self.hear(now, conn, &text, out);
            self.flush(now, out);
        }
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

/// The envelope of a REST answer, with its budget in the headers.
fn body(now: WallNs, answer: &Answer) -> Response {
    let text = Obj::new()
        .raw("retCode", answer.code)
        .quoted("retMsg", &answer.msg)
        .raw("result", &answer.result)
        .raw("retExtInfo", &answer.ext)
        .raw("time", now.millis())
        .end();
    let trace = rows::uuid(&[8, now.0.cast_unsigned()]).replace('-', "");
    let response = Response::json(200, text).with("Traceid", trace).with("Timenow", now.millis());
    match answer.limit {
        None => response,
        Some((count, verdict)) => response
            .with("X-Bapi-Limit", count)
            .with("X-Bapi-Limit-Status", verdict.left)
            .with("X-Bapi-Limit-Reset-Timestamp", verdict.reset_ms),
    }
}

fn refused(now: WallNs, wrong: Wrong) -> Response {
    body(now, &Answer::wrong(wrong))
}

/// Whether a path belongs to the API at all: a wrong key is told about only there.
fn known(request: &Request) -> bool {
    request.path.starts_with("/v5/")
}

#[cfg(test)]
mod tests;
