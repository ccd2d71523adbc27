//! REST of OKX v5.

use base::input::{FundingPaid, Input, OpenOrder};
use base::{ClientOrderId, Clock, InstrumentId, OrderId, Price, VenueId, WallNs};
use net::{HttpResponse, Method};
use venue::endpoints::okx as paths;
use venue::sign;

use super::{Call, Exchange, Failure, Job, News, PAGES_MAX, Rest, Task, Tell, news};
use crate::decode::field;
use crate::decode::okx::{Execution, OrderFields, account, market, position};
use crate::decode::{Context, Emit, Event, Skipped};
use crate::json::{self, Value};

/// Entries a page of a list holds at most.
const PAGE: usize = 100;

/// Does one job.
pub(super) fn work<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    match job.task {
        Task::OpenOrders => {
            let mut items = |cx: &Context<'_>, item: Value<'_>| match open_order(cx, item) {
                Ok(order) => tell(News::Item(order)),
                Err(why) => tell(News::Skipped(why)),
            };
            pages(rest, job, paths::ORDERS_PENDING, "", b"ordId", exchange, &mut items)
        }
        Task::Positions => {
            let response = get(rest, job, paths::POSITIONS, exchange)?;
            let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
            let cx = rest.context();
            for item in data(&response)?.items() {
                field::report(position(&cx, item, &mut emit), &mut emit);
            }
            Ok(())
        }
        Task::Balances => {
            let response = get(rest, job, paths::BALANCE, exchange)?;
            let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
            let cx = rest.context();
            for item in data(&response)?.items() {
                account(&cx, item, &mut emit);
            }
            Ok(())
        }
        Task::Fills { since, .. } => {
            let query = format!("begin={}", since.millis());
            let mut items = |cx: &Context<'_>, item: Value<'_>| {
                let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
                if let Err(why) = fill(cx, item, &mut emit) {
                    emit(Event::Skipped(why));
                }
            };
            pages(rest, job, paths::FILLS, &query, b"billId", exchange, &mut items)
        }
        Task::Funding { since } => {
            let query = format!("type=8&begin={}", since.millis());
            let mut items = |cx: &Context<'_>, item: Value<'_>| match funding(cx, item) {
                Ok(paid) => tell(News::Item(paid)),
                Err(why) => tell(News::Skipped(why)),
            };
            pages(rest, job, paths::BILLS, &query, b"billId", exchange, &mut items)
        }
        Task::Query { instrument, order } => {
            let (symbol, client) = names(rest, instrument, order)?;
            let path = format!("{}?instId={symbol}&clOrdId={}", paths::ORDER, client.as_str());
            let response = get(rest, job, &path, exchange)?;
            let cx = rest.context();
            let item = data(&response)?.items().next().ok_or(Failure::unreadable())?;
            let read = OrderFields::read(item);
            let market = market(&cx, read.symbol).map_err(|_| Failure::unreadable())?;
            let order = read.news(&cx, market).ok().flatten().ok_or(Failure::unreadable())?;
            tell(News::Order(order));
            Ok(())
        }
        Task::Cancel { instrument, order } => {
            let (symbol, client) = names(rest, instrument, order)?;
            let body = format!(r#"{{"instId":"{symbol}","clOrdId":"{}"}}"#, client.as_str());
            call(rest, job, Method::Post, paths::CANCEL_ORDER, body, exchange).map(drop)
        }
        Task::DeadMan { after_ms, .. } => {
            let body = format!(r#"{{"timeOut":"{}"}}"#, after_ms / 1_000);
            call(rest, job, Method::Post, paths::CANCEL_ALL_AFTER, body, exchange).map(drop)
        }
        // There is no such thing here: orders are cancelled in batches on the connection.
        Task::CancelAll { .. } | Task::ListenKey | Task::KeepListenKey => Ok(()),
    }
}

fn names<C: Clock>(
    rest: &Rest<C>,
    instrument: InstrumentId,
    order: OrderId,
) -> Result<(String, ClientOrderId), Failure> {
    let market = rest.markets.get(instrument).ok_or(Failure::unreadable())?;
    let symbol = String::from_utf8_lossy(market.symbol()).into_owned();
    Ok((symbol, ClientOrderId::new(rest.instance, order)))
}

fn get<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    path: &str,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    call(rest, job, Method::Get, path, String::new(), exchange)
}

