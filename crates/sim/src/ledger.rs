//! The venues' own books, apart from everything the engine believes: double entry, exact, append only.
//!
//! Every movement of an asset is two postings that add to zero: the account's and the house's. The
//! dump is what tests compare the engine's ledger with.

use crate::dec::Dec;
use crate::order::{Fill, Order, OrderKind, Refusal, Status, Tif};
use crate::spec::{Row, Spec, Specs};
use base::{Side, WallNs};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The opening balance.
    Deposit,
    /// Spot: one asset for the other.
    Trade,
    /// Perpetual: realised profit or loss.
    Realised,
    /// A fee.
    Fee,
    /// Funding.
    Funding,
}

impl Reason {
    const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Trade => "trade",
            Self::Realised => "realised",
            Self::Fee => "fee",
            Self::Funding => "funding",
        }
    }
}

/// One side of a movement.
#[derive(Clone, Debug)]
pub struct Posting {
    /// Why.
    pub reason: Reason,
    /// Which asset.
    pub asset: String,
    /// To the account (negative: from it). The house's posting is the opposite.
    pub amount: Dec,
    /// When.
    pub at: WallNs,
}

/// Sums of one instrument.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Base bought.
    pub bought: Dec,
    /// What it cost, quote.
    pub bought_value: Dec,
    /// Base sold.
    pub sold: Dec,
    /// What it brought, quote.
    pub sold_value: Dec,
    /// Fees by asset, positive is charged.
    pub fees: BTreeMap<String, Dec>,
    /// Funding received (negative: paid).
    pub funding: Dec,
    /// Realised profit (perpetuals).
    pub realised: Dec,
    /// Number of fills.
    pub fills: u64,
}

/// A funding payment.
#[derive(Clone, Debug)]
pub struct FundingRecord {
    /// Its number.
    pub id: u64,
    /// On what.
    pub row: Row,
    /// Received (negative: paid), quote asset.
    pub amount: Dec,
    /// Rate charged.
    pub rate: Dec,
    /// Mark price.
    pub mark: Dec,
    /// Signed position.
    pub position: Dec,
    /// The settlement time.
    pub at: WallNs,
}

/// A request that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The client's id as received.
    pub client_id: String,
    /// Of what.
    pub row: Option<Row>,
    /// Why.
    pub why: Refusal,
    /// When.
    pub at: WallNs,
}

/// The ledger of one account.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Every movement.
    pub postings: Vec<Posting>,
    /// What the house holds against the account: the negative of all postings.
    pub house: BTreeMap<String, Dec>,
    /// Sums by instrument.
    pub sums: BTreeMap<Row, Sums>,
    /// Every fill.
    pub fills: Vec<Fill>,
    /// Every funding payment.
    pub funding: Vec<FundingRecord>,
    /// Every refused order, cancel or amendment.
    pub refused: Vec<Refused>,
    /// Every client order id received with a new order, in order, also of refused ones.
    pub client_ids: Vec<String>,
}

impl Ledger {
    /// Moves an amount to the account (negative: from it), against the house.
    pub fn post(&mut self, reason: Reason, asset: &str, amount: Dec, at: WallNs) {
        if amount.is_zero() {
            return;
        }
        self.postings.push(Posting { reason, asset: asset.to_owned(), amount, at });
        *self.house.entry(asset.to_owned()).or_default() -= amount;
    }

    /// Writes a fill down (its money is posted apart).
    pub fn fill(&mut self, fill: &Fill) {
        let sums = self.sums.entry(fill.row).or_default();
        let value = fill.price.times(fill.qty);
        match fill.side {
            Side::Buy => {
                sums.bought += fill.qty;
                sums.bought_value += value;
            }
            Side::Sell => {
                sums.sold += fill.qty;
                sums.sold_value += value;
            }
        }
        *sums.fees.entry(fill.fee_asset.clone()).or_default() += fill.fee;
        sums.realised += fill.realised;
        sums.fills += 1;
        self.fills.push(fill.clone());
    }

    /// Writes a funding payment down (its money is posted apart).
    pub fn funding(&mut self, record: FundingRecord) {
        self.sums.entry(record.row).or_default().funding += record.amount;
        self.funding.push(record);
    }

