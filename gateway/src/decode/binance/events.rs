//! What the user streams tell: orders, fills, balances, positions, funding.

use base::input::{Balance, FundingPaid, Position};
use base::{InstrumentId, Money, OrderId, Qty, VenueId, WallNs};

use super::{Trade, market, status};
use crate::decode::field::{entry, money, must, number, qty, report, settlement, side, time};
use crate::decode::{Context, Emit, Event, OrderNews, Refused, Session, Skipped};
use crate::json::Value;
use crate::markets::Market;

pub(super) fn user_event(
    cx: &Context<'_>,
    kind: &[u8],
    event: Value<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Refused> {
    match kind {
        b"executionReport" => report(order_event(cx, event, None, emit), emit),
        b"ORDER_TRADE_UPDATE" => {
            let inner = event.field(b"o").ok_or(Refused::Unknown)?;
            report(order_event(cx, inner, event.field(b"T"), emit), emit);
        }
        b"TRADE_LITE" => report(trade_lite(cx, event, emit), emit),
        b"outboundAccountPosition" => {
            for item in event.field(b"B").iter().flat_map(|list| list.items()) {
                report(spot_balance(cx, item, emit), emit);
            }
        }
        b"ACCOUNT_UPDATE" => account_update(cx, event, emit),
        b"listenKeyExpired" | b"eventStreamTerminated" => {
            emit(Event::Session(Session::StreamEnded));
        }
        b"serverShutdown" => emit(Event::Session(Session::Leaving)),
        // Known, and of no use here: lists, transfers, leverage, margin calls, conditional orders.
        b"listStatus"
        | b"balanceUpdate"
        | b"externalLockUpdate"
        | b"MARGIN_CALL"
        | b"ACCOUNT_CONFIG_UPDATE"
        | b"ALGO_UPDATE"
        | b"CONDITIONAL_ORDER_TRIGGER_REJECT"
        | b"STRATEGY_UPDATE"
        | b"GRID_UPDATE" => {}
        _ => return Err(Refused::Unknown),
    }
    Ok(())
}

/// The fields of an order event; spot and USD-M share their letters.
#[derive(Default)]
struct OrderEvent<'a> {
    symbol: Option<Value<'a>>,
    client: Option<Value<'a>>,
    original: Option<Value<'a>>,
    side: Option<Value<'a>>,
    execution: Option<Value<'a>>,
    state: Option<Value<'a>>,
    venue_order: u64,
    last: Option<Value<'a>>,
    filled: Option<Value<'a>>,
    price: Option<Value<'a>>,
    fee: Option<Value<'a>>,
    fee_asset: Option<Value<'a>>,
    time: Option<Value<'a>>,
    trade: Option<Value<'a>>,
    maker: bool,
}

impl<'a> OrderEvent<'a> {
    fn read(object: Value<'a>) -> Self {
        let mut read = Self::default();
        for (key, value) in object.fields() {
            match key {
                b"s" => read.symbol = Some(value),
                b"c" => read.client = Some(value),
                b"C" => read.original = Some(value),
                b"S" => read.side = Some(value),
                b"x" => read.execution = Some(value),
                b"X" => read.state = Some(value),
                b"i" => read.venue_order = value.u64().unwrap_or(0),
                b"l" => read.last = Some(value),
                b"z" => read.filled = Some(value),
                b"L" => read.price = Some(value),
                b"n" => read.fee = Some(value),
                b"N" => read.fee_asset = Some(value),
                b"T" => read.time = Some(value),
                b"t" => read.trade = Some(value),
                b"m" => read.maker = value.flag().unwrap_or(false),
                _ => {}
            }
        }
        read
    }
}

fn order_event(
    cx: &Context<'_>,
    object: Value<'_>,
    outer_time: Option<Value<'_>>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let read = OrderEvent::read(object);
    let market = market(cx, read.symbol)?;
    let order = match cx.order(read.original) {
        OrderId::FOREIGN => cx.order(read.client),
        original => original,
    };
    let venue_time = time(read.time.or(outer_time));
    let filled = qty(market, read.filled)?;
    if is_fill(market, &read)? {
        Trade {
            order,
            side: side(read.side)?,
            maker: read.maker,
            price: read.price,
            quantity: read.last,
            trade_id: must(read.trade.and_then(Value::u64))?,
            venue_time,
            fee: read.fee,
            fee_asset: read.fee_asset,
        }
        .emit(cx, market, emit)
        .or_else(|why| skip_fee_only(why, emit))?;
    }
    if order == OrderId::FOREIGN {
        return Ok(());
    }
    let state = must(read.state.and_then(Value::text))?;
    emit(Event::Order(OrderNews {
        instrument: market.id,
        order,
        status: status(state).ok_or(Skipped::Value)?,
        filled,
        venue_order: read.venue_order,
        venue_time,
    }));
    Ok(())
}

