//! Market streams: subscriptions and what is pushed to them.
//!
//! Three of the venue's habits are traps for clients and kept here: any subscription is acknowledged,
//! also of a stream that does not exist; on futures a stream of the other group is acknowledged and
//! never sent; a client that sends too many messages a second is cut.

use super::api::{money, price, qty};
use crate::dec::Dec;
use crate::event::{Level, MarketEvent, Stream};
use crate::exchange::Exchange;
use crate::server::{ConnId, Outbox, Text};
use crate::spec::{Row, Spec, Specs};
use crate::wire::json::{Obj, list};
use base::{Side, WallNs};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Which streams a connection's address delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// All (spot).
    All,
    /// Book tickers, depth, trades (futures).
    Public,
    /// Marks, aggregate trades (futures).
    Market,
}

/// What a stream's name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Captured(Stream),
    AggTrade,
    /// The best levels, every so many milliseconds.
    Partial(usize, i64),
    /// Mark price, every so many milliseconds.
    Mark(i64),
}

#[derive(Clone, Debug)]
struct Sub {
    name: String,
    /// `None`: acknowledged and never sent.
    what: Option<(Row, Channel)>,
    sent_ms: i64,
}

#[derive(Debug)]
struct StreamConn {
    combined: bool,
    group: Group,
    subs: Vec<Sub>,
    gate: Gate,
}

/// Messages a client may send in a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    most: u32,
    second: i64,
    count: u32,
}

impl Gate {
    pub(super) const fn new(most: u32) -> Self {
        Self { most, second: 0, count: 0 }
    }

    /// Counts one more; false when that is too many.
    pub(super) fn pass(&mut self, now: WallNs) -> bool {
        let second = now.0.div_euclid(1_000_000_000);
        if second != self.second {
            (self.second, self.count) = (second, 0);
        }
        self.count += 1;
        self.count <= self.most
    }
}

/// The connections of all market streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    conns: BTreeMap<ConnId, StreamConn>,
}

#[derive(Deserialize)]
struct Request<'a> {
    method: &'a str,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
}

impl Streams {
    /// A connection came, with the streams its address names.
    pub(super) fn open(
        &mut self,
        conn: ConnId,
        group: Group,
        combined: bool,
        names: &[String],
        specs: &Specs,
    ) {
        let most = if group == Group::All { 5 } else { 10 };
        let subs = names.iter().map(|name| subscription(name, group, specs)).collect();
        self.conns.insert(conn, StreamConn { combined, group, subs, gate: Gate::new(most) });
    }

    pub(super) fn close(&mut self, conn: ConnId) -> bool {
        self.conns.remove(&conn).is_some()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = ConnId> + '_ {
        self.conns.keys().copied()
    }

    /// Counts a message of any kind; false when the client has to be cut.
    pub(super) fn count(&mut self, now: WallNs, conn: ConnId) -> bool {
        self.conns.get_mut(&conn).is_none_or(|c| c.gate.pass(now))
    }

