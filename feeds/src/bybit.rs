//! Bybit v5: the shapes of its public messages, one set for spot and linear.
//!
//! Everything comes as `{"topic":..,"type":..,"ts":..,"data":..}`, `type` and `ts` in either order.

use crate::message::{Best, BookAction, BookChange, Event, PublicTrade, Scratch, Ticker};
use crate::scan::Cursor;
use crate::symbols::{Listing, Symbols};
use crate::wire::{levels, time};
use base::{Edge, Price, Qty, Rate, Side, Span, WallNs};

pub(crate) mod full;

/// Reads a message of the documented shape; `None` sends it to the full parser.
#[inline(always)]
pub(crate) fn scan(bytes: &[u8], symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let mut at = Cursor::new(bytes);
    at.literal(b"{\"topic\":\"")?;
    if at.literal(b"orderbook.").is_some() {
        let top = at.literal(b"1.").is_some();
        if !top {
            at.integer()?;
            at.literal(b".")?;
        }
        return book(at, top, symbols, scratch);
    }
    if at.literal(b"tickers.").is_some() {
        return ticker(at, symbols);
    }
    at.literal(b"publicTrade.")?;
    trades(at, symbols, scratch)
}

/// `,"type":"..","ts":n` or `,"ts":n,"type":".."`: whether it is a snapshot, and when it was sent.
#[inline(always)]
fn head(at: &mut Cursor<'_>) -> Option<(BookAction, i64)> {
    if at.literal(b",\"ts\":").is_some() {
        let sent = at.integer()?;
        at.literal(b",\"type\":\"")?;
        return Some((action(at)?, sent));
    }
    at.literal(b",\"type\":\"")?;
    let action = action(at)?;
    at.literal(b",\"ts\":")?;
    Some((action, at.integer()?))
}

#[inline(always)]
fn action(at: &mut Cursor<'_>) -> Option<BookAction> {
    if at.literal(b"delta\"").is_some() {
        return Some(BookAction::Delta);
    }
    at.literal(b"snapshot\"").map(|()| BookAction::Snapshot)
}

/// `S"`head`,"data":{"s":"S","b":[..],"a":[..],"u":n,"seq":n}[,"cts":n]}`.
#[inline(always)]
fn book(mut at: Cursor<'_>, top: bool, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let name = at.name()?;
    let listing = symbols.find(name)?;
    let (action, sent) = head(&mut at)?;
    at.literal(b",\"data\":{\"s\":\"")?;
    at.matches(name)?;
    at.literal(b"\",\"b\":[")?;
    levels::<false>(&mut at, &listing.edge, &mut scratch.bids)?;
    at.literal(b",\"a\":[")?;
    levels::<false>(&mut at, &listing.edge, &mut scratch.asks)?;
    at.literal(b",\"u\":")?;
    let last = at.integer()?;
    at.literal(b",\"seq\":")?;
    let order = at.integer()?;
    at.literal(b"}")?;
    let matched = if at.literal(b",\"cts\":").is_some() { at.integer()? } else { sent };
    at.literal(b"}")?;
    at.end()?;
    let venue_time = time(matched);
    if top {
        return Some(Event::Best(best(listing.row, action, order, venue_time, scratch)));
    }
    Some(Event::Book(BookChange {
        row: listing.row,
        action,
        first: last,
        last: Some(last),
        prev: None,
        order,
        checksum: 0,
        venue_time,
        sent: time(sent),
    }))
}

/// Level 1 is a quote: the last level of a side that is not taken away, or what was there before.
#[inline(always)]
pub(crate) fn best(
    row: crate::symbols::Row,
    action: BookAction,
    order: i64,
    venue_time: WallNs,
    scratch: &Scratch,
) -> Best {
    let top = |side: &[crate::message::Level]| side.iter().rfind(|l| l.qty.0 > 0).copied();
    Best {
        row,
        bid: top(scratch.bids.as_slice()),
        ask: top(scratch.asks.as_slice()),
        order,
        venue_time,
        partial: action == BookAction::Delta,
    }
}

