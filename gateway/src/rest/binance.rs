//! REST of Binance spot and USD-M.

use base::input::{Input, OpenOrder, Position, RejectClass};
use base::output::{Place, Style};
use base::{Clock, InstrumentId, Money, OrderId, Side, VenueId, WallNs};
use net::{HttpResponse, Method};
use venue::endpoints::{binance_spot as spot, binance_usdm as usdm};
use venue::sign::binance::{QUERY_SIGNATURE_MAX, sign_query};

use super::{
    Call, Exchange, Failure, Job, ListenKey, News, Rest, Step, Task, Tell, Walk, news, symbol,
};
use crate::decode::binance::{OrderFields, market, order_result, refusal};
use crate::decode::field;
use crate::decode::{Context, Event, Skipped};
use crate::encode::Ticket;
use crate::json::{self, Value};

mod fills;

/// Entries of a page of fills or payments.
const PAGE: usize = 1_000;

/// Makes the next call of a job.
pub(super) fn work<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let is_spot = rest.parts.venue == VenueId::BinanceSpot;
    match job.task {
        Task::Fills { instrument, since } => {
            return fills::work(rest, job, walk, (instrument, since), exchange, tell);
        }
        Task::Funding { since } if !is_spot => {
            return payments(rest, job, walk, since, exchange, tell);
        }
        Task::OpenOrders => {
            let path = if is_spot { spot::OPEN_ORDERS } else { usdm::OPEN_ORDERS };
            let body = signed(rest, job, Method::Get, path, "", exchange)?;
            each(&body, b"", |item| open_order(&rest.context(), item), tell)?;
        }
        Task::Positions if !is_spot => {
            let body = signed(rest, job, Method::Get, usdm::POSITIONS, "", exchange)?;
            each(&body, b"", |item| position(&rest.context(), item), tell)?;
        }
        Task::Balances if is_spot => {
            let parameters = "omitZeroBalances=true";
            let body = signed(rest, job, Method::Get, spot::ACCOUNT, parameters, exchange)?;
            each(&body, b"balances", |item| spot_balance(&rest.context(), item), tell)?;
        }
        Task::Balances => {
            let body = signed(rest, job, Method::Get, usdm::BALANCE, "", exchange)?;
            each(&body, b"", |item| usdm_balance(&rest.context(), item), tell)?;
        }
        Task::Query { instrument, order } => {
            let body = on_order(rest, job, Method::Get, instrument, order, exchange)?;
            tell_order(rest, &body, tell)?;
        }
        Task::Place { place, .. } => self::place(rest, job, &place, exchange, tell)?,
        Task::Cancel { instrument, order } => {
            on_order(rest, job, Method::Delete, instrument, order, exchange)?;
        }
        Task::CancelAll { instrument } => {
            let path = if is_spot { spot::OPEN_ORDERS } else { usdm::ALL_OPEN_ORDERS };
            let parameters = format!("symbol={}", symbol(rest.market(instrument)?));
            signed(rest, job, Method::Delete, path, &parameters, exchange)?;
        }
        Task::ListenKey => {
            let body = keyed(rest, Method::Post, exchange)?;
            let key = checked(&body)?.field(b"listenKey").and_then(Value::text);
            let key = key.and_then(ListenKey::new).ok_or(Failure::unreadable())?;
            tell(News::ListenKey(key));
        }
        Task::KeepListenKey => drop(keyed(rest, Method::Put, exchange)?),
        Task::DeadMan { instrument, after_ms } if !is_spot => {
            let symbol = symbol(rest.market(instrument)?);
            let parameters = format!("symbol={symbol}&countdownTime={after_ms}");
            let path = usdm::COUNTDOWN_CANCEL_ALL;
            signed(rest, job, Method::Post, path, &parameters, exchange)?;
        }
        // Spot has no positions, payments or switch.
        Task::Positions | Task::Funding { .. } | Task::DeadMan { .. } => {}
        Task::Account | Task::Fees => return Err(Failure::unreadable()),
    }
    Ok(Step::Done)
}

