//! Bybit v5: answers of /v5/trade, topics of /v5/private.

use base::input::{Balance, Fee, Fill, FundingPaid, OrderStatus, Position};
use base::{AssetId, OrderId, Product, Qty, Side, VenueId, WallNs};

use super::field::{entry, money, must, price, qty, report, settlement, side, time};
use super::{
    Allowance, Answer, Context, Emit, Event, OrderNews, Refusal, Refused, Session, Skipped,
};
use crate::json::{self, Value};
use crate::markets::Market;
use crate::text::id_number;

/// Reads one text of either connection.
///
/// # Errors
/// [`Refused`] when it gives nothing.
pub fn decode(cx: &Context<'_>, text: &[u8], emit: &mut Emit<'_>) -> Result<(), Refused> {
    let message = json::check(text).ok_or(Refused::Json)?;
    let mut top = Top::default();
    for (key, value) in message.fields() {
        match key {
            b"topic" => top.topic = value.text(),
            b"data" => top.data = Some(value),
            b"op" => top.op = value.text(),
            b"reqId" => top.request = value.u64(),
            b"retCode" => top.code = value.i64(),
            b"retMsg" | b"ret_msg" => top.message = value.text().unwrap_or_default(),
            b"success" => top.success = value.flag(),
            b"header" => top.header = Some(value),
            _ => {}
        }
    }
    if let Some(topic) = top.topic {
        let data = top.data.ok_or(Refused::Unknown)?;
        return pushed(cx, topic, data, emit);
    }
    match top.op {
        Some(b"order.create" | b"order.cancel") => {
            answer(cx, &top, emit);
            Ok(())
        }
        Some(op) => session(op, &top, emit),
        // A request that was not understood comes back without its op.
        None if top.request.is_some() => {
            answer(cx, &top, emit);
            Ok(())
        }
        None => match top.code {
            Some(code) => {
                emit(Event::Session(Session::Error(code)));
                Ok(())
            }
            None => Err(Refused::Unknown),
        },
    }
}

#[derive(Default)]
struct Top<'a> {
    topic: Option<&'a [u8]>,
    data: Option<Value<'a>>,
    op: Option<&'a [u8]>,
    request: Option<u64>,
    code: Option<i64>,
    message: &'a [u8],
    success: Option<bool>,
    header: Option<Value<'a>>,
}

fn session(op: &[u8], top: &Top<'_>, emit: &mut Emit<'_>) -> Result<(), Refused> {
    let done = top.success.unwrap_or(top.code == Some(0));
    let code = top.code.unwrap_or(-1);
    let said = match op {
        b"ping" | b"pong" => Session::Pong,
        b"auth" if done => Session::LoggedIn,
        b"auth" => Session::LoginRefused(code),
        b"subscribe" if done => Session::Subscribed,
        b"subscribe" => Session::SubscribeRefused(code),
        _ => return Err(Refused::Unknown),
    };
    emit(Event::Session(said));
    Ok(())
}

fn answer(cx: &Context<'_>, top: &Top<'_>, emit: &mut Emit<'_>) {
    let (mut order, mut venue_order) = (OrderId::FOREIGN, 0);
    for (key, value) in top.data.iter().flat_map(|data| data.fields()) {
        match key {
            b"orderLinkId" => order = cx.order(Some(value)),
            b"orderId" => venue_order = value.text().map_or(0, id_number),
            _ => {}
        }
    }
    let header = |name: &[u8]| top.header.and_then(|header| header.field(name));
    let left = header(b"X-Bapi-Limit-Status").and_then(Value::u64);
    let limit = header(b"X-Bapi-Limit").and_then(Value::u64);
    let allowance = limit.zip(left).and_then(|(limit, left)| {
        Some(Allowance { limit: u32::try_from(limit).ok()?, left: u32::try_from(left).ok()? })
    });
    let code = top.code.unwrap_or(-1);
    emit(Event::Answer(Answer {
        request: top.request,
        order: Some(order).filter(|order| *order != OrderId::FOREIGN),
        venue_order,
        venue_time: time(header(b"Timenow")),
        refusal: (code != 0).then_some(Refusal {
            code,
            status: 0,
            message: top.message,
            retry_after_ms: 0,
        }),
        allowance,
    }));
}

