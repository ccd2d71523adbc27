//! Binance USD-M futures: `/fapi`, the routed streams, `/ws-fapi/v1`.

mod account;
mod events;
mod keys;
mod listing;
mod orders;

use super::api::{Answer, ApiError, Ask, Call, Lock, Route};
use super::budget::Window;
use super::spot::streams_door;
use super::streams::Group;
use super::venue::{Desk, Dialect, Doorway};
use crate::event::AccountEvent;
use crate::order::{AccountRow, DoneReason};
use crate::server::{ConnId, Outbox};
use crate::spec::Row;
use base::{VenueId, WallNs};
use keys::Keys;
use std::collections::BTreeMap;

/// Futures' words, listen keys and countdowns.
#[derive(Debug, Default)]
pub(super) struct Usdm {
    keys: Keys,
    /// When the open orders of an instrument are cancelled unless the client calls again.
    countdowns: BTreeMap<(AccountRow, Row), WallNs>,
}

const fn route(ask: Ask, weight: u32, lock: Lock) -> Route {
    Route { ask, weight, lock, order: false, version: 1 }
}

const fn order(ask: Ask) -> Route {
    Route { ask, weight: 0, lock: Lock::Signed, order: true, version: 1 }
}

impl Dialect for Usdm {
    const VENUE: VenueId = VenueId::BinanceUsdm;
    const PING_S: (i64, i64) = (180, 600);
    const WINDOWS: (Window, [Window; 2]) = (
        Window::new("REQUEST_WEIGHT", "MINUTE", 1, 2_400, "1m", 60),
        [
            Window::new("ORDERS", "SECOND", 10, 300, "10s", 10),
            Window::new("ORDERS", "MINUTE", 1, 1_200, "1m", 60),
        ],
    );

    fn path(method: &str, path: &str) -> Option<Route> {
        let rest = path.strip_prefix("/fapi/v")?;
        let (version, path) = rest.split_once('/')?;
        let version = version.parse().ok().filter(|v| (1..=3).contains(v))?;
        Some(Route { version, ..path_of(method, path)? })
    }

    fn method(name: &str) -> Option<Route> {
        use Lock::{Key, Open, Signed};
        let (version, name) = name.strip_prefix("v2/").map_or((1, name), |name| (2, name));
        #[rustfmt::skip]
        let found = match name {
            "ping"                  => route(Ask::Ping, 1, Open),
            "time"                  => route(Ask::Time, 1, Open),
            "depth"                 => route(Ask::Depth, 5, Open),
            "ticker.book"           => route(Ask::BookTicker, 2, Open),
            "ticker.price"          => route(Ask::PriceTicker, 1, Open),
            "session.logon"         => route(Ask::Logon, 2, Signed),
            "session.status"        => route(Ask::SessionStatus, 2, Open),
            "session.logout"        => route(Ask::Logout, 2, Open),
            "order.place"           => order(Ask::OrderPlace),
            "order.modify"          => order(Ask::OrderAmend),
            "order.cancel"          => route(Ask::OrderCancel, 1, Signed),
            "order.status"          => route(Ask::OrderStatus, 1, Signed),
            "account.status"        => route(Ask::Account, 5, Signed),
            "account.balance"       => route(Ask::Balance, 5, Signed),
            "account.position"      => route(Ask::Positions, 5, Signed),
            "userDataStream.start"  => route(Ask::ListenKeyNew, 5, Key),
            "userDataStream.ping"   => route(Ask::ListenKeyKeep, 1, Key),
            "userDataStream.stop"   => route(Ask::ListenKeyEnd, 1, Key),
            _ => return None,
        };
        Some(Route { version, ..found })
    }

    fn doorway(path: &str, query: &str) -> Option<Doorway> {
        if path.trim_end_matches('/') == "/ws-fapi/v1" {
            return Some(Doorway::Api);
        }
        if let Some(rest) = path.strip_prefix("/private") {
            return keys::doorway(rest, query);
        }
        let (group, rest) = match (path.strip_prefix("/public"), path.strip_prefix("/market")) {
            (Some(rest), _) => (Group::Public, rest),
            (_, Some(rest)) => (Group::Market, rest),
            // The addresses of before 2026-04 are served as /public.
            _ => (Group::Public, path),
        };
        streams_door(rest, query, group)
    }

