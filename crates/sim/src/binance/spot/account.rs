//! Spot: balances, fees, trades of an account.

use super::super::api::{Answer, ApiError, Call, money, price, qty};
use super::super::venue::Desk;
use super::spec_of;
use crate::order::Fill;
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::Side;

/// Balances and what the account may do.
pub(super) fn account(desk: &Desk, call: &Call) -> Answer {
    let account = desk.exchange.account(call.account);
    let specs = desk.exchange.specs();
    let rates = specs.iter().next().map(|s| (s.fee_maker, s.fee_taker)).unwrap_or_default();
    let hundredths = |fee: crate::dec::Dec| fee.count_of(crate::dec::Dec::scaled(1, 4));
    let commission = Obj::new().text("maker", money(rates.0)).text("taker", money(rates.1));
    let commission = commission.text("buyer", "0.00000000").text("seller", "0.00000000").end();
    let skip_zero = call.params.flag("omitZeroBalances");
    let balances = account.balances.iter().filter(|(_, b)| !skip_zero || !b.total.is_zero());
    let balances = balances.map(|(asset, balance)| {
        Obj::new()
            .text("asset", asset)
            .text("free", money(balance.free()))
            .text("locked", money(balance.held))
            .end()
    });
    let updated = account.ledger.postings.last().map_or(0, |posting| posting.at.millis());
    let obj = Obj::new()
        .raw("makerCommission", hundredths(rates.0))
        .raw("takerCommission", hundredths(rates.1));
    let obj =
        obj.raw("buyerCommission", 0).raw("sellerCommission", 0).raw("commissionRates", commission);
    let obj =
        ["canTrade", "canWithdraw", "canDeposit"].iter().fold(obj, |obj, name| obj.raw(name, true));
    let obj = ["brokered", "requireSelfTradePrevention", "preventSor"]
        .iter()
        .fold(obj, |obj, name| obj.raw(name, false));
    let obj =
        obj.raw("updateTime", updated).text("accountType", "SPOT").raw("balances", list(balances));
    Ok(obj.raw("permissions", r#"["SPOT"]"#).raw("uid", 354_937_868 + call.account).end())
}

/// Fees of a symbol.
pub(super) fn commission(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let rates = |maker: String, taker: String| {
        let obj = Obj::new().text("maker", maker).text("taker", taker);
        obj.text("buyer", "0.00000000").text("seller", "0.00000000").end()
    };
    let none = || rates(money(crate::dec::Dec::ZERO), money(crate::dec::Dec::ZERO));
    let obj = Obj::new().text("symbol", &spec.symbol);
    let obj = obj.raw("standardCommission", rates(money(spec.fee_maker), money(spec.fee_taker)));
    let obj = obj.raw("specialCommission", none()).raw("taxCommission", none());
    let discount = r#"{"enabledForAccount":false,"enabledForSymbol":false,"discountAsset":"BNB","discount":"0.75000000"}"#;
    Ok(obj.raw("discount", discount).end())
}

/// Order counts.
pub(super) fn order_limits(desk: &Desk, call: &Call) -> String {
    let used = desk.budget.used_orders(call.now, call.account);
    list(used.map(|(window, used)| {
        let obj = Obj::new().text("rateLimitType", window.kind).text("interval", window.interval);
        obj.raw("intervalNum", window.count).raw("limit", window.limit).raw("count", used).end()
    }))
}

/// An account's trades in a symbol, oldest first.
pub(super) fn trades(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let rows = select_fills(desk, call, spec, 500, 1_000)?;
    Ok(list(rows.iter().map(|fill| trade(spec, fill))))
}

/// The fills `orderId`, `fromId`, `startTime`, `endTime` and `limit` ask for: the first ones when a
/// beginning is given, else the last.
pub(in super::super) fn select_fills(
    desk: &Desk,
    call: &Call,
    spec: &Spec,
    default: usize,
    most: usize,
) -> Result<Vec<Fill>, ApiError> {
    let params = &call.params;
    let number = |name: &str| params.whole(name).map(|n| n.and_then(|n| u64::try_from(n).ok()));
    let (order, from) = (number("orderId")?, number("fromId")?);
    let (start, end) = (params.whole("startTime")?, params.whole("endTime")?);
    let limit = params.limit(default, most)?;
    let fits = |fill: &&Fill| {
        let ms = fill.at.millis();
        fill.row == spec.row
            && order.is_none_or(|id| id == fill.order_id)
            && from.is_none_or(|id| fill.trade_id >= id)
            && start.is_none_or(|start| ms >= start)
            && end.is_none_or(|end| ms <= end)
    };
    let fills: Vec<Fill> = desk.exchange.fills(call.account).iter().filter(fits).cloned().collect();
    let skip =
        if from.is_some() || start.is_some() { 0 } else { fills.len().saturating_sub(limit) };
    Ok(fills.into_iter().skip(skip).take(limit).collect())
}

fn trade(spec: &Spec, fill: &Fill) -> String {
    let obj = Obj::new()
        .text("symbol", &spec.symbol)
        .raw("id", fill.trade_id)
        .raw("orderId", fill.order_id);
    let obj = obj
        .raw("orderListId", -1)
        .text("price", price(spec, fill.price))
        .text("qty", qty(spec, fill.qty));
    let obj =
        obj.text("quoteQty", money(fill.price.times(fill.qty))).text("commission", money(fill.fee));
    let obj = obj.text("commissionAsset", &fill.fee_asset).raw("time", fill.at.millis());
    obj.raw("isBuyer", fill.side == Side::Buy)
        .raw("isMaker", fill.maker)
        .raw("isBestMatch", true)
        .end()
}
