//! REST of Bybit v5.

use base::input::RejectClass;
use base::output::Place;
use base::{Clock, InstrumentId, OrderId, Product, VenueId};
use net::{HttpResponse, Method};
use venue::Spend;
use venue::endpoints::bybit as paths;
use venue::sign;

use super::{
    Call, Exchange, Failure, Job, News, Rest, Resting, Step, Task, Tell, Walk, news, symbol,
};
use crate::decode::bybit::{OrderFields, execution_of, position, wallet};
use crate::decode::field;
use crate::decode::{Context, Event, Skipped};
use crate::encode::{self, TEXT_MAX, Ticket};
use crate::json::{self, Value};
use crate::markets::Market;

/// Both kinds of instrument, by the venue's words for them.
const BOTH: &[&str] = &["spot", "linear"];
/// Contracts only.
const LINEAR: &[&str] = &["linear"];

/// Makes the next call of a job.
pub(super) fn work<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let spend = job.task.spend(VenueId::Bybit).0;
    match job.task {
        Task::OpenOrders => {
            let (path, query) = (paths::ORDER_REALTIME, "openOnly=0&limit=50");
            let list = List { path, categories: BOTH, query, read: open_order, spend };
            return page(rest, job, walk, &list, exchange, tell);
        }
        Task::Positions => {
            let (path, query) = (paths::POSITION_LIST, "limit=200");
            let list = List { path, categories: LINEAR, query, read: read_position, spend };
            return page(rest, job, walk, &list, exchange, tell);
        }
        Task::Fills { since, .. } => {
            let query = &format!("execType=Trade&startTime={}&limit=100", since.millis());
            let (path, read) = (paths::EXECUTION_LIST, read_execution);
            let list = List { path, categories: BOTH, query, read, spend };
            return page(rest, job, walk, &list, exchange, tell);
        }
        Task::Funding { since } => {
            let query = &format!("execType=Funding&startTime={}&limit=100", since.millis());
            let (path, read) = (paths::EXECUTION_LIST, read_execution);
            let list = List { path, categories: LINEAR, query, read, spend };
            return page(rest, job, walk, &list, exchange, tell);
        }
        Task::Query { instrument, order } => {
            return query(rest, job, walk, (instrument, order), exchange, tell);
        }
        Task::DeadMan { after_ms, .. } => {
            let products = ["SPOT", "DERIVATIVES"];
            let window = (after_ms / 1_000).clamp(3, 300);
            let product = walk.at(&products)?;
            let body = format!(r#"{{"product":"{product}","timeWindow":{window}}}"#);
            call(rest, job, Method::Post, paths::DISCONNECTED_CANCEL_ALL, body, exchange)?;
            walk.leg += 1;
            let left = walk.leg < products.len();
            return Ok(if left { Step::More(spend) } else { Step::Done });
        }
        Task::Balances => balances(rest, job, exchange, tell)?,
        Task::Place { place, .. } => self::place(rest, job, &place, exchange, tell)?,
        Task::Cancel { instrument, order } => {
            let (market, client) = rest.names(instrument, order)?;
            let body = format!(
                r#"{{"category":"{}","symbol":"{}","orderLinkId":"{}"}}"#,
                category(market),
                symbol(market),
                client.as_str()
            );
            call(rest, job, Method::Post, paths::ORDER_CANCEL, body, exchange)?;
        }
        Task::CancelAll { instrument } => {
            let market = rest.market(instrument)?;
            let body =
                format!(r#"{{"category":"{}","symbol":"{}"}}"#, category(market), symbol(market));
            call(rest, job, Method::Post, paths::ORDER_CANCEL_ALL, body, exchange)?;
        }
        Task::ListenKey | Task::KeepListenKey => {}
        Task::Account | Task::Fees => return Err(Failure::unreadable()),
    }
    Ok(Step::Done)
}

fn balances<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let path = format!("{}?accountType=UNIFIED", paths::WALLET_BALANCE);
    let response = get(rest, job, &path, exchange)?;
    let cx = rest.context();
    let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
    for item in result_list(&response)?.items() {
        wallet(&cx, item, &mut emit);
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
    let length = encode::bybit::order_body(&ticket, &mut text);
    let body = String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned();
    let response = call(rest, job, Method::Post, paths::ORDER_CREATE, body, exchange)?;
    let top = json::check(&response.body).ok_or(Failure::unreadable())?;
    let id = top.field(b"result").and_then(|result| field::id(result.field(b"orderId")));
    tell(News::Placed {
        venue_order: id.ok_or(Failure::unreadable())?,
        venue_time: field::time(top.field(b"time")),
    });
    Ok(())
}

fn category(market: &Market) -> &'static str {
    match market.product {
        Product::Spot => "spot",
        Product::Perpetual => "linear",
    }
}

