//! Whether the account is set up so that it can be traded, and what it pays.
//!
//! The engine holds one position per instrument and margins across the account. An account in hedge mode,
//! or of a level without such margin, would refuse its orders one by one or, worse, take them otherwise.

use base::{Clock, Product, Rate, VenueId};
use net::Method;
use venue::Spend;
use venue::endpoints::{
    binance_spot as spot, binance_usdm as usdm, bybit as on_bybit, okx as on_okx,
};

use super::{
    Exchange, Failure, Job, News, Rest, Step, Task, Tell, Unfit, Walk, binance, bybit, okx, symbol,
};
use crate::json::{self, Value};
use crate::markets::Market;

/// Bybit's account of before the unified one.
const CLASSIC: i64 = 1;
/// OKX's account level without margin.
const SPOT_ONLY: i64 = 1;

/// Makes the next call.
pub(super) fn work<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let is_fees = job.task == Task::Fees;
    match rest.parts.venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm if is_fees => {
            binance_fees(rest, job, walk, exchange, tell)
        }
        VenueId::Okx if is_fees => okx_fees(rest, job, walk, exchange, tell),
        VenueId::Bybit if is_fees => bybit_fees(rest, job, walk, exchange, tell),
        VenueId::BinanceSpot => spot_rights(rest, job, exchange, tell),
        VenueId::BinanceUsdm => usdm_mode(rest, job, exchange, tell),
        VenueId::Okx => okx_mode(rest, job, exchange, tell),
        VenueId::Bybit => bybit_mode(rest, job, walk, exchange, tell),
    }
}

fn spot_rights<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let parameters = "omitZeroBalances=true";
    let body = binance::signed(rest, job, Method::Get, spot::ACCOUNT, parameters, exchange)?;
    let may = binance::checked(&body)?.field(b"canTrade").and_then(Value::flag);
    if !may.ok_or(Failure::unreadable())? {
        tell(News::Unfit(Unfit::NoTrading));
    }
    Ok(Step::Done)
}

fn usdm_mode<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let body = binance::signed(rest, job, Method::Get, usdm::POSITION_MODE, "", exchange)?;
    let dual = binance::checked(&body)?.field(b"dualSidePosition").and_then(Value::flag);
    if dual.ok_or(Failure::unreadable())? {
        tell(News::Unfit(Unfit::Hedged));
    }
    Ok(Step::Done)
}

fn okx_mode<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let response = okx::get(rest, job, on_okx::CONFIG, exchange)?;
    let config = okx::data(&response)?.items().next().ok_or(Failure::unreadable())?;
    let text = |name: &[u8]| config.field(name).and_then(Value::text);
    let mode = text(b"posMode").ok_or(Failure::unreadable())?;
    let level = config.field(b"acctLv").and_then(Value::i64).ok_or(Failure::unreadable())?;
    // Rights: "read_only,withdraw,trade".
    let may =
        text(b"perm").is_none_or(|all| all.split(|byte| *byte == b',').any(|p| p == b"trade"));
    if !may {
        tell(News::Unfit(Unfit::NoTrading));
    } else if level == SPOT_ONLY && perpetuals(rest).next().is_some() {
        tell(News::Unfit(Unfit::Level(level)));
    } else if mode != b"net_mode" && perpetuals(rest).next().is_some() {
        tell(News::Unfit(Unfit::Hedged));
    }
    Ok(Step::Done)
}

/// The account's kind first, then each contract: the mode is set for each.
fn bybit_mode<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let Some(at) = walk.leg.checked_sub(1) else {
        let response = bybit::get(rest, job, on_bybit::ACCOUNT_INFO, exchange)?;
        let top = json::check(&response.body).and_then(|top| top.field(b"result"));
        let status = top.and_then(|info| info.field(b"unifiedMarginStatus")).and_then(Value::i64);
        if status.ok_or(Failure::unreadable())? == CLASSIC {
            tell(News::Unfit(Unfit::Level(CLASSIC)));
            return Ok(Step::Done);
        }
        return Ok(next(walk, perpetuals(rest).count(), Spend::Account));
    };
    let market = perpetuals(rest).nth(at).ok_or(Failure::unreadable())?;
    let target = format!("{}?category=linear&symbol={}", on_bybit::POSITION_LIST, symbol(market));
    let response = bybit::get(rest, job, &target, exchange)?;
    let index = |row: Value<'_>| row.field(b"positionIdx").and_then(Value::i64);
    if bybit::result_list(&response)?.items().any(|row| index(row).is_some_and(|at| at != 0)) {
        tell(News::Unfit(Unfit::Hedged));
        return Ok(Step::Done);
    }
    Ok(next(walk, perpetuals(rest).count(), Spend::Account))
}

