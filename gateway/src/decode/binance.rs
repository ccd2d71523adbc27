//! Binance: answers of both WebSocket APIs, spot user events, USD-M user events.

use base::input::{Balance, Fee, Fill, FundingPaid, OrderStatus, Position};
use base::{InstrumentId, Money, OrderId, Product, Qty, Side, VenueId, WallNs};

use super::field::{entry, money, must, number, price, qty, report, settlement, side, time};
use super::{
    Answer, Context, Emit, Event, OrderNews, Refusal, Refused, Session, Skipped, Usage, UsageRule,
};
use crate::json::{self, Value};
use crate::markets::Market;

/// Reads one text of a WebSocket API or user-stream connection.
///
/// # Errors
/// [`Refused`] when it gives nothing.
pub fn decode(cx: &Context<'_>, text: &[u8], emit: &mut Emit<'_>) -> Result<(), Refused> {
    let message = json::check(text).ok_or(Refused::Json)?;
    let mut top = Top::default();
    for (key, value) in message.fields() {
        match key {
            b"id" => top.id = Some(value),
            b"status" => top.status = value.u64().and_then(|status| u16::try_from(status).ok()),
            b"result" => top.result = Some(value),
            b"error" => top.error = Some(value),
            b"rateLimits" => top.limits = Some(value),
            b"event" | b"data" => top.event = Some(value),
            b"e" => top.kind = value.text(),
            _ => {}
        }
    }
    if let Some(status) = top.status {
        answer(cx, &top, status, emit);
        return Ok(());
    }
    match (top.event, top.kind) {
        (Some(event), _) => {
            let kind = event.first_field(b"e").and_then(Value::text).ok_or(Refused::Unknown)?;
            user_event(cx, kind, event, emit)
        }
        (None, Some(kind)) => user_event(cx, kind, message, emit),
        (None, None) => Err(Refused::Unknown),
    }
}

#[derive(Default)]
struct Top<'a> {
    id: Option<Value<'a>>,
    status: Option<u16>,
    result: Option<Value<'a>>,
    error: Option<Value<'a>>,
    limits: Option<Value<'a>>,
    event: Option<Value<'a>>,
    kind: Option<&'a [u8]>,
}

/// The answer to a request: what came of it first, then what it told of orders and limits.
fn answer(cx: &Context<'_>, top: &Top<'_>, status: u16, emit: &mut Emit<'_>) {
    for limit in top.limits.iter().flat_map(|limits| limits.items()) {
        if let Some(usage) = usage(limit) {
            emit(Event::Usage(usage));
        }
    }
    let request = top.id.and_then(Value::u64);
    if let Some(error) = top.error {
        let refusal = refusal(error, status);
        let answer = Answer {
            request,
            order: None,
            venue_order: 0,
            venue_time: WallNs::NONE,
            refusal: Some(refusal),
            allowance: None,
        };
        emit(Event::Answer(answer));
        return;
    }
    let result = top.result;
    let list = result.filter(|result| result.raw().first() == Some(&b'['));
    let first = result.map(|result| OrderFields::read(cx, result)).unwrap_or_default();
    emit(Event::Answer(Answer {
        request,
        order: Some(first.order).filter(|order| *order != OrderId::FOREIGN),
        venue_order: first.venue_order,
        venue_time: first.venue_time,
        refusal: (status >= 400).then_some(Refusal {
            code: 0,
            status,
            message: b"",
            retry_after_ms: 0,
        }),
        allowance: None,
    }));
    if let Some(list) = list {
        for item in list.items() {
            report(order_result(cx, &OrderFields::read(cx, item), emit), emit);
        }
    } else if first.symbol.is_some() {
        report(order_result(cx, &first, emit), emit);
    }
}

/// Code and words of an error object.
pub(crate) fn refusal(error: Value<'_>, status: u16) -> Refusal<'_> {
    let code = error.field(b"code").and_then(Value::i64).unwrap_or(0);
    let message = error.field(b"msg").and_then(Value::text).unwrap_or_default();
    // Both are points of the venue's time.
    let data = |name: &[u8]| error.field(b"data").and_then(|d| d.field(name)).and_then(Value::u64);
    let wait = match (data(b"retryAfter"), data(b"serverTime")) {
        (Some(until), Some(now)) => u32::try_from(until.saturating_sub(now)).unwrap_or(u32::MAX),
        _ => 0,
    };
    Refusal { code, status, message, retry_after_ms: wait }
}

fn usage(limit: Value<'_>) -> Option<Usage> {
    let (mut kind, mut interval, mut count) = (None, None, 1);
    let (mut used, mut most) = (None, 0);
    for (key, value) in limit.fields() {
        match key {
            b"rateLimitType" => kind = value.text(),
            b"interval" => interval = value.text(),
            b"intervalNum" => count = u32::try_from(value.u64()?).ok()?,
            b"count" => used = value.u64().and_then(|n| u32::try_from(n).ok()),
            b"limit" => most = value.u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            _ => {}
        }
    }
    let unit = match interval? {
        b"SECOND" => 1,
        b"MINUTE" => 60,
        b"HOUR" => 3_600,
        b"DAY" => 86_400,
        _ => return None,
    };
    let seconds = count.checked_mul(unit)?;
    let rule = match kind? {
        b"REQUEST_WEIGHT" => UsageRule::Weight(seconds),
        b"ORDERS" => UsageRule::Orders(seconds),
        _ => return None,
    };
    Some(Usage { rule, used: used?, limit: most })
}

/// The fields of an order object, as placing, cancelling, querying and listing give it.
#[derive(Clone, Copy, Default)]
pub(crate) struct OrderFields<'a> {
    pub(crate) symbol: Option<Value<'a>>,
    pub(crate) order: OrderId,
    pub(crate) venue_order: u64,
    pub(crate) venue_time: WallNs,
    pub(crate) side: Option<Value<'a>>,
    pub(crate) price: Option<Value<'a>>,
    pub(crate) quantity: Option<Value<'a>>,
    pub(crate) filled: Option<Value<'a>>,
    status: Option<Value<'a>>,
    fills: Option<Value<'a>>,
}