    /// What the account holds of an asset, from the postings alone.
    #[must_use]
    pub fn total(&self, asset: &str) -> Dec {
        self.postings.iter().filter(|p| p.asset == asset).map(|p| p.amount).sum()
    }

    /// The ledger as JSON, numbers as decimal text.
    #[must_use]
    pub fn to_json(&self, specs: &Specs) -> Value {
        json!({
            "cash": self.cash_json(),
            "house": self.house,
            "instruments": self.sums_json(specs),
            "fills": self.fills.iter().map(|fill| fill_json(fill, specs)).collect::<Vec<_>>(),
            "funding": self.funding.iter().map(|f| funding_json(f, specs)).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(|r| refused_json(r, specs)).collect::<Vec<_>>(),
            "client_ids": self.client_ids,
        })
    }

    /// Sums by asset and reason.
    fn cash_json(&self) -> Value {
        let mut cash: BTreeMap<&str, BTreeMap<&str, Dec>> = BTreeMap::new();
        for posting in &self.postings {
            let sums = cash.entry(&posting.asset).or_default();
            *sums.entry(posting.reason.name()).or_default() += posting.amount;
            *sums.entry("total").or_default() += posting.amount;
        }
        json!(cash)
    }

    fn sums_json(&self, specs: &Specs) -> Value {
        let rows = self.sums.iter().map(|(row, sums)| {
            let value = json!({
                "position": sums.bought - sums.sold,
                "bought": sums.bought,
                "bought_value": sums.bought_value,
                "sold": sums.sold,
                "sold_value": sums.sold_value,
                "fees": sums.fees,
                "funding": sums.funding,
                "realised": sums.realised,
                "fills": sums.fills,
            });
            (name(specs, *row), value)
        });
        rows.collect::<serde_json::Map<_, _>>().into()
    }
}

fn name(specs: &Specs, row: Row) -> String {
    specs.get(row).map_or_else(|| "?".to_owned(), |spec: &Spec| spec.name.clone())
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn fill_json(fill: &Fill, specs: &Specs) -> Value {
    json!({
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "instrument": name(specs, fill.row),
        "side": side(fill.side),
        "price": fill.price,
        "qty": fill.qty,
        "value": fill.price.times(fill.qty),
        "fee": fill.fee,
        "fee_asset": fill.fee_asset,
        "maker": fill.maker,
        "realised": fill.realised,
        "at_ns": fill.at.0,
    })
}

fn funding_json(record: &FundingRecord, specs: &Specs) -> Value {
    json!({
        "id": record.id,
        "instrument": name(specs, record.row),
        "amount": record.amount,
        "rate": record.rate,
        "mark": record.mark,
        "position": record.position,
        "at_ns": record.at.0,
    })
}

fn refused_json(refused: &Refused, specs: &Specs) -> Value {
    json!({
        "client_id": refused.client_id,
        "instrument": refused.row.map(|row| name(specs, row)),
        "why": format!("{:?}", refused.why),
        "at_ns": refused.at.0,
    })
}

/// An order as JSON.
pub(crate) fn order_json(order: &Order, specs: &Specs) -> Value {
    let status = match order.status {
        Status::New => "new",
        Status::PartiallyFilled => "partially_filled",
        Status::Filled => "filled",
        Status::Cancelled => "cancelled",
    };
    let tif = match order.tif {
        Tif::Gtc => "gtc",
        Tif::Ioc => "ioc",
        Tif::Fok => "fok",
        Tif::PostOnly => "post_only",
    };
    json!({
        "id": order.id,
        "client_id": order.client_id,
        "instrument": name(specs, order.row),
        "side": side(order.side),
        "kind": if order.kind == OrderKind::Limit { "limit" } else { "market" },
        "tif": tif,
        "reduce_only": order.reduce_only,
        "price": order.price,
        "qty": order.qty,
        "filled": order.filled,
        "filled_value": order.filled_value,
        "fee": order.fee,
        "fee_asset": order.fee_asset,
        "fills": order.fills,
        "status": status,
        "done_reason": order.done_reason.map(|reason| format!("{reason:?}")),
        "created_ns": order.created.0,
        "updated_ns": order.updated.0,
    })
}

#[cfg(test)]
mod tests;
