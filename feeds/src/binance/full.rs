//! Binance's messages read by the full parser: any key order, unknown fields passed over.

use crate::fields::{self, Found, about};
use crate::json::{Value, need};
use crate::message::{
    Best, BookAction, BookChange, Control, Event, PublicTrade, Refusal, Scratch, Ticker, Why,
};
use crate::symbols::{Listing, Symbols};
use base::{Side, WallNs};

/// Reads a whole message.
pub(crate) fn read(
    root: Value<'_, '_>,
    symbols: &Symbols,
    scratch: &mut Scratch,
) -> Result<Event, Refusal> {
    if root.items().is_ok() {
        return Ok(Event::Ignored);
    }
    let [stream, data, result, id, error, code, event] =
        root.fields(["stream", "data", "result", "id", "error", "code", "event"])?;
    if let (Some(stream), Some(data)) = (stream, data) {
        if data.items().is_ok() {
            return Ok(Event::Ignored);
        }
        let found = payload(data, symbols, scratch)?;
        let partial = crate::binance::is_partial(stream.text()?);
        let is_book = matches!(found, Event::Book(_));
        return Ok(if partial && is_book { Event::Ignored } else { found });
    }
    if let Some(event) = event {
        return payload(event, symbols, scratch);
    }
    if error.is_some() || code.is_some() || result.is_some() {
        return Ok(Event::Control(answer(result, id, error, code)?));
    }
    payload(root, symbols, scratch)
}

/// `{"result":null,"id":1}`, `{"error":{"code":2,"msg":".."},"id":1}`, `{"code":2,"msg":"..","id":1}`.
fn answer(
    result: Option<Value<'_, '_>>,
    id: Option<Value<'_, '_>>,
    error: Option<Value<'_, '_>>,
    code: Option<Value<'_, '_>>,
) -> Found<Control> {
    let id = match id {
        Some(id) if !id.is_null() => id.integer().unwrap_or(0),
        _ => 0,
    };
    if let Some(error) = error {
        let [code] = error.fields(["code"])?;
        return Ok(Control::Refused { code: code.map_or(Ok(0), Value::integer)?, id });
    }
    if let Some(code) = code {
        return Ok(Control::Refused { code: code.integer()?, id });
    }
    need(result)?;
    Ok(Control::Ack(id))
}

fn payload(
    data: Value<'_, '_>,
    symbols: &Symbols,
    scratch: &mut Scratch,
) -> Result<Event, Refusal> {
    let [kind, snapshot, symbol] = data.fields(["e", "lastUpdateId", "s"])?;
    if snapshot.is_some() {
        return Ok(Event::Ignored);
    }
    let kind = kind.map(Value::text).transpose()?;
    if kind == Some(b"serverShutdown") {
        return Ok(Event::Control(Control::Closing));
    }
    if !matches!(kind, None | Some(b"bookTicker" | b"depthUpdate" | b"trade" | b"markPriceUpdate"))
    {
        return Ok(Event::Ignored);
    }
    let Some(listing) = fields::listing(symbol, symbols)? else { return Ok(Event::Foreign) };
    match kind {
        None | Some(b"bookTicker") => about(listing.row, best(data, listing)),
        Some(b"depthUpdate") => about(listing.row, depth(data, listing, scratch)),
        Some(b"trade") => Ok(trade(data, listing, scratch)?),
        _ => Ok(mark(data, listing)?),
    }
}

fn best(data: Value<'_, '_>, listing: Listing) -> Found<Event> {
    let [u, b, bq, a, aq, matched, sent] = data.fields(["u", "b", "B", "a", "A", "T", "E"])?;
    let venue_time = match (matched, sent) {
        (Some(time), _) | (None, Some(time)) => fields::time(Some(time))?,
        (None, None) => WallNs::NONE,
    };
    Ok(Event::Best(Best {
        row: listing.row,
        bid: fields::best_level(b, bq, &listing.edge)?,
        ask: fields::best_level(a, aq, &listing.edge)?,
        order: need(u)?.count()?,
        venue_time,
        partial: false,
    }))
}

fn depth(data: Value<'_, '_>, listing: Listing, scratch: &mut Scratch) -> Found<Event> {
    let [first, last, prev, bids, asks, matched, sent] =
        data.fields(["U", "u", "pu", "b", "a", "T", "E"])?;
    let last = need(last)?.count()?;
    let sent = fields::time(sent)?;
    let venue_time = match matched {
        Some(_) => fields::time(matched)?,
        None => sent,
    };
    fields::levels(bids, &listing.edge, &mut scratch.bids)?;
    fields::levels(asks, &listing.edge, &mut scratch.asks)?;
    Ok(Event::Book(BookChange {
        row: listing.row,
        action: BookAction::Delta,
        first: need(first)?.count()?,
        last: Some(last),
        prev: prev.map(Value::count).transpose()?,
        order: last,
        checksum: 0,
        venue_time,
        sent,
    }))
}

fn trade(data: Value<'_, '_>, listing: Listing, scratch: &mut Scratch) -> Found<Event> {
    let [id, price, qty, matched, maker] = data.fields(["t", "p", "q", "T", "m"])?;
    let id = need(id)?.count()?;
    let venue_time = fields::time(matched)?;
    let taker = if need(maker)?.boolean()? { Side::Sell } else { Side::Buy };
    let qty = fields::qty(need(qty)?, &listing.edge)?;
    let raw = listing.edge.price(need(price)?.text()?).map_err(|_| Why::Price)?;
    if raw.is_zero() && qty.is_zero() {
        return Ok(Event::Ignored);
    }
    if raw.0 <= 0 || qty.is_zero() {
        return Err(Why::Value);
    }
    scratch.trades.clear();
    scratch
        .trades
        .push(PublicTrade { taker, price: raw, qty, id: id.cast_unsigned(), venue_time })
        .ok_or(Why::TooMany)?;
    Ok(Event::Trades(listing.row))
}

fn mark(data: Value<'_, '_>, listing: Listing) -> Found<Event> {
    let [mark, index, rate, next, sent] = data.fields(["p", "i", "r", "T", "E"])?;
    let mut ticker = Ticker::new(listing.row, fields::time(sent)?);
    ticker.mark = Some(fields::price_rounded(need(mark)?, &listing.edge)?);
    ticker.index = index.map(|index| fields::price_rounded(index, &listing.edge)).transpose()?;
    let rate = fields::rate(need(rate)?)?;
    let next = fields::time(next)?;
    // A delivery contract prints a rate of zero and no settlement: it has no funding at all.
    ticker.rate = Some(rate.filter(|_| next != WallNs::NONE));
    ticker.next = Some(next);
    Ok(Event::Ticker(ticker))
}
