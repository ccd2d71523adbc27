//! USD-M: balances, positions, settings and history of an account.

use super::super::api::{Answer, ApiError, Call, money, price, qty, side};
use super::super::spot::{select_fills, spec_of, specs_of};
use super::super::venue::Desk;
use crate::account::Position;
use crate::dec::Dec;
use crate::order::Fill;
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::Side;

const ASSET: &str = "USDT";

/// The fields of margin that totals and assets share, under the names given.
fn margin(desk: &Desk, call: &Call, names: [&str; 10]) -> Obj {
    let m = desk.exchange.margin(call.account, ASSET);
    let available = m.available.max(Dec::ZERO);
    let values = [
        m.positions + m.orders,
        m.maintenance,
        m.wallet,
        m.open_profit,
        m.equity,
        m.positions,
        m.orders,
        m.wallet,
        m.open_profit,
        available,
    ];
    let fields = names.iter().zip(values);
    fields
        .fold(Obj::new(), |obj, (name, value)| obj.text(name, money(value)))
        .text("maxWithdrawAmount", money(available))
}

/// `account`, v2 and v3.
pub(super) fn account(desk: &Desk, call: &Call) -> String {
    let totals = margin(
        desk,
        call,
        [
            "totalInitialMargin",
            "totalMaintMargin",
            "totalWalletBalance",
            "totalUnrealizedProfit",
            "totalMarginBalance",
            "totalPositionInitialMargin",
            "totalOpenOrderInitialMargin",
            "totalCrossWalletBalance",
            "totalCrossUnPnl",
            "availableBalance",
        ],
    );
    let asset = Obj::new().text("asset", ASSET).all(&margin(
        desk,
        call,
        [
            "initialMargin",
            "maintMargin",
            "walletBalance",
            "unrealizedProfit",
            "marginBalance",
            "positionInitialMargin",
            "openOrderInitialMargin",
            "crossWalletBalance",
            "crossUnPnl",
            "availableBalance",
        ],
    ));
    let asset = asset.raw("marginAvailable", true).raw("updateTime", updated(desk, call)).end();
    let v3 = call.route.version >= 3;
    let specs = desk.exchange.specs();
    let rows =
        specs.iter().filter(|s| !v3 || !desk.exchange.position(call.account, s.row).qty.is_zero());
    let rows = rows.map(|spec| account_position(desk, call, spec));
    let head = Obj::new()
        .raw("feeTier", 0)
        .raw("canTrade", true)
        .raw("canDeposit", true)
        .raw("canWithdraw", true);
    let head = head.raw("updateTime", 0).raw("multiAssetsMargin", false).raw("tradeGroupId", -1);
    let obj = if v3 { totals } else { head.all(&totals) };
    obj.raw("assets", list([asset])).raw("positions", list(rows)).end()
}

fn updated(desk: &Desk, call: &Call) -> i64 {
    desk.exchange
        .account(call.account)
        .ledger
        .postings
        .last()
        .map_or(0, |posting| posting.at.millis())
}

fn initial(value: Dec, position: &Position) -> Dec {
    Dec(value.0 / i128::from(position.leverage.max(1)))
}

fn account_position(desk: &Desk, call: &Call, spec: &Spec) -> String {
    let position = desk.exchange.position(call.account, spec.row);
    let mark = desk.exchange.market().mark(spec.row);
    let value = position.qty.abs().times(mark);
    let obj = Obj::new()
        .text("symbol", &spec.symbol)
        .text("initialMargin", money(initial(value, &position)));
    let obj = obj.text("maintMargin", money(value.times(Dec::scaled(4, 3))));
    let obj = obj.text("unrealizedProfit", money(position.open_profit(mark)));
    let obj = obj
        .text("positionInitialMargin", money(initial(value, &position)))
        .text("openOrderInitialMargin", "0");
    let obj = obj
        .text("leverage", position.leverage)
        .raw("isolated", false)
        .text("entryPrice", entry(&position));
    let obj = obj
        .text("breakEvenPrice", entry(&position))
        .text("maxNotional", "50000000")
        .text("bidNotional", "0");
    let obj = obj
        .text("askNotional", "0")
        .text("positionSide", "BOTH")
        .text("positionAmt", qty(spec, position.qty));
    obj.text("notional", money(position.qty.times(mark)))
        .text("isolatedWallet", "0")
        .raw("updateTime", position.updated.millis())
        .end()
}

/// Entry prices are printed with what an average needs.
pub(super) fn entry(position: &Position) -> String {
    position.entry().cut_places(8).to_string()
}

/// `balance`, v2 and v3.
pub(super) fn balance(desk: &Desk, call: &Call) -> String {
    let m = desk.exchange.margin(call.account, ASSET);
    let available = money(m.available.max(Dec::ZERO));
    let obj = Obj::new()
        .text("accountAlias", "SgsR")
        .text("asset", ASSET)
        .text("balance", money(m.wallet));
    let obj =
        obj.text("crossWalletBalance", money(m.wallet)).text("crossUnPnl", money(m.open_profit));
    let obj = obj.text("availableBalance", &available).text("maxWithdrawAmount", &available);
    list([obj.raw("marginAvailable", true).raw("updateTime", updated(desk, call)).end()])
}

