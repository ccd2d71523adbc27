//! What spot and futures have in common: doors, limits, keys, faults, and who is told what.

use super::api::{Answer, ApiError, Ask, Call, Lock, Params, Route};
use super::budget::{Budget, Verdict, Window};
use super::streams::{Group, Streams};
use super::wsapi::{ApiConn, ApiConns};
use super::{auth, codes};
use crate::event::{AccountEvent, Change, Event, MarketEvent, Stream};
use crate::exchange::Exchange;
use crate::faults::{AckFault, Due, RequestFault};
use crate::order::{AccountRow, Status};
use crate::server::{ConnId, ControlFrame, Outbox, Protocol, Reply, Request, Response};
use base::{VenueId, WallNs};
use std::collections::BTreeMap;

mod door;

/// Where a WebSocket leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doorway {
    /// Market streams.
    Streams { group: Group, combined: bool, names: Vec<String> },
    /// The WebSocket API.
    Api,
    /// Account events of a listen key.
    Private { key: String, combined: bool, events: Vec<String> },
}

/// What differs between spot and futures.
pub(super) trait Dialect: Send {
    const VENUE: VenueId;
    /// Seconds between the server's pings, and the longest wait for a pong.
    const PING_S: (i64, i64);
    /// The weight window and the two order windows.
    const WINDOWS: (Window, [Window; 2]);

    fn path(method: &str, path: &str) -> Option<Route>;
    fn method(name: &str) -> Option<Route>;
    fn doorway(path: &str, query: &str) -> Option<Doorway>;
    fn answer(&mut self, desk: &mut Desk, call: &Call) -> Answer;
    fn tell(&mut self, desk: &Desk, event: &AccountEvent, out: &mut Outbox);
    /// A private connection wants in; false when its key is unknown.
    fn open_private(&mut self, now: WallNs, conn: ConnId, doorway: &Doorway) -> bool;
    /// A message on a private connection.
    fn private_text(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        let _ = (now, conn, text, out);
    }
    fn close(&mut self, conn: ConnId);
    fn private_conns(&self) -> Vec<ConnId>;
    fn expire_keys(&mut self, now: WallNs, out: &mut Outbox);
    fn tick(&mut self, desk: &mut Desk, now: WallNs, out: &mut Outbox);
}

/// The part of a venue that dialects work with.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) exchange: Exchange,
    pub(super) budget: Budget,
    pub(super) api: ApiConns,
    /// Scenario time in one unit of the wall's.
    pub(super) speed: i64,
}

/// Every connection's keep-alive.
#[derive(Clone, Copy, Debug)]
struct Line {
    opened: WallNs,
    pinged: WallNs,
    heard: WallNs,
}

/// A venue.
#[derive(Debug)]
pub(super) struct Venue<D> {
    dialect: D,
    desk: Desk,
    streams: Streams,
    lines: BTreeMap<ConnId, Line>,
    /// Every other order's events go out before its answer.
    events_first: bool,
}

/// What comes of a request.
enum Outcome {
    Now(Answer),
    Later(WallNs, Answer),
    Silence,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

impl<D: Dialect> Venue<D> {
    pub(super) fn new(dialect: D, exchange: Exchange, speed: u32) -> Self {
        let (weight, orders) = D::WINDOWS;
        let desk = Desk {
            exchange,
            budget: Budget::new(weight, orders),
            api: ApiConns::new(),
            speed: i64::from(speed.max(1)),
        };
        Self {
            dialect,
            desk,
            streams: Streams::default(),
            lines: BTreeMap::new(),
            events_first: false,
        }
    }