    fn answer(&mut self, desk: &mut Desk, call: &Call) -> Answer {
        match call.route.ask {
            Ask::Ping => Ok("{}".to_owned()),
            Ask::Time => Ok(format!("{{\"serverTime\":{}}}", call.now.millis())),
            Ask::Info => Ok(listing::info(desk, call)),
            Ask::Depth => listing::depth(desk, call),
            Ask::BookTicker => super::spot::book_ticker(desk, call),
            Ask::PriceTicker => super::spot::price_ticker(desk, call),
            Ask::Trades => super::spot::public_trades(desk, call),
            Ask::FundingInfo => Ok(listing::funding_info(desk, call)),
            Ask::FundingRate => listing::funding_rate(desk, call),
            Ask::PremiumIndex => listing::premium_index(desk, call),
            Ask::OpenInterest => listing::open_interest(desk, call),
            Ask::Account => Ok(account::account(desk, call)),
            Ask::Balance => Ok(account::balance(desk, call)),
            Ask::Positions => account::positions(desk, call),
            Ask::Income => account::income(desk, call),
            Ask::MyTrades => account::trades(desk, call),
            Ask::Commission => account::commission(desk, call),
            Ask::Leverage => account::set_leverage(desk, call),
            Ask::LeverageBracket => account::brackets(desk, call),
            Ask::MarginType => account::margin_type(desk, call),
            Ask::PositionMode => Ok("{\"dualSidePosition\":false}".to_owned()),
            Ask::SetPositionMode => account::set_position_mode(desk, call),
            Ask::MultiAssets => Ok("{\"multiAssetsMargin\":false}".to_owned()),
            Ask::AccountConfig => Ok(account::config()),
            Ask::SymbolConfig => account::symbol_config(desk, call),
            Ask::RateLimitOrders => Ok(account::order_limits(desk, call)),
            Ask::OrderPlace => orders::place(desk, call),
            Ask::OrderTest => orders::read(desk, call).map(|_| "{}".to_owned()),
            Ask::OrderCancel => orders::cancel(desk, call),
            Ask::OrderStatus => orders::status(desk, call, false),
            Ask::OrderAmend => orders::modify(desk, call),
            Ask::OpenOrders
                if call
                    .params
                    .0
                    .iter()
                    .any(|(n, _)| n == "orderId" || n == "origClientOrderId") =>
            {
                orders::status(desk, call, true)
            }
            Ask::OpenOrders => orders::open(desk, call),
            Ask::CancelAll => orders::cancel_all(desk, call),
            Ask::AllOrders => orders::all(desk, call),
            Ask::Countdown => self.countdown(desk, call),
            Ask::ListenKeyNew => Ok(self.keys.start(call, desk.speed)),
            Ask::ListenKeyKeep => self.keys.keep(call, desk.speed),
            Ask::ListenKeyEnd => Ok(self.keys.end(call)),
            _ => Err(ApiError::bad(-1020, "This operation is not supported.")),
        }
    }

    fn tell(&mut self, desk: &Desk, event: &AccountEvent, out: &mut Outbox) {
        let (account, texts) = events::texts(desk, event);
        for (name, text) in texts {
            self.keys.send(account, name, &text, out);
        }
    }

    fn open_private(&mut self, now: WallNs, conn: ConnId, doorway: &Doorway) -> bool {
        self.keys.open(now, conn, doorway)
    }

    fn private_text(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        self.keys.hear(now, conn, text, out);
    }

    fn close(&mut self, conn: ConnId) {
        self.keys.close(conn);
    }

    fn private_conns(&self) -> Vec<ConnId> {
        self.keys.conns()
    }

    fn expire_keys(&mut self, now: WallNs, out: &mut Outbox) {
        self.keys.expire(now, true, out);
    }

    fn tick(&mut self, desk: &mut Desk, now: WallNs, out: &mut Outbox) {
        self.keys.expire(now, false, out);
        let due: Vec<(AccountRow, Row)> =
            self.countdowns.iter().filter(|(_, at)| now >= **at).map(|(key, _)| *key).collect();
        for (account, row) in due {
            self.countdowns.remove(&(account, row));
            desk.exchange.cancel_all(now, account, Some(row), DoneReason::DeadMan);
        }
    }
}