/// `S"`head`,"data":[{"T":n,"s":"S","S":"Buy","v":"q","p":"p","L":"..","i":"id","BT":b[,"RPI":b][,"seq":n]},..]}`
/// (linear), or `{"i":"id","T":n,"p":"p","v":"q","S":"Buy","s":"S","BT":b[..]}` (spot).
#[inline(always)]
fn trades(mut at: Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let name = at.name()?;
    let listing = symbols.find(name)?;
    head(&mut at)?;
    at.literal(b",\"data\":[")?;
    let mut count = 0;
    for place in scratch.trades.places() {
        *place = if at.literal(b"{\"T\":").is_some() {
            linear_trade(&mut at, name, &listing)?
        } else {
            at.literal(b"{\"i\":\"")?;
            spot_trade(&mut at, name, &listing)?
        };
        count += 1;
        if at.literal(b",").is_none() {
            at.literal(b"]}")?;
            at.end()?;
            scratch.trades.keep(count);
            return Some(Event::Trades(listing.row));
        }
    }
    None
}

#[inline(always)]
fn linear_trade(at: &mut Cursor<'_>, name: &[u8], listing: &Listing) -> Option<PublicTrade> {
    let matched = at.integer()?;
    at.literal(b",\"s\":\"")?;
    at.matches(name)?;
    at.literal(b"\",\"S\":\"")?;
    let taker = side(at)?;
    at.literal(b",\"v\":\"")?;
    let size = at.decimal(listing.edge.size_exp)?;
    at.literal(b",\"p\":\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"L\":\"")?;
    at.text()?;
    at.literal(b",\"i\":\"")?;
    let id = at.text()?;
    trade_tail(at)?;
    one_trade(taker, price, size, id, matched, &listing.edge)
}

#[inline(always)]
fn spot_trade(at: &mut Cursor<'_>, name: &[u8], listing: &Listing) -> Option<PublicTrade> {
    let id = at.text()?;
    at.literal(b",\"T\":")?;
    let matched = at.integer()?;
    at.literal(b",\"p\":\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"v\":\"")?;
    let size = at.decimal(listing.edge.size_exp)?;
    at.literal(b",\"S\":\"")?;
    let taker = side(at)?;
    at.literal(b",\"s\":\"")?;
    at.matches(name)?;
    at.literal(b"\"")?;
    trade_tail(at)?;
    one_trade(taker, price, size, id, matched, &listing.edge)
}

#[inline(always)]
fn side(at: &mut Cursor<'_>) -> Option<Side> {
    if at.literal(b"Buy\"").is_some() {
        return Some(Side::Buy);
    }
    at.literal(b"Sell\"").map(|()| Side::Sell)
}

/// `,"BT":b[,"RPI":b][,"seq":n]}`.
#[inline(always)]
fn trade_tail(at: &mut Cursor<'_>) -> Option<()> {
    at.literal(b",\"BT\":")?;
    boolean(at)?;
    if at.literal(b",\"RPI\":").is_some() {
        boolean(at)?;
    }
    if at.literal(b",\"seq\":").is_some() {
        at.integer()?;
    }
    at.literal(b"}")
}

#[inline(always)]
fn boolean(at: &mut Cursor<'_>) -> Option<()> {
    at.literal(b"false").or_else(|| at.literal(b"true"))
}

#[inline(always)]
fn one_trade(
    taker: Side,
    price: i64,
    size: i64,
    id: &[u8],
    matched: i64,
    edge: &Edge,
) -> Option<PublicTrade> {
    let qty = size.checked_mul(edge.size_factor)?;
    if price == 0 || qty == 0 {
        return None;
    }
    let id = trade_id(id);
    Some(PublicTrade { taker, price: Price(price), qty: Qty(qty), id, venue_time: time(matched) })
}

