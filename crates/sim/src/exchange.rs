//! A venue without its words: market, accounts, matching, funding, faults.
//!
//! This is what a protocol owns. Its calls take the scenario's time and never fail for any reason but
//! a [`Refusal`]; everything that happens is appended to one ordered list of [`Event`]s that the
//! protocol takes after each call ([`Exchange::take_events`]). An answer to a request comes from the
//! call's return value; what private streams say comes from the events. Both describe the same order,
//! so a protocol may send them in either order.

mod margin;
mod matching;
mod orders;
mod settle;

pub use margin::Margin;

use crate::account::{Account, Balance, Position};
use crate::dec::Dec;
use crate::event::{AccountEvent, Event, Level};
use crate::faults::Faults;
use crate::keys::KeyBook;
use crate::market::Market;
use crate::order::{AccountRow, Fill, Order, OrderRef};
use crate::scenario::{KeyPlan, Scenario, list};
use crate::spec::{Row, Spec, Specs};
use crate::tape::Tape;
use base::{Side, VenueId, WallNs};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A venue.
#[derive(Debug)]
pub struct Exchange {
    venue: VenueId,
    specs: Arc<Specs>,
    market: Market,
    accounts: Vec<Account>,
    orders: BTreeMap<u64, Order>,
    /// Open orders by instrument, oldest first.
    open: Vec<Vec<u64>>,
    /// Client ids of open orders and of those that ended, with the newest order that used it.
    client_ids: BTreeMap<(AccountRow, String), u64>,
    /// What we took from displayed levels.
    taken: Vec<Vec<Taken>>,
    /// Faults: protocols ask at the points its page lists.
    pub faults: Faults,
    /// Who asks with which key; protocols count here.
    pub keys: KeyBook,
    events: Vec<Event>,
    next_order: u64,
    next_trade: u64,
    next_record: u64,
}

/// How much of a displayed level is gone, while it is displayed unchanged.
#[derive(Clone, Copy, Debug)]
struct Taken {
    side: Side,
    shown: Level,
    qty: Dec,
}

impl Exchange {
    /// The venue as the scenario describes it, at the tape's start.
    ///
    /// # Errors
    /// What is wrong with the venue's listing, in words.
    pub fn new(venue: VenueId, scenario: &Scenario, tape: Arc<Tape>) -> Result<Self, String> {
        let specs = Arc::new(list(scenario, venue)?);
        let start = WallNs(tape.start + scenario.shift_ns);
        let market = Market::new(venue, Arc::clone(&specs), tape, scenario);
        let accounts = scenario.accounts.iter().map(|plan| {
            let keys = plan.keys.get(&venue).cloned().unwrap_or_default();
            let balances = plan.balances.get(&venue).cloned().unwrap_or_default();
            Account::open(&plan.name, keys, &balances, start)
        });
        let number = venue.index() as u64 + 1;
        Ok(Self {
            venue,
            accounts: accounts.collect(),
            orders: BTreeMap::new(),
            open: vec![Vec::new(); specs.0.len()],
            client_ids: BTreeMap::new(),
            taken: vec![Vec::new(); specs.0.len()],
            faults: Faults::new(venue, &scenario.faults, start, scenario.seed),
            keys: KeyBook::default(),
            events: Vec::new(),
            next_order: number * 1_000_000_000 + 1,
            next_trade: number * 9_000_000_000 + 1,
            next_record: number * 7_000_000_000 + 1,
            specs,
            market,
        })
    }

    /// Which venue.
    #[must_use]
    pub fn venue(&self) -> VenueId {
        self.venue
    }

    /// Its instruments.
    #[must_use]
    pub fn specs(&self) -> &Arc<Specs> {
        &self.specs
    }

    /// The instrument of that row.
    ///
    /// # Panics
    /// When the row is not one of [`Exchange::specs`].
    #[must_use]
    pub fn spec(&self, row: Row) -> &Spec {
        &self.specs.0[row]
    }

    /// Its market.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Plays the market up to `now`: resting orders fill, funding is settled.
    pub fn advance(&mut self, now: WallNs) {
        let mut played = Vec::new();
        self.market.advance(now, &mut played);
        for event in played {
            let Event::Market(market) = &event else {
                continue;
            };
            let follow = market.clone();
            self.events.push(event);
            self.follow(&follow);
        }
    }

