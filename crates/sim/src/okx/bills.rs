//! OKX's account bills: every change of a balance with its reason, newest first.

use super::rows::{kind, side};
use crate::dec::Dec;
use crate::exchange::Exchange;
use crate::ledger::Reason;
use crate::order::{AccountRow, Fill};
use crate::wire::json::Obj;
use base::Side;
use std::collections::BTreeMap;

/// One change of a balance.
struct Bill {
    id: u64,
    ms: i64,
    asset: String,
    change: Dec,
    row: usize,
    /// `2` trade, `8` funding.
    kind: u8,
    sub: &'static str,
    fields: Obj,
}

/// Which bills are asked for.
pub(crate) struct Wanted<'q> {
    /// `SPOT`, `SWAP`, or empty for all.
    pub(crate) inst_type: &'q str,
    /// `2` trade, `8` funding, or empty for all.
    pub(crate) kind: &'q str,
    /// First and last millisecond.
    pub(crate) begin: i64,
    pub(crate) end: i64,
    /// Only those older than this bill, unless empty.
    pub(crate) after: String,
    /// How many at most.
    pub(crate) limit: usize,
}

/// The rows of `account/bills`, newest first.
pub(crate) fn rows(exchange: &Exchange, account: AccountRow, wanted: &Wanted<'_>) -> Vec<String> {
    let ledger = &exchange.account(account).ledger;
    let mut bills: Vec<Bill> =
        ledger.fills.iter().flat_map(|fill| of_fill(exchange, fill)).collect();
    bills.extend(ledger.funding.iter().map(|record| {
        Bill {
            id: record.id,
            ms: record.at.millis(),
            asset: exchange.spec(record.row).quote.clone(),
            change: record.amount,
            row: record.row,
            kind: 8,
            sub: if record.amount.is_negative() { "173" } else { "174" },
            fields: Obj::new()
                .blank(&["clOrdId", "execType"])
                .text("fee", 0)
                .blank(&["ordId"])
                .text("pnl", record.amount)
                .text("px", record.mark)
                .text("sz", exchange.spec(record.row).to_contracts(record.position))
                .text("tag", ""),
        }
    }));
    bills.sort_by_key(|bill| bill.ms);
    let mut running: BTreeMap<String, Dec> = BTreeMap::new();
    for posting in ledger.postings.iter().filter(|posting| posting.reason == Reason::Deposit) {
        *running.entry(posting.asset.clone()).or_default() += posting.amount;
    }
    let mut rows: Vec<(String, String)> = Vec::with_capacity(bills.len());
    for bill in bills {
        let balance = running.entry(bill.asset.clone()).or_default();
        *balance += bill.change;
        let spec = exchange.spec(bill.row);
        let matches = (wanted.inst_type.is_empty() || wanted.inst_type == kind(spec))
            && (wanted.kind.is_empty() || wanted.kind == bill.kind.to_string())
            && (wanted.begin..=wanted.end).contains(&bill.ms);
        if matches {
            rows.push((bill.id.to_string(), bill.json(kind(spec), &spec.symbol, *balance)));
        }
    }
    let newer = match wanted.after.as_str() {
        "" => 0,
        after => rows.iter().rev().position(|(id, _)| id == after).map_or(rows.len(), |at| at + 1),
    };
    rows.into_iter().rev().skip(newer).take(wanted.limit).map(|(_, row)| row).collect()
}

impl Bill {
    fn json(self, inst_type: &str, inst_id: &str, balance: Dec) -> String {
        Obj::new()
            .text("bal", balance)
            .text("balChg", self.change)
            .text("billId", self.id)
            .text("ccy", self.asset)
            .blank(&["from", "notes", "to"])
            .text("instId", inst_id)
            .text("instType", inst_type)
            .text("mgnMode", if inst_type == "SWAP" { "cross" } else { "" })
            .text("posBal", "")
            .text("posBalChg", "")
            .text("subType", self.sub)
            .text("ts", self.ms)
            .text("type", self.kind)
            .all(&self.fields)
            .end()
    }
}

/// A swap's fill moves the settlement currency once; a spot fill moves two currencies.
fn of_fill(exchange: &Exchange, fill: &Fill) -> Vec<Bill> {
    let spec = exchange.spec(fill.row);
    let value = fill.price.times(fill.qty);
    let fee = |asset: &str| if fill.fee_asset == asset { fill.fee } else { Dec::ZERO };
    let signed = |amount: Dec, side: Side| if fill.side == side { amount } else { -amount };
    let moved: Vec<(&str, Dec)> = if spec.is_perpetual() {
        vec![(&spec.quote, fill.realised)]
    } else {
        vec![(&spec.base, signed(fill.qty, Side::Buy)), (&spec.quote, signed(value, Side::Sell))]
    };
    moved
        .into_iter()
        .enumerate()
        .map(|(leg, (asset, amount))| Bill {
            id: 300_000_000_000 + fill.trade_id * 2 + leg as u64,
            ms: fill.at.millis(),
            asset: asset.to_owned(),
            change: amount - fee(asset),
            row: fill.row,
            kind: 2,
            sub: if fill.side == Side::Buy { "1" } else { "2" },
            fields: Obj::new()
                .text("clOrdId", "")
                .text("execType", if fill.maker { "M" } else { "T" })
                .text("fee", -fee(asset))
                .text("ordId", fill.order_id)
                .text("pnl", fill.realised)
                .text("px", fill.price)
                .text("side", side(fill.side))
                .text("sz", spec.to_contracts(fill.qty))
                .text("tag", ""),
        })
        .collect()
}