/// `positionRisk`: v2 lists every symbol, v3 those with a position.
pub(super) fn positions(desk: &Desk, call: &Call) -> Answer {
    let v3 = call.route.version >= 3;
    let mut rows = Vec::new();
    for spec in specs_of(desk, call)? {
        let position = desk.exchange.position(call.account, spec.row);
        if v3 && position.qty.is_zero() {
            continue;
        }
        rows.push(position_risk(desk, &spec, &position, v3));
    }
    Ok(list(rows))
}

fn position_risk(desk: &Desk, spec: &Spec, position: &Position, v3: bool) -> String {
    let mark = desk.exchange.market().mark(spec.row);
    let notional = position.qty.times(mark);
    let obj = Obj::new().text("symbol", &spec.symbol);
    let profit = money(position.open_profit(mark));
    if v3 {
        let margin = money(initial(notional.abs(), position));
        let obj = obj.text("positionSide", "BOTH").text("positionAmt", qty(spec, position.qty));
        let obj = obj.text("entryPrice", entry(position)).text("breakEvenPrice", entry(position));
        let obj = obj
            .text("markPrice", money(mark))
            .text("unRealizedProfit", profit)
            .text("liquidationPrice", "0");
        let obj = obj
            .text("isolatedMargin", "0")
            .text("notional", money(notional))
            .text("marginAsset", ASSET);
        let obj = obj.text("isolatedWallet", "0").text("initialMargin", &margin);
        let obj = obj.text("maintMargin", money(notional.abs().times(Dec::scaled(4, 3))));
        let obj = obj
            .text("positionInitialMargin", &margin)
            .text("openOrderInitialMargin", "0")
            .raw("adl", 1);
        return obj
            .text("bidNotional", "0")
            .text("askNotional", "0")
            .raw("updateTime", position.updated.millis())
            .end();
    }
    let obj = obj.text("positionAmt", qty(spec, position.qty)).text("entryPrice", entry(position));
    let obj = obj.text("breakEvenPrice", entry(position)).text("markPrice", money(mark));
    let obj = obj
        .text("unRealizedProfit", profit)
        .text("liquidationPrice", "0")
        .text("leverage", position.leverage);
    let obj = obj
        .text("maxNotionalValue", "50000000")
        .text("marginType", "cross")
        .text("isolatedMargin", "0.00000000");
    let obj = obj
        .text("isAutoAddMargin", "false")
        .text("positionSide", "BOTH")
        .text("notional", money(notional));
    obj.text("isolatedWallet", "0")
        .raw("updateTime", position.updated.millis())
        .raw("isolated", false)
        .raw("adlQuantile", 1)
        .end()
}

/// An account's trades in a symbol, oldest first.
pub(super) fn trades(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let fills = select_fills(desk, call, spec, 500, 1_000)?;
    Ok(list(fills.iter().map(|fill| trade(spec, fill))))
}

fn trade(spec: &Spec, fill: &Fill) -> String {
    let obj = Obj::new()
        .text("symbol", &spec.symbol)
        .raw("id", fill.trade_id)
        .raw("orderId", fill.order_id);
    let obj = obj
        .text("side", side(fill.side))
        .text("price", price(spec, fill.price))
        .text("qty", qty(spec, fill.qty));
    let obj = obj
        .text("realizedPnl", money(fill.realised))
        .text("quoteQty", money(fill.price.times(fill.qty)));
    let obj = obj.text("commission", money(fill.fee)).text("commissionAsset", &fill.fee_asset);
    let obj = obj.raw("time", fill.at.millis()).text("positionSide", "BOTH");
    obj.raw("buyer", fill.side == Side::Buy).raw("maker", fill.maker).end()
}

/// Realised profit, fees and funding, oldest first.
pub(super) fn income(desk: &Desk, call: &Call) -> Answer {
    let params = &call.params;
    let (start, end) = (params.whole("startTime")?, params.whole("endTime")?);
    let only = params.get("incomeType");
    let wanted = specs_of(desk, call)?;
    let mut rows: Vec<(i64, String)> = Vec::new();
    let mut add = |spec: &Spec, kind: &str, amount: Dec, ms: i64, id: u64, trade: &str| {
        let fits = start.is_none_or(|s| ms >= s) && end.is_none_or(|e| ms <= e);
        if !fits || only.is_some_and(|only| only != kind) || amount.is_zero() {
            return;
        }
        let obj = Obj::new()
            .text("symbol", &spec.symbol)
            .text("incomeType", kind)
            .text("income", money(amount));
        let obj = obj.text("asset", ASSET).text("info", kind).raw("time", ms).raw("tranId", id);
        rows.push((ms, obj.text("tradeId", trade).end()));
    };
    let ledger = &desk.exchange.account(call.account).ledger;
    for fill in &ledger.fills {
        let Some(spec) = wanted.iter().find(|spec| spec.row == fill.row) else { continue };
        let trade = fill.trade_id.to_string();
        add(spec, "REALIZED_PNL", fill.realised, fill.at.millis(), fill.trade_id * 2, &trade);
        add(spec, "COMMISSION", -fill.fee, fill.at.millis(), fill.trade_id * 2 + 1, &trade);
    }
    for paid in &ledger.funding {
        let Some(spec) = wanted.iter().find(|spec| spec.row == paid.row) else { continue };
        add(spec, "FUNDING_FEE", paid.amount, paid.at.millis(), paid.id, "");
    }
    rows.sort_by_key(|(ms, _)| *ms);
    let limit = params.limit(100, 1_000)?;
    let skip = if start.is_some() { 0 } else { rows.len().saturating_sub(limit) };
    Ok(list(rows.into_iter().skip(skip).take(limit).map(|(_, row)| row)))
}

