//! REST of Binance spot and USD-M.

use base::input::{Input, OpenOrder, Position};
use base::{ClientOrderId, Clock, InstrumentId, Money, OrderId, VenueId, WallNs};
use net::{HttpResponse, Method};
use venue::endpoints::{binance_spot as spot, binance_usdm as usdm};
use venue::sign::binance::{QUERY_SIGNATURE_MAX, sign_query};

use super::{Call, Exchange, Failure, Job, ListenKey, News, Rest, Task, Tell, news};
use crate::decode::binance::{OrderFields, Trade, market, order_result, refusal};
use crate::decode::field;
use crate::decode::{Context, Event, Skipped};
use crate::json::{self, Value};

/// Does one job.
pub(super) fn work<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let is_spot = rest.venue == VenueId::BinanceSpot;
    match job.task {
        Task::OpenOrders => {
            let path = if is_spot { spot::OPEN_ORDERS } else { usdm::OPEN_ORDERS };
            let body = signed(rest, job, Method::Get, path, "", exchange)?;
            each(&body, b"", |item| open_order(&rest.context(), item), tell)
        }
        Task::Positions if is_spot => Ok(()),
        Task::Positions => {
            let body = signed(rest, job, Method::Get, usdm::POSITIONS, "", exchange)?;
            each(&body, b"", |item| position(&rest.context(), item), tell)
        }
        Task::Balances if is_spot => {
            let parameters = "omitZeroBalances=true";
            let body = signed(rest, job, Method::Get, spot::ACCOUNT, parameters, exchange)?;
            each(&body, b"balances", |item| spot_balance(&rest.context(), item), tell)
        }
        Task::Balances => {
            let body = signed(rest, job, Method::Get, usdm::BALANCE, "", exchange)?;
            each(&body, b"", |item| usdm_balance(&rest.context(), item), tell)
        }
        Task::Fills { instrument, since } => fills(rest, job, instrument, since, exchange, tell),
        Task::Funding { .. } if is_spot => Ok(()),
        Task::Funding { since } => {
            let parameters =
                format!("incomeType=FUNDING_FEE&startTime={}&limit=1000", since.millis());
            let body = signed(rest, job, Method::Get, usdm::INCOME, &parameters, exchange)?;
            each(&body, b"", |item| funding(&rest.context(), item), tell)
        }
        Task::Query { instrument, order } => {
            let body = on_order(rest, job, Method::Get, instrument, order, exchange)?;
            let cx = rest.context();
            let fields = OrderFields::read(&cx, checked(&body)?);
            let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
            order_result(&cx, &fields, &mut emit).map_err(|_| Failure::unreadable())
        }
        Task::Cancel { instrument, order } => {
            on_order(rest, job, Method::Delete, instrument, order, exchange).map(drop)
        }
        Task::CancelAll { instrument } => {
            let path = if is_spot { spot::OPEN_ORDERS } else { usdm::ALL_OPEN_ORDERS };
            let parameters = format!("symbol={}", symbol(rest, instrument)?);
            signed(rest, job, Method::Delete, path, &parameters, exchange).map(drop)
        }
        Task::ListenKey => {
            let body = keyed(rest, Method::Post, exchange)?;
            let key = checked(&body)?.field(b"listenKey").and_then(Value::text);
            let key = key.and_then(ListenKey::new).ok_or(Failure::unreadable())?;
            tell(News::ListenKey(key));
            Ok(())
        }
        Task::KeepListenKey => keyed(rest, Method::Put, exchange).map(drop),
        // Spot has none.
        Task::DeadMan { .. } if is_spot => Ok(()),
        Task::DeadMan { instrument, after_ms } => {
            let symbol = symbol(rest, instrument)?;
            let parameters = format!("symbol={symbol}&countdownTime={after_ms}");
            let path = usdm::COUNTDOWN_CANCEL_ALL;
            signed(rest, job, Method::Post, path, &parameters, exchange).map(drop)
        }
    }
}

fn symbol<C: Clock>(rest: &Rest<C>, instrument: InstrumentId) -> Result<String, Failure> {
    let market = rest.markets.get(instrument).ok_or(Failure::unreadable())?;
    Ok(String::from_utf8_lossy(market.symbol()).into_owned())
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
    let path = if rest.venue == VenueId::BinanceSpot { spot::ORDER } else { usdm::ORDER };
    let client = ClientOrderId::new(rest.instance, order);
    let parameters =
        format!("symbol={}&origClientOrderId={}", symbol(rest, instrument)?, client.as_str());
    signed(rest, job, method, path, &parameters, exchange)
}

