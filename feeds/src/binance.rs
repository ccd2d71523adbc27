//! Binance spot and USD-M: the shapes of their market messages.
//!
//! Raw (`/ws`) and combined (`/stream`, wrapped in `{"stream":..,"data":..}`) alike. Keys come in a fixed
//! order on the wire; since 2026 USD-M adds `st` and `ps`, which are taken where they have been seen.

use crate::message::{Best, BookAction, BookChange, Event, Level, PublicTrade, Scratch, Ticker};
use crate::scan::Cursor;
use crate::symbols::{Listing, Symbols};
use crate::wire::{level, levels, time};
use base::{Price, Qty, Rate, Side, WallNs};

pub(crate) mod full;

/// Reads a message of the documented shape; `None` sends it to the full parser.
#[inline(always)]
pub(crate) fn scan(bytes: &[u8], symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let mut at = Cursor::new(bytes);
    if at.literal(b"{\"u\":").is_some() {
        let event = spot_best(&mut at, symbols)?;
        at.end()?;
        return Some(event);
    }
    if at.literal(b"{\"e\":\"").is_some() {
        let event = payload(&mut at, symbols, scratch)?;
        at.end()?;
        return Some(event);
    }
    wrapped(at, symbols, scratch)
}

/// `{"stream":"btcusdt@bookTicker","data":{..}}`.
#[inline(always)]
fn wrapped(mut at: Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    at.literal(b"{\"stream\":\"")?;
    let stream = at.text()?;
    at.literal(b",\"data\":{\"")?;
    let event = if at.literal(b"u\":").is_some() {
        spot_best(&mut at, symbols)?
    } else {
        at.literal(b"e\":\"")?;
        payload(&mut at, symbols, scratch)?
    };
    at.literal(b"}")?;
    at.end()?;
    if matches!(event, Event::Book(_)) && is_partial(stream) {
        return Some(Event::Ignored);
    }
    Some(event)
}

/// Whether a stream carries whole top levels (`@depth20`) instead of changes: USD-M gives both one name.
pub(crate) fn is_partial(stream: &[u8]) -> bool {
    let mut parts = stream.split(|byte| *byte == b'@').skip(1);
    let digits = parts.next().and_then(|kind| kind.strip_prefix(b"depth"));
    digits.is_some_and(|digits| !digits.is_empty())
}

/// `"u":U,"s":"S","b":"p","B":"q","a":"p","A":"q"}`: spot's best bid and ask has neither name nor time.
#[inline(always)]
fn spot_best(at: &mut Cursor<'_>, symbols: &Symbols) -> Option<Event> {
    let order = at.integer()?;
    let (listing, bid, ask) = best_sides(at, symbols)?;
    at.literal(b"}")?;
    Some(Event::Best(Best {
        row: listing.row,
        bid,
        ask,
        order,
        venue_time: WallNs::NONE,
        partial: false,
    }))
}

type Sides = (Listing, Option<Level>, Option<Level>);

/// `,"s":"S","b":"p","B":"q","a":"p","A":"q"`.
#[inline(always)]
fn best_sides(at: &mut Cursor<'_>, symbols: &Symbols) -> Option<Sides> {
    at.literal(b",\"s\":\"")?;
    let listing = symbols.find(at.name()?)?;
    at.literal(b",\"b\":\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"B\":\"")?;
    let bid = level(price, at.decimal(listing.edge.size_exp)?, &listing.edge)?;
    at.literal(b",\"a\":\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"A\":\"")?;
    let ask = level(price, at.decimal(listing.edge.size_exp)?, &listing.edge)?;
    Some((listing, bid, ask))
}

/// What follows `{"e":"`, up to and including its closing brace.
#[inline(always)]
fn payload(at: &mut Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    if at.literal(b"bookTicker\",\"u\":").is_some() {
        return futures_best(at, symbols);
    }
    if at.literal(b"depthUpdate\",\"E\":").is_some() {
        return depth(at, symbols, scratch);
    }
    if at.literal(b"trade\",\"E\":").is_some() {
        return trade(at, symbols, scratch);
    }
    at.literal(b"markPriceUpdate\",\"E\":")?;
    mark(at, symbols)
}

/// `,"T":t,"E":t}` behind the sides, or `,"E":t,"T":t` before them; `T` is when it was matched.
#[inline(always)]
fn futures_best(at: &mut Cursor<'_>, symbols: &Symbols) -> Option<Event> {
    let order = at.integer()?;
    let early = if at.literal(b",\"E\":").is_some() {
        at.integer()?;
        at.literal(b",\"T\":")?;
        Some(at.integer()?)
    } else {
        None
    };
    let (listing, bid, ask) = best_sides(at, symbols)?;
    let matched = match early {
        Some(matched) => matched,
        None => {
            at.literal(b",\"T\":")?;
            let matched = at.integer()?;
            at.literal(b",\"E\":")?;
            at.integer()?;
            matched
        }
    };
    close(at)?;
    let venue_time = time(matched);
    Some(Event::Best(Best { row: listing.row, bid, ask, order, venue_time, partial: false }))
}