/// Spot trades are numbered; linear ones have a UUID, of which the hash stands for it.
pub(crate) fn trade_id(text: &[u8]) -> u64 {
    let number = || -> Option<u64> {
        if text.is_empty() || text.len() > 19 {
            return None;
        }
        text.iter().try_fold(0_u64, |value, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| value * 10 + u64::from(digit))
        })
    };
    number().unwrap_or_else(|| {
        text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}

/// `S","type":"..","data":{`texts in any order`},"cs":n,"ts":n}` (linear), or
/// `S","ts":n,"type":"..","cs":n,"data":{..}}` (spot).
#[inline(always)]
fn ticker(mut at: Cursor<'_>, symbols: &Symbols) -> Option<Event> {
    let name = at.name()?;
    let listing = symbols.find(name)?;
    let early = if at.literal(b",\"ts\":").is_some() { Some(at.integer()?) } else { None };
    at.literal(b",\"type\":\"")?;
    let action = action(&mut at)?;
    if early.is_some() {
        at.literal(b",\"cs\":")?;
        at.integer()?;
    }
    at.literal(b",\"data\":{\"symbol\":\"")?;
    at.matches(name)?;
    at.literal(b"\"")?;
    let mut ticker = Ticker::new(listing.row, WallNs::NONE);
    ticker.snapshot = action == BookAction::Snapshot;
    ticker_fields(&mut at, &listing.edge, &mut ticker)?;
    let sent = match early {
        Some(sent) => sent,
        None => {
            at.literal(b",\"cs\":")?;
            at.integer()?;
            at.literal(b",\"ts\":")?;
            at.integer()?
        }
    };
    at.literal(b"}")?;
    at.end()?;
    ticker.venue_time = time(sent);
    Some(Event::Ticker(ticker))
}

/// `,"key":"text"` again and again up to `}`; five keys count, the others are stepped over.
#[inline(always)]
fn ticker_fields(at: &mut Cursor<'_>, edge: &Edge, ticker: &mut Ticker) -> Option<()> {
    // bound: every round steps over at least six bytes of the message
    while at.literal(b"}").is_none() {
        at.literal(b",\"")?;
        let key = at.text()?;
        at.literal(b":\"")?;
        let value = at.text()?;
        match key {
            b"markPrice" if ticker.mark.is_none() => ticker.mark = Some(price(edge, value)?),
            b"indexPrice" if ticker.index.is_none() => ticker.index = Some(price(edge, value)?),
            b"fundingRate" if ticker.rate.is_none() && !value.is_empty() => {
                ticker.rate = Some(Some(Rate::parse(value).ok()?));
            }
            b"nextFundingTime" if ticker.next.is_none() => {
                ticker.next = Some(time(number(value)?));
            }
            b"fundingIntervalHour" if ticker.interval.is_none() => {
                ticker.interval = Some(interval(number(value)?));
            }
            b"markPrice"
            | b"indexPrice"
            | b"fundingRate"
            | b"nextFundingTime"
            | b"fundingIntervalHour"
            | b"symbol" => return None,
            _ => {}
        }
    }
    Some(())
}

#[inline(always)]
fn price(edge: &Edge, text: &[u8]) -> Option<Price> {
    edge.price_rounded(text).ok().filter(|price| price.0 > 0)
}

/// The longest funding interval that makes sense.
const HOURS_MAX: i64 = 24;

/// A funding interval in hours; one that makes no sense is unknown.
#[inline(always)]
pub(crate) fn interval(hours: i64) -> Option<Span> {
    let sane = u64::try_from(hours).ok().filter(|_| (1..=HOURS_MAX).contains(&hours));
    sane.map(|hours| Span::from_secs(hours * 3600))
}

/// A count above zero in a text of its own.
#[inline(always)]
fn number(text: &[u8]) -> Option<i64> {
    let mut at = Cursor::new(text);
    let value = at.integer()?;
    at.end()?;
    (value > 0).then_some(value)
}