fn pushed(
    cx: &Context<'_>,
    topic: &[u8],
    data: Value<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Refused> {
    // `order` and `order.linear` are the same thing.
    let topic = topic.split(|byte| *byte == b'.').next().unwrap_or_default();
    for item in data.items() {
        match topic {
            b"order" => report(order(cx, item, emit), emit),
            b"execution" => report(execution(cx, item, emit), emit),
            b"position" => report(position(cx, item, None, emit), emit),
            b"wallet" => wallet(cx, item, emit),
            b"dcp" | b"greeks" => {}
            _ => return Err(Refused::Unknown),
        }
    }
    Ok(())
}

/// The fields of an order, as the topic and the REST lists give it.
#[derive(Default)]
pub(crate) struct OrderFields<'a> {
    category: Option<&'a [u8]>,
    symbol: Option<Value<'a>>,
    pub(crate) client: Option<Value<'a>>,
    venue_order: Option<&'a [u8]>,
    pub(crate) side: Option<Value<'a>>,
    pub(crate) price: Option<Value<'a>>,
    pub(crate) size: Option<Value<'a>>,
    pub(crate) filled: Option<Value<'a>>,
    state: Option<&'a [u8]>,
    cancel: &'a [u8],
    reason: &'a [u8],
    updated: Option<Value<'a>>,
}

impl<'a> OrderFields<'a> {
    pub(crate) fn read(object: Value<'a>) -> Self {
        let mut read = Self::default();
        for (key, value) in object.fields() {
            match key {
                b"category" => read.category = value.text(),
                b"symbol" => read.symbol = Some(value),
                b"orderLinkId" => read.client = Some(value),
                b"orderId" => read.venue_order = value.text(),
                b"side" => read.side = Some(value),
                b"price" => read.price = Some(value),
                b"qty" => read.size = Some(value),
                b"cumExecQty" => read.filled = Some(value),
                b"orderStatus" => read.state = value.text(),
                b"cancelType" => read.cancel = value.text().unwrap_or_default(),
                b"rejectReason" => read.reason = value.text().unwrap_or_default(),
                b"updatedTime" => read.updated = Some(value),
                _ => {}
            }
        }
        read
    }

    pub(crate) fn venue_order(&self) -> u64 {
        self.venue_order.map_or(0, id_number)
    }

    /// The instrument; the REST lists name the category once for all.
    pub(crate) fn market<'m>(
        &self,
        cx: &Context<'m>,
        category: Option<&[u8]>,
    ) -> Result<&'m Market, Skipped> {
        market(cx, self.category.or(category), self.symbol)
    }

    pub(crate) fn news(
        &self,
        cx: &Context<'_>,
        market: &Market,
    ) -> Result<Option<OrderNews>, Skipped> {
        let named = (self.venue_order(), self.updated);
        OrderNews::read(cx, market, self.client, self.status(), self.filled, named)
    }

    /// Whether the order is no longer on the book.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.state, Some(b"New" | b"PartiallyFilled" | b"Untriggered" | b"Triggered"))
    }

    fn status(&self) -> Option<OrderStatus> {
        let expired = self.cancel == b"CancelBySmp"
            || matches!(
                self.reason,
                b"EC_PostOnlyWillTakeLiquidity"
                    | b"EC_NoImmediateQtyToFill"
                    | b"EC_NoEnoughQtyToFill"
            );
        Some(match self.state? {
            b"New" => OrderStatus::Live,
            b"PartiallyFilled" => OrderStatus::Partial,
            b"Filled" => OrderStatus::Filled,
            b"Cancelled" | b"PartiallyFilledCanceled" | b"Rejected" if expired => {
                OrderStatus::Expired
            }
            b"Cancelled" | b"PartiallyFilledCanceled" | b"Deactivated" => OrderStatus::Cancelled,
            b"Rejected" => OrderStatus::Rejected,
            _ => return None,
        })
    }
}