/// A signed call; `Ok` is a 200.
fn signed<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    method: Method,
    path: &str,
    parameters: &str,
    exchange: &mut Exchange<'_>,
) -> Result<HttpResponse, Failure> {
    let separator = if parameters.is_empty() { "" } else { "&" };
    let (window, now) = (rest.recv_window_ms, rest.venue_ms(job));
    let query = format!("{parameters}{separator}recvWindow={window}&timestamp={now}");
    let mut signature = [0; QUERY_SIGNATURE_MAX];
    let length = sign_query(&rest.credentials.secret, query.as_bytes(), &mut signature);
    let signature = String::from_utf8_lossy(signature.get(..length).unwrap_or_default());
    let call = Call {
        method,
        path: format!("{path}?{query}&signature={signature}"),
        headers: vec![("X-MBX-APIKEY", rest.credentials.key.expose().to_owned())],
        body: String::new(),
    };
    settle(rest.venue, exchange(&call).map_err(|error| Failure::lost(&error))?)
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
        headers: vec![("X-MBX-APIKEY", rest.credentials.key.expose().to_owned())],
        body: String::new(),
    };
    settle(rest.venue, exchange(&call).map_err(|error| Failure::lost(&error))?)
}

fn settle(venue: VenueId, response: HttpResponse) -> Result<HttpResponse, Failure> {
    if response.status == 200 {
        return Ok(response);
    }
    let error = json::check(&response.body).map(|error| refusal(error, response.status));
    let (code, message) = error.map_or((0, b"".as_slice()), |error| (error.code, error.message));
    Err(Failure::refused(venue, code, message, &response))
}

fn checked(response: &HttpResponse) -> Result<Value<'_>, Failure> {
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

/// Fills since then. The list names orders by the venue's number only, so an order not known by it
/// yet is looked up once.
fn fills<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    instrument: InstrumentId,
    since: WallNs,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<(), Failure> {
    let is_spot = rest.venue == VenueId::BinanceSpot;
    let path = if is_spot { spot::MY_TRADES } else { usdm::USER_TRADES };
    let symbol = symbol(rest, instrument)?;
    let parameters = format!("symbol={symbol}&startTime={}&limit=1000", since.millis());
    let response = signed(rest, job, Method::Get, path, &parameters, exchange)?;
    let list = checked(&response)?;
    for item in list.items() {
        let Some(number) = item.field(b"orderId").and_then(Value::u64) else {
            tell(News::Skipped(Skipped::Shape));
            continue;
        };
        let order = match rest.known.get(&(instrument, number)) {
            Some(order) => *order,
            None => look_up(rest, job, instrument, number, exchange)?,
        };
        let cx = rest.context();
        let mut emit = |event: Event<'_>| _ = news(event).map(&mut *tell);
        if let Err(why) = fill(&cx, order, item, &mut emit) {
            emit(Event::Skipped(why));
        }
    }
    Ok(())
}

/// Whose order has this number at the venue.
fn look_up<C: Clock>(
    rest: &mut Rest<C>,
    job: Job,
    instrument: InstrumentId,
    number: u64,
    exchange: &mut Exchange<'_>,
) -> Result<OrderId, Failure> {
    let path = if rest.venue == VenueId::BinanceSpot { spot::ORDER } else { usdm::ORDER };
    let parameters = format!("symbol={}&orderId={number}", symbol(rest, instrument)?);
    let response = signed(rest, job, Method::Get, path, &parameters, exchange)?;
    let order = OrderFields::read(&rest.context(), checked(&response)?).order;
    rest.known.insert((instrument, number), order);
    Ok(order)
}

fn fill(
    cx: &Context<'_>,
    order: OrderId,
    item: Value<'_>,
    emit: &mut crate::decode::Emit<'_>,
) -> Result<(), Skipped> {
    let market = market(cx, item.field(b"symbol"))?;
    // Spot says isBuyer and isMaker, USD-M side and maker.
    let side = match item.field(b"isBuyer").and_then(Value::flag) {
        Some(true) => base::Side::Buy,
        Some(false) => base::Side::Sell,
        None => field::side(item.field(b"side"))?,
    };
    let maker = item.field(b"isMaker").or(item.field(b"maker")).and_then(Value::flag);
    Trade {
        order,
        side,
        maker: maker.unwrap_or(false),
        price: item.field(b"price"),
        quantity: item.field(b"qty"),
        trade_id: item.field(b"id").and_then(Value::u64).ok_or(Skipped::Shape)?,
        venue_time: field::time(item.field(b"time")),
        fee: item.field(b"commission"),
        fee_asset: item.field(b"commissionAsset"),
    }
    .emit(cx, market, emit)
}
