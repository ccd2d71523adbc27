//! Bybit's messages read by the full parser: any key order, unknown fields passed over.

use crate::bybit::{best, interval, trade_id};
use crate::fields::{self, Found, about};
use crate::json::{Value, need};
use crate::message::{
    BookAction, BookChange, Control, Event, PublicTrade, Refusal, Scratch, Ticker, Why,
};
use crate::symbols::{Listing, Symbols};
use base::Side;

/// Reads a whole message.
pub(crate) fn read(
    root: Value<'_, '_>,
    symbols: &Symbols,
    scratch: &mut Scratch,
) -> Result<Event, Refusal> {
    let [topic, op] = root.fields(["topic", "op"])?;
    let Some(topic) = topic else { return Ok(control(root, op)?) };
    let mut parts = topic.text()?.split(|byte| *byte == b'.');
    let (channel, second, third) = (parts.next(), parts.next(), parts.next());
    if parts.next().is_some() {
        return Ok(Event::Ignored);
    }
    let (channel, depth, name) = match (channel, second, third) {
        (Some(b"orderbook"), Some(depth), Some(name)) => (Channel::Book, depth, name),
        (Some(b"publicTrade"), Some(name), None) => (Channel::Trades, &b""[..], name),
        (Some(b"tickers"), Some(name), None) => (Channel::Tickers, &b""[..], name),
        _ => return Ok(Event::Ignored),
    };
    let Some(listing) = symbols.find(name) else { return Ok(Event::Foreign) };
    match channel {
        Channel::Book if crate::json::parse_count(depth).is_err() => Ok(Event::Ignored),
        Channel::Book => about(listing.row, book(root, depth == b"1", name, listing, scratch)),
        Channel::Trades => Ok(trades(root, name, listing, scratch)?),
        Channel::Tickers => Ok(ticker(root, name, listing)?),
    }
}

enum Channel {
    Book,
    Trades,
    Tickers,
}

/// Answers to requests. The pong of a public connection keeps `"op":"ping"`.
fn control(root: Value<'_, '_>, op: Option<Value<'_, '_>>) -> Found<Event> {
    let [success, message, id] = root.fields(["success", "ret_msg", "req_id"])?;
    let id = id.map_or(Ok(0), |id| {
        let text = id.text()?;
        Ok(if text.is_empty() { 0 } else { crate::json::parse_count(text).unwrap_or(0) })
    })?;
    let op = op.map(Value::text).transpose()?;
    let success = success.map(Value::boolean).transpose()?;
    Ok(match (op, success) {
        (Some(b"pong"), _) => Event::Control(Control::Pong),
        (Some(b"ping"), _) => {
            let pong = need(message)?.text()? == b"pong";
            Event::Control(if pong { Control::Pong } else { Control::Refused { code: 0, id } })
        }
        (Some(b"subscribe" | b"unsubscribe"), Some(true)) => Event::Control(Control::Ack(id)),
        (_, Some(false)) => Event::Control(Control::Refused { code: 0, id }),
        (None, None) => return Err(Why::Missing),
        _ => Event::Ignored,
    })
}

fn action(kind: Option<Value<'_, '_>>) -> Found<BookAction> {
    match need(kind)?.text()? {
        b"snapshot" => Ok(BookAction::Snapshot),
        b"delta" => Ok(BookAction::Delta),
        _ => Err(Why::Value),
    }
}

fn book(
    root: Value<'_, '_>,
    top: bool,
    name: &[u8],
    listing: Listing,
    scratch: &mut Scratch,
) -> Found<Event> {
    let [kind, sent, data, matched] = root.fields(["type", "ts", "data", "cts"])?;
    let action = action(kind)?;
    let sent = fields::time(sent)?;
    let venue_time = matched.map_or(Ok(sent), |at| fields::time(Some(at)))?;
    let [of, bids, asks, last, order] = need(data)?.fields(["s", "b", "a", "u", "seq"])?;
    if need(of)?.text()? != name {
        return Err(Why::Value);
    }
    fields::levels(bids, &listing.edge, &mut scratch.bids)?;
    fields::levels(asks, &listing.edge, &mut scratch.asks)?;
    let last = need(last)?.count()?;
    let order = need(order)?.count()?;
    if top {
        return Ok(Event::Best(best(listing.row, action, order, venue_time, scratch)));
    }
    Ok(Event::Book(BookChange {
        row: listing.row,
        action,
        first: last,
        last: Some(last),
        prev: None,
        order,
        checksum: 0,
        venue_time,
        sent,
    }))
}

fn trades(
    root: Value<'_, '_>,
    name: &[u8],
    listing: Listing,
    scratch: &mut Scratch,
) -> Found<Event> {
    let [kind, sent, data] = root.fields(["type", "ts", "data"])?;
    action(kind)?;
    fields::time(sent)?;
    scratch.trades.clear();
    for item in need(data)?.items()? {
        let [of, id, at, price, qty, side] = item.fields(["s", "i", "T", "p", "v", "S"])?;
        if need(of)?.text()? != name {
            return Err(Why::Value);
        }
        let taker = match need(side)?.text()? {
            b"Buy" => Side::Buy,
            b"Sell" => Side::Sell,
            _ => return Err(Why::Value),
        };
        let qty = fields::qty(need(qty)?, &listing.edge)?;
        if qty.is_zero() {
            return Err(Why::Value);
        }
        let trade = PublicTrade {
            taker,
            price: fields::price(need(price)?, &listing.edge)?,
            qty,
            id: trade_id(need(id)?.text()?),
            venue_time: fields::time(at)?,
        };
        scratch.trades.push(trade).ok_or(Why::TooMany)?;
    }
    if scratch.trades.as_slice().is_empty() {
        return Err(Why::Missing);
    }
    Ok(Event::Trades(listing.row))
}

fn ticker(root: Value<'_, '_>, name: &[u8], listing: Listing) -> Found<Event> {
    let [kind, sent, data] = root.fields(["type", "ts", "data"])?;
    let [of, mark, index, rate, next, hours] = need(data)?.fields([
        "symbol",
        "markPrice",
        "indexPrice",
        "fundingRate",
        "nextFundingTime",
        "fundingIntervalHour",
    ])?;
    if need(of)?.text()? != name {
        return Err(Why::Value);
    }
    let mut ticker = Ticker::new(listing.row, fields::time(sent)?);
    ticker.snapshot = action(kind)? == BookAction::Snapshot;
    ticker.mark = mark.map(|mark| fields::price_rounded(mark, &listing.edge)).transpose()?;
    ticker.index = index.map(|index| fields::price_rounded(index, &listing.edge)).transpose()?;
    ticker.rate = rate.map(fields::rate).transpose()?;
    ticker.next = next.map(fields::time_text_or_none).transpose()?;
    ticker.interval = hours
        .map(|hours| {
            if hours.text()?.is_empty() {
                return Ok(None);
            }
            Ok(interval(hours.count_text()?))
        })
        .transpose()?;
    Ok(Event::Ticker(ticker))
}
