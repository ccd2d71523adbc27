//! Binance, spot and futures alike.

use super::{Json, Read, Said, levels, millis, rate, seen, side, trade};
use crate::message::{Best, BookAction, BookChange, Control, Event, Ticker};
use crate::symbols::{Listing, Symbols};
use base::{Price, Qty, Side, WallNs};

pub(super) fn read(json: &Json, symbols: &Symbols) -> Read<Said> {
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
        let said = payload(data, symbols)?;
        let stream = stream.text()?;
        let parts: Vec<&str> = stream.split('@').collect();
        let partial = parts.get(1).is_some_and(|k| k.starts_with("depth") && k.len() > 5);
        if partial && matches!(said.event, Event::Book(_)) {
            return Some(Said::only(Event::Ignored));
        }
        return Some(said);
    }
    if let Some(event) = event {
        return payload(event, symbols);
    }
    let id = id.and_then(Json::int).unwrap_or(0);
    let control = if let Some(error) = error {
        Control::Refused { code: error.maybe("code")?.map_or(Some(0), Json::int)?, id }
    } else if let Some(code) = code {
        Control::Refused { code: code.int()?, id }
    } else if result.is_some() {
        Control::Ack(id)
    } else {
        return payload(json, symbols);
    };
    Some(Said::only(Event::Control(control)))
}

fn payload(data: &Json, symbols: &Symbols) -> Read<Said> {
    let [kind, snapshot, symbol] = ["e", "lastUpdateId", "s"].map(|key| data.maybe(key));
    let (kind, snapshot, symbol) = (kind?, snapshot?, symbol?);
    if snapshot.is_some() {
        return Some(Said::only(Event::Ignored));
    }
    let kind = match kind {
        Some(kind) => kind.text()?,
        None => "bookTicker",
    };
    let read = match kind {
        "serverShutdown" => return Some(Said::only(Event::Control(Control::Closing))),
        "bookTicker" => best,
        "depthUpdate" => book,
        "trade" => trades,
        "markPriceUpdate" => mark,
        _ => return Some(Said::only(Event::Ignored)),
    };
    match symbols.find(symbol?.text()?.as_bytes()) {
        Some(of) => read(data, &of),
        None => Some(Said::only(Event::Foreign)),
    }
}

fn time(data: &Json, key: &str) -> Read<WallNs> {
    data.get(key).and_then(Json::count).map(millis)
}

fn best(data: &Json, of: &Listing) -> Read<Said> {
    let venue_time = match (data.maybe("T")?, data.maybe("E")?) {
        (Some(at), _) | (None, Some(at)) => millis(at.count()?),
        (None, None) => WallNs::NONE,
    };
    Some(Said::only(Event::Best(Best {
        row: of.row,
        bid: side(data.get("b")?, data.get("B")?, of)?,
        ask: side(data.get("a")?, data.get("A")?, of)?,
        order: data.get("u")?.count()?,
        venue_time,
        partial: false,
    })))
}

fn book(data: &Json, of: &Listing) -> Read<Said> {
    let last = data.get("u")?.count()?;
    let sent = time(data, "E")?;
    let venue_time = if data.maybe("T")?.is_some() { time(data, "T")? } else { sent };
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
    let (bids, asks) = (levels(data.get("b")?, of)?, levels(data.get("a")?, of)?);
    Some(Said { bids, asks, ..Said::only(event) })
}

fn trades(data: &Json, of: &Listing) -> Read<Said> {
    let taker = if data.get("m")?.flag()? { Side::Sell } else { Side::Buy };
    let (price, qty) = (data.get("p")?, data.get("q")?);
    let id = data.get("t")?.count()?.cast_unsigned();
    let at = data.get("T")?.count()?;
    let is_zero = |text: &str| of.edge.price(text.as_bytes()).is_ok_and(Price::is_zero);
    let no_qty = of.edge.qty(qty.text()?.as_bytes()).is_ok_and(Qty::is_zero);
    if is_zero(price.text()?) && no_qty {
        return Some(Said::only(Event::Ignored));
    }
    let trades = vec![trade(taker, price, qty, id, at, of)?];
    Some(Said { trades, ..Said::only(Event::Trades(of.row)) })
}

fn mark(data: &Json, of: &Listing) -> Read<Said> {
    let mut ticker = Ticker::new(of.row, time(data, "E")?);
    ticker.mark = Some(seen(data.get("p")?, of)?);
    if let Some(index) = data.maybe("i")? {
        ticker.index = Some(seen(index, of)?);
    }
    let next = time(data, "T")?;
    let rate = rate(data.get("r")?)?;
    ticker.rate = Some(if next == WallNs::NONE { None } else { rate });
    ticker.next = Some(next);
    Some(Said::only(Event::Ticker(ticker)))
}