/// The closing brace, before it perhaps `,"st":1` and `,"ps":"PAIR"`.
#[inline(always)]
fn close(at: &mut Cursor<'_>) -> Option<()> {
    if at.literal(b"}").is_some() {
        return Some(());
    }
    if at.literal(b",\"st\":").is_some() {
        at.integer()?;
    }
    if at.literal(b",\"ps\":\"").is_some() {
        at.text()?;
    }
    at.literal(b"}")
}

/// `E[,"T":t],"s":"S"[,"ps":"S","st":1],"U":n,"u":n[,"pu":n],"b":[..],"a":[..]}`.
#[inline(always)]
fn depth(at: &mut Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let sent = at.integer()?;
    let matched = if at.literal(b",\"T\":").is_some() { Some(at.integer()?) } else { None };
    at.literal(b",\"s\":\"")?;
    let listing = symbols.find(at.name()?)?;
    if at.literal(b",\"ps\":\"").is_some() {
        at.text()?;
    }
    if at.literal(b",\"st\":").is_some() {
        at.integer()?;
    }
    at.literal(b",\"U\":")?;
    let first = at.integer()?;
    at.literal(b",\"u\":")?;
    let last = at.integer()?;
    let prev = if at.literal(b",\"pu\":").is_some() { Some(at.integer()?) } else { None };
    at.literal(b",\"b\":[")?;
    levels::<false>(at, &listing.edge, &mut scratch.bids)?;
    at.literal(b",\"a\":[")?;
    levels::<false>(at, &listing.edge, &mut scratch.asks)?;
    close(at)?;
    Some(Event::Book(BookChange {
        row: listing.row,
        action: BookAction::Delta,
        first,
        last: Some(last),
        prev,
        order: last,
        checksum: 0,
        venue_time: time(matched.unwrap_or(sent)),
        sent: time(sent),
    }))
}

/// Spot: `E,"s":"S","t":n,"p":"..","q":"..","T":t,"m":b,"M":b}`;
/// USD-M: `E,"T":t,"s":"S","t":n,"p":"..","q":"..","X":"MARKET","m":b}`.
#[inline(always)]
fn trade(at: &mut Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    at.integer()?;
    let early = if at.literal(b",\"T\":").is_some() { Some(at.integer()?) } else { None };
    at.literal(b",\"s\":\"")?;
    let listing = symbols.find(at.name()?)?;
    at.literal(b",\"t\":")?;
    let id = at.integer()?;
    at.literal(b",\"p\":\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"q\":\"")?;
    let qty = at.decimal(listing.edge.size_exp)?.checked_mul(listing.edge.size_factor)?;
    let matched = match early {
        Some(matched) => {
            at.literal(b",\"X\":\"")?;
            at.text()?;
            matched
        }
        None => {
            at.literal(b",\"T\":")?;
            at.integer()?
        }
    };
    at.literal(b",\"m\":")?;
    // The buyer rested, so the seller took.
    let taker = if boolean(at)? { Side::Sell } else { Side::Buy };
    if early.is_none() && at.literal(b",\"M\":").is_some() {
        boolean(at)?;
    }
    close(at)?;
    scratch.trades.clear();
    if price == 0 || qty == 0 {
        // USD-M sends numbers that were used up and traded nothing.
        return (price == 0 && qty == 0).then_some(Event::Ignored);
    }
    scratch.trades.push(PublicTrade {
        taker,
        price: Price(price),
        qty: Qty(qty),
        id: id.cast_unsigned(),
        venue_time: time(matched),
    })?;
    Some(Event::Trades(listing.row))
}

#[inline(always)]
fn boolean(at: &mut Cursor<'_>) -> Option<bool> {
    if at.literal(b"true").is_some() {
        return Some(true);
    }
    at.literal(b"false").map(|()| false)
}

/// `E,"s":"S","p":"mark"[,"ap":".."],"i":"index","P":"..","r":"rate","T":next[,"st":1]}`; `i` and `P` also
/// the other way round.
#[inline(always)]
fn mark(at: &mut Cursor<'_>, symbols: &Symbols) -> Option<Event> {
    let sent = at.integer()?;
    at.literal(b",\"s\":\"")?;
    let listing = symbols.find(at.name()?)?;
    at.literal(b",\"p\":\"")?;
    let mark = Price(at.rounded(listing.edge.price_exp)?);
    if at.literal(b",\"ap\":\"").is_some() {
        at.text()?;
    }
    let mut settles_first = false;
    if at.literal(b",\"P\":\"").is_some() {
        at.text()?;
        settles_first = true;
    }
    at.literal(b",\"i\":\"")?;
    let index = Price(at.rounded(listing.edge.price_exp)?);
    if !settles_first {
        at.literal(b",\"P\":\"")?;
        at.text()?;
    }
    at.literal(b",\"r\":\"")?;
    let rate = Rate(at.rounded(Rate::EXP)?);
    at.literal(b",\"T\":")?;
    let next = at.integer()?;
    close(at)?;
    if mark.0 <= 0 || index.0 <= 0 || next == 0 {
        return None;
    }
    let mut ticker = Ticker::new(listing.row, time(sent));
    ticker.mark = Some(mark);
    ticker.index = Some(index);
    ticker.rate = Some(Some(rate));
    ticker.next = Some(time(next));
    Some(Event::Ticker(ticker))
}
