//! REST of OKX v5.

use base::input::{FundingPaid, Input, RejectClass};
use base::output::Place;
use base::{Clock, InstrumentId, OrderId, VenueId, WallNs};
use net::{HttpResponse, Method};
use venue::Spend;
use venue::endpoints::okx as paths;
use venue::sign;

use super::{
    Call, Exchange, Failure, Job, News, Rest, Resting, Step, Task, Tell, Walk, news, symbol,
};
use crate::decode::field;
use crate::decode::okx::{Execution, OrderFields, account, market, position};
use crate::decode::{Context, Emit, Event, Skipped};
use crate::encode::{self, TEXT_MAX, Ticket};
use crate::json::{self, Value};

/// Entries a page of a list holds at most.
const PAGE: usize = 100;

/// Orders one batch cancels at most.
const BATCH: usize = 20;

/// Makes the next call of a job.
pub(super) fn work<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let spend = job.task.spend(VenueId::Okx).0;
    match job.task {
        Task::OpenOrders => {
            let mut items = |cx: &Context<'_>, item: Value<'_>| match open_order(cx, item) {
                Ok(order) => tell(News::Item(order)),
                Err(why) => tell(News::Skipped(why)),
            };
            let list = List { path: paths::ORDERS_PENDING, query: "", cursor: b"ordId", spend };
            return page(rest, job, walk, &list, exchange, &mut items);
        }
        Task::Fills { since, .. } => {
            let query = format!("begin={}", since.millis());
            let mut items = |cx: &Context<'_>, item: Value<'_>| {
                let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
                if let Err(why) = fill(cx, item, &mut emit) {
                    emit(Event::Skipped(why));
                }
            };
            let list = List { path: paths::FILLS, query: &query, cursor: b"billId", spend };
            return page(rest, job, walk, &list, exchange, &mut items);
        }
        Task::Funding { since } => {
            let query = format!("type=8&begin={}", since.millis());
            let mut items = |cx: &Context<'_>, item: Value<'_>| match funding(cx, item) {
                Ok(paid) => tell(News::Item(paid)),
                Err(why) => tell(News::Skipped(why)),
            };
            let list = List { path: paths::BILLS, query: &query, cursor: b"billId", spend };
            return page(rest, job, walk, &list, exchange, &mut items);
        }
        Task::CancelAll { instrument } => {
            return cancel_all(rest, job, walk, instrument, exchange);
        }
        Task::Positions => positions(rest, job, exchange, tell)?,
        Task::Balances => balances(rest, job, exchange, tell)?,
        Task::Query { instrument, order } => query(rest, job, (instrument, order), exchange, tell)?,
        Task::Place { place, .. } => self::place(rest, job, &place, exchange, tell)?,
        Task::Cancel { instrument, order } => {
            let (market, client) = rest.names(instrument, order)?;
            let symbol = symbol(market);
            let body = format!(r#"{{"instId":"{symbol}","clOrdId":"{}"}}"#, client.as_str());
            call(rest, job, Method::Post, paths::CANCEL_ORDER, body, exchange)?;
        }
        Task::DeadMan { after_ms, .. } => {
            let body = format!(r#"{{"timeOut":"{}"}}"#, after_ms / 1_000);
            call(rest, job, Method::Post, paths::CANCEL_ALL_AFTER, body, exchange)?;
        }
        Task::ListenKey | Task::KeepListenKey => {}
        Task::Account | Task::Fees => return Err(Failure::unreadable()),
    }
    Ok(Step::Done)
}

fn positions<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let response = get(rest, job, paths::POSITIONS, exchange)?;
    let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
    let cx = rest.context();
    for item in data(&response)?.items() {
        field::report(position(&cx, item, &mut emit), &mut emit);
    }
    Ok(())
}

fn balances<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let response = get(rest, job, paths::BALANCE, exchange)?;
    let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
    let cx = rest.context();
    for item in data(&response)?.items() {
        account(&cx, item, &mut emit);
    }
    Ok(())
}

/// A new order.
fn place<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    place: &Place,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let market = rest.market(place.instrument)?;
    let ticket = Ticket::new(market, rest.parts.instance, place)
        .ok_or(Failure::unsent(RejectClass::Rules))?;
    let mut text = [0; TEXT_MAX];
    let length = encode::okx::order_body(&ticket, &mut text);
    let body = String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned();
    let response = call(rest, job, Method::Post, paths::ORDER, body, exchange)?;
    let entry = data(&response)?.items().next();
    let venue_order = entry.and_then(|entry| field::id(entry.field(b"ordId")));
    tell(News::Placed {
        venue_order: venue_order.ok_or(Failure::unreadable())?,
        venue_time: field::time(entry.and_then(|entry| entry.field(b"ts"))),
    });
    Ok(())
}

fn query<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    (instrument, order): (InstrumentId, OrderId),
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let (market, client) = rest.names(instrument, order)?;
    let symbol = symbol(market);
    let path = format!("{}?instId={symbol}&clOrdId={}", paths::ORDER, client.as_str());
    let response = get(rest, job, &path, exchange)?;
    let cx = rest.context();
    let item = data(&response)?.items().next().ok_or(Failure::unreadable())?;
    let read = OrderFields::read(item);
    let market = self::market(&cx, read.symbol).map_err(|_| Failure::unreadable())?;
    let order = read.news(&cx, market).ok().flatten().ok_or(Failure::unreadable())?;
    tell(News::Order(order));
    Ok(())
}

