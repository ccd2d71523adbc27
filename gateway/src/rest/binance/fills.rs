//! Fills of one instrument, page by page, joined with the orders they belong to.
//!
//! The list names orders by the venue's number only, so an order not known by it yet is looked up: one
//! call each, once.

use base::{Clock, InstrumentId, OrderId, VenueId, WallNs};
use net::Method;
use venue::endpoints::{binance_spot as spot, binance_usdm as usdm};
use venue::{Outcome, Spend};

use super::{PAGE, checked, signed};
use crate::decode::binance::{OrderFields, Trade, market};
use crate::decode::field;
use crate::decode::{Context, Event, Skipped};
use crate::json::{self, Value};
use crate::rest::{Exchange, Failure, Job, News, Rest, Step, Tell, Walk, news, symbol};

/// Looks up the next order that is not known, or reads the next page.
pub(super) fn work<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    walk: &mut Walk,
    (instrument, since): (InstrumentId, WallNs),
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    match walk.waiting.front() {
        Some((number, _)) => look_up(rest, job, instrument, *number, exchange)?,
        None => page(rest, job, walk, (instrument, since), exchange)?,
    }
    tell_known(rest, walk, instrument, tell);
    let is_spot = rest.parts.venue == VenueId::BinanceSpot;
    Ok(match (walk.waiting.is_empty(), walk.from) {
        (false, _) => Step::More(Spend::Read(if is_spot { 4 } else { 1 })),
        (true, Some(_)) => Step::More(Spend::Trades),
        (true, None) => Step::Done,
    })
}

/// Reads a page: the first by time, the following ones by trade number, until one is not full.
fn page<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    (instrument, since): (InstrumentId, WallNs),
    exchange: &mut Exchange<'_>,
) -> Result<(), Failure> {
    let is_spot = rest.parts.venue == VenueId::BinanceSpot;
    let path = if is_spot { spot::MY_TRADES } else { usdm::USER_TRADES };
    let begin = match walk.from {
        Some(from) => format!("fromId={from}"),
        None => format!("startTime={}", since.millis()),
    };
    let symbol = symbol(rest.market(instrument)?);
    let parameters = format!("symbol={symbol}&{begin}&limit={PAGE}");
    let response = signed(rest, job, Method::Get, path, &parameters, exchange)?;
    let list = checked(&response)?;
    if list.raw().first() != Some(&b'[') {
        return Err(Failure::unreadable());
    }
    let number = |item: Value<'_>, name: &[u8]| item.field(name).and_then(Value::u64);
    // An entry without an order is told as what it is: see `tell_known`.
    let entry = |item: Value<'_>| (number(item, b"orderId").unwrap_or(0), item.raw().to_vec());
    walk.waiting = list.items().map(entry).collect();
    let last = list.items().filter_map(|item| number(item, b"id")).max();
    walk.from = match last {
        Some(last) if walk.waiting.len() >= PAGE => Some(last + 1),
        _ => None,
    };
    Ok(())
}

/// Tells the entries whose order is known, in their order, and keeps the others.
fn tell_known<C: Clock>(
    rest: &Rest<C>,
    walk: &mut Walk,
    instrument: InstrumentId,
    tell: &mut Tell<'_>,
) {
    let cx = rest.context();
    walk.waiting.retain(|(number, text)| {
        if *number == 0 {
            tell(News::Skipped(Skipped::Shape));
            return false;
        }
        let Some(order) = rest.known.get(instrument, *number) else { return true };
        let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
        let read = json::check(text).ok_or(Skipped::Shape);
        if let Err(why) = read.and_then(|item| fill(&cx, order, item, &mut emit)) {
            emit(Event::Skipped(why));
        }
        false
    });
}

/// Whose order has this number at the venue.
fn look_up<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    instrument: InstrumentId,
    number: u64,
    exchange: &mut Exchange<'_>,
) -> Result<(), Failure> {
    let path = if rest.parts.venue == VenueId::BinanceSpot { spot::ORDER } else { usdm::ORDER };
    let parameters = format!("symbol={}&orderId={number}", symbol(rest.market(instrument)?));
    let order = match signed(rest, job, Method::Get, path, &parameters, exchange) {
        Ok(response) => OrderFields::read(&rest.context(), checked(&response)?).order,
        // Too old to be asked for: nobody's any more.
        Err(failure) if failure.outcome == Outcome::NotFound => OrderId::FOREIGN,
        Err(failure) => return Err(failure),
    };
    rest.known.put(instrument, number, order);
    Ok(())
}

fn fill(
    cx: &Context<'_>,
    order: OrderId,
    item: Value<'_>,
    emit: &mut crate::decode::Emit<'_>,
) -> Result<(), Skipped> {
    let market = market(cx, item.field(b"symbol"))?;
    // Spot says isBuyer and isMaker, USD-M side and maker.
    let side = match item.field(b"isBuyer").and_then(Value::flag) {
        Some(true) => base::Side::Buy,
        Some(false) => base::Side::Sell,
        None => field::side(item.field(b"side"))?,
    };
    let maker = item.field(b"isMaker").or(item.field(b"maker")).and_then(Value::flag);
    Trade {
        order,
        side,
        maker: maker.unwrap_or(false),
        price: item.field(b"price"),
        quantity: item.field(b"qty"),
        trade_id: item.field(b"id").and_then(Value::u64).ok_or(Skipped::Shape)?,
        venue_time: field::time(item.field(b"time")),
        fee: item.field(b"commission"),
        fee_asset: item.field(b"commissionAsset"),
    }
    .emit(cx, market, emit)
}
