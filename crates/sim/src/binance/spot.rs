//! Binance spot: `/api/v3`, `/ws` and `/stream`, `/ws-api/v3`.

mod account;
mod events;
mod listing;
mod orders;

use super::api::{Answer, ApiError, Ask, Call, Lock, Route};
use super::budget::Window;
use super::streams::Group;
use super::venue::{Desk, Dialect, Doorway};
use crate::event::AccountEvent;
use crate::server::{ConnId, Outbox};
use crate::spec::Spec;
use base::{VenueId, WallNs};

pub(super) use account::select_fills;
pub(super) use listing::{book_ticker, price_ticker, trades as public_trades};
pub(super) use orders::{number, select_orders, stp, stp_name};

/// Spot's words.
#[derive(Debug)]
pub(super) struct Spot;

const fn route(ask: Ask, weight: u32, lock: Lock) -> Route {
    Route { ask, weight, lock, order: false, version: 3 }
}

const fn order(ask: Ask) -> Route {
    Route { ask, weight: 1, lock: Lock::Signed, order: true, version: 3 }
}

impl Dialect for Spot {
    const VENUE: VenueId = VenueId::BinanceSpot;
    const PING_S: (i64, i64) = (20, 60);
    const WINDOWS: (Window, [Window; 2]) = (
        Window::new("REQUEST_WEIGHT", "MINUTE", 1, 6_000, "1m", 60),
        [
            Window::new("ORDERS", "SECOND", 10, 100, "10s", 10),
            Window::new("ORDERS", "DAY", 1, 200_000, "1d", 86_400),
        ],
    );

    fn path(method: &str, path: &str) -> Option<Route> {
        use Lock::{Key, Open, Signed};
        let path = path.strip_prefix("/api/v3/")?;
        #[rustfmt::skip]
        let found = match (method, path) {
            ("GET",    "ping")               => route(Ask::Ping, 1, Open),
            ("GET",    "time")               => route(Ask::Time, 1, Open),
            ("GET",    "exchangeInfo")       => route(Ask::Info, 20, Open),
            ("GET",    "depth")              => route(Ask::Depth, 5, Open),
            ("GET",    "ticker/bookTicker")  => route(Ask::BookTicker, 2, Open),
            ("GET",    "ticker/price")       => route(Ask::PriceTicker, 2, Open),
            ("GET",    "trades")             => route(Ask::Trades, 25, Open),
            ("GET",    "account")            => route(Ask::Account, 20, Signed),
            ("GET",    "account/commission") => route(Ask::Commission, 20, Signed),
            ("POST",   "order")              => order(Ask::OrderPlace),
            ("POST",   "order/test")         => route(Ask::OrderTest, 1, Signed),
            ("GET",    "order")              => route(Ask::OrderStatus, 4, Signed),
            ("DELETE", "order")              => route(Ask::OrderCancel, 1, Signed),
            ("PUT",    "order/amend/keepPriority") => route(Ask::OrderAmend, 4, Signed),
            ("POST",   "order/cancelReplace") => order(Ask::CancelReplace),
            ("GET",    "openOrders")         => route(Ask::OpenOrders, 6, Signed),
            ("DELETE", "openOrders")         => route(Ask::CancelAll, 1, Signed),
            ("GET",    "allOrders")          => route(Ask::AllOrders, 20, Signed),
            ("GET",    "myTrades")           => route(Ask::MyTrades, 20, Signed),
            ("GET",    "rateLimit/order")    => route(Ask::RateLimitOrders, 40, Signed),
            ("POST" | "PUT" | "DELETE", "userDataStream") => route(Ask::ListenKeyNew, 2, Key),
            _ => return None,
        };
        Some(found)
    }

    fn method(name: &str) -> Option<Route> {
        use Lock::{Open, Signed};
        #[rustfmt::skip]
        let found = match name {
            "ping"                               => route(Ask::Ping, 1, Open),
            "time"                               => route(Ask::Time, 1, Open),
            "exchangeInfo"                       => route(Ask::Info, 20, Open),
            "depth"                              => route(Ask::Depth, 5, Open),
            "ticker.book"                        => route(Ask::BookTicker, 2, Open),
            "ticker.price"                       => route(Ask::PriceTicker, 2, Open),
            "session.logon"                      => route(Ask::Logon, 2, Signed),
            "session.status"                     => route(Ask::SessionStatus, 2, Open),
            "session.logout"                     => route(Ask::Logout, 2, Open),
            "userDataStream.subscribe"           => route(Ask::Subscribe, 2, Open),
            "userDataStream.subscribe.signature" => route(Ask::SubscribeSigned, 2, Signed),
            "userDataStream.unsubscribe"         => route(Ask::Unsubscribe, 2, Open),
            "order.place"                        => order(Ask::OrderPlace),
            "order.test"                         => route(Ask::OrderTest, 1, Signed),
            "order.status"                       => route(Ask::OrderStatus, 4, Signed),
            "order.cancel"                       => route(Ask::OrderCancel, 1, Signed),
            "order.amend.keepPriority"           => route(Ask::OrderAmend, 4, Signed),
            "order.cancelReplace"                => order(Ask::CancelReplace),
            "openOrders.status"                  => route(Ask::OpenOrders, 6, Signed),
            "openOrders.cancelAll"               => route(Ask::CancelAll, 1, Signed),
            "allOrders"                          => route(Ask::AllOrders, 20, Signed),
            "myTrades"                           => route(Ask::MyTrades, 20, Signed),
            "account.status"                     => route(Ask::Account, 20, Signed),
            "account.commission"                 => route(Ask::Commission, 20, Signed),
            "account.rateLimits.orders"          => route(Ask::RateLimitOrders, 40, Signed),
            _ => return None,
        };
        Some(found)
    }