impl<'a> OrderFields<'a> {
    pub(crate) fn read(cx: &Context<'_>, object: Value<'a>) -> Self {
        let mut read = Self::default();
        let mut original = OrderId::FOREIGN;
        for (key, value) in object.fields() {
            match key {
                b"symbol" => read.symbol = Some(value),
                b"orderId" => read.venue_order = value.u64().unwrap_or(0),
                b"clientOrderId" => read.order = cx.order(Some(value)),
                b"origClientOrderId" => original = cx.order(Some(value)),
                b"transactTime" | b"updateTime" => read.venue_time = time(Some(value)),
                b"time" if read.venue_time == WallNs::NONE => read.venue_time = time(Some(value)),
                b"side" => read.side = Some(value),
                b"price" => read.price = Some(value),
                b"origQty" => read.quantity = Some(value),
                b"executedQty" => read.filled = Some(value),
                b"status" => read.status = Some(value),
                b"fills" => read.fills = Some(value),
                _ => {}
            }
        }
        // A cancel carries its own client id and names the order's beside it.
        if original != OrderId::FOREIGN {
            read.order = original;
        }
        read
    }
}

/// The state an answer tells of an order of ours, and the fills it lists.
pub(crate) fn order_result(
    cx: &Context<'_>,
    fields: &OrderFields<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let market = market(cx, fields.symbol)?;
    for fill in fields.fills.iter().flat_map(|fills| fills.items()) {
        report(listed_fill(cx, market, fields, fill, emit), emit);
    }
    let Some(state) = fields.status.and_then(Value::text) else { return Ok(()) };
    if fields.order == OrderId::FOREIGN {
        return Ok(());
    }
    let news = OrderNews {
        instrument: market.id,
        order: fields.order,
        status: status(state).ok_or(Skipped::Value)?,
        filled: qty(market, fields.filled)?,
        venue_order: fields.venue_order,
        venue_time: fields.venue_time,
    };
    emit(Event::Order(news));
    Ok(())
}

/// A fill in the answer to an order that took at once.
fn listed_fill(
    cx: &Context<'_>,
    market: &Market,
    order: &OrderFields<'_>,
    fill: Value<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let report = Trade {
        order: order.order,
        side: side(order.side)?,
        maker: false,
        price: fill.field(b"price"),
        quantity: fill.field(b"qty"),
        trade_id: must(fill.field(b"tradeId").and_then(Value::u64))?,
        venue_time: order.venue_time,
        fee: fill.field(b"commission"),
        fee_asset: fill.field(b"commissionAsset"),
    };
    report.emit(cx, market, emit)
}

/// One fill with its fee, from whichever message.
pub(crate) struct Trade<'a> {
    pub(crate) order: OrderId,
    pub(crate) side: Side,
    pub(crate) maker: bool,
    pub(crate) price: Option<Value<'a>>,
    pub(crate) quantity: Option<Value<'a>>,
    pub(crate) trade_id: u64,
    pub(crate) venue_time: WallNs,
    pub(crate) fee: Option<Value<'a>>,
    pub(crate) fee_asset: Option<Value<'a>>,
}

impl Trade<'_> {
    /// Reads everything, then reports the fill and its fee.
    pub(crate) fn emit(
        &self,
        cx: &Context<'_>,
        market: &Market,
        emit: &mut Emit<'_>,
    ) -> Result<(), Skipped> {
        let (price, qty) = (price(market, self.price)?, qty(market, self.quantity)?);
        if qty.0 == 0 {
            return Err(Skipped::Decimal);
        }
        let amount = money(self.fee)?;
        let instrument = market.id;
        emit(Event::Fill(Fill {
            venue: market.venue,
            instrument,
            order: self.order,
            side: self.side,
            maker: self.maker,
            price,
            qty,
            trade_id: self.trade_id,
            venue_time: self.venue_time,
        }));
        // Nothing charged may come with no asset at all.
        let Some(amount) = amount else { return Ok(()) };
        let Some(asset) = cx.asset(self.fee_asset) else {
            return if amount.is_zero() { Ok(()) } else { Err(Skipped::Asset) };
        };
        let (order, trade_id) = (self.order, self.trade_id);
        emit(Event::Fee(Fee { venue: market.venue, instrument, order, trade_id, asset, amount }));
        Ok(())
    }
}

pub(crate) fn status(text: &[u8]) -> Option<OrderStatus> {
    Some(match text {
        b"NEW" | b"PENDING_CANCEL" => OrderStatus::Live,
        b"PARTIALLY_FILLED" => OrderStatus::Partial,
        b"FILLED" => OrderStatus::Filled,
        b"CANCELED" => OrderStatus::Cancelled,
        b"EXPIRED" | b"EXPIRED_IN_MATCH" => OrderStatus::Expired,
        b"REJECTED" => OrderStatus::Rejected,
        _ => return None,
    })
}

/// The instrument a field names; each Binance venue has one kind only.
pub(crate) fn market<'m>(
    cx: &Context<'m>,
    symbol: Option<Value<'_>>,
) -> Result<&'m Market, Skipped> {
    let product = match cx.markets.venue() {
        VenueId::BinanceSpot => Product::Spot,
        _ => Product::Perpetual,
    };
    let symbol = must(symbol.and_then(Value::text))?;
    cx.markets.find(product, symbol).ok_or(Skipped::Symbol)
}

fn user_event(
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