/// Asks the live list first, then the history: an order that ended lately may be in either.
fn query<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    (instrument, order): (InstrumentId, OrderId),
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let (market, client) = rest.names(instrument, order)?;
    let path = walk.at(&[paths::ORDER_REALTIME, paths::ORDER_HISTORY])?;
    let target = format!(
        "{path}?category={}&symbol={}&orderLinkId={}",
        category(market),
        symbol(market),
        client.as_str()
    );
    let response = get(rest, job, &target, exchange)?;
    let cx = rest.context();
    if let Some(item) = result_list(&response)?.items().next() {
        let found = OrderFields::read(item).news(&cx, market).ok().flatten();
        tell(News::Order(found.ok_or(Failure::unreadable())?));
        return Ok(Step::Done);
    }
    walk.leg += 1;
    if walk.leg == 1 {
        return Ok(Step::More(Spend::Query));
    }
    Err(Failure {
        outcome: venue::Outcome::NotFound,
        class: RejectClass::NotFound,
        status: 200,
        code: 0,
        retry_after_ms: 0,
    })
}

pub(super) fn get<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    path: &str,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    call(rest, job, Method::Get, path, String::new(), exchange)
}

/// A signed call; `Ok` is a retCode of 0.
fn call<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    path: &str,
    body: String,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let credentials = rest.parts.signer.now();
    let key = credentials.hmac().ok_or(Failure::unreadable())?;
    let api_key = credentials.key.expose();
    let (now, window) = (rest.venue_ms(job).to_string(), rest.parts.recv_window_ms.to_string());
    let payload = match method {
        Method::Get => path.split_once('?').map_or("", |(_, query)| query),
        _ => &body,
    };
    let signature = sign::bybit::rest(
        key,
        now.as_bytes(),
        api_key.as_bytes(),
        window.as_bytes(),
        payload.as_bytes(),
    );
    let headers = vec![
        ("X-BAPI-API-KEY", api_key.to_owned()),
        ("X-BAPI-TIMESTAMP", now),
        ("X-BAPI-RECV-WINDOW", window),
        ("X-BAPI-SIGN", String::from_utf8_lossy(&signature).into_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    let call = Call { method, path: path.to_owned(), headers, body };
    let response = exchange(&call).map_err(|error| Failure::lost(&error))?;
    let Some(top) = json::check(&response.body) else {
        return Err(Failure::refused(VenueId::Bybit, 0, b"", &response));
    };
    let message = top.field(b"retMsg").and_then(Value::text).unwrap_or_default();
    match top.field(b"retCode").and_then(Value::i64) {
        Some(0) if response.status == 200 => Ok(response),
        code => {
            let code = code.unwrap_or(0);
            Err(Failure::refused(VenueId::Bybit, code, message, &response))
        }
    }
}

pub(super) fn result_list(response: &HttpResponse) -> Result<Value<'_>, Failure> {
    json::check(&response.body)
        .and_then(|top| top.field(b"result"))
        .and_then(|result| result.field(b"list"))
        .ok_or(Failure::unreadable())
}

/// What reads one entry of a list of that category.
type Read = fn(&Context<'_>, &[u8], Value<'_>, &mut Tell<'_>) -> Result<(), Skipped>;

/// A list of the venue, of one category after the other; spot has no settlement coin to ask by.
struct List<'a> {
    path: &'a str,
    categories: &'a [&'a str],
    query: &'a str,
    read: Read,
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
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let category = walk.at(list.categories)?;
    // Linear lists of orders and positions want a symbol or a settlement coin.
    let by_coin = category == "linear" && list.path != paths::EXECUTION_LIST;
    let settle = if by_coin { "&settleCoin=USDT" } else { "" };
    let List { path, query, .. } = list;
    let target = format!("{path}?category={category}{settle}&{query}{}", walk.cursor);
    let response = get(rest, job, &target, exchange)?;
    let cx = rest.context();
    for item in result_list(&response)?.items() {
        if let Err(why) = (list.read)(&cx, category.as_bytes(), item, tell) {
            tell(News::Skipped(why));
        }
    }
    let next = json::check(&response.body)
        .and_then(|top| top.field(b"result"))
        .and_then(|result| result.field(b"nextPageCursor"))
        .and_then(Value::text)
        .filter(|next| !next.is_empty());
    // It comes percent-encoded and is sent back as it came.
    walk.cursor =
        next.map_or(String::new(), |next| format!("&cursor={}", String::from_utf8_lossy(next)));
    walk.leg += usize::from(next.is_none());
    let left = walk.leg < list.categories.len();
    Ok(if left { Step::More(list.spend) } else { Step::Done })
}

fn open_order(
    cx: &Context<'_>,
    category: &[u8],
    item: Value<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Skipped> {
    let read = OrderFields::read(item);
    let market = read.market(cx, Some(category))?;
    // The list may also show orders that ended a moment ago.
    if read.is_over() {
        return Ok(());
    }
    let OrderFields { client, side, price, size, filled, .. } = read;
    let venue_order = read.venue_order();
    let resting = Resting { client, side, price, size, filled, venue_order };
    tell(News::Item(resting.read(cx, market)?));
    Ok(())
}

fn read_position(
    cx: &Context<'_>,
    category: &[u8],
    item: Value<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Skipped> {
    let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
    position(cx, item, Some(category), &mut emit)
}

fn read_execution(
    cx: &Context<'_>,
    category: &[u8],
    item: Value<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Skipped> {
    let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
    execution_of(cx, item, Some(category), &mut emit)
}
