//! Spot: account events on the WebSocket API.

use super::super::api::{money, price, qty, side};
use super::super::venue::Desk;
use super::orders::{status_name, stp_name, tif_name, type_name};
use crate::dec::Dec;
use crate::event::{AccountEvent, Change};
use crate::order::{AccountRow, DoneReason, Fill, Order};
use crate::server::{ConnId, Outbox};
use crate::wire::json::{Obj, list};
use base::WallNs;

/// Sends what an account event means to the connections that subscribed to the account.
pub(super) fn tell(desk: &Desk, event: &AccountEvent, out: &mut Outbox) {
    let AccountEvent::Order { account, order, change, at } = event else {
        return;
    };
    let conns: Vec<(ConnId, u64)> = desk
        .api
        .iter()
        .filter_map(|(conn, api)| {
            api.subscription.filter(|(of, _)| of == account).map(|(_, n)| (*conn, n))
        })
        .collect();
    if conns.is_empty() {
        return;
    }
    let texts = [Some(report(desk, order, change, *at)), balances(desk, *account, order, *at)];
    for text in texts.into_iter().flatten() {
        for (conn, number) in &conns {
            out.text(*conn, format!("{{\"subscriptionId\":{number},\"event\":{text}}}"));
        }
    }
}

/// `executionReport`
fn report(desk: &Desk, order: &Order, change: &Change, at: WallNs) -> String {
    let spec = desk.exchange.spec(order.row);
    let ms = at.millis();
    let (execution, trade) = match change {
        Change::Accepted => ("NEW", None),
        Change::Filled(fill) => ("TRADE", Some(fill)),
        Change::Amended => ("REPLACED", None),
        Change::Done(DoneReason::SelfTrade) => ("TRADE_PREVENTION", None),
        Change::Done(_) => {
            (if status_name(order) == "EXPIRED" { "EXPIRED" } else { "CANCELED" }, None)
        }
    };
    let cancelled = execution == "CANCELED";
    let made = format!("c{}", order.id);
    let (client, original) = if cancelled {
        (made.as_str(), order.client_id.as_str())
    } else {
        (order.client_id.as_str(), "")
    };
    let zero = || qty(spec, Dec::ZERO);
    let of_trade = |pick: fn(&Fill) -> Dec| trade.map_or(Dec::ZERO, pick);
    let obj = Obj::new()
        .text("e", "executionReport")
        .raw("E", ms)
        .text("s", &spec.symbol)
        .text("c", client);
    let obj =
        obj.text("S", side(order.side)).text("o", type_name(order)).text("f", tif_name(order));
    let obj =
        obj.text("q", qty(spec, order.qty)).text("p", price(spec, order.price)).text("P", zero());
    let obj = obj.text("F", zero()).raw("g", -1).text("C", original).text("x", execution);
    // An execution is reported with the state right after it, also when more followed at once.
    let obj = obj.text("X", status_name(order)).text("r", "NONE").raw("i", order.id);
    let obj = obj.text("l", qty(spec, of_trade(|f| f.qty))).text("z", qty(spec, order.filled));
    let obj = obj.text("L", price(spec, of_trade(|f| f.price)));
    let obj = match trade {
        Some(fill) => obj.text("n", money(fill.fee)).text("N", &fill.fee_asset),
        None => obj.text("n", "0").raw("N", "null"),
    };
    let obj =
        obj.raw("T", ms).raw("t", trade.map_or(-1, |f| i64::try_from(f.trade_id).unwrap_or(-1)));
    let obj = obj.raw("I", order.id * 16 + u64::from(order.fills)).raw("w", order.status.is_open());
    let obj = obj.raw("m", trade.is_some_and(|f| f.maker)).raw("M", trade.is_some());
    let obj = obj.raw("O", order.created.millis()).text("Z", money(order.filled_value));
    let obj = obj.text("Y", money(of_trade(|f| f.price.times(f.qty))));
    let obj =
        obj.text("Q", money(order.quote_qty.unwrap_or(Dec::ZERO))).raw("W", order.created.millis());
    obj.text("V", stp_name(order.stp)).end()
}

/// `outboundAccountPosition`: both assets of the instrument, as they are now.
fn balances(desk: &Desk, account: AccountRow, order: &Order, at: WallNs) -> Option<String> {
    let spec = desk.exchange.spec(order.row);
    let rows = [&spec.base, &spec.quote].map(|asset| {
        let balance = desk.exchange.balance(account, asset);
        Obj::new()
            .text("a", asset)
            .text("f", money(balance.free()))
            .text("l", money(balance.held))
            .end()
    });
    let obj =
        Obj::new().text("e", "outboundAccountPosition").raw("E", at.millis()).raw("u", at.millis());
    Some(obj.raw("B", list(rows)).end())
}