/// Fees of a symbol.
pub(super) fn commission(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let obj = Obj::new()
        .text("symbol", &spec.symbol)
        .text("makerCommissionRate", spec.fee_maker.fixed(6));
    Ok(obj
        .text("takerCommissionRate", spec.fee_taker.fixed(6))
        .text("rpiCommissionRate", "0.000200")
        .end())
}

/// Sets the leverage of a symbol.
pub(super) fn set_leverage(desk: &mut Desk, call: &Call) -> Answer {
    let (row, symbol) = spec_of(desk, call).map(|spec| (spec.row, spec.symbol.clone()))?;
    let leverage = call.params.whole("leverage")?.ok_or_else(|| ApiError::missing("leverage"))?;
    let leverage = u32::try_from(leverage).ok().filter(|l| (1..=125).contains(l));
    let leverage = leverage.ok_or_else(|| ApiError::bad(-4028, "Leverage is not valid"))?;
    desk.exchange.set_leverage(call.account, row, leverage);
    Ok(format!(
        "{{\"leverage\":{leverage},\"maxNotionalValue\":\"50000000\",\"symbol\":\"{symbol}\"}}"
    ))
}

/// One bracket for everything.
pub(super) fn brackets(desk: &Desk, call: &Call) -> Answer {
    let bracket = r#"[{"bracket":1,"initialLeverage":125,"notionalCap":50000000,"notionalFloor":0,"maintMarginRatio":0.004,"cum":0.0}]"#;
    let rows = specs_of(desk, call)?.into_iter();
    Ok(list(
        rows.map(|spec| Obj::new().text("symbol", &spec.symbol).raw("brackets", bracket).end()),
    ))
}

/// Cross margin only.
pub(super) fn margin_type(desk: &Desk, call: &Call) -> Answer {
    spec_of(desk, call)?;
    match call.params.need("marginType")? {
        "CROSSED" => Err(ApiError::bad(-4046, "No need to change margin type.")),
        "ISOLATED" => Err(ApiError::bad(
            -4168,
            "Unable to adjust to isolated-margin mode under the Multi-Assets mode.",
        )),
        _ => Err(ApiError::missing("marginType")),
    }
}

/// One-way mode only.
pub(super) fn set_position_mode(desk: &Desk, call: &Call) -> Answer {
    if !call.params.flag("dualSidePosition") {
        return Err(ApiError::bad(-4059, "No need to change position side."));
    }
    let holds = |spec: &Spec| !desk.exchange.position(call.account, spec.row).qty.is_zero();
    if desk.exchange.specs().iter().any(holds) {
        return Err(ApiError::bad(
            -4068,
            "Position side cannot be changed if there exists position.",
        ));
    }
    Err(ApiError::bad(-4067, "Position side cannot be changed if there exists open orders."))
}

/// What the account may do.
pub(super) fn config() -> String {
    let obj = Obj::new()
        .raw("feeTier", 0)
        .raw("canTrade", true)
        .raw("canDeposit", true)
        .raw("canWithdraw", true);
    let obj =
        obj.raw("dualSidePosition", false).raw("updateTime", 0).raw("multiAssetsMargin", false);
    obj.raw("tradeGroupId", -1).end()
}

/// Margin mode and leverage by symbol.
pub(super) fn symbol_config(desk: &Desk, call: &Call) -> Answer {
    let rows = specs_of(desk, call)?.into_iter().map(|spec| {
        let leverage = desk.exchange.position(call.account, spec.row).leverage;
        let obj = Obj::new().text("symbol", &spec.symbol).text("marginType", "CROSSED");
        obj.raw("isAutoAddMargin", false)
            .raw("leverage", leverage)
            .text("maxNotionalValue", "50000000")
            .end()
    });
    Ok(list(rows))
}

/// Order counts.
pub(super) fn order_limits(desk: &Desk, call: &Call) -> String {
    let used = desk.budget.used_orders(call.now, call.account);
    list(used.map(|(window, _)| {
        let obj = Obj::new().text("rateLimitType", window.kind).text("interval", window.interval);
        obj.raw("intervalNum", window.count).raw("limit", window.limit).end()
    }))
}
