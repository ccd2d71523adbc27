//! OKX v5: the /private connection, orders and account alike.

use base::input::{Balance, Fee, Fill, OrderStatus, Position};
use base::{OrderId, Product, Qty, VenueId, WallNs};

use super::field::{entry, id, money, must, number, price, qty, report, side, time};
use super::{Answer, Context, Emit, Event, OrderNews, Refusal, Refused, Session, Skipped};
use crate::json::{self, Value};
use crate::markets::Market;

/// Reads one text of the private connection.
///
/// # Errors
/// [`Refused`] when it gives nothing.
pub fn decode(cx: &Context<'_>, text: &[u8], emit: &mut Emit<'_>) -> Result<(), Refused> {
    if text == b"pong" {
        emit(Event::Session(Session::Pong));
        return Ok(());
    }
    let message = json::check(text).ok_or(Refused::Json)?;
    let mut top = Top::default();
    for (key, value) in message.fields() {
        match key {
            b"id" => top.id = value.u64(),
            b"op" => top.op = value.text(),
            b"event" => top.event = value.text(),
            b"arg" => top.channel = value.field(b"channel").and_then(Value::text),
            b"data" => top.data = Some(value),
            b"code" => top.code = value.i64(),
            b"msg" => top.message = value.text().unwrap_or_default(),
            _ => {}
        }
    }
    if let Some(event) = top.event {
        return session(event, &top, emit);
    }
    if top.op.is_some() {
        answers(cx, &top, emit);
        return Ok(());
    }
    let (channel, data) = (top.channel.ok_or(Refused::Unknown)?, top.data.ok_or(Refused::Unknown)?);
    for item in data.items() {
        match channel {
            b"orders" => report(order(cx, item, emit), emit),
            b"positions" => report(position(cx, item, emit), emit),
            b"account" => account(cx, item, emit),
            b"balance_and_position" => {
                if item.field(b"eventType").and_then(Value::text) == Some(b"funding_fee") {
                    emit(Event::FundingDue);
                }
            }
            _ => return Err(Refused::Unknown),
        }
    }
    Ok(())
}

#[derive(Default)]
struct Top<'a> {
    id: Option<u64>,
    op: Option<&'a [u8]>,
    event: Option<&'a [u8]>,
    channel: Option<&'a [u8]>,
    data: Option<Value<'a>>,
    code: Option<i64>,
    message: &'a [u8],
}

fn session(event: &[u8], top: &Top<'_>, emit: &mut Emit<'_>) -> Result<(), Refused> {
    let code = top.code.unwrap_or(0);
    let said = match event {
        b"login" if code == 0 => Session::LoggedIn,
        b"login" => Session::LoginRefused(code),
        b"subscribe" => Session::Subscribed,
        b"notice" => Session::Leaving,
        // Login errors have codes of their own; an error that names a request refuses it.
        b"error" => match code {
            60_001..=60_011 | 60_022..=60_024 | 60_032 => Session::LoginRefused(code),
            _ if top.id.is_some() => {
                emit(Event::Answer(refused(top, code, top.message)));
                return Ok(());
            }
            60_012..=60_018 => Session::SubscribeRefused(code),
            _ => Session::Error(code),
        },
        b"unsubscribe" | b"channel-conn-count" => return Ok(()),
        b"channel-conn-count-error" => Session::SubscribeRefused(code),
        _ => return Err(Refused::Unknown),
    };
    emit(Event::Session(said));
    Ok(())
}

fn refused<'a>(top: &Top<'a>, code: i64, message: &'a [u8]) -> Answer<'a> {
    Answer {
        request: top.id,
        order: None,
        venue_order: 0,
        venue_time: WallNs::NONE,
        refusal: Some(Refusal { code, status: 0, message, retry_after_ms: 0 }),
        allowance: None,
    }
}

