//! Bybit's transaction log: every change of a coin with its reason, newest first.

use super::private::{link_id, order_id};
use super::rows::{category, price, qty, side, uuid};
use crate::dec::Dec;
use crate::exchange::Exchange;
use crate::ledger::Reason;
use crate::order::{AccountRow, Fill, OrderRef};
use crate::wire::json::Obj;
use base::Side;
use std::collections::BTreeMap;

/// A change of one coin.
struct Line {
    ms: i64,
    row: usize,
    coin: String,
    change: Dec,
    kind: &'static str,
    fields: Obj,
}

/// The rows of a category (empty: all), a coin (empty: all) and a type (empty: all).
pub(crate) fn rows(
    exchange: &Exchange,
    account: AccountRow,
    wanted: (&str, &str, &str),
    limit: usize,
) -> Vec<String> {
    let ledger = &exchange.account(account).ledger;
    let mut lines: Vec<Line> =
        ledger.fills.iter().flat_map(|fill| of_fill(exchange, account, fill)).collect();
    lines.extend(ledger.funding.iter().map(|record| {
        let spec = exchange.spec(record.row);
        let size = record.position.abs();
        Line {
            ms: record.at.millis(),
            row: record.row,
            coin: spec.quote.clone(),
            change: record.amount,
            kind: "SETTLEMENT",
            fields: Obj::new()
                .text("side", if record.position.is_negative() { "Sell" } else { "Buy" })
                .text("funding", record.amount)
                .blank(&["orderLinkId"])
                .text("orderId", format!("{}-8-{}-1-2", record.at.millis() / 1_000, record.id))
                .text("fee", "0.00000000")
                .text("cashFlow", 0)
                .text("feeRate", record.rate)
                .text("size", qty(spec, size))
                .text("qty", qty(spec, size))
                .text("tradePrice", price(spec, record.mark))
                .text("tradeId", uuid(&[6, record.id])),
        }
    }));
    lines.sort_by_key(|line| line.ms);
    let mut running: BTreeMap<String, Dec> = BTreeMap::new();
    for posting in ledger.postings.iter().filter(|posting| posting.reason == Reason::Deposit) {
        *running.entry(posting.asset.clone()).or_default() += posting.amount;
    }
    let mut rows = Vec::new();
    for (number, line) in lines.into_iter().enumerate() {
        let balance = running.entry(line.coin.clone()).or_default();
        *balance += line.change;
        let spec = exchange.spec(line.row);
        let hit = |filter: &str, value: &str| filter.is_empty() || filter == value;
        if hit(wanted.0, category(spec)) && hit(wanted.1, &line.coin) && hit(wanted.2, line.kind) {
            let head = Obj::new()
                .text("transSubType", "")
                .text("id", format!("{account}_{}_{number}", spec.symbol))
                .text("symbol", &spec.symbol)
                .text("category", category(spec))
                .text("transactionTime", line.ms)
                .text("type", line.kind)
                .text("currency", &line.coin)
                .text("change", line.change)
                .text("cashBalance", *balance)
                .blank(&["bonusChange", "extraFees"]);
            rows.push(head.all(&line.fields).end());
        }
    }
    rows.into_iter().rev().take(limit).collect()
}

/// A perpetual's fill moves the settlement coin once; a spot fill moves two coins.
fn of_fill(exchange: &Exchange, account: AccountRow, fill: &Fill) -> Vec<Line> {
    let spec = exchange.spec(fill.row);
    let order = exchange.order(account, &OrderRef::Id(fill.order_id));
    let value = fill.price.times(fill.qty);
    let signed = |amount: Dec, side: Side| if fill.side == side { amount } else { -amount };
    let moved: Vec<(&str, Dec)> = if spec.is_perpetual() {
        vec![(&spec.quote, fill.realised)]
    } else {
        vec![(&spec.base, signed(fill.qty, Side::Buy)), (&spec.quote, signed(value, Side::Sell))]
    };
    let lines = moved.into_iter().map(|(coin, amount)| {
        let fee = if fill.fee_asset == coin { fill.fee } else { Dec::ZERO };
        Line {
            ms: fill.at.millis(),
            row: fill.row,
            coin: coin.to_owned(),
            change: amount - fee,
            kind: "TRADE",
            fields: Obj::new()
                .text("side", side(fill.side))
                .text("funding", "")
                .quoted("orderLinkId", order.map_or("", link_id))
                .text("orderId", order_id(spec, fill.order_id))
                .text("fee", fee)
                .text("cashFlow", amount)
                .text("feeRate", fill.fee_rate)
                .text("size", "")
                .text("qty", qty(spec, fill.qty))
                .text("tradePrice", price(spec, fill.price))
                .text("tradeId", uuid(&[5, fill.trade_id])),
        }
    });
    lines.collect()
}