    /// What happened since the last time this was called, in order.
    pub fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    /// The account a key belongs to, and the key.
    #[must_use]
    pub fn account_by_key(&self, api_key: &str) -> Option<(AccountRow, &KeyPlan)> {
        self.accounts.iter().enumerate().find_map(|(row, account)| {
            account.keys.iter().find(|key| key.api_key == api_key).map(|key| (row, key))
        })
    }

    /// An account.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn account(&self, account: AccountRow) -> &Account {
        &self.accounts[account]
    }

    /// What an account has of an asset.
    #[must_use]
    pub fn balance(&self, account: AccountRow, asset: &str) -> Balance {
        self.accounts[account].balance(asset)
    }

    /// An account's position in an instrument.
    #[must_use]
    pub fn position(&self, account: AccountRow, row: Row) -> Position {
        self.accounts[account].position(self.spec(row))
    }

    /// Sets the leverage of an instrument; the account's positions take it at once.
    pub fn set_leverage(&mut self, account: AccountRow, row: Row, leverage: u32) {
        self.accounts[account].leverage.insert(row, leverage.clamp(1, 125));
    }

    /// An order of an account, open or ended.
    #[must_use]
    pub fn order(&self, account: AccountRow, which: &OrderRef) -> Option<&Order> {
        let id = match which {
            OrderRef::Id(id) => *id,
            OrderRef::Client(client) => *self.client_ids.get(&(account, client.clone()))?,
        };
        self.orders.get(&id).filter(|order| order.account == account)
    }

    /// An account's orders, oldest first, of one instrument or of all.
    pub fn orders(&self, account: AccountRow, row: Option<Row>) -> impl Iterator<Item = &Order> {
        self.orders
            .values()
            .filter(move |order| order.account == account && row.is_none_or(|row| row == order.row))
    }

    /// An account's open orders, oldest first, of one instrument or of all.
    #[must_use]
    pub fn open_orders(&self, account: AccountRow, row: Option<Row>) -> Vec<&Order> {
        self.orders(account, row).filter(|order| order.status.is_open()).collect()
    }

    /// An account's fills, oldest first.
    #[must_use]
    pub fn fills(&self, account: AccountRow) -> &[Fill] {
        &self.accounts[account].ledger.fills
    }

    /// The accounts with their ledgers and orders as JSON, numbers as decimal text.
    #[must_use]
    pub fn ledger_json(&self) -> Value {
        let accounts = self.accounts.iter().enumerate().map(|(row, account)| {
            let mut value = account.ledger.to_json(&self.specs);
            value["venue"] = json!(self.venue.name());
            value["name"] = json!(account.name);
            let balances = account.balances.iter();
            let balances = balances
                .map(|(asset, b)| (asset.clone(), json!({"total": b.total, "held": b.held})));
            value["balances"] = balances.collect::<serde_json::Map<_, _>>().into();
            value["positions"] = self.positions_json(account);
            let orders = self.orders(row, None).map(|o| crate::ledger::order_json(o, &self.specs));
            value["orders"] = orders.collect::<Vec<_>>().into();
            value
        });
        json!({
            "venue": self.venue.name(),
            "at_ns": self.market.now().0,
            "faults_injected": self.faults.injected(),
            "keys": self.keys.to_json(),
            "accounts": accounts.collect::<Vec<_>>(),
        })
    }

    fn positions_json(&self, account: &Account) -> Value {
        let rows = account.positions.iter().map(|(row, position)| {
            let value = json!({
                "qty": position.qty,
                "cost": position.cost,
                "realised": position.realised,
                "funding": position.funding,
                "fees": position.fees,
                "mark": self.market.mark(*row),
            });
            (self.spec(*row).name.clone(), value)
        });
        rows.collect::<serde_json::Map<_, _>>().into()
    }

    /// Tells the private streams that a balance changed.
    fn tell_balance(&mut self, account: AccountRow, asset: &str, change: Dec, at: WallNs) {
        let balance = self.accounts[account].balance(asset);
        self.tell(AccountEvent::Balance { account, asset: asset.to_owned(), change, balance, at });
    }

    /// Tells the private streams that a position changed.
    fn tell_position(&mut self, account: AccountRow, row: Row, at: WallNs) {
        let position = self.position(account, row);
        self.tell(AccountEvent::Position { account, row, position, at });
    }

    /// Tells the private streams of an account.
    fn tell(&mut self, event: AccountEvent) {
        self.events.push(Event::Account(event));
    }
}

#[cfg(test)]
mod tests;