fn order(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let read = OrderFields::read(item);
    let market = read.market(cx, None)?;
    if let Some(news) = read.news(cx, market)? {
        emit(Event::Order(news));
    }
    Ok(())
}

/// A fill, or a funding payment: Bybit reports both as executions.
pub(crate) fn execution(
    cx: &Context<'_>,
    item: Value<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    execution_of(cx, item, None, emit)
}

/// As [`execution`], of a list that names its category once.
pub(crate) fn execution_of(
    cx: &Context<'_>,
    item: Value<'_>,
    category: Option<&[u8]>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let read = Execution::read(item);
    let market = market(cx, read.category.or(category), read.symbol)?;
    match read.kind {
        // The fast topic carries trades only and does not say so.
        None | Some(b"Trade" | b"AdlTrade" | b"BustTrade") => read.fill(cx, market, emit),
        Some(b"Funding") => read.funding(cx, market, emit),
        Some(_) => Err(Skipped::Value),
    }
}

#[derive(Default)]
struct Execution<'a> {
    category: Option<&'a [u8]>,
    symbol: Option<Value<'a>>,
    kind: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    client: Option<Value<'a>>,
    side: Option<Value<'a>>,
    price: Option<Value<'a>>,
    size: Option<Value<'a>>,
    fee: Option<Value<'a>>,
    fee_asset: Option<Value<'a>>,
    maker: bool,
    time: Option<Value<'a>>,
}

impl<'a> Execution<'a> {
    fn read(object: Value<'a>) -> Self {
        let mut read = Self::default();
        for (key, value) in object.fields() {
            match key {
                b"category" => read.category = value.text(),
                b"symbol" => read.symbol = Some(value),
                b"execType" => read.kind = value.text(),
                b"execId" => read.id = value.text().filter(|id| !id.is_empty()),
                b"orderLinkId" => read.client = Some(value),
                b"side" => read.side = Some(value),
                b"execPrice" => read.price = Some(value),
                b"execQty" => read.size = Some(value),
                b"execFee" => read.fee = Some(value),
                b"feeCurrency" => read.fee_asset = Some(value),
                b"isMaker" => read.maker = value.flag().unwrap_or(false),
                b"execTime" => read.time = Some(value),
                _ => {}
            }
        }
        read
    }

    fn fill(&self, cx: &Context<'_>, market: &Market, emit: &mut Emit<'_>) -> Result<(), Skipped> {
        let side = side(self.side)?;
        let filled = qty(market, self.size)?;
        if filled == Qty::ZERO {
            return Err(Skipped::Decimal);
        }
        let (price, fee) = (price(market, self.price)?, money(self.fee)?);
        let trade_id = id_number(must(self.id)?);
        let order = cx.order(self.client);
        emit(Event::Fill(Fill {
            venue: VenueId::Bybit,
            instrument: market.id,
            order,
            side,
            maker: self.maker,
            price,
            qty: filled,
            trade_id,
            venue_time: time(self.time),
        }));
        let Some(amount) = fee else { return Ok(()) };
        match self.fee_asset(cx, market, side) {
            Some(asset) => emit(Event::Fee(Fee {
                venue: VenueId::Bybit,
                instrument: market.id,
                order,
                trade_id,
                asset,
                amount,
            })),
            None => emit(Event::Skipped(Skipped::Asset)),
        }
        Ok(())
    }

    /// What the fee was taken in; where Bybit does not say: the settlement asset of a contract, and
    /// for spot what was received.
    fn fee_asset(&self, cx: &Context<'_>, market: &Market, side: Side) -> Option<AssetId> {
        match self.fee_asset.and_then(Value::text) {
            Some(name) if !name.is_empty() => cx.markets.asset(name),
            _ if market.product == Product::Spot && side == Side::Buy => Some(market.base),
            _ => Some(market.quote),
        }
    }