/// A new order; the answer tells its state, on spot with its fills.
fn place<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    place: &Place,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let is_spot = rest.parts.venue == VenueId::BinanceSpot;
    let market = rest.market(place.instrument)?;
    let ticket = Ticket::new(market, rest.parts.instance, place)
        .ok_or(Failure::unsent(RejectClass::Rules))?;
    let side = if place.side == Side::Buy { "BUY" } else { "SELL" };
    let style = match place.style {
        Style::Limit => "LIMIT&timeInForce=GTC",
        Style::Ioc => "LIMIT&timeInForce=IOC",
        Style::PostOnly if is_spot => "LIMIT_MAKER",
        Style::PostOnly => "LIMIT&timeInForce=GTX",
        Style::Market => "MARKET",
    };
    let answer = if is_spot { "FULL" } else { "RESULT" };
    let price = match place.style {
        Style::Market => String::new(),
        _ => format!("&price={}", ticket.price()),
    };
    let reduce = if place.reduce_only { "&reduceOnly=true" } else { "" };
    let parameters = format!(
        "symbol={}&side={side}&type={style}&quantity={}{price}{reduce}&newClientOrderId={}&newOrderRespType={answer}",
        symbol(market),
        ticket.size(),
        ticket.client.as_str(),
    );
    let path = if is_spot { spot::ORDER } else { usdm::ORDER };
    let body = signed(rest, job, Method::Post, path, &parameters, exchange)?;
    let cx = rest.context();
    let OrderFields { venue_order, venue_time, .. } = OrderFields::read(&cx, checked(&body)?);
    tell(News::Placed { venue_order, venue_time });
    // What the answer says beyond that comes by stream as well.
    let _ = tell_order(rest, &body, tell);
    Ok(())
}

fn tell_order<C: Clock>(
    rest: &Rest<C>,
    body: &HttpResponse,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let cx = rest.context();
    let fields = OrderFields::read(&cx, checked(body)?);
    let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
    order_result(&cx, &fields, &mut emit).map_err(|_| Failure::unreadable())
}

/// A call that names one order of ours.
fn on_order<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    instrument: InstrumentId,
    order: OrderId,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let path = if rest.parts.venue == VenueId::BinanceSpot { spot::ORDER } else { usdm::ORDER };
    let (market, client) = rest.names(instrument, order)?;
    let parameters = format!("symbol={}&origClientOrderId={}", symbol(market), client.as_str());
    signed(rest, job, method, path, &parameters, exchange)
}

/// A signed call; `Ok` is a 200.
pub(super) fn signed<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    path: &str,
    parameters: &str,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let separator = if parameters.is_empty() { "" } else { "&" };
    let (window, now) = (rest.parts.recv_window_ms, rest.venue_ms(job));
    let query = format!("{parameters}{separator}recvWindow={window}&timestamp={now}");
    let mut signature = [0; QUERY_SIGNATURE_MAX];
    let credentials = rest.parts.signer.now();
    let length = sign_query(&credentials.secret, query.as_bytes(), &mut signature);
    let signature = String::from_utf8_lossy(signature.get(..length).unwrap_or_default());
    let call = Call {
        method,
        path: format!("{path}?{query}&signature={signature}"),
        headers: vec![("X-MBX-APIKEY", credentials.key.expose().to_owned())],
        body: String::new(),
    };
    settle(rest.parts.venue, exchange(&call).map_err(|error| Failure::lost(&error))?)
}

/// A call that needs the key only: listen keys.
fn keyed<C: Clock>(
    rest: &Rest<C>,
    method: Method,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let call = Call {
        method,
        path: usdm::LISTEN_KEY.to_owned(),
        headers: vec![("X-MBX-APIKEY", rest.parts.signer.now().key.expose().to_owned())],
        body: String::new(),
    };
    settle(rest.parts.venue, exchange(&call).map_err(|error| Failure::lost(&error))?)
}

fn settle(venue: VenueId, response: HttpResponse) -> Result<HttpResponse, Failure> {
    if response.status == 200 {
        return Ok(response);
    }
    let error = json::check(&response.body).map(|error| refusal(error, response.status));
    let (code, message) = error.map_or((0, b"".as_slice()), |error| (error.code, error.message));
    Err(Failure::refused(venue, code, message, &response))
}

pub(super) fn checked(response: &HttpResponse) -> Result<Value<'_>, Failure> {
    json::check(&response.body).ok_or(Failure::unreadable())
}

