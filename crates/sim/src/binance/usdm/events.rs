//! USD-M: account events of the private stream.

use super::super::api::{money, price, qty, side};
use super::super::spot::stp_name;
use super::super::venue::Desk;
use super::account::entry;
use super::orders::{average, status_name, tif_name, type_name};
use crate::account::Position;
use crate::dec::Dec;
use crate::event::{AccountEvent, Change};
use crate::order::{AccountRow, DoneReason, Fill, Order};
use crate::spec::{Row, Spec};
use crate::wire::json::{Obj, list};
use base::{Side, WallNs};

/// Whose event it is and what is said about it, each with the name subscribers filter by.
pub(super) fn texts(
    desk: &Desk,
    event: &AccountEvent,
) -> (AccountRow, Vec<(&'static str, String)>) {
    match event {
        AccountEvent::Order { account, order, change, at } => {
            let spec = desk.exchange.spec(order.row);
            let mut texts = Vec::new();
            if let Change::Filled(fill) = change {
                texts.push(("TRADE_LITE", trade_lite(spec, order, fill, *at)));
            }
            texts.push(("ORDER_TRADE_UPDATE", order_update(desk, spec, order, change, *at)));
            (*account, texts)
        }
        AccountEvent::Position { account, row, position, at } => {
            // A settlement has its own text; it changes no quantity.
            let paid = desk.exchange.account(*account).ledger.funding.iter().rev();
            let settled = paid.take(32).any(|record| record.row == *row && record.at == *at);
            let texts = if settled {
                Vec::new()
            } else {
                vec![("ACCOUNT_UPDATE", position_update(desk, *account, *row, position, *at))]
            };
            (*account, texts)
        }
        AccountEvent::Funding { account, row, amount, at, .. } => {
            let asset = &desk.exchange.spec(*row).quote;
            (
                *account,
                vec![("ACCOUNT_UPDATE", funding_update(desk, *account, asset, *amount, *at))],
            )
        }
        AccountEvent::Balance { account, .. } => (*account, Vec::new()),
    }
}

/// The fill, early and short.
fn trade_lite(spec: &Spec, order: &Order, fill: &Fill, at: WallNs) -> String {
    let ms = at.millis();
    let obj = Obj::new().text("e", "TRADE_LITE").raw("E", ms).raw("T", ms).text("s", &spec.symbol);
    let obj = obj
        .text("q", qty(spec, order.qty))
        .text("p", price(spec, order.price))
        .raw("m", fill.maker);
    let obj = obj
        .text("c", &order.client_id)
        .text("S", side(order.side))
        .text("L", price(spec, fill.price));
    obj.text("l", qty(spec, fill.qty)).raw("t", fill.trade_id).raw("i", order.id).end()
}

fn order_update(desk: &Desk, spec: &Spec, order: &Order, change: &Change, at: WallNs) -> String {
    let ms = at.millis();
    let (execution, fill) = match change {
        Change::Accepted => ("NEW", None),
        Change::Filled(fill) => ("TRADE", Some(fill)),
        Change::Amended => ("AMENDMENT", None),
        Change::Done(
            DoneReason::User | DoneReason::CancelAll | DoneReason::DeadMan | DoneReason::Venue,
        ) => ("CANCELED", None),
        Change::Done(_) => ("EXPIRED", None),
    };
    let open = open_value(desk, order.account, order.row);
    let o =
        Obj::new().text("s", &spec.symbol).text("c", &order.client_id).text("S", side(order.side));
    let o =
        o.text("o", type_name(order)).text("f", tif_name(order)).text("q", qty(spec, order.qty));
    let o = o.text("p", price(spec, order.price)).text("ap", average(spec, order)).text("sp", "0");
    let o = o.text("x", execution).text("X", status_name(order)).raw("i", order.id);
    let o = o
        .text("l", qty(spec, fill.map_or(Dec::ZERO, |f| f.qty)))
        .text("z", qty(spec, order.filled));
    let o = o.text("L", price(spec, fill.map_or(Dec::ZERO, |f| f.price)));
    // Without a fill there is no fee to speak of: the fields are absent.
    let o = match fill {
        Some(fill) => o.text("n", money(fill.fee)).text("N", &fill.fee_asset),
        None => o,
    };
    let o = o.raw("T", ms).raw("t", fill.map_or(0, |f| f.trade_id));
    let o =
        o.text("b", money(open.0)).text("a", money(open.1)).raw("m", fill.is_some_and(|f| f.maker));
    let o = o.raw("R", order.reduce_only).text("wt", "CONTRACT_PRICE").text("ot", type_name(order));
    let o = o
        .text("ps", "BOTH")
        .raw("cp", false)
        .text("rp", money(fill.map_or(Dec::ZERO, |f| f.realised)));
    let o = o
        .raw("pP", false)
        .raw("si", 0)
        .raw("ss", 0)
        .text("V", stp_name(order.stp))
        .text("pm", "NONE");
    let o = o.raw("gtd", 0).end();
    Obj::new().text("e", "ORDER_TRADE_UPDATE").raw("T", ms).raw("E", ms).raw("o", o).end()
}

/// Value of the account's open buys and sells of an instrument.
fn open_value(desk: &Desk, account: AccountRow, row: Row) -> (Dec, Dec) {
    let open = desk.exchange.open_orders(account, Some(row));
    let value =
        |of: Side| open.iter().filter(|o| o.side == of).map(|o| o.left().times(o.price)).sum();
    (value(Side::Buy), value(Side::Sell))
}

fn balance_row(asset: &str, wallet: Dec, change: Dec) -> String {
    let obj = Obj::new().text("a", asset).text("wb", money(wallet)).text("cw", money(wallet));
    // Profit and fees of trades are no balance change in the venue's sense.
    obj.text("bc", if change.is_zero() { "0".to_owned() } else { money(change) }).end()
}

fn account_update(at: WallNs, reason: &str, balances: String, positions: String) -> String {
    let a = Obj::new().text("m", reason).raw("B", balances).raw("P", positions).end();
    let ms = at.millis();
    Obj::new().text("e", "ACCOUNT_UPDATE").raw("T", ms).raw("E", ms).raw("a", a).end()
}

fn position_update(
    desk: &Desk,
    account: AccountRow,
    row: Row,
    position: &Position,
    at: WallNs,
) -> String {
    let spec = desk.exchange.spec(row);
    let mark = desk.exchange.market().mark(row);
    let wallet = desk.exchange.balance(account, &spec.quote).total;
    let p = Obj::new()
        .text("s", &spec.symbol)
        .text("pa", qty(spec, position.qty))
        .text("ep", entry(position));
    let p = p.text("cr", money(position.realised)).text("up", money(position.open_profit(mark)));
    let p = p.text("mt", "cross").text("iw", "0").text("ps", "BOTH").text("ma", &spec.quote);
    let p = p.text("bep", entry(position)).end();
    account_update(at, "ORDER", list([balance_row(&spec.quote, wallet, Dec::ZERO)]), list([p]))
}

fn funding_update(
    desk: &Desk,
    account: AccountRow,
    asset: &str,
    amount: Dec,
    at: WallNs,
) -> String {
    let wallet = desk.exchange.balance(account, asset).total;
    account_update(at, "FUNDING_FEE", list([balance_row(asset, wallet, amount)]), "[]".to_owned())
}
