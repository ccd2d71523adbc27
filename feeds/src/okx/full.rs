//! OKX's messages read by the full parser: any key order, unknown fields passed over.

use crate::fields::{self, Found, about};
use crate::json::{Value, need};
use crate::message::{
    Best, BookAction, BookChange, Control, Event, Level, PublicTrade, Refusal, Scratch, Ticker, Why,
};
use crate::okx::Names;
use crate::symbols::Listing;
use base::{Side, Span, WallNs};

/// Reads a whole message.
pub(crate) fn read(
    root: Value<'_, '_>,
    names: Names<'_>,
    scratch: &mut Scratch,
) -> Result<Event, Refusal> {
    let [event, arg, action, data, code] =
        root.fields(["event", "arg", "action", "data", "code"])?;
    if let Some(event) = event {
        return Ok(control(event.text()?, code)?);
    }
    let (Some(arg), Some(data)) = (arg, data) else { return Err(Why::Missing.into()) };
    let [channel, name] = arg.fields(["channel", "instId"])?;
    let channel = need(channel)?.text()?;
    if channel == b"index-tickers" {
        let Some(index) = fields::listing(name, names.indices)? else { return Ok(Event::Foreign) };
        return Ok(index_price(only(data)?, index)?);
    }
    if !matches!(channel, b"bbo-tbt" | b"books" | b"trades" | b"mark-price" | b"funding-rate") {
        return Ok(Event::Ignored);
    }
    let Some(listing) = fields::listing(name, names.instruments)? else {
        return Ok(Event::Foreign);
    };
    match channel {
        b"bbo-tbt" => about(listing.row, only(data).and_then(|item| best(item, listing))),
        b"books" => {
            about(listing.row, only(data).and_then(|item| book(item, action, listing, scratch)))
        }
        b"trades" => Ok(trades(data, name, listing, scratch)?),
        b"mark-price" => Ok(mark(only(data)?, listing)?),
        _ => Ok(funding(only(data)?, listing)?),
    }
}

/// The one item of a list.
fn only<'t, 'i>(data: Value<'t, 'i>) -> Found<Value<'t, 'i>> {
    let mut items = data.items()?;
    let item = need(items.next())?;
    if items.next().is_some() { Err(Why::TooMany) } else { Ok(item) }
}

fn control(event: &[u8], code: Option<Value<'_, '_>>) -> Found<Event> {
    let code = code.map(Value::count_text).transpose()?.unwrap_or(0);
    Ok(match event {
        b"subscribe" => Event::Control(Control::Subscribed),
        b"unsubscribe" => Event::Control(Control::Unsubscribed),
        // A service upgrade: the venue closes this connection within a minute.
        b"notice" if code == 64_008 => Event::Control(Control::Closing),
        b"error" | b"channel-conn-count-error" => Event::Control(Control::Refused { code, id: 0 }),
        _ => Event::Ignored,
    })
}

fn best(item: Value<'_, '_>, listing: Listing) -> Found<Event> {
    let [asks, bids, matched, order] = item.fields(["asks", "bids", "ts", "seqId"])?;
    let venue_time = fields::time_text(matched)?;
    Ok(Event::Best(Best {
        row: listing.row,
        bid: top(bids, listing)?,
        ask: top(asks, listing)?,
        // Before 2023 there were no sequence numbers: time is the only order left.
        order: order.map_or_else(|| Ok(venue_time.millis()), Value::count)?,
        venue_time,
        partial: false,
    }))
}

fn top(side: Option<Value<'_, '_>>, listing: Listing) -> Found<Option<Level>> {
    let mut items = need(side)?.items()?;
    let Some(item) = items.next() else { return Ok(None) };
    if items.next().is_some() {
        return Err(Why::TooMany);
    }
    let mut parts = item.items()?;
    let (price, qty) = (parts.next(), parts.next());
    fields::best_level(price, qty, &listing.edge)
}