    fn doorway(path: &str, query: &str) -> Option<Doorway> {
        if path.trim_end_matches('/') == "/ws-api/v3" {
            return Some(Doorway::Api);
        }
        streams_door(path, query, Group::All)
    }

    fn answer(&mut self, desk: &mut Desk, call: &Call) -> Answer {
        match call.route.ask {
            Ask::Ping => Ok("{}".to_owned()),
            Ask::Time => Ok(format!("{{\"serverTime\":{}}}", call.now.millis())),
            Ask::Info => listing::info(desk, call),
            Ask::Depth => listing::depth(desk, call),
            Ask::BookTicker => listing::book_ticker(desk, call),
            Ask::PriceTicker => listing::price_ticker(desk, call),
            Ask::Trades => listing::trades(desk, call),
            Ask::Account => account::account(desk, call),
            Ask::Commission => account::commission(desk, call),
            Ask::MyTrades => account::trades(desk, call),
            Ask::RateLimitOrders => Ok(account::order_limits(desk, call)),
            Ask::OrderPlace => orders::place(desk, call),
            Ask::OrderTest => orders::read(desk, call).map(|_| "{}".to_owned()),
            Ask::OrderCancel => orders::cancel(desk, call),
            Ask::OrderStatus => orders::status(desk, call),
            Ask::OrderAmend => orders::amend(desk, call),
            Ask::CancelReplace => orders::cancel_replace(desk, call),
            Ask::OpenOrders => orders::open(desk, call),
            Ask::CancelAll => orders::cancel_all(desk, call),
            Ask::AllOrders => orders::all(desk, call),
            Ask::ListenKeyNew => Err(ApiError::new(410, -1000, "This endpoint has been retired.")),
            _ => Err(ApiError::bad(-1020, "This operation is not supported.")),
        }
    }

    fn tell(&mut self, desk: &Desk, event: &AccountEvent, out: &mut Outbox) {
        events::tell(desk, event, out);
    }

    fn open_private(&mut self, _now: WallNs, _conn: ConnId, _doorway: &Doorway) -> bool {
        false
    }

    fn close(&mut self, _conn: ConnId) {}

    fn private_conns(&self) -> Vec<ConnId> {
        Vec::new()
    }

    fn expire_keys(&mut self, _now: WallNs, _out: &mut Outbox) {}

    fn tick(&mut self, _desk: &mut Desk, _now: WallNs, _out: &mut Outbox) {}
}

/// `/ws`, `/ws/<stream>/<stream>` and `/stream?streams=a/b`, below a prefix already cut off.
pub(super) fn streams_door(path: &str, query: &str, group: Group) -> Option<Doorway> {
    let split = |names: &str| -> Vec<String> {
        names.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    if path.trim_end_matches('/') == "/stream" {
        let names = query.split('&').find_map(|field| field.strip_prefix("streams="));
        // Clients may percent-encode the signs between.
        let names = names.unwrap_or_default().replace("%40", "@").replace("%2F", "/");
        return Some(Doorway::Streams { group, combined: true, names: split(&names) });
    }
    let rest = path.strip_prefix("/ws").filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let names = split(&rest.replace("%40", "@"));
    Some(Doorway::Streams { group, combined: false, names })
}

/// The instrument a call names.
pub(super) fn spec_of<'d>(desk: &'d Desk, call: &Call) -> Result<&'d Spec, ApiError> {
    let symbol = call.params.need("symbol")?;
    let spec = desk.exchange.specs().by_symbol(symbol, None);
    spec.ok_or_else(|| ApiError::bad(-1121, "Invalid symbol."))
}

/// The instruments a call is about: the one it names, or all.
pub(super) fn specs_of(desk: &Desk, call: &Call) -> Result<Vec<Spec>, ApiError> {
    match call.params.get("symbol") {
        Some(_) => spec_of(desk, call).map(|spec| vec![spec.clone()]),
        None => Ok(desk.exchange.specs().iter().cloned().collect()),
    }
}

/// One object when one instrument was named, else a list.
pub(super) fn one_or_list(call: &Call, rows: Vec<String>) -> String {
    match rows.first() {
        Some(row) if call.params.get("symbol").is_some() => row.clone(),
        _ => crate::wire::json::list(rows),
    }
}

#[cfg(test)]
mod tests;