    /// Counts a request and strikes it with the scenario's faults.
    fn admit(&mut self, now: WallNs, weight: u32) -> Result<(), (ApiError, Option<i64>)> {
        let verdict = match self.desk.exchange.faults.request(now) {
            Some(RequestFault::Unavailable) => {
                return Err((ApiError::new(503, -1008, "Service Unavailable."), None));
            }
            Some(RequestFault::TooMany) => Verdict::TooMuch(1),
            Some(RequestFault::Banned) => self.desk.budget.ban(now),
            None => self.desk.budget.request(now, weight),
        };
        match verdict {
            Verdict::TooMuch(seconds) => {
                let msg = "Too much request weight used; current limit is exceeded. Please use WebSocket Streams for live updates to avoid polling the API.";
                Err((ApiError::new(429, -1003, msg), Some(seconds)))
            }
            Verdict::Banned(until) => {
                let msg = format!(
                    "Way too much request weight used; IP banned until {until}. Please use WebSocket Streams for live updates to avoid bans."
                );
                Err((ApiError::new(418, -1003, msg), Some((until - now.millis()) / 1_000)))
            }
            Verdict::Fine | Verdict::TooManyOrders(_) => Ok(()),
        }
    }

    /// Who asks, from a key and a signature.
    fn identify(
        &mut self,
        now: WallNs,
        route: Route,
        key: Option<&str>,
        params: &Params,
        payload: &str,
    ) -> Result<AccountRow, ApiError> {
        if route.lock == Lock::Open {
            return Ok(0);
        }
        let key = key.ok_or_else(|| ApiError::new(401, -2014, "API-key format invalid."))?;
        let exchange = &mut self.desk.exchange;
        let good = exchange.account_by_key(key).is_some() && exchange.keys.admits(key);
        let Some((account, key)) = exchange.account_by_key(key).filter(|_| good) else {
            let msg = "Invalid API-key, IP, or permissions for action.";
            return Err(ApiError::new(401, -2015, msg));
        };
        if route.lock == Lock::Signed {
            let signature = params.need("signature")?;
            auth::check_time(now, params)?;
            if !auth::is_signed(key, payload, signature) {
                return Err(ApiError::bad(-1022, "Signature for this request is not valid."));
            }
        }
        Ok(account)
    }

    /// Counts the order and carries the call out, unless a fault of the scenario interferes.
    fn perform(&mut self, call: &Call) -> Outcome {
        if call.route.order
            && let Verdict::TooManyOrders(window) = self.desk.budget.order(call.now, call.account)
        {
            let Window { limit, count, interval, .. } = window;
            let msg = format!(
                "Too many new orders; current limit is {limit} orders per {count} {interval}."
            );
            return Outcome::Now(Err(ApiError::new(429, -1015, msg)));
        }
        match self.ack_fault(call) {
            None => Outcome::Now(self.dialect.answer(&mut self.desk, call)),
            Some(AckFault::Delay(ns)) => {
                let answer = self.dialect.answer(&mut self.desk, call);
                Outcome::Later(WallNs(call.now.0 + ns), answer)
            }
            Some(AckFault::Lost { executed }) => {
                if executed {
                    // The client never learns what became of it.
                    let _ = self.dialect.answer(&mut self.desk, call);
                }
                Outcome::Silence
            }
            Some(AckFault::Unknown { executed }) => {
                if executed {
                    let _ = self.dialect.answer(&mut self.desk, call);
                }
                Outcome::Now(Err(codes::unknown()))
            }
        }
    }

    fn ack_fault(&mut self, call: &Call) -> Option<AckFault> {
        let strikes = matches!(
            call.route.ask,
            Ask::OrderPlace
                | Ask::OrderCancel
                | Ask::OrderAmend
                | Ask::CancelReplace
                | Ask::CancelAll
        );
        let symbol = call.params.get("symbol").filter(|_| strikes)?;
        let specs = std::sync::Arc::clone(self.desk.exchange.specs());
        let spec = specs.by_symbol(symbol, None)?;
        self.desk.exchange.faults.ack(call.now, &spec.name)
    }