fn book(
    item: Value<'_, '_>,
    action: Option<Value<'_, '_>>,
    listing: Listing,
    scratch: &mut Scratch,
) -> Found<Event> {
    let action = match need(action)?.text()? {
        b"snapshot" => BookAction::Snapshot,
        b"update" => BookAction::Delta,
        _ => return Err(Why::Value),
    };
    let [asks, bids, matched, checksum, prev, last] =
        item.fields(["asks", "bids", "ts", "checksum", "prevSeqId", "seqId"])?;
    let matched = fields::time_text(matched)?;
    let checksum = checksum.map_or(Ok(0), Value::integer)?;
    let last = last.map(Value::count).transpose()?;
    fields::levels(asks, &listing.edge, &mut scratch.asks)?;
    fields::levels(bids, &listing.edge, &mut scratch.bids)?;
    let order = last.unwrap_or_else(|| matched.millis());
    Ok(Event::Book(BookChange {
        row: listing.row,
        action,
        first: order,
        last,
        prev: prev.map(Value::integer).transpose()?,
        order,
        checksum: i32::try_from(checksum).map_err(|_| Why::Value)?,
        venue_time: matched,
        sent: matched,
    }))
}

fn trades(
    data: Value<'_, '_>,
    name: Option<Value<'_, '_>>,
    listing: Listing,
    scratch: &mut Scratch,
) -> Found<Event> {
    scratch.trades.clear();
    let name = need(name)?.text()?;
    for item in data.items()? {
        let [of, id, price, qty, side, matched] =
            item.fields(["instId", "tradeId", "px", "sz", "side", "ts"])?;
        if need(of)?.text()? != name {
            return Err(Why::Value);
        }
        let taker = match need(side)?.text()? {
            b"buy" => Side::Buy,
            b"sell" => Side::Sell,
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
            id: need(id)?.count_text()?.cast_unsigned(),
            venue_time: fields::time_text(matched)?,
        };
        scratch.trades.push(trade).ok_or(Why::TooMany)?;
    }
    if scratch.trades.as_slice().is_empty() {
        return Err(Why::Missing);
    }
    Ok(Event::Trades(listing.row))
}

fn mark(item: Value<'_, '_>, listing: Listing) -> Found<Event> {
    let [of, mark, at] = item.fields(["instId", "markPx", "ts"])?;
    let mut ticker = Ticker::new(listing.row, fields::time_text(at)?);
    need(of)?.text()?;
    ticker.mark = Some(fields::price_rounded(need(mark)?, &listing.edge)?);
    Ok(Event::Ticker(ticker))
}

fn index_price(item: Value<'_, '_>, index: Listing) -> Found<Event> {
    let [price, at] = item.fields(["idxPx", "ts"])?;
    let venue_time = fields::time_text(at)?;
    let price = fields::price_rounded(need(price)?, &index.edge)?;
    Ok(Event::Index { index: index.row, price, venue_time })
}

/// The interval is what lies between this settlement and the one after it: each instrument's own, and it changes.
fn funding(item: Value<'_, '_>, listing: Listing) -> Found<Event> {
    let [rate, next, after, at] =
        item.fields(["fundingRate", "fundingTime", "nextFundingTime", "ts"])?;
    let at = at.map_or(Ok(WallNs::NONE), |at| fields::time_text(Some(at)))?;
    let next = next.map_or(Ok(WallNs::NONE), fields::time_text_or_none)?;
    let after = after.map_or(Ok(WallNs::NONE), fields::time_text_or_none)?;
    let between = after.0.checked_sub(next.0).filter(|ns| *ns > 0 && next != WallNs::NONE);
    let mut ticker = Ticker::new(listing.row, at);
    ticker.rate = Some(rate.map_or(Ok(None), fields::rate)?);
    ticker.next = Some(next);
    ticker.interval = Some(between.map(|ns| Span(ns.cast_unsigned())));
    Ok(Event::Ticker(ticker))
}