/// Tells what each entry of a list gives; the list is the body or its field `name`.
fn each(
    response: &HttpResponse,
    name: &[u8],
    read: impl Fn(Value<'_>) -> Result<Option<Input>, Skipped>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let body = checked(response)?;
    let list = if name.is_empty() { Some(body) } else { body.field(name) };
    let list = list.filter(|list| list.raw().first() == Some(&b'[')).ok_or(Failure::unreadable())?;
    for item in list.items() {
        match read(item) {
            Ok(Some(input)) => tell(News::Item(input)),
            Ok(None) => {}
            Err(why) => tell(News::Skipped(why)),
        }
    }
    Ok(())
}

fn open_order(cx: &Context<'_>, item: Value<'_>) -> Result<Option<Input>, Skipped> {
    let fields = OrderFields::read(cx, item);
    let market = market(cx, fields.symbol)?;
    Ok(Some(Input::OpenOrder(OpenOrder {
        venue: market.venue,
        instrument: market.id,
        order: fields.order,
        side: field::side(fields.side)?,
        price: market.edge.price(field::number(fields.price)?)?,
        qty: field::qty(market, fields.quantity)?,
        filled: field::qty(market, fields.filled)?,
        venue_order: fields.venue_order,
    })))
}

fn position(cx: &Context<'_>, item: Value<'_>) -> Result<Option<Input>, Skipped> {
    let market = market(cx, item.field(b"symbol"))?;
    let qty = market.edge.qty(field::number(item.field(b"positionAmt"))?)?;
    if item.field(b"positionSide").and_then(Value::text).is_some_and(|side| side != b"BOTH") {
        return if qty.is_zero() { Ok(None) } else { Err(Skipped::Hedged) };
    }
    Ok(Some(Input::Position(Position {
        venue: market.venue,
        instrument: market.id,
        qty,
        entry: field::entry(market, item.field(b"entryPrice")),
        venue_time: field::time(item.field(b"updateTime")),
    })))
}

fn spot_balance(cx: &Context<'_>, item: Value<'_>) -> Result<Option<Input>, Skipped> {
    let Some(asset) = cx.asset(item.field(b"asset")) else { return Ok(None) };
    let free = amount(item, b"free")?;
    let locked = amount(item, b"locked")?;
    Ok(Some(Input::Balance(base::input::Balance {
        venue: VenueId::BinanceSpot,
        asset,
        total: free + locked,
        available: Some(free),
    })))
}

fn usdm_balance(cx: &Context<'_>, item: Value<'_>) -> Result<Option<Input>, Skipped> {
    let Some(asset) = cx.asset(item.field(b"asset")) else { return Ok(None) };
    Ok(Some(Input::Balance(base::input::Balance {
        venue: VenueId::BinanceUsdm,
        asset,
        total: amount(item, b"balance")?,
        available: field::money(item.field(b"availableBalance"))?,
    })))
}

fn amount(item: Value<'_>, name: &[u8]) -> Result<Money, Skipped> {
    field::money(item.field(name))?.ok_or(Skipped::Shape)
}

fn funding(cx: &Context<'_>, item: Value<'_>) -> Result<Option<Input>, Skipped> {
    if item.field(b"incomeType").and_then(Value::text) != Some(b"FUNDING_FEE") {
        return Ok(None);
    }
    let market = market(cx, item.field(b"symbol"))?;
    let at = field::time(item.field(b"time"));
    if at == WallNs::NONE {
        return Err(Skipped::Shape);
    }
    Ok(Some(Input::FundingPaid(base::input::FundingPaid {
        venue: market.venue,
        instrument: market.id,
        asset: cx.asset(item.field(b"asset")).ok_or(Skipped::Asset)?,
        amount: amount(item, b"income")?,
        settled: field::settlement(at),
    })))
}

/// Payments since then, page by page: a page begins at the last time of the one before, of which some
/// entries were told already.
fn payments<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    since: WallNs,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let start = walk.from.unwrap_or(u64::try_from(since.millis()).unwrap_or(0));
    let parameters = format!("incomeType=FUNDING_FEE&startTime={start}&limit={PAGE}");
    let response = signed(rest, job, Method::Get, usdm::INCOME, &parameters, exchange)?;
    let number = |item: Value<'_>, name: &[u8]| item.field(name).and_then(Value::u64).unwrap_or(0);
    let told = core::mem::take(&mut walk.waiting);
    let is_told = |item: Value<'_>| told.iter().any(|(id, _)| *id == number(item, b"tranId"));
    let cx = rest.context();
    let read = |item: Value<'_>| if is_told(item) { Ok(None) } else { funding(&cx, item) };
    each(&response, b"", read, tell)?;
    let list = checked(&response)?;
    let last = list.items().map(|item| number(item, b"time")).max().unwrap_or(0);
    if list.items().count() < PAGE {
        return Ok(Step::Done);
    }
    if last <= start {
        return Err(Failure::unreadable()); // more in one millisecond than a page holds
    }
    walk.from = Some(last);
    let at_last = list.items().filter(|item| number(*item, b"time") == last);
    walk.waiting = at_last.map(|item| (number(item, b"tranId"), Vec::new())).collect();
    Ok(Step::More(job.task.spend(rest.parts.venue).0))
}