/// Everything of ours in one instrument: listed page by page, then cancelled in batches. What of a batch
/// the venue refuses is out of its hands already; whoever asked looks at each order anyway.
fn cancel_all<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    instrument: InstrumentId,
    exchange: &mut Exchange<'_>,
) -> Result<Step, Failure> {
    let symbol = symbol(rest.market(instrument)?);
    if walk.leg == 0 {
        let mut ours = core::mem::take(&mut walk.waiting);
        let mut items = |cx: &Context<'_>, item: Value<'_>| {
            let client = item.field(b"clOrdId");
            if cx.order(client) != OrderId::FOREIGN {
                ours.extend(client.and_then(Value::text).map(|text| (0, text.to_vec())));
            }
        };
        let query = format!("instId={symbol}");
        let spend = Spend::OpenOrders;
        let list = List { path: paths::ORDERS_PENDING, query: &query, cursor: b"ordId", spend };
        let more = page(rest, job, walk, &list, exchange, &mut items)?;
        walk.waiting = ours;
        walk.leg = usize::from(more == Step::Done);
        let left = if walk.waiting.is_empty() { more } else { Step::More(Spend::CancelAll) };
        return Ok(if more == Step::Done { left } else { more });
    }
    let named = |(_, client): (u64, Vec<u8>)| {
        let client = String::from_utf8_lossy(&client).into_owned();
        format!(r#"{{"instId":"{symbol}","clOrdId":"{client}"}}"#)
    };
    let batch: Vec<_> = walk.waiting.drain(..walk.waiting.len().min(BATCH)).map(named).collect();
    let body = format!("[{}]", batch.join(","));
    let response = request(rest, job, Method::Post, paths::CANCEL_BATCH, body, exchange)?;
    match json::check(&response.body).and_then(|top| top.field(b"code")).and_then(Value::i64) {
        Some(0..=2) if response.status == 200 && walk.waiting.is_empty() => Ok(Step::Done),
        Some(0..=2) if response.status == 200 => Ok(Step::More(Spend::CancelAll)),
        code => Err(Failure::refused(VenueId::Okx, code.unwrap_or(0), b"", &response)),
    }
}

pub(super) fn get<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    path: &str,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    call(rest, job, Method::Get, path, String::new(), exchange)
}

/// A signed call; `Ok` is code 0 of the whole and of the first entry that has one.
fn call<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    path: &str,
    body: String,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let response = request(rest, job, method, path, body, exchange)?;
    let Some(top) = json::check(&response.body) else {
        return Err(Failure::refused(VenueId::Okx, 0, b"", &response));
    };
    let whole = top.field(b"code").and_then(Value::i64);
    let entry = top.field(b"data").and_then(|data| data.items().next());
    let inner = entry.and_then(|entry| entry.field(b"sCode")).and_then(Value::i64);
    match inner.filter(|code| *code != 0).or(whole) {
        Some(0) if response.status == 200 => Ok(response),
        code => Err(Failure::refused(VenueId::Okx, code.unwrap_or(0), b"", &response)),
    }
}

/// A signed request with whatever answer it gets. The venue throws one away that changes something and
/// comes too late.
fn request<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    path: &str,
    body: String,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let credentials = rest.parts.signer.now();
    let key = credentials.hmac().ok_or(Failure::unreadable())?;
    let now = rest.venue_wall(job);
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
    if rest.parts.simulated_header {
        headers.push(("x-simulated-trading", "1".to_owned()));
    }
    if method == Method::Post {
        let until = rest.venue_ms(job).saturating_add(u64::from(rest.parts.recv_window_ms));
        headers.push(("expTime", until.to_string()));
    }
    let call = Call { method, path: path.to_owned(), headers, body };
    exchange(&call).map_err(|error| Failure::lost(&error))
}

pub(super) fn data(response: &HttpResponse) -> Result<Value<'_>, Failure> {
    json::check(&response.body).and_then(|top| top.field(b"data")).ok_or(Failure::unreadable())
}

/// A list of the venue.
struct List<'a> {
    path: &'a str,
    query: &'a str,
    /// The field of the last entry that leads to what is older.
    cursor: &'a [u8],
    /// What a page counts as.
    spend: Spend,
}

/// Reads the next page of a list.
fn page<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    list: &List<'_>,
    exchange: &mut Exchange<'_>,
    read: &mut dyn FnMut(&Context<'_>, Value<'_>),
) -> Result<Step, Failure> {
    let mut target = format!("{}?limit={PAGE}", list.path);
    if !list.query.is_empty() {
        target = format!("{target}&{}", list.query);
    }
    if !walk.cursor.is_empty() {
        target = format!("{target}&after={}", walk.cursor);
    }
    let response = get(rest, job, &target, exchange)?;
    let (cx, mut count, mut last) = (rest.context(), 0, None);
    for item in data(&response)?.items() {
        read(&cx, item);
        count += 1;
        last = item.field(list.cursor).and_then(Value::word);
    }
    match last {
        Some(last) if count >= PAGE => {
            walk.cursor = String::from_utf8_lossy(last).into_owned();
            Ok(Step::More(list.spend))
        }
        _ => Ok(Step::Done),
    }
}

fn open_order(cx: &Context<'_>, item: Value<'_>) -> Result<Input, Skipped> {
    let read = OrderFields::read(item);
    let OrderFields { client, side, price, size, filled, .. } = read;
    let venue_order = read.venue_order();
    Resting { client, side, price, size, filled, venue_order }.read(cx, market(cx, read.symbol)?)
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