    fn funding(
        &self,
        cx: &Context<'_>,
        market: &Market,
        emit: &mut Emit<'_>,
    ) -> Result<(), Skipped> {
        let fee = must(money(self.fee)?)?;
        let asset = self.fee_asset(cx, market, Side::Sell).ok_or(Skipped::Asset)?;
        let at = time(self.time);
        if at == WallNs::NONE {
            return Err(Skipped::Shape);
        }
        emit(Event::Funding(FundingPaid {
            venue: VenueId::Bybit,
            instrument: market.id,
            asset,
            amount: -fee,
            settled: settlement(at),
        }));
        Ok(())
    }
}

pub(crate) fn position(
    cx: &Context<'_>,
    item: Value<'_>,
    category: Option<&[u8]>,
    emit: &mut Emit<'_>,
) -> Result<(), Skipped> {
    let mut read = PositionFields::default();
    for (key, value) in item.fields() {
        match key {
            b"category" => read.category = value.text(),
            b"symbol" => read.symbol = Some(value),
            b"side" => read.side = Some(value),
            b"size" => read.size = Some(value),
            b"entryPrice" | b"avgPrice" => read.entry = Some(value),
            b"positionIdx" => read.index = value.u64(),
            b"updatedTime" => read.updated = Some(value),
            _ => {}
        }
    }
    let market = market(cx, read.category.or(category), read.symbol)?;
    let size = qty(market, read.size)?;
    if read.index.is_some_and(|index| index != 0) {
        return if size.is_zero() { Ok(()) } else { Err(Skipped::Hedged) };
    }
    let signed = if size.is_zero() { Qty::ZERO } else { size.signed(side(read.side)?) };
    emit(Event::Position(Position {
        venue: VenueId::Bybit,
        instrument: market.id,
        qty: signed,
        entry: entry(market, read.entry),
        venue_time: time(read.updated),
    }));
    Ok(())
}

#[derive(Default)]
struct PositionFields<'a> {
    category: Option<&'a [u8]>,
    symbol: Option<Value<'a>>,
    side: Option<Value<'a>>,
    size: Option<Value<'a>>,
    entry: Option<Value<'a>>,
    index: Option<u64>,
    updated: Option<Value<'a>>,
}

/// The balances of a wallet message or of the REST answer's entry.
pub(crate) fn wallet(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) {
    for coin in item.field(b"coin").iter().flat_map(|list| list.items()) {
        report(balance(cx, coin, emit), emit);
    }
}

fn balance(cx: &Context<'_>, coin: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let Some(asset) = cx.asset(coin.field(b"coin")) else { return Ok(()) };
    let total = must(money(coin.field(b"walletBalance"))?)?;
    let available = match money(coin.field(b"availableToWithdraw"))? {
        Some(available) => Some(available),
        // Unified accounts leave it blank. What margin and orders hold is not free; where the venue does
        // not say how much that is, neither does this.
        None => {
            let held = |name: &[u8]| money(coin.field(name));
            let (locked, positions) = (held(b"locked")?, held(b"totalPositionIM")?);
            let parts = locked.zip(positions).zip(held(b"totalOrderIM")?);
            parts.map(|((locked, positions), orders)| total - locked - positions - orders)
        }
    };
    emit(Event::Balance(Balance { venue: VenueId::Bybit, asset, total, available }));
    Ok(())
}

/// The instrument of a category and a symbol: one symbol names both kinds.
pub(crate) fn market<'m>(
    cx: &Context<'m>,
    category: Option<&[u8]>,
    symbol: Option<Value<'_>>,
) -> Result<&'m Market, Skipped> {
    let product = match category {
        Some(b"spot") => Product::Spot,
        Some(b"linear") => Product::Perpetual,
        Some(_) => return Err(Skipped::Symbol),
        None => return Err(Skipped::Shape),
    };
    let symbol = must(symbol.and_then(Value::text))?;
    cx.markets.find(product, symbol).ok_or(Skipped::Symbol)
}