/// A signed call; `Ok` is code 0 of the whole and of every entry that has one.
fn call<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    path: &str,
    body: String,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let credentials = &rest.credentials;
    let key = credentials.hmac().ok_or(Failure::unreadable())?;
    let now = WallNs(rest.clock.wall().0.saturating_add(job.offset_ns));
    let stamp = sign::okx::timestamp(now);
    let name = method.name().as_bytes();
    let signature = sign::okx::rest(key, &stamp, name, path.as_bytes(), body.as_bytes());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let passphrase = credentials.passphrase.as_ref().map_or("", |hidden| hidden.expose());
    let mut headers = vec![
        ("OK-ACCESS-KEY", credentials.key.expose().to_owned()),
        ("OK-ACCESS-SIGN", text(&signature)),
        ("OK-ACCESS-TIMESTAMP", text(&stamp)),
        ("OK-ACCESS-PASSPHRASE", passphrase.to_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    if rest.simulated_header {
        headers.push(("x-simulated-trading", "1".to_owned()));
    }
    let call = Call { method, path: path.to_owned(), headers, body };
    let response = exchange(&call).map_err(|error| Failure::lost(&error))?;
    let Some(top) = json::check(&response.body) else {
        return Err(Failure::refused(VenueId::Okx, 0, b"", &response));
    };
    let whole = top.field(b"code").and_then(Value::i64);
    let entry = top.field(b"data").and_then(|data| data.items().next());
    let inner = entry.and_then(|entry| entry.field(b"sCode")).and_then(Value::i64);
    match inner.filter(|code| *code != 0).or(whole) {
        Some(0) if response.status == 200 => Ok(response),
        Some(code) => Err(Failure::refused(VenueId::Okx, code, b"", &response)),
        None => Err(Failure::refused(VenueId::Okx, 0, b"", &response)),
    }
}

fn data(response: &HttpResponse) -> Result<Value<'_>, Failure> {
    json::check(&response.body).and_then(|top| top.field(b"data")).ok_or(Failure::unreadable())
}

/// Reads a list page by page; the last entry's `cursor` field leads to what is older.
fn pages<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    path: &str,
    query: &str,
    cursor: &[u8],
    exchange: &mut Exchange<'_>,
    read: &mut dyn FnMut(&Context<'_>, Value<'_>),
) -> Result<(), Failure> {
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let mut target = format!("{path}?limit={PAGE}");
        if !query.is_empty() {
            target = format!("{target}&{query}");
        }
        if !after.is_empty() {
            target = format!("{target}&after={after}");
        }
        let response = get(rest, job, &target, exchange)?;
        let (cx, mut count, mut last) = (rest.context(), 0, None);
        for item in data(&response)?.items() {
            read(&cx, item);
            count += 1;
            last = item.field(cursor).and_then(Value::word);
        }
        match last {
            Some(last) if count >= PAGE => after = String::from_utf8_lossy(last).into_owned(),
            _ => return Ok(()),
        }
    }
    Err(Failure::unreadable())
}

fn open_order(cx: &Context<'_>, item: Value<'_>) -> Result<Input, Skipped> {
    let read = OrderFields::read(item);
    let market = market(cx, read.symbol)?;
    let price = field::number(read.price)?;
    Ok(Input::OpenOrder(OpenOrder {
        venue: VenueId::Okx,
        instrument: market.id,
        order: cx.order(read.client),
        side: field::side(read.side)?,
        // A market order that is still open has none.
        price: if price.is_empty() { Price::ZERO } else { market.edge.price(price)? },
        qty: field::qty(market, read.size)?,
        filled: field::qty(market, read.filled)?,
        venue_order: read.venue_order(),
    }))
}

fn fill(cx: &Context<'_>, item: Value<'_>, emit: &mut Emit<'_>) -> Result<(), Skipped> {
    let market = market(cx, item.field(b"instId"))?;
    Execution {
        order: cx.order(item.field(b"clOrdId")),
        side: item.field(b"side"),
        maker: item.field(b"execType").and_then(Value::text) == Some(b"M"),
        price: item.field(b"fillPx"),
        qty: field::qty(market, item.field(b"fillSz"))?,
        trade_id: field::id(item.field(b"tradeId")).ok_or(Skipped::Shape)?,
        time: item.field(b"fillTime").or(item.field(b"ts")),
        fee: item.field(b"fee"),
        fee_asset: item.field(b"feeCcy"),
    }
    .emit(cx, market, emit)
}

/// One bill of type 8: what it changed the balance by.
fn funding(cx: &Context<'_>, item: Value<'_>) -> Result<Input, Skipped> {
    let market = market(cx, item.field(b"instId"))?;
    let at = field::time(item.field(b"ts"));
    if at == WallNs::NONE {
        return Err(Skipped::Shape);
    }
    Ok(Input::FundingPaid(FundingPaid {
        venue: VenueId::Okx,
        instrument: market.id,
        asset: cx.asset(item.field(b"ccy")).ok_or(Skipped::Asset)?,
        amount: field::money(item.field(b"balChg"))?.ok_or(Skipped::Shape)?,
        settled: field::settlement(at),
    }))
}