/// One answer for each order a request named; a request that was not understood names none.
fn answers(cx: &Context<'_>, top: &Top<'_>, emit: &mut Emit<'_>) {
    let mut named = false;
    for item in top.data.iter().flat_map(|data| data.items()) {
        named = true;
        let order = cx.order(item.field(b"clOrdId"));
        let code = item.field(b"sCode").and_then(Value::i64).or(top.code).unwrap_or(-1);
        let message = item.field(b"sMsg").and_then(Value::text).unwrap_or_default();
        emit(Event::Answer(Answer {
            request: top.id,
            order: Some(order).filter(|order| *order != OrderId::FOREIGN),
            venue_order: id(item.field(b"ordId")).unwrap_or(0),
            venue_time: time(item.field(b"ts")),
            refusal: (code != 0).then_some(Refusal { code, status: 0, message, retry_after_ms: 0 }),
            allowance: None,
        }));
    }
    if !named {
        let code = top.code.unwrap_or(-1);
        emit(Event::Answer(refused(top, code, top.message)));
    }
}

/// The fields of an order, as the stream and the REST lists give it.
#[derive(Default)]
pub(crate) struct OrderFields<'a> {
    pub(crate) symbol: Option<Value<'a>>,
    pub(crate) client: Option<Value<'a>>,
    venue_order: Option<Value<'a>>,
    pub(crate) side: Option<Value<'a>>,
    pub(crate) price: Option<Value<'a>>,
    pub(crate) size: Option<Value<'a>>,
    state: Option<&'a [u8]>,
    cancel_source: Option<u64>,
    pub(crate) filled: Option<Value<'a>>,
    fill_price: Option<Value<'a>>,
    fill_size: Option<Value<'a>>,
    fill_time: Option<Value<'a>>,
    trade: Option<u64>,
    maker: bool,
    fee: Option<Value<'a>>,
    fee_asset: Option<Value<'a>>,
    updated: Option<Value<'a>>,
}

impl<'a> OrderFields<'a> {
    pub(crate) fn read(object: Value<'a>) -> Self {
        let mut read = Self::default();
        for (key, value) in object.fields() {
            match key {
                b"instId" => read.symbol = Some(value),
                b"clOrdId" => read.client = Some(value),
                b"ordId" => read.venue_order = Some(value),
                b"side" => read.side = Some(value),
                b"px" => read.price = Some(value),
                b"sz" => read.size = Some(value),
                b"state" => read.state = value.text(),
                b"cancelSource" => read.cancel_source = value.u64(),
                b"accFillSz" => read.filled = Some(value),
                b"fillPx" => read.fill_price = Some(value),
                b"fillSz" => read.fill_size = Some(value),
                b"fillTime" => read.fill_time = Some(value),
                b"tradeId" => read.trade = id(Some(value)),
                b"execType" => read.maker = value.text() == Some(b"M"),
                b"fillFee" => read.fee = Some(value),
                b"fillFeeCcy" => read.fee_asset = Some(value),
                b"uTime" => read.updated = Some(value),
                _ => {}
            }
        }
        read
    }

    pub(crate) fn venue_order(&self) -> u64 {
        id(self.venue_order).unwrap_or(0)
    }

    /// Where the order is in its life, if it is one of ours.
    pub(crate) fn news(
        &self,
        cx: &Context<'_>,
        market: &Market,
    ) -> Result<Option<OrderNews>, Skipped> {
        let named = (self.venue_order(), self.updated);
        OrderNews::read(cx, market, self.client, self.status(), self.filled, named)
    }

    fn status(&self) -> Option<OrderStatus> {
        Some(match self.state? {
            b"live" => OrderStatus::Live,
            b"partially_filled" => OrderStatus::Partial,
            b"filled" => OrderStatus::Filled,
            // 13 fill-or-kill, 14 immediate-or-cancel, 31 post-only that would have taken.
            b"canceled" if matches!(self.cancel_source, Some(13 | 14 | 31)) => OrderStatus::Expired,
            b"canceled" | b"mmp_canceled" => OrderStatus::Cancelled,
            _ => return None,
        })
    }
}

fn order(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let read = OrderFields::read(item);
    let market = market(cx, read.symbol)?;
    let size = read.fill_size.and_then(Value::word).unwrap_or_default();
    if let Some(trade_id) = read.trade
        && !size.is_empty()
    {
        stream_fill(cx, market, &read, trade_id, emit)?;
    }
    if let Some(news) = read.news(cx, market)? {
        emit(Event::Order(news));
    }
    Ok(())
}

