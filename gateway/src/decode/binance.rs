//! Binance: answers of both WebSocket APIs, spot user events, USD-M user events.

use base::input::{Fee, Fill, OrderStatus};
use base::{OrderId, Product, Side, VenueId, WallNs};

use super::field::{money, must, price, qty, report, side, time};
use super::{Answer, Context, Emit, Event, OrderNews, Refusal, Refused, Skipped, Usage, UsageRule};
use crate::json::{self, Value};
use crate::markets::Market;

mod events;

use events::user_event;

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
