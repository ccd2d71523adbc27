//! Bybit v5.

use super::{Json, Read, Said, levels, millis, rate, seen, trade};
use crate::bybit::trade_id;
use crate::message::{Best, BookAction, BookChange, Control, Event, Level, PublicTrade, Ticker};
use crate::symbols::{Listing, Symbols};
use base::{Side, Span, WallNs};

pub(super) fn read(json: &Json, symbols: &Symbols) -> Read<Said> {
    let (topic, op) = (json.maybe("topic")?, json.maybe("op")?);
    let Some(topic) = topic else { return control(json, op).map(Said::only) };
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
        "book" => book(json, action, parts[1], name, &of),
        "trades" => {
            action?;
            json.get("ts")?.count()?;
            let trades: Option<Vec<_>> =
                json.get("data")?.list()?.iter().map(|item| one_trade(item, name, &of)).collect();
            let trades = trades.filter(|trades| !trades.is_empty())?;
            Some(Said { trades, ..Said::only(Event::Trades(of.row)) })
        }
        _ => ticker(json, action?, name, &of).map(|t| Said::only(Event::Ticker(t))),
    }
}

fn control(json: &Json, op: Option<&Json>) -> Read<Event> {
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

fn book(
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

fn one_trade(item: &Json, name: &str, of: &Listing) -> Read<PublicTrade> {
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

fn ticker(json: &Json, action: BookAction, name: &str, of: &Listing) -> Read<Ticker> {
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