/// A fee in an unknown asset does not hide the order's state; anything else does.
fn skip_fee_only(why: Skipped, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    if why != Skipped::Asset {
        return Err(why);
    }
    emit(Event::Skipped(why));
    Ok(())
}

/// Whether this event carries a fill: a trade or a liquidation with a size and a trade id.
fn is_fill(market: &Market, read: &OrderEvent<'_>) -> Result<bool, Skipped> {
    let traded = matches!(read.execution.and_then(Value::text), Some(b"TRADE" | b"CALCULATED"));
    let has_id = read.trade.and_then(Value::u64).is_some_and(|id| id > 0);
    Ok(traded && has_id && qty(market, read.last)? > Qty::ZERO)
}

/// The early and short form of a USD-M fill; its fee comes with ORDER_TRADE_UPDATE.
fn trade_lite(cx: &Context<'_>, event: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let read = OrderEvent::read(event);
    let market = market(cx, read.symbol)?;
    Trade {
        order: cx.order(read.client),
        side: side(read.side)?,
        maker: read.maker,
        price: read.price,
        quantity: read.last,
        trade_id: must(read.trade.and_then(Value::u64))?,
        venue_time: time(read.time),
        fee: None,
        fee_asset: None,
    }
    .emit(cx, market, emit)
}

fn spot_balance(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let Some(asset) = cx.asset(item.field(b"a")) else { return Ok(()) };
    let free = must(money(item.field(b"f"))?)?;
    let locked = must(money(item.field(b"l"))?)?;
    emit(Event::Balance(Balance {
        venue: VenueId::BinanceSpot,
        asset,
        total: free + locked,
        available: Some(free),
    }));
    Ok(())
}

/// Balances and positions after a change; funding too, which names its instrument only sometimes.
fn account_update(cx: &Context<'_>, event: Value<'_>, emit: &mut Emit<'_>) {
    let Some(account) = event.field(b"a") else {
        emit(Event::Skipped(Skipped::Shape));
        return;
    };
    let at = time(event.field(b"T").or(event.field(b"E")));
    let balances = account.field(b"B");
    for item in balances.iter().flat_map(|list| list.items()) {
        report(usdm_balance(cx, item, emit), emit);
    }
    let positions = account.field(b"P");
    let mut named = None;
    let mut count = 0_u32;
    for item in positions.iter().flat_map(|list| list.items()) {
        count += 1;
        match usdm_position(cx, item, at, emit) {
            Ok(instrument) => named = Some(instrument),
            Err(why) => emit(Event::Skipped(why)),
        }
    }
    if account.field(b"m").and_then(Value::text) != Some(b"FUNDING_FEE") {
        return;
    }
    if let (1, Some(instrument)) = (count, named) {
        let changes = balances.iter().flat_map(|list| list.items());
        report(funding_fee(cx, instrument, changes, at, emit), emit);
    }
    emit(Event::FundingDue);
}

fn usdm_balance(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let Some(asset) = cx.asset(item.field(b"a")) else { return Ok(()) };
    let total = must(money(item.field(b"wb"))?)?;
    emit(Event::Balance(Balance { venue: VenueId::BinanceUsdm, asset, total, available: None }));
    Ok(())
}

fn usdm_position(
    cx: &Context<'_>,
    item: Value<'_>,
    venue_time: WallNs,
    emit: &mut Emit<'_>,
) -> Result<InstrumentId, Skipped> {
    let market = market(cx, item.field(b"s"))?;
    let qty = market.edge.qty(number(item.field(b"pa"))?)?;
    if item.field(b"ps").and_then(Value::text).is_some_and(|side| side != b"BOTH") {
        return if qty.is_zero() { Ok(market.id) } else { Err(Skipped::Hedged) };
    }
    let entry = entry(market, item.field(b"ep"));
    let instrument = market.id;
    emit(Event::Position(Position { venue: market.venue, instrument, qty, entry, venue_time }));
    Ok(instrument)
}

/// The payment of the one instrument named beside it.
fn funding_fee<'a>(
    cx: &Context<'_>,
    instrument: InstrumentId,
    changes: impl Iterator<Item = Value<'a>>,
    at: WallNs,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let quote = cx.markets.get(instrument).map(|market| market.quote);
    let mut amount: Option<Money> = None;
    for item in changes {
        if cx.asset(item.field(b"a")) == quote && quote.is_some() {
            amount = money(item.field(b"bc"))?;
        }
    }
    let (Some(asset), Some(amount)) = (quote, amount) else { return Ok(()) };
    emit(Event::Funding(FundingPaid {
        venue: VenueId::BinanceUsdm,
        instrument,
        asset,
        amount,
        settled: settlement(at),
    }));
    Ok(())
}