    fn rest(&mut self, now: WallNs, route: Route, request: &Request) -> Reply {
        if let Err((why, retry)) = self.admit(now, route.weight) {
            let response = Response::json(why.status, why.json());
            let retry = retry.map_or(0, |seconds| seconds);
            return Reply::Response(self.with_headers(
                response.with("retry-after", retry),
                now,
                None,
            ));
        }
        let params = [Request::fields(&request.query), Request::fields(&request.body)].concat();
        let params = Params(params);
        let payload = auth::rest_payload(&request.query, &request.body);
        let key = request.header("x-mbx-apikey");
        let account = match self.identify(now, route, key, &params, &payload) {
            Ok(account) => account,
            Err(why) => {
                let response = Response::json(why.status, why.json());
                return Reply::Response(self.with_headers(response, now, None));
            }
        };
        let call = Call { now, route, params, account };
        let outcome = self.perform(&call);
        let counted = route.order.then_some(account);
        let respond = |venue: &Self, answer: Answer| {
            let response = match answer {
                Ok(body) => Response::json(200, body),
                Err(why) => Response::json(why.status, why.json()),
            };
            venue.with_headers(response, now, counted)
        };
        match outcome {
            Outcome::Now(answer) => Reply::Response(respond(self, answer)),
            Outcome::Later(at, answer) => Reply::Later(at, respond(self, answer)),
            Outcome::Silence => Reply::Cut,
        }
    }

    fn with_headers(
        &self,
        response: Response,
        now: WallNs,
        account: Option<AccountRow>,
    ) -> Response {
        let (window, used) = self.desk.budget.used();
        let mut response = response.with(&format!("x-mbx-used-weight-{}", window.header), used);
        if D::VENUE == VenueId::BinanceSpot {
            response = response.with("x-mbx-used-weight", used);
        }
        for (window, used) in
            account.map(|a| self.desk.budget.used_orders(now, a)).into_iter().flatten()
        {
            response = response.with(&format!("x-mbx-order-count-{}", window.header), used);
        }
        response
    }

    /// Hands what happened to those who are told.
    fn pump(&mut self, now: WallNs, out: &mut Outbox) {
        for event in self.desk.exchange.take_events() {
            match &event {
                Event::Market(market) => {
                    if !self.is_withheld(now, market) {
                        self.streams.push(&self.desk.exchange, market, out);
                    }
                }
                Event::Account(account) => {
                    self.give_back(account);
                    self.dialect.tell(&self.desk, account, out);
                }
            }
        }
    }

    /// A filled order gives its order count back (spot).
    fn give_back(&mut self, event: &AccountEvent) {
        if let AccountEvent::Order { account, order, change: Change::Filled(_), .. } = event
            && D::VENUE == VenueId::BinanceSpot
            && order.status == Status::Filled
        {
            self.desk.budget.filled(*account);
        }
    }

    /// Whether a fault keeps a market event from everybody.
    fn is_withheld(&mut self, now: WallNs, event: &MarketEvent) -> bool {
        let (row, depth) = match event {
            MarketEvent::Frame { row, stream, .. } => (*row, *stream == Stream::Depth),
            MarketEvent::Trade { row, .. }
            | MarketEvent::Depth { row, .. }
            | MarketEvent::Mark { row, .. } => (*row, false),
            _ => return false,
        };
        let specs = std::sync::Arc::clone(self.desk.exchange.specs());
        let Some(name) = specs.get(row).map(|spec| spec.name.as_str()) else {
            return false;
        };
        let faults = &mut self.desk.exchange.faults;
        (depth && faults.skips_book(now, name)) || faults.is_silent(now, name)
    }

    fn strike(&mut self, now: WallNs, out: &mut Outbox) {
        while let Some(due) = self.desk.exchange.faults.due(now) {
            let private =
                || self.dialect.private_conns().into_iter().chain(self.desk.api.keys().copied());
            match due {
                Due::DropPublic => self.streams.ids().for_each(|conn| out.cut(conn)),
                Due::DropPrivate => private().for_each(|conn| out.cut(conn)),
                Due::ListenKeyExpiry => self.dialect.expire_keys(now, out),
                Due::SilentCancel => {
                    self.desk.exchange.cancel_silently(now);
                }
                Due::Shutdown(at) => {
                    self.streams.announce_shutdown(now, out);
                    let note = format!(
                        "{{\"event\":{{\"e\":\"serverShutdown\",\"E\":{}}}}}",
                        now.millis()
                    );
                    self.desk.api.keys().for_each(|conn| out.text(*conn, note.clone()));
                    let all = self.streams.ids().chain(private()).collect::<Vec<_>>();
                    all.into_iter()
                        .for_each(|conn| out.close_later(at, conn, 1001, "server shutdown"));
                }
            }
        }
    }

