//! The rows OKX shows of an account: orders, fills, positions, balances, bills.
//!
//! Everything is text, booleans too; a fee that was charged is negative; sizes of swaps are contracts.

use super::order::Words;
use super::rows::{index_name, kind, side};
use crate::account::Position;
use crate::dec::Dec;
use crate::exchange::Exchange;
use crate::order::{AccountRow, DoneReason, Fill, Order, OrderKind, Status, Stp, Tif};
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::Side;

/// The number OKX knows an account by.
pub(crate) fn uid(account: AccountRow) -> String {
    (440_000_000_000 + account).to_string()
}

/// The client's id; empty when the client gave none.
pub(crate) fn client_id(order: &Order) -> &str {
    let made = order.client_id.strip_prefix('x').and_then(|rest| rest.parse::<u64>().ok());
    if made == Some(order.id) { "" } else { &order.client_id }
}

const fn state(status: Status) -> &'static str {
    match status {
        Status::New => "live",
        Status::PartiallyFilled => "partially_filled",
        Status::Filled => "filled",
        Status::Cancelled => "canceled",
    }
}

const fn cancel_source(reason: Option<DoneReason>) -> &'static str {
    match reason {
        None => "",
        Some(DoneReason::User | DoneReason::CancelAll) => "1",
        Some(DoneReason::Ioc | DoneReason::NoLiquidity) => "14",
        Some(DoneReason::Fok) => "13",
        Some(DoneReason::PostOnly) => "31",
        Some(DoneReason::SelfTrade) => "32",
        Some(DoneReason::ReduceOnly) => "23",
        Some(DoneReason::DeadMan) => "20",
        Some(DoneReason::Venue) => "0",
    }
}

fn stp(mode: Stp) -> &'static str {
    match mode {
        Stp::None => "",
        Stp::CancelMaker => "cancel_maker",
        Stp::CancelTaker => "cancel_taker",
        Stp::CancelBoth => "cancel_both",
    }
}

/// The words of an order whose request nobody remembers.
pub(crate) fn words(spec: &Spec, order: &Order) -> Words {
    let ord_type = match (order.kind, order.tif) {
        (OrderKind::Market, _) => "market",
        (_, Tif::Gtc) => "limit",
        (_, Tif::Ioc) => "ioc",
        (_, Tif::Fok) => "fok",
        (_, Tif::PostOnly) => "post_only",
    };
    let td_mode = if spec.is_perpetual() { "cross" } else { "cash" };
    Words { ord_type: ord_type.to_owned(), td_mode: td_mode.to_owned(), req_id: String::new(), cancel_source: None }
}

/// What a push says of an order beyond its row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct News<'a> {
    /// The fill that is the news.
    pub(crate) fill: Option<&'a Fill>,
    /// Whether an amendment is the news.
    pub(crate) amended: bool,
}

/// A row of `orders`, as REST shows it.
pub(crate) fn order(exchange: &Exchange, order: &Order, words: &Words) -> String {
    let spec = exchange.spec(order.row);
    let fills = exchange.fills(order.account);
    let last = fills.iter().rev().find(|fill| fill.order_id == order.id);
    let average = if order.filled.is_zero() { String::new() } else { order.average().to_string() };
    fields(exchange, order, words, last, &average, None).text("uTime", order.updated.millis()).end().replace("\"\"\"", "\"\"")
        + spec_guard(spec)
}

/// A row of the `orders` channel.
pub(crate) fn order_push(exchange: &Exchange, order: &Order, words: &Words, news: News<'_>) -> String {
    let average = if order.filled.is_zero() { "0".to_owned() } else { order.average().to_string() };
    fields(exchange, order, words, news.fill, &average, Some(news)).text("uTime", order.updated.millis()).end()
}

const fn spec_guard(_: &Spec) -> &'static str {
    ""
}
