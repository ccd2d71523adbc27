//! A second reading of every message, by serde_json and in plain words: what the decoder is held to.
//!
//! It shares with the decoder the names of things ([`Event`] and its parts) and the decimals of `base`, and
//! nothing else.

use crate::bybit::trade_id;
use crate::decode::{Dialect, Directory};
use crate::message::{Best, BookAction, BookChange, Control, Event, Level, PublicTrade, Ticker};
use crate::symbols::{Listing, Symbols};
use base::{Price, Qty, Rate, Side, Span, WallNs};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// JSON with its keys in order, those that stand twice too.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i128),
    Float,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Int(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Int(value.into()))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Float)
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Everything a message said: the event, and the levels or trades that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) event: Event,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
    pub(super) trades: Vec<PublicTrade>,
}

impl Said {
    pub(super) fn only(event: Event) -> Self {
        Self { event, bids: Vec::new(), asks: Vec::new(), trades: Vec::new() }
    }
}

type Read<T> = Option<T>;

impl Json {
    /// The field of that name: `None` is a fault (twice), `Some(None)` its absence.
    fn maybe(&self, key: &str) -> Read<Option<&Json>> {
        let Json::Object(fields) = self else { return None };
        let mut found = fields.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { None } else { Some(first) }
    }
    fn get(&self, key: &str) -> Read<&Json> {
        self.maybe(key)?
    }
    fn text(&self) -> Read<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
    fn int(&self) -> Read<i64> {
        match self {
            Json::Int(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }
    fn count(&self) -> Read<i64> {
        self.int().filter(|value| *value >= 0)
    }
    fn digits(&self) -> Read<i64> {
        let text = self.text()?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse().ok()
    }
    fn list(&self) -> Read<&[Json]> {
        match self {
            Json::List(items) => Some(items),
            _ => None,
        }
    }
    fn flag(&self) -> Read<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }
    fn only(&self) -> Read<&Json> {
        match self.list()? {
            [one] => Some(one),
            _ => None,
        }
    }
}

fn millis(value: i64) -> WallNs {
    WallNs::from_millis(value)
}

fn level(pair: &Json, of: &Listing) -> Read<Level> {
    let parts = pair.list()?;
    let price = of.edge.price(parts.first()?.text()?.as_bytes()).ok()?;
    let qty = of.edge.qty(parts.get(1)?.text()?.as_bytes()).ok()?;
    (price.0 > 0 && qty.0 >= 0).then_some(Level { price, qty })
}

fn levels(list: &Json, of: &Listing) -> Read<Vec<Level>> {
    list.list()?.iter().map(|pair| level(pair, of)).collect()
}

/// `Some(None)` is an empty side.
fn side(price: &Json, qty: &Json, of: &Listing) -> Read<Option<Level>> {
    let qty = of.edge.qty(qty.text()?.as_bytes()).ok()?;
    let price = of.edge.price(price.text()?.as_bytes()).ok()?;
    if price.0 < 0 || qty.0 < 0 {
        return None;
    }
    if qty.is_zero() {
        return Some(None);
    }
    (price.0 > 0).then_some(Some(Level { price, qty }))
}

fn seen(price: &Json, of: &Listing) -> Read<Price> {
    of.edge.price_rounded(price.text()?.as_bytes()).ok().filter(|price| price.0 > 0)
}

fn rate(value: &Json) -> Read<Option<Rate>> {
    match value.text()? {
        "" => Some(None),
        text => Rate::parse(text.as_bytes()).ok().map(Some),
    }
}

fn trade(
    taker: Side,
    price: &Json,
    qty: &Json,
    id: u64,
    at: i64,
    of: &Listing,
) -> Read<PublicTrade> {
    let price: Price = of.edge.price(price.text()?.as_bytes()).ok()?;
    let qty: Qty = of.edge.qty(qty.text()?.as_bytes()).ok()?;
    (price.0 > 0 && qty.0 > 0).then_some(PublicTrade {
        taker,
        price,
        qty,
        id,
        venue_time: millis(at),
    })
}

/// Reads a message; `None` when it must be refused.
pub(super) fn read(dialect: Dialect, directory: &Directory, bytes: &[u8]) -> Read<Said> {
    if dialect == Dialect::Okx && bytes == b"pong" {
        return Some(Said::only(Event::Control(Control::Pong)));
    }
    let json: Json = serde_json::from_slice(bytes).ok()?;
    match dialect {
        Dialect::Binance => binance(&json, &directory.instruments),
        Dialect::Okx => okx(&json, directory),
        Dialect::Bybit => bybit(&json, &directory.instruments),
    }
}

fn binance(json: &Json, symbols: &Symbols) -> Read<Said> {
    if json.list().is_some() {
        return Some(Said::only(Event::Ignored));
    }
    let keys = ["stream", "data", "result", "id", "error", "code", "event"];
    let [stream, data, result, id, error, code, event] = keys.map(|key| json.maybe(key));
    let (stream, data, result, id) = (stream?, data?, result?, id?);
    let (error, code, event) = (error?, code?, event?);
    if let (Some(stream), Some(data)) = (stream, data) {
        if data.list().is_some() {
            return Some(Said::only(Event::Ignored));
        }
        let said = binance_payload(data, symbols)?;
        let stream = stream.text()?;
        let parts: Vec<&str> = stream.split('@').collect();
        let partial = parts.get(1).is_some_and(|k| k.starts_with("depth") && k.len() > 5);
        if partial && matches!(said.event, Event::Book(_)) {
            return Some(Said::only(Event::Ignored));
        }
        return Some(said);
    }
    if let Some(event) = event {
        return binance_payload(event, symbols);
    }
    let id = id.and_then(Json::int).unwrap_or(0);
    let control = if let Some(error) = error {
        Control::Refused { code: error.maybe("code")?.map_or(Some(0), Json::int)?, id }
    } else if let Some(code) = code {
        Control::Refused { code: code.int()?, id }
    } else if result.is_some() {
        Control::Ack(id)
    } else {
        return binance_payload(json, symbols);
    };
    Some(Said::only(Event::Control(control)))
}

#[expect(clippy::too_many_lines, reason = "a table: one arm a kind of message")]
fn binance_payload(data: &Json, symbols: &Symbols) -> Read<Said> {
    let [kind, snapshot, symbol] = ["e", "lastUpdateId", "s"].map(|key| data.maybe(key));
    let (kind, snapshot, symbol) = (kind?, snapshot?, symbol?);
    if snapshot.is_some() {
        return Some(Said::only(Event::Ignored));
    }
    let kind = match kind {
        Some(kind) => kind.text()?,
        None => "bookTicker",
    };
    match kind {
        "serverShutdown" => return Some(Said::only(Event::Control(Control::Closing))),
        "bookTicker" | "depthUpdate" | "trade" | "markPriceUpdate" => {}
        _ => return Some(Said::only(Event::Ignored)),
    }
    let Some(of) = symbols.find(symbol?.text()?.as_bytes()) else {
        return Some(Said::only(Event::Foreign));
    };
    let time = |key| data.get(key).and_then(Json::count).map(millis);
    match kind {
        "bookTicker" => {
            let venue_time = match (data.maybe("T")?, data.maybe("E")?) {
                (Some(at), _) | (None, Some(at)) => millis(at.count()?),
                (None, None) => WallNs::NONE,
            };
            Some(Said::only(Event::Best(Best {
                row: of.row,
                bid: side(data.get("b")?, data.get("B")?, &of)?,
                ask: side(data.get("a")?, data.get("A")?, &of)?,
                order: data.get("u")?.count()?,
                venue_time,
                partial: false,
            })))
        }
        "depthUpdate" => {
            let last = data.get("u")?.count()?;
            let sent = time("E")?;
            let venue_time = if data.maybe("T")?.is_some() { time("T")? } else { sent };
            let event = Event::Book(BookChange {
                row: of.row,
                action: BookAction::Delta,
                first: data.get("U")?.count()?,
                last: Some(last),
                prev: match data.maybe("pu")? {
                    Some(prev) => Some(prev.count()?),
                    None => None,
                },
                order: last,
                checksum: 0,
                venue_time,
                sent,
            });
            let (bids, asks) = (levels(data.get("b")?, &of)?, levels(data.get("a")?, &of)?);
            Some(Said { bids, asks, ..Said::only(event) })
        }
        "trade" => {
            let taker = if data.get("m")?.flag()? { Side::Sell } else { Side::Buy };
            let (price, qty) = (data.get("p")?, data.get("q")?);
            let id = data.get("t")?.count()?.cast_unsigned();
            let at = data.get("T")?.count()?;
            let is_zero = |text: &str| of.edge.price(text.as_bytes()).is_ok_and(Price::is_zero);
            let no_qty = of.edge.qty(qty.text()?.as_bytes()).is_ok_and(Qty::is_zero);
            if is_zero(price.text()?) && no_qty {
                return Some(Said::only(Event::Ignored));
            }
            let trades = vec![trade(taker, price, qty, id, at, &of)?];
            Some(Said { trades, ..Said::only(Event::Trades(of.row)) })
        }
        _ => {
            let mut ticker = Ticker::new(of.row, time("E")?);
            ticker.mark = Some(seen(data.get("p")?, &of)?);
            if let Some(index) = data.maybe("i")? {
                ticker.index = Some(seen(index, &of)?);
            }
            let next = time("T")?;
            let rate = rate(data.get("r")?)?;
            ticker.rate = Some(if next == WallNs::NONE { None } else { rate });
            ticker.next = Some(next);
            Some(Said::only(Event::Ticker(ticker)))
        }
    }
}

fn okx(json: &Json, directory: &Directory) -> Read<Said> {
    let keys = ["event", "arg", "action", "data", "code"].map(|key| json.maybe(key));
    let [event, arg, action, data, code] = keys;
    let (event, arg, action, data, code) = (event?, arg?, action?, data?, code?);
    if let Some(event) = event {
        let code = code.map_or(Some(0), Json::digits)?;
        let control = match event.text()? {
            "subscribe" => Control::Subscribed,
            "unsubscribe" => Control::Unsubscribed,
            "notice" if code == 64_008 => Control::Closing,
            "error" | "channel-conn-count-error" => Control::Refused { code, id: 0 },
            _ => return Some(Said::only(Event::Ignored)),
        };
        return Some(Said::only(Event::Control(control)));
    }
    let (arg, data) = (arg?, data?);
    let (channel, name) = (arg.maybe("channel")?, arg.maybe("instId")?);
    let channel = channel?.text()?;
    if !["bbo-tbt", "books", "trades", "mark-price", "funding-rate", "index-tickers"]
        .contains(&channel)
    {
        return Some(Said::only(Event::Ignored));
    }
    let name = name?.text()?;
    let symbols =
        if channel == "index-tickers" { &directory.indices } else { &directory.instruments };
    let Some(of) = symbols.find(name.as_bytes()) else {
        return Some(Said::only(Event::Foreign));
    };
    if channel == "trades" {
        let trades: Option<Vec<_>> = data
            .list()?
            .iter()
            .map(|item| {
                if item.get("instId")?.text()? != name {
                    return None;
                }
                let taker = match item.get("side")?.text()? {
                    "buy" => Side::Buy,
                    "sell" => Side::Sell,
                    _ => return None,
                };
                let id = item.get("tradeId")?.digits()?.cast_unsigned();
                let at = item.get("ts")?.digits()?;
                trade(taker, item.get("px")?, item.get("sz")?, id, at, &of)
            })
            .collect();
        let trades = trades.filter(|trades| !trades.is_empty())?;
        return Some(Said { trades, ..Said::only(Event::Trades(of.row)) });
    }
    let item = data.only()?;
    match channel {
        "books" => okx_book(item, action, &of),
        _ => okx_other(channel, item, &of).map(Said::only),
    }
}

fn okx_book(item: &Json, action: Option<&Json>, of: &Listing) -> Read<Said> {
    let action = match action?.text()? {
        "snapshot" => BookAction::Snapshot,
        "update" => BookAction::Delta,
        _ => return None,
    };
    let at = item.get("ts")?.digits()?;
    let last = match item.maybe("seqId")? {
        Some(last) => Some(last.count()?),
        None => None,
    };
    let prev = match item.maybe("prevSeqId")? {
        Some(prev) => Some(prev.int()?),
        None => None,
    };
    let checksum = item.maybe("checksum")?.map_or(Some(0), Json::int)?;
    let order = last.unwrap_or(millis(at).millis());
    let event = Event::Book(BookChange {
        row: of.row,
        action,
        first: order,
        last,
        prev,
        order,
        checksum: i32::try_from(checksum).ok()?,
        venue_time: millis(at),
        sent: millis(at),
    });
    let (bids, asks) = (levels(item.get("bids")?, of)?, levels(item.get("asks")?, of)?);
    Some(Said { bids, asks, ..Said::only(event) })
}

fn okx_other(channel: &str, item: &Json, of: &Listing) -> Read<Event> {
    let at = |key: &str| item.get(key).and_then(Json::digits).map(millis);
    match channel {
        "bbo-tbt" => {
            let top = |key: &str| match item.get(key)?.list()? {
                [] => Some(None),
                [one] => {
                    let parts = one.list()?;
                    side(parts.first()?, parts.get(1)?, of)
                }
                _ => None,
            };
            let venue_time = at("ts")?;
            Some(Event::Best(Best {
                row: of.row,
                bid: top("bids")?,
                ask: top("asks")?,
                order: item.maybe("seqId")?.map_or(Some(venue_time.millis()), Json::count)?,
                venue_time,
                partial: false,
            }))
        }
        "mark-price" => {
            item.get("instId")?.text()?;
            let mut ticker = Ticker::new(of.row, at("ts")?);
            ticker.mark = Some(seen(item.get("markPx")?, of)?);
            Some(Event::Ticker(ticker))
        }
        "index-tickers" => Some(Event::Index {
            index: of.row,
            price: seen(item.get("idxPx")?, of)?,
            venue_time: at("ts")?,
        }),
        _ => {
            let time = |key: &str| match item.maybe(key)? {
                None => Some(WallNs::NONE),
                Some(value) if value.text()?.is_empty() => Some(WallNs::NONE),
                Some(value) => value.digits().map(millis),
            };
            let told = match item.maybe("ts")? {
                Some(told) => millis(told.digits()?),
                None => WallNs::NONE,
            };
            let mut ticker = Ticker::new(of.row, told);
            let (next, after) = (time("fundingTime")?, time("nextFundingTime")?);
            let between = after.0.checked_sub(next.0).filter(|ns| *ns > 0 && next.0 != 0);
            ticker.rate = Some(item.maybe("fundingRate")?.map_or(Some(None), rate)?);
            ticker.next = Some(next);
            ticker.interval = Some(between.map(|ns| Span(ns.cast_unsigned())));
            Some(Event::Ticker(ticker))
        }
    }
}

fn bybit(json: &Json, symbols: &Symbols) -> Read<Said> {
    let (topic, op) = (json.maybe("topic")?, json.maybe("op")?);
    let Some(topic) = topic else { return bybit_control(json, op).map(Said::only) };
    let parts: Vec<&str> = topic.text()?.split('.').collect();
    let (channel, name) = match parts.as_slice() {
        ["orderbook", _, name] => ("book", *name),
        ["publicTrade", name] => ("trades", *name),
        ["tickers", name] => ("tickers", *name),
        _ => return Some(Said::only(Event::Ignored)),
    };
    let Some(of) = symbols.find(name.as_bytes()) else {
        return Some(Said::only(Event::Foreign));
    };
    let action = match json.maybe("type")? {
        Some(Json::Text(text)) if text == "snapshot" => Some(BookAction::Snapshot),
        Some(Json::Text(text)) if text == "delta" => Some(BookAction::Delta),
        _ => None,
    };
    match channel {
        "book" => bybit_book(json, action, parts[1], name, &of),
        "trades" => {
            action?;
            json.get("ts")?.count()?;
            let trades: Option<Vec<_>> =
                json.get("data")?.list()?.iter().map(|item| bybit_trade(item, name, &of)).collect();
            let trades = trades.filter(|trades| !trades.is_empty())?;
            Some(Said { trades, ..Said::only(Event::Trades(of.row)) })
        }
        _ => bybit_ticker(json, action?, name, &of).map(|t| Said::only(Event::Ticker(t))),
    }
}

fn bybit_control(json: &Json, op: Option<&Json>) -> Read<Event> {
    let success = json.maybe("success")?;
    let message = json.maybe("ret_msg")?;
    let id = match json.maybe("req_id")? {
        Some(id) => {
            id.text()?;
            id.digits().unwrap_or(0)
        }
        None => 0,
    };
    let op = match op {
        Some(op) => Some(op.text()?),
        None => None,
    };
    let success = match success {
        Some(success) => Some(success.flag()?),
        None => None,
    };
    Some(match (op, success) {
        (Some("pong"), _) => Event::Control(Control::Pong),
        (Some("ping"), _) if message?.text()? == "pong" => Event::Control(Control::Pong),
        (Some("ping"), _) | (_, Some(false)) => Event::Control(Control::Refused { code: 0, id }),
        (Some("subscribe" | "unsubscribe"), Some(true)) => Event::Control(Control::Ack(id)),
        (None, None) => return None,
        _ => Event::Ignored,
    })
}

fn bybit_book(
    json: &Json,
    action: Option<BookAction>,
    depth: &str,
    name: &str,
    of: &Listing,
) -> Read<Said> {
    if Json::Text(depth.to_owned()).digits().is_none() {
        // `orderbook.rpi` and its like are other topics.
        return Some(Said::only(Event::Ignored));
    }
    let action = action?;
    let sent = millis(json.get("ts")?.count()?);
    let venue_time = match json.maybe("cts")? {
        Some(at) => millis(at.count()?),
        None => sent,
    };
    let data = json.get("data")?;
    if data.get("s")?.text()? != name {
        return None;
    }
    let (bids, asks) = (levels(data.get("b")?, of)?, levels(data.get("a")?, of)?);
    let (last, order) = (data.get("u")?.count()?, data.get("seq")?.count()?);
    if depth == "1" {
        let top = |side: &[Level]| side.iter().rev().find(|level| level.qty.0 > 0).copied();
        return Some(Said {
            event: Event::Best(Best {
                row: of.row,
                bid: top(&bids),
                ask: top(&asks),
                order,
                venue_time,
                partial: action == BookAction::Delta,
            }),
            bids,
            asks,
            trades: Vec::new(),
        });
    }
    let event = Event::Book(BookChange {
        row: of.row,
        action,
        first: last,
        last: Some(last),
        prev: None,
        order,
        checksum: 0,
        venue_time,
        sent,
    });
    Some(Said { bids, asks, ..Said::only(event) })
}

fn bybit_trade(item: &Json, name: &str, of: &Listing) -> Read<PublicTrade> {
    if item.get("s")?.text()? != name {
        return None;
    }
    let taker = match item.get("S")?.text()? {
        "Buy" => Side::Buy,
        "Sell" => Side::Sell,
        _ => return None,
    };
    let id = trade_id(item.get("i")?.text()?.as_bytes());
    trade(taker, item.get("p")?, item.get("v")?, id, item.get("T")?.count()?, of)
}

fn bybit_ticker(json: &Json, action: BookAction, name: &str, of: &Listing) -> Read<Ticker> {
    let data = json.get("data")?;
    if data.get("symbol")?.text()? != name {
        return None;
    }
    let mut ticker = Ticker::new(of.row, millis(json.get("ts")?.count()?));
    ticker.snapshot = action == BookAction::Snapshot;
    if let Some(mark) = data.maybe("markPrice")? {
        ticker.mark = Some(seen(mark, of)?);
    }
    if let Some(index) = data.maybe("indexPrice")? {
        ticker.index = Some(seen(index, of)?);
    }
    if let Some(value) = data.maybe("fundingRate")? {
        ticker.rate = Some(rate(value)?);
    }
    if let Some(next) = data.maybe("nextFundingTime")? {
        let empty = next.text()?.is_empty();
        ticker.next = Some(if empty { WallNs::NONE } else { millis(next.digits()?) });
    }
    if let Some(hours) = data.maybe("fundingIntervalHour")? {
        let empty = hours.text()?.is_empty();
        let hours = if empty { 0 } else { hours.digits()? };
        let sane = u64::try_from(hours).ok().filter(|hours| (1..=24).contains(hours));
        ticker.interval = Some(sane.map(|hours| Span::from_secs(hours * 3600)));
    }
    Some(ticker)
}