    /// A message; `false` when the connection is not one of ours.
    pub(super) fn on_text(
        &mut self,
        conn: ConnId,
        text: &str,
        specs: &Specs,
        out: &mut Outbox,
    ) -> bool {
        let Some(stream) = self.conns.get_mut(&conn) else {
            return false;
        };
        let answer = match serde_json::from_str::<Request<'_>>(text) {
            Ok(request) => stream.answer(&request, specs),
            Err(why) => {
                let why = serde_json::Value::from(format!("Invalid JSON: {why}"));
                format!("{{\"code\":3,\"msg\":{why}}}")
            }
        };
        out.text(conn, answer);
        true
    }

    /// Tells everybody that the server goes down.
    pub(super) fn announce_shutdown(&self, now: WallNs, out: &mut Outbox) {
        let data = format!("{{\"e\":\"serverShutdown\",\"E\":{}}}", now.millis());
        for (id, conn) in &self.conns {
            let text =
                if conn.combined { envelope("!serverShutdown", &data) } else { data.clone() };
            out.text(*id, text);
        }
    }

    /// Pushes a market event to whoever subscribed to it.
    pub(super) fn push(&mut self, exchange: &Exchange, event: &MarketEvent, out: &mut Outbox) {
        match event {
            MarketEvent::Frame { row, stream, data, whole } => {
                self.push_frame(*row, *stream, data, whole.as_ref(), out);
            }
            MarketEvent::Trade { row, at, id, price: p, qty: q, taker } => {
                let spec = exchange.spec(*row);
                let write = || agg_trade(spec, *at, *id, (*p, *q), *taker);
                self.push_made(*row, *at, |channel| channel == Channel::AggTrade, write, out);
            }
            MarketEvent::Depth { row, at } => self.push_partial(exchange, *row, *at, out),
            MarketEvent::Mark { row, at } => {
                let spec = exchange.spec(*row);
                if spec.is_perpetual() {
                    let write = || mark_price(exchange, spec, *at);
                    self.push_made(
                        *row,
                        *at,
                        |channel| matches!(channel, Channel::Mark(_)),
                        write,
                        out,
                    );
                }
            }
            MarketEvent::Top { .. } | MarketEvent::Funding { .. } | MarketEvent::Settled { .. } => {
            }
        }
    }

    fn push_frame(
        &self,
        row: Row,
        stream: Stream,
        data: &Text,
        whole: Option<&Text>,
        out: &mut Outbox,
    ) {
        let wanted = Some((row, Channel::Captured(stream)));
        for (id, conn) in &self.conns {
            for sub in conn.subs.iter().filter(|sub| sub.what == wanted) {
                let text = match whole {
                    _ if !conn.combined => data.clone(),
                    // As captured, when the client asked by the name it was captured under.
                    Some(whole) if is_envelope_of(whole, &sub.name) => whole.clone(),
                    _ => envelope(&sub.name, data).into(),
                };
                out.text(*id, text);
            }
        }
    }

    /// Pushes a text made once for all who want it and whose interval has passed.
    fn push_made(
        &mut self,
        row: Row,
        at: WallNs,
        is: impl Fn(Channel) -> bool,
        write: impl Fn() -> String,
        out: &mut Outbox,
    ) {
        let mut made: Option<Text> = None;
        let now_ms = at.millis();
        for (id, conn) in &mut self.conns {
            for sub in &mut conn.subs {
                let Some((_, channel)) =
                    sub.what.filter(|(of, channel)| *of == row && is(*channel))
                else {
                    continue;
                };
                if now_ms - sub.sent_ms < interval_ms(channel) {
                    continue;
                }
                sub.sent_ms = now_ms;
                let data = made.get_or_insert_with(|| write().into()).clone();
                let text = if conn.combined { envelope(&sub.name, &data).into() } else { data };
                out.text(*id, text);
            }
        }
    }

    fn push_partial(&mut self, exchange: &Exchange, row: Row, at: WallNs, out: &mut Outbox) {
        for depth in [5, 10, 20] {
            let is = |channel| matches!(channel, Channel::Partial(levels, _) if levels == depth);
            self.push_made(row, at, is, || partial(exchange, row, at, depth), out);
        }
    }
}

impl StreamConn {
    fn answer(&mut self, request: &Request<'_>, specs: &Specs) -> String {
        let id = request.id.map_or("null", RawValue::get);
        let params = request.params.map_or("[]", RawValue::get);
        let names: Vec<String> = serde_json::from_str(params).unwrap_or_default();
        let result = match request.method {
            "SUBSCRIBE" => {
                for name in names
                    .iter()
                    .filter(|name| !self.subs.iter().any(|s| s.name == **name))
                    .collect::<Vec<_>>()
                {
                    self.subs.push(subscription(name, self.group, specs));
                }
                "null".to_owned()
            }
            "UNSUBSCRIBE" => {
                self.subs.retain(|sub| !names.contains(&sub.name));
                "null".to_owned()
            }
            "LIST_SUBSCRIPTIONS" => list(self.subs.iter().map(|sub| format!("\"{}\"", sub.name))),
            "SET_PROPERTY" => {
                self.combined = params.contains("true");
                "null".to_owned()
            }
            "GET_PROPERTY" => self.combined.to_string(),
            other => {
                let why =
                    serde_json::Value::from(format!("Invalid request: unknown variant `{other}`"));
                return format!("{{\"error\":{{\"code\":2,\"msg\":{why}}},\"id\":{id}}}");
            }
        };
        format!("{{\"result\":{result},\"id\":{id}}}")
    }
}

fn subscription(name: &str, group: Group, specs: &Specs) -> Sub {
    let what = parse(name, specs)
        .filter(|(_, channel)| group == Group::All || group == group_of(*channel));
    Sub { name: name.to_owned(), what, sent_ms: 0 }
}