/// One call for each instrument.
fn binance_fees<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let is_spot = rest.parts.venue == VenueId::BinanceSpot;
    let path = if is_spot { spot::COMMISSION } else { usdm::COMMISSION };
    let Some(market) = rest.parts.markets.iter().nth(walk.leg) else { return Ok(Step::Done) };
    let parameters = format!("symbol={}", symbol(market));
    let body = binance::signed(rest, job, Method::Get, path, &parameters, exchange)?;
    let top = binance::checked(&body)?;
    let rates = if is_spot {
        let standard = top.field(b"standardCommission");
        standard.and_then(|rates| pair(rates.field(b"maker"), rates.field(b"taker")))
    } else {
        pair(top.field(b"makerCommissionRate"), top.field(b"takerCommissionRate"))
    };
    let (maker, taker) = rates.ok_or(Failure::unreadable())?;
    tell(News::Fees { instrument: market.id, maker, taker });
    walk.leg += 1;
    let left = walk.leg < rest.parts.markets.iter().count();
    Ok(if left { Step::More(job.task.spend(rest.parts.venue).0) } else { Step::Done })
}

/// One call for each kind of instrument; what is charged is negative there.
fn okx_fees<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let kinds = [("SPOT", Product::Spot), ("SWAP", Product::Perpetual)];
    let (name, product) = walk.at(&kinds)?;
    let target = format!("{}?instType={name}", on_okx::TRADE_FEE);
    let response = okx::get(rest, job, &target, exchange)?;
    let row = okx::data(&response)?.items().next().ok_or(Failure::unreadable())?;
    let rate = |margined: &[u8], plain: &[u8]| {
        let margined = row.field(margined).filter(|_| product == Product::Perpetual);
        margined
            .filter(|value| value.word().is_some_and(|text| !text.is_empty()))
            .or(row.field(plain))
    };
    let rates = pair(rate(b"makerU", b"maker"), rate(b"takerU", b"taker"));
    let (maker, taker) = rates.ok_or(Failure::unreadable())?;
    for market in rest.parts.markets.iter().filter(|market| market.product == product) {
        let (maker, taker) = (Rate(-maker.0), Rate(-taker.0));
        tell(News::Fees { instrument: market.id, maker, taker });
    }
    Ok(next(walk, kinds.len() - 1, Spend::Account))
}

/// One call for each kind of instrument.
fn bybit_fees<C: Clock>(
    rest: &Rest<C>,
    job: Job,
    walk: &mut Walk,
    exchange: &mut Exchange<'_>,
    tell: &mut Tell<'_>,
) -> Result<Step, Failure> {
    let kinds = [("spot", Product::Spot), ("linear", Product::Perpetual)];
    let (name, product) = walk.at(&kinds)?;
    let target = format!("{}?category={name}", on_bybit::FEE_RATE);
    let response = bybit::get(rest, job, &target, exchange)?;
    for row in bybit::result_list(&response)?.items() {
        let symbol = row.field(b"symbol").and_then(Value::text).unwrap_or_default();
        let Some(market) = rest.parts.markets.find(product, symbol) else { continue };
        let rates = pair(row.field(b"makerFeeRate"), row.field(b"takerFeeRate"));
        let (maker, taker) = rates.ok_or(Failure::unreadable())?;
        tell(News::Fees { instrument: market.id, maker, taker });
    }
    Ok(next(walk, kinds.len() - 1, Spend::Account))
}

/// On to the next of the calls, of which `last` is the number of the last one.
fn next(walk: &mut Walk, last: usize, spend: Spend) -> Step {
    walk.leg += 1;
    if walk.leg <= last { Step::More(spend) } else { Step::Done }
}

fn perpetuals<C: Clock>(rest: &Rest<C>) -> impl Iterator<Item = &Market> {
    rest.parts.markets.iter().filter(|market| market.product == Product::Perpetual)
}

fn pair(maker: Option<Value<'_>>, taker: Option<Value<'_>>) -> Option<(Rate, Rate)> {
    let rate = |value: Option<Value<'_>>| Rate::parse(value?.word()?).ok();
    rate(maker).zip(rate(taker))
}