    /// Pings, and cuts whoever did not answer or is a day old.
    fn keep_alive(&mut self, now: WallNs, out: &mut Outbox) {
        let (every, patience) = D::PING_S;
        let (every, patience) = (every * self.desk.speed, patience * self.desk.speed);
        let day = DAY * self.desk.speed;
        for (conn, line) in &mut self.lines {
            if now.0 - line.opened.0 >= day {
                out.close(*conn, 1000, "24 hours");
                line.opened = now;
            } else if now.0 - line.heard.0 >= patience * SECOND {
                out.cut(*conn);
                line.heard = now;
            } else if now.0 - line.pinged.0 >= every * SECOND {
                line.pinged = now;
                out.ping(*conn, now.millis().to_string().into_bytes());
            }
        }
    }
}

impl<D: Dialect> Protocol for Venue<D> {
    fn venue(&self) -> VenueId {
        D::VENUE
    }

    fn on_http(&mut self, now: WallNs, request: &Request, out: &mut Outbox) -> Reply {
        self.desk.exchange.advance(now);
        if request.wants_upgrade() {
            return match D::doorway(&request.path, &request.query) {
                Some(_) => Reply::Upgrade,
                None => Reply::Response(Response::json(404, "")),
            };
        }
        let reply = match D::path(&request.method, &request.path) {
            Some(route) => self.rest(now, route, request),
            None => Reply::Response(Response::json(
                404,
                "<html><body><h2>404 Not found</h2></body></html>",
            )),
        };
        self.pump(now, out);
        reply
    }

    fn on_open(&mut self, now: WallNs, request: &Request, out: &mut Outbox) {
        let conn = request.conn;
        self.lines.insert(conn, Line { opened: now, pinged: now, heard: now });
        match D::doorway(&request.path, &request.query) {
            Some(Doorway::Streams { group, combined, names }) => {
                let specs = std::sync::Arc::clone(self.desk.exchange.specs());
                self.streams.open(conn, group, combined, &names, &specs);
            }
            Some(Doorway::Api) => {
                let rates = !request.query.contains("returnRateLimits=false");
                self.desk.api.insert(conn, ApiConn::new(now, rates));
            }
            Some(doorway @ Doorway::Private { .. }) => {
                // An unknown key gets a connection on which nothing ever comes.
                self.dialect.open_private(now, conn, &doorway);
            }
            None => out.cut(conn),
        }
    }

    fn on_text(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        self.desk.exchange.advance(now);
        if !self.streams.count(now, conn)
            || self.desk.api.get_mut(&conn).is_some_and(|api| !api.gate.pass(now))
        {
            return out.close(conn, 1008, "Too many requests");
        }
        let specs = std::sync::Arc::clone(self.desk.exchange.specs());
        if !self.streams.on_text(conn, text, &specs, out) {
            if self.desk.api.contains_key(&conn) {
                self.api_text(now, conn, text, out);
            } else {
                self.dialect.private_text(now, conn, text, out);
            }
        }
        self.pump(now, out);
    }

    fn on_control(&mut self, now: WallNs, conn: ConnId, frame: ControlFrame, out: &mut Outbox) {
        if let (Some(line), ControlFrame::Pong) = (self.lines.get_mut(&conn), frame) {
            line.heard = now;
        }
        if !self.streams.count(now, conn) {
            out.close(conn, 1008, "Too many requests");
        }
    }

    fn on_closed(&mut self, _now: WallNs, conn: ConnId) {
        self.lines.remove(&conn);
        self.desk.api.remove(&conn);
        if !self.streams.close(conn) {
            self.dialect.close(conn);
        }
    }

    fn on_tick(&mut self, now: WallNs, out: &mut Outbox) {
        self.desk.exchange.advance(now);
        self.strike(now, out);
        self.dialect.tick(&mut self.desk, now, out);
        self.pump(now, out);
        self.keep_alive(now, out);
        let sessions = self.desk.api.iter().filter_map(|(conn, api)| {
            let session = api.session.as_ref()?;
            Some((*conn, session.api_key.as_str()))
        });
        self.desk.exchange.keys.part_with_strangers(sessions, out);
    }

    fn exchange(&mut self) -> &mut Exchange {
        &mut self.desk.exchange
    }
}

#[cfg(test)]
mod tests;