fn stream_fill(
    cx: &Context<'_>,
    market: &Market,
    read: &OrderFields<'_>,
    trade_id: u64,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let filled = qty(market, read.fill_size)?;
    if filled == Qty::ZERO {
        return Ok(());
    }
    Execution {
        order: cx.order(read.client),
        side: read.side,
        maker: read.maker,
        price: read.fill_price,
        qty: filled,
        trade_id,
        time: read.fill_time.or(read.updated),
        fee: read.fee,
        fee_asset: read.fee_asset,
    }
    .emit(cx, market, emit)
}

/// One fill with its fee, from the stream or from the REST list.
pub(crate) struct Execution<'a> {
    pub(crate) order: OrderId,
    pub(crate) side: Option<Value<'a>>,
    pub(crate) maker: bool,
    pub(crate) price: Option<Value<'a>>,
    pub(crate) qty: Qty,
    pub(crate) trade_id: u64,
    pub(crate) time: Option<Value<'a>>,
    /// Negative was charged.
    pub(crate) fee: Option<Value<'a>>,
    pub(crate) fee_asset: Option<Value<'a>>,
}

impl Execution<'_> {
    pub(crate) fn emit(
        &self,
        cx: &Context<'_>,
        market: &Market,
        emit: &mut Emit<'_>,
    ) -> Result<(), Skipped> {
        let fee = money(self.fee)?;
        let trade_id = self.trade_id;
        emit(Event::Fill(Fill {
            venue: VenueId::Okx,
            instrument: market.id,
            order: self.order,
            side: side(self.side)?,
            maker: self.maker,
            price: price(market, self.price)?,
            qty: self.qty,
            trade_id,
            venue_time: time(self.time),
        }));
        let Some(fee) = fee else { return Ok(()) };
        match cx.asset(self.fee_asset) {
            Some(asset) => emit(Event::Fee(Fee {
                venue: VenueId::Okx,
                instrument: market.id,
                order: self.order,
                trade_id,
                asset,
                amount: -fee,
            })),
            None if fee.is_zero() => {}
            None => emit(Event::Skipped(Skipped::Asset)),
        }
        Ok(())
    }
}

pub(crate) fn position(
    cx: &Context<'_>,
    item: Value<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let symbol = must(item.field(b"instId").and_then(Value::text))?;
    let market = cx.markets.find(Product::Perpetual, symbol).ok_or(Skipped::Symbol)?;
    let text = number(item.field(b"pos"))?;
    let qty = if text.is_empty() { Qty::ZERO } else { market.edge.qty(text)? };
    if item.field(b"posSide").and_then(Value::text).is_some_and(|side| side != b"net") {
        return if qty.is_zero() { Ok(()) } else { Err(Skipped::Hedged) };
    }
    emit(Event::Position(Position {
        venue: VenueId::Okx,
        instrument: market.id,
        qty,
        entry: entry(market, item.field(b"avgPx")),
        venue_time: time(item.field(b"uTime")),
    }));
    Ok(())
}

/// The balances of an account message or of the REST answer's entry.
pub(crate) fn account(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) {
    for detail in item.field(b"details").iter().flat_map(|list| list.items()) {
        report(balance(cx, detail, emit), emit);
    }
}

fn balance(cx: &Context<'_>, detail: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let Some(asset) = cx.asset(detail.field(b"ccy")) else { return Ok(()) };
    let available = match money(detail.field(b"availBal"))? {
        Some(available) => Some(available),
        None => money(detail.field(b"availEq"))?,
    };
    let total = must(money(detail.field(b"cashBal"))?)?;
    emit(Event::Balance(Balance { venue: VenueId::Okx, asset, total, available }));
    Ok(())
}

pub(crate) fn market<'m>(
    cx: &Context<'m>,
    symbol: Option<Value<'_>>,
) -> Result<&'m Market, Skipped> {
    cx.markets.find_any(must(symbol.and_then(Value::text))?).ok_or(Skipped::Symbol)
}
