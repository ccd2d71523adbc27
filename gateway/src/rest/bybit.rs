//! REST of Bybit v5.

use base::input::{Input, OpenOrder};
use base::{ClientOrderId, Clock, InstrumentId, OrderId, Price, Product, VenueId};
use net::{HttpResponse, Method};
use venue::endpoints::bybit as paths;
use venue::sign;

use super::{Call, Exchange, Failure, Job, News, PAGES_MAX, Rest, Task, Tell, news};
use crate::decode::bybit::{OrderFields, execution_of, position, wallet};
use crate::decode::field;
use crate::decode::{Context, Event, Skipped};
use crate::json::{self, Value};
use crate::markets::Market;

/// Does one job.
pub(super) fn work<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    match job.task {
        Task::OpenOrders => lists(
            rest,
            job,
            paths::ORDER_REALTIME,
            &["openOnly=0&limit=50"],
            exchange,
            tell,
            open_order,
        ),
        Task::Positions => list(
            rest,
            job,
            paths::POSITION_LIST,
            "linear",
            "limit=200",
            exchange,
            tell,
            read_position,
        ),
        Task::Balances => {
            let path = format!("{}?accountType=UNIFIED", paths::WALLET_BALANCE);
            let response = call(rest, job, Method::Get, &path, String::new(), exchange)?;
            let cx = rest.context();
            let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
            for item in result_list(&response)?.items() {
                wallet(&cx, item, &mut emit);
            }
            Ok(())
        }
        Task::Fills { since, .. } => {
            let query = format!("execType=Trade&startTime={}&limit=100", since.millis());
            lists(rest, job, paths::EXECUTION_LIST, &[&query], exchange, tell, read_execution)
        }
        Task::Funding { since } => {
            let query = format!("execType=Funding&startTime={}&limit=100", since.millis());
            list(rest, job, paths::EXECUTION_LIST, "linear", &query, exchange, tell, read_execution)
        }
        Task::Query { instrument, order } => query(rest, job, instrument, order, exchange, tell),
        Task::Cancel { instrument, order } => {
            let (market, client) = names(rest, instrument, order)?;
            let body = format!(
                r#"{{"category":"{}","symbol":"{}","orderLinkId":"{}"}}"#,
                category(market),
                symbol(market),
                client.as_str()
            );
            call(rest, job, Method::Post, paths::ORDER_CANCEL, body, exchange).map(drop)
        }
        Task::CancelAll { instrument } => {
            let market = rest.markets.get(instrument).ok_or(Failure::unreadable())?;
            let body =
                format!(r#"{{"category":"{}","symbol":"{}"}}"#, category(market), symbol(market));
            call(rest, job, Method::Post, paths::ORDER_CANCEL_ALL, body, exchange).map(drop)
        }
        Task::DeadMan { after_ms, .. } => {
            for product in ["SPOT", "DERIVATIVES"] {
                let window = (after_ms / 1_000).clamp(3, 300);
                let body = format!(r#"{{"product":"{product}","timeWindow":{window}}}"#);
                call(rest, job, Method::Post, paths::DISCONNECTED_CANCEL_ALL, body, exchange)?;
            }
            Ok(())
        }
        Task::ListenKey | Task::KeepListenKey => Ok(()),
    }
}

fn category(market: &Market) -> &'static str {
    match market.product {
        Product::Spot => "spot",
        Product::Perpetual => "linear",
    }
}

fn symbol(market: &Market) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(market.symbol())
}

fn names<C: Clock>(
    rest: &Rest<C>,
    instrument: InstrumentId,
    order: OrderId,
) -> Result<(&Market, ClientOrderId), Failure> {
    let market = rest.markets.get(instrument).ok_or(Failure::unreadable())?;
    Ok((market, ClientOrderId::new(rest.instance, order)))
}

/// Asks the live list first, then the history: an order that ended lately may be in either.
fn query<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    instrument: InstrumentId,
    order: OrderId,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let (market, client) = names(rest, instrument, order)?;
    let category = category(market);
    for path in [paths::ORDER_REALTIME, paths::ORDER_HISTORY] {
        let target = format!(
            "{path}?category={category}&symbol={}&orderLinkId={}",
            symbol(market),
            client.as_str()
        );
        let response = call(rest, job, Method::Get, &target, String::new(), exchange)?;
        let cx = rest.context();
        if let Some(item) = result_list(&response)?.items().next() {
            let found = OrderFields::read(item).news(&cx, market).ok().flatten();
            tell(News::Order(found.ok_or(Failure::unreadable())?));
            return Ok(());
        }
    }
    Err(Failure {
        outcome: venue::Outcome::NotFound,
        class: base::input::RejectClass::NotFound,
        status: 200,
        code: 0,
        retry_after_ms: 0,
    })
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
    let key = rest.credentials.hmac().ok_or(Failure::unreadable())?;
    let api_key = rest.credentials.key.expose();
    let (now, window) = (rest.venue_ms(job).to_string(), rest.recv_window_ms.to_string());
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

fn result_list(response: &HttpResponse) -> Result<Value<'_>, Failure> {
    json::check(&response.body)
        .and_then(|top| top.field(b"result"))
        .and_then(|result| result.field(b"list"))
        .ok_or(Failure::unreadable())
}

/// What reads one entry of a list of that category.
type Read = fn(&Context<'_>, &[u8], Value<'_>, &mut Tell<'_>) -> Result<(), Skipped>;

/// Reads both categories' lists; spot has no settlement coin to ask by.
fn lists<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    path: &str,
    queries: &[&str],
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
    read: Read,
) -> Result<(), Failure> {
    for query in queries {
        list(rest, job, path, "spot", query, exchange, tell, read)?;
        list(rest, job, path, "linear", query, exchange, tell, read)?;
    }
    Ok(())
}

/// Reads one list page by page.
#[expect(clippy::too_many_arguments, reason = "one place for all lists")]
fn list<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    path: &str,
    category: &str,
    query: &str,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
    read: Read,
) -> Result<(), Failure> {
    // Linear lists of orders and positions want a symbol or a settlement coin.
    let settle =
        if category == "linear" && path != paths::EXECUTION_LIST { "&settleCoin=USDT" } else { "" };
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let target = format!("{path}?category={category}{settle}&{query}{cursor}");
        let response = call(rest, job, Method::Get, &target, String::new(), exchange)?;
        let cx = rest.context();
        for item in result_list(&response)?.items() {
            if let Err(why) = read(&cx, category.as_bytes(), item, tell) {
                tell(News::Skipped(why));
            }
        }
        let next = json::check(&response.body)
            .and_then(|top| top.field(b"result"))
            .and_then(|result| result.field(b"nextPageCursor"))
            .and_then(Value::text)
            .filter(|next| !next.is_empty());
        match next {
            // It comes percent-encoded and is sent back as it came.
            Some(next) => cursor = format!("&cursor={}", String::from_utf8_lossy(next)),
            None => return Ok(()),
        }
    }
    Err(Failure::unreadable())
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
    let price = field::number(read.price)?;
    tell(News::Item(Input::OpenOrder(OpenOrder {
        venue: VenueId::Bybit,
        instrument: market.id,
        order: cx.order(read.client),
        side: field::side(read.side)?,
        price: if price.is_empty() { Price::ZERO } else { market.edge.price(price)? },
        qty: field::qty(market, read.size)?,
        filled: field::qty(market, read.filled)?,
        venue_order: read.venue_order(),
    })));
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
