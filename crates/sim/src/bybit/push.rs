//! Who gets which push: public topics by instrument, private ones by account.

use super::feed::{Push, Topic};
use super::session::Door;
use super::{Bybit, private, rows};
use crate::event::{AccountEvent, Change, Event};
use crate::ledger::FundingRecord;
use crate::order::AccountRow;
use crate::server::{ConnId, Outbox, Text};
use crate::spec::{Row, Spec};
use crate::wire::json::{Obj, list};
use base::WallNs;
use std::collections::{BTreeMap, BTreeSet};

/// What changed on one account, gathered over one call so that it is told once.
#[derive(Debug, Default)]
struct Changed {
    assets: BTreeSet<String>,
    positions: BTreeSet<Row>,
}

impl Bybit {
    /// Whether anybody wants a public topic of an instrument.
    pub(crate) fn wanted(&self, topic: Topic, spec: &Spec) -> bool {
        let text = topic.text(&spec.symbol);
        let door = Door::Public(spec.product);
        self.sessions.values().any(|session| session.door == door && session.topics.contains(&text))
    }

    /// Sends a public push to its subscribers.
    pub(crate) fn publish(&mut self, now: WallNs, spec: &Spec, push: Push, out: &mut Outbox) {
        let topic = push.topic.text(&spec.symbol);
        let door = Door::Public(spec.product);
        let text: Text = push.text.into();
        for (conn, session) in self.sessions.iter_mut().filter(|(_, session)| session.door == door)
        {
            if session.topics.contains(&topic) {
                session.heard = now;
                out.text(*conn, text.clone());
            }
        }
    }

    /// The first push a new public subscription gets; private topics begin with nothing.
    pub(crate) fn greet(&mut self, now: WallNs, conn: ConnId, topic: &str, out: &mut Outbox) {
        let Some(Door::Public(product)) = self.sessions.get(&conn).map(|session| session.door)
        else {
            return;
        };
        let Some((topic, symbol)) = Topic::parse(topic) else {
            return;
        };
        let row = self.exchange.specs().by_symbol(symbol, Some(product)).map(|spec| spec.row);
        let feed = row.and_then(|row| self.feeds.get_mut(row));
        if let Some(push) =
            feed.and_then(|feed| feed.first(topic, now.millis(), self.exchange.market()))
        {
            out.text(conn, push.text);
        }
    }

    /// Tells accounts what happened to them.
    pub(crate) fn push_private(&mut self, now: WallNs, events: &[Event], out: &mut Outbox) {
        let mut changed: BTreeMap<AccountRow, Changed> = BTreeMap::new();
        for event in events {
            let Event::Account(event) = event else {
                continue;
            };
            match event {
                AccountEvent::Order { account, order, change, .. } => {
                    let category = rows::category(self.exchange.spec(order.row));
                    let row = private::order(&self.exchange, order, true);
                    self.tell(now, *account, "order", Some(category), &row, out);
                    if let Change::Filled(fill) = change {
                        let seq = self.seq(fill.row);
                        let row = private::execution(&self.exchange, *account, fill, seq);
                        self.tell(now, *account, "execution", Some(category), &row, out);
                        let row = private::execution_fast(&self.exchange, *account, fill, seq);
                        self.tell(now, *account, "execution.fast", Some(category), &row, out);
                        // Wallet news follows every fill, also one that realised nothing.
                        let asset = self.exchange.spec(fill.row).quote.clone();
                        changed.entry(*account).or_default().assets.insert(asset);
                    }
                }
                AccountEvent::Balance { account, asset, .. } => {
                    changed.entry(*account).or_default().assets.insert(asset.clone());
                }
                AccountEvent::Position { account, row, .. } => {
                    changed.entry(*account).or_default().positions.insert(*row);
                }
                AccountEvent::Funding { account, row, amount, rate, mark, position, id, at } => {
                    let (row, amount, rate, mark) = (*row, *amount, *rate, *mark);
                    let record = FundingRecord {
                        id: *id,
                        row,
                        amount,
                        rate,
                        mark,
                        position: *position,
                        at: *at,
                    };
                    let text = private::funding(&self.exchange, &record, self.seq(row));
                    self.tell(now, *account, "execution", Some("linear"), &text, out);
                }
            }
        }
        for (account, changed) in changed {
            self.push_changed(now, account, &changed, out);
        }
    }

    /// The cross sequence of an instrument.
    fn seq(&self, row: Row) -> i64 {
        self.feeds.get(row).map_or(0, super::feed::Feed::seq)
    }

    fn push_changed(
        &mut self,
        now: WallNs,
        account: AccountRow,
        changed: &Changed,
        out: &mut Outbox,
    ) {
        if !changed.positions.is_empty() {
            let rows: Vec<String> = changed
                .positions
                .iter()
                .map(|row| {
                    private::position(
                        &self.exchange,
                        account,
                        self.exchange.spec(*row),
                        self.seq(*row),
                        true,
                    )
                })
                .collect();
            self.tell(now, account, "position", Some("linear"), &rows.join(","), out);
        }
        if !changed.assets.is_empty() {
            let only: Vec<&str> = changed.assets.iter().map(String::as_str).collect();
            let row = private::wallet(&self.exchange, account, &only);
            self.tell(now, account, "wallet", None, &row, out);
        }
    }

    /// Sends rows of a private topic to the account's subscribers, under the topic they asked for.
    fn tell(
        &mut self,
        now: WallNs,
        account: AccountRow,
        topic: &str,
        category: Option<&str>,
        rows: &str,
        out: &mut Outbox,
    ) {
        let narrow = category.map(|category| format!("{topic}.{category}"));
        let mine =
            |door: Door, owner: Option<AccountRow>| door == Door::Private && owner == Some(account);
        for (conn, session) in self.sessions.iter_mut().filter(|(_, s)| mine(s.door, s.account)) {
            let asked = session
                .topics
                .iter()
                .find(|known| *known == topic || Some(known.as_str()) == narrow.as_deref());
            let Some(asked) = asked else {
                continue;
            };
            self.pushes += 1;
            let id = format!("{}_{}", 24_600_000 + account, self.pushes);
            let text = Obj::new()
                .text("id", id)
                .text("topic", asked)
                .raw("creationTime", now.millis())
                .raw("data", list([rows]))
                .end();
            session.heard = now;
            out.text(*conn, text);
        }
    }
}