const fn group_of(channel: Channel) -> Group {
    match channel {
        Channel::Captured(_) | Channel::Partial(..) => Group::Public,
        Channel::AggTrade | Channel::Mark(_) => Group::Market,
    }
}

/// What a stream's name means; names are in lower case.
fn parse(name: &str, specs: &Specs) -> Option<(Row, Channel)> {
    let (symbol, rest) = name.split_once('@')?;
    if symbol.chars().any(char::is_uppercase) {
        return None;
    }
    let spec = specs.by_symbol(&symbol.to_uppercase(), None)?;
    let (kind, speed) = rest.split_once('@').unwrap_or((rest, ""));
    let perpetual = spec.is_perpetual();
    let channel = match kind {
        "bookTicker" => Channel::Captured(Stream::BookTicker),
        "trade" => Channel::Captured(Stream::Trade),
        "aggTrade" => Channel::AggTrade,
        "depth" => Channel::Captured(Stream::Depth),
        "depth5" | "depth10" | "depth20" => {
            let levels = kind.trim_start_matches("depth").parse().ok()?;
            let usual = if perpetual { 250 } else { 1_000 };
            Channel::Partial(levels, speed.trim_end_matches("ms").parse().unwrap_or(usual))
        }
        "markPrice" if perpetual => Channel::Mark(if speed == "1s" { 1_000 } else { 3_000 }),
        _ => return None,
    };
    Some((spec.row, channel))
}

const fn interval_ms(channel: Channel) -> i64 {
    match channel {
        Channel::Partial(_, ms) | Channel::Mark(ms) => ms,
        Channel::Captured(_) | Channel::AggTrade => 0,
    }
}

/// `{"stream":"<name>","data":…}`
fn envelope(name: &str, data: &str) -> String {
    format!("{{\"stream\":\"{name}\",\"data\":{data}}}")
}

fn is_envelope_of(whole: &Text, name: &str) -> bool {
    let rest = whole.as_str().strip_prefix("{\"stream\":\"");
    rest.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('"'))
}

/// An aggregate trade of one trade.
fn agg_trade(spec: &Spec, at: WallNs, id: u64, (p, q): (Dec, Dec), taker: Side) -> String {
    let obj =
        Obj::new().text("e", "aggTrade").raw("E", at.millis()).text("s", &spec.symbol).raw("a", id);
    let obj = obj.text("p", price(spec, p)).text("q", qty(spec, q)).raw("f", id).raw("l", id);
    let obj = obj.raw("T", at.millis()).raw("m", taker == Side::Sell);
    if spec.is_perpetual() { obj.end() } else { obj.raw("M", true).end() }
}

/// Mark price, index price, funding estimate and the next settlement.
fn mark_price(exchange: &Exchange, spec: &Spec, at: WallNs) -> String {
    let market = exchange.market();
    let (mark, index) = (market.mark(spec.row), market.index(spec.row));
    let (rate, next) =
        market.funding(spec.row).map_or((Dec::ZERO, 0), |f| (f.rate, f.next.millis()));
    let obj = Obj::new().text("e", "markPriceUpdate").raw("E", at.millis()).text("s", &spec.symbol);
    let obj = obj
        .text("p", money(mark))
        .text("ap", money(mark))
        .text("P", money(index))
        .text("i", money(index));
    obj.text("r", money(rate)).raw("T", next).raw("st", 1).end()
}

/// The best levels.
fn partial(exchange: &Exchange, row: Row, at: WallNs, depth: usize) -> String {
    let spec = exchange.spec(row);
    let side = |side| pairs(spec, &exchange.market().levels(row, side, depth));
    let (bids, asks) = (side(Side::Buy), side(Side::Sell));
    let id = exchange.market().snapshot(row, 0).last_update_id;
    if spec.is_perpetual() {
        let ms = at.millis();
        let obj =
            Obj::new().text("e", "depthUpdate").raw("E", ms).raw("T", ms).text("s", &spec.symbol);
        return obj.raw("U", id).raw("u", id).raw("pu", id).raw("b", bids).raw("a", asks).end();
    }
    Obj::new().raw("lastUpdateId", id).raw("bids", bids).raw("asks", asks).end()
}

/// `[["price","qty"],…]`
pub(super) fn pairs(spec: &Spec, levels: &[Level]) -> String {
    list(
        levels.iter().map(|level| {
            format!("[\"{}\",\"{}\"]", price(spec, level.price), qty(spec, level.qty))
        }),
    )
}

#[cfg(test)]
mod tests;