impl Usdm {
    /// Sets, moves or stops the dead man's switch of a symbol.
    fn countdown(&mut self, desk: &Desk, call: &Call) -> Answer {
        let row = super::spot::spec_of(desk, call)?.row;
        let ms = call
            .params
            .whole("countdownTime")?
            .ok_or_else(|| ApiError::missing("countdownTime"))?;
        if ms <= 0 {
            self.countdowns.remove(&(call.account, row));
        } else {
            let at = WallNs(call.now.0.saturating_add(ms.saturating_mul(1_000_000 * desk.speed)));
            self.countdowns.insert((call.account, row), at);
        }
        let symbol = call.params.need("symbol")?;
        Ok(format!("{{\"symbol\":\"{symbol}\",\"countdownTime\":\"{ms}\"}}"))
    }
}

/// A REST path below its version.
fn path_of(method: &str, path: &str) -> Option<Route> {
    use Lock::{Key, Open, Signed};
    #[rustfmt::skip]
    let found = match (method, path) {
        ("GET",    "ping")              => route(Ask::Ping, 1, Open),
        ("GET",    "time")              => route(Ask::Time, 1, Open),
        ("GET",    "exchangeInfo")      => route(Ask::Info, 1, Open),
        ("GET",    "depth")             => route(Ask::Depth, 5, Open),
        ("GET",    "ticker/bookTicker") => route(Ask::BookTicker, 2, Open),
        ("GET",    "ticker/price")      => route(Ask::PriceTicker, 1, Open),
        ("GET",    "trades")            => route(Ask::Trades, 5, Open),
        ("GET",    "fundingInfo")       => route(Ask::FundingInfo, 0, Open),
        ("GET",    "fundingRate")       => route(Ask::FundingRate, 0, Open),
        ("GET",    "premiumIndex")      => route(Ask::PremiumIndex, 1, Open),
        ("GET",    "openInterest")      => route(Ask::OpenInterest, 1, Open),
        ("GET",    "account")           => route(Ask::Account, 5, Signed),
        ("GET",    "balance")           => route(Ask::Balance, 5, Signed),
        ("GET",    "positionRisk")      => route(Ask::Positions, 5, Signed),
        ("GET",    "accountConfig")     => route(Ask::AccountConfig, 5, Signed),
        ("GET",    "symbolConfig")      => route(Ask::SymbolConfig, 5, Signed),
        ("GET",    "rateLimit/order")   => route(Ask::RateLimitOrders, 1, Signed),
        ("GET",    "income")            => route(Ask::Income, 30, Signed),
        ("GET",    "userTrades")        => route(Ask::MyTrades, 5, Signed),
        ("GET",    "commissionRate")    => route(Ask::Commission, 20, Signed),
        ("GET",    "leverageBracket")   => route(Ask::LeverageBracket, 1, Signed),
        ("POST",   "leverage")          => route(Ask::Leverage, 1, Signed),
        ("POST",   "marginType")        => route(Ask::MarginType, 1, Signed),
        ("GET",    "positionSide/dual") => route(Ask::PositionMode, 30, Signed),
        ("POST",   "positionSide/dual") => route(Ask::SetPositionMode, 1, Signed),
        ("GET",    "multiAssetsMargin") => route(Ask::MultiAssets, 30, Signed),
        ("POST",   "order")             => order(Ask::OrderPlace),
        ("POST",   "order/test")        => route(Ask::OrderTest, 0, Signed),
        ("PUT",    "order")             => order(Ask::OrderAmend),
        ("GET",    "order")             => route(Ask::OrderStatus, 1, Signed),
        ("DELETE", "order")             => route(Ask::OrderCancel, 1, Signed),
        ("GET",    "openOrder")         => route(Ask::OpenOrders, 1, Signed),
        ("GET",    "openOrders")        => route(Ask::OpenOrders, 1, Signed),
        ("GET",    "allOrders")         => route(Ask::AllOrders, 5, Signed),
        ("DELETE", "allOpenOrders")     => route(Ask::CancelAll, 1, Signed),
        ("POST",   "countdownCancelAll") => route(Ask::Countdown, 10, Signed),
        ("POST",   "listenKey")         => route(Ask::ListenKeyNew, 1, Key),
        ("PUT",    "listenKey")         => route(Ask::ListenKeyKeep, 1, Key),
        ("DELETE", "listenKey")         => route(Ask::ListenKeyEnd, 1, Key),
        _ => return None,
    };
    Some(found)
}

#[cfg(test)]
mod tests;
