//! Who gets which push: public channels by instrument, private ones by account.

use super::arg::{Arg, PRIVATE};
use super::feed::{CHANNELS, Push};
use super::{Okx, private, rows};
use crate::event::{AccountEvent, Change, Event};
use crate::order::{AccountRow, Order};
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
    trades: Vec<(Row, u64)>,
    funding: bool,
}

impl Okx {
    /// Whether anybody wants a public channel of an instrument.
    pub(crate) fn wanted(&self, channel: &str, spec: &Spec) -> bool {
        self.sessions
            .values()
            .any(|session| session.subs.iter().any(|arg| arg.wants(channel, spec)))
    }

    /// Sends a public push to its subscribers.
    pub(crate) fn publish(&mut self, now: WallNs, spec: &Spec, push: &Push, out: &mut Outbox) {
        let mut text: Option<Text> = None;
        for (conn, session) in &mut self.sessions {
            let Some(arg) = session.subs.iter().find(|arg| arg.wants(push.channel, spec)) else {
                continue;
            };
            let text = text.get_or_insert_with(|| whole(arg, None, push.action, &push.data).into());
            session.heard = now;
            out.text(*conn, text.clone());
        }
    }

    /// The first push a new subscription gets.
    pub(crate) fn greet(&mut self, now: WallNs, conn: ConnId, arg: &Arg, out: &mut Outbox) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        if PRIVATE.contains(&arg.channel.as_str()) {
            let Some(account) = session.account else {
                return;
            };
            let data = self.private_snapshot(now, account, arg);
            let uid = Self::shown_uid(session, arg);
            if let Some(data) = data {
                out.text(conn, whole(arg, uid.as_deref(), None, &data));
            }
            return;
        }
        if arg.channel == "instruments" {
            let specs = self.exchange.specs();
            let rows = list(specs.iter().filter(|spec| arg.lists(spec)).map(rows::instrument));
            out.text(conn, whole(arg, None, None, &rows));
            return;
        }
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let channel = CHANNELS.into_iter().find(|known| *known == arg.channel);
        let spec = channel.and_then(|channel| specs.iter().find(|spec| arg.wants(channel, spec)));
        let (Some(channel), Some(spec)) = (channel, spec) else {
            return;
        };
        let feed = self.feeds.get_mut(spec.row);
        if let Some(push) =
            feed.and_then(|feed| feed.first(channel, now.millis(), self.exchange.market()))
        {
            out.text(conn, whole(arg, None, push.action, &push.data));
        }
    }

    /// What a private channel begins with; `orders` and `fills` begin with nothing.
    fn private_snapshot(&self, now: WallNs, account: AccountRow, arg: &Arg) -> Option<String> {
        let at = now.millis();
        let held = || {
            self.exchange
                .specs()
                .iter()
                .filter(|spec| !self.exchange.position(account, spec.row).qty.is_zero())
        };
        match arg.channel.as_str() {
            "account" => Some(list([private::balance(&self.exchange, account, &[], at)])),
            "positions" => {
                let mine = held().filter(|spec| arg.wants_private("positions", spec));
                Some(list(mine.map(|spec| private::position(&self.exchange, account, spec, at))))
            }
            "balance_and_position" => {
                let assets: Vec<String> =
                    self.exchange.account(account).balances.keys().cloned().collect();
                let rows: Vec<Row> = held().map(|spec| spec.row).collect();
                Some(list([self.balance_and_position(
                    account,
                    "snapshot",
                    &assets,
                    &rows,
                    &[],
                    at,
                )]))
            }
            _ => None,
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
                    self.push_order(now, *account, order, change, out);
                    if let Change::Filled(fill) = change {
                        let row = list([private::fill_push(&self.exchange, *account, fill)]);
                        self.tell(now, *account, "fills", Some(fill.row), &row, out);
                        changed.entry(*account).or_default().trades.push((fill.row, fill.trade_id));
                    }
                }
                AccountEvent::Balance { account, asset, .. } => {
                    changed.entry(*account).or_default().assets.insert(asset.clone());
                }
                AccountEvent::Position { account, row, .. } => {
                    changed.entry(*account).or_default().positions.insert(*row);
                }
                AccountEvent::Funding { account, .. } => {
                    changed.entry(*account).or_default().funding = true;
                }
            }
        }
        for (account, changed) in changed {
            self.push_changed(now, account, &changed, out);
        }
    }

    fn push_order(
        &mut self,
        now: WallNs,
        account: AccountRow,
        order: &Order,
        change: &Change,
        out: &mut Outbox,
    ) {
        let words = self.words_of(order.id).clone();
        let fill = if let Change::Filled(fill) = change { Some(fill) } else { None };
        let amended = matches!(change, Change::Amended);
        let row = private::order_push(&self.exchange, order, &words, fill, amended);
        self.tell(now, account, "orders", Some(order.row), &list([row]), out);
    }

    fn push_changed(
        &mut self,
        now: WallNs,
        account: AccountRow,
        changed: &Changed,
        out: &mut Outbox,
    ) {
        let at = now.millis();
        for row in &changed.positions {
            let spec = self.exchange.spec(*row).clone();
            let data = list([private::position(&self.exchange, account, &spec, at)]);
            self.tell(now, account, "positions", Some(*row), &data, out);
        }
        let assets: Vec<String> = changed.assets.iter().cloned().collect();
        if !assets.is_empty() {
            let only: Vec<&str> = assets.iter().map(String::as_str).collect();
            let data = list([private::balance(&self.exchange, account, &only, at)]);
            self.tell(now, account, "account", None, &data, out);
        }
        let kind = if changed.funding { "funding_fee" } else { "filled" };
        let rows: Vec<Row> = changed.positions.iter().copied().collect();
        let data =
            list([self.balance_and_position(account, kind, &assets, &rows, &changed.trades, at)]);
        self.tell(now, account, "balance_and_position", None, &data, out);
    }

    fn balance_and_position(
        &self,
        account: AccountRow,
        kind: &str,
        assets: &[String],
        rows: &[Row],
        trades: &[(Row, u64)],
        at: i64,
    ) -> String {
        let balances =
            assets.iter().map(|asset| private::balance_brief(&self.exchange, account, asset, at));
        let positions = rows
            .iter()
            .map(|row| private::position_brief(&self.exchange, account, self.exchange.spec(*row)));
        let trades = trades.iter().map(|(row, id)| {
            Obj::new().text("instId", &self.exchange.spec(*row).symbol).text("tradeId", id).end()
        });
        Obj::new()
            .raw("balData", list(balances))
            .text("eventType", kind)
            .text("pTime", at)
            .raw("posData", list(positions))
            .raw("trades", list(trades))
            .end()
    }

    /// Sends rows of a private channel to the account's subscribers.
    fn tell(
        &mut self,
        now: WallNs,
        account: AccountRow,
        channel: &str,
        row: Option<Row>,
        data: &str,
        out: &mut Outbox,
    ) {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let spec = row.and_then(|row| specs.get(row));
        for (conn, session) in
            self.sessions.iter_mut().filter(|(_, session)| session.account == Some(account))
        {
            let wants = |arg: &&Arg| match spec {
                Some(spec) if channel != "fills" || !arg.inst_id.is_empty() => {
                    arg.wants_private(channel, spec)
                }
                _ => arg.channel == channel,
            };
            let Some(arg) = session.subs.iter().find(wants) else {
                continue;
            };
            let uid = Self::shown_uid(session, arg);
            out.text(*conn, whole(arg, uid.as_deref(), None, data));
            session.heard = now;
        }
    }
}

/// A push with its `arg`.
fn whole(arg: &Arg, uid: Option<&str>, action: Option<&str>, data: &str) -> String {
    let object = Obj::new().raw("arg", arg.json(uid));
    let object =
        action.map_or_else(|| object.clone(), |action| object.clone().text("action", action));
    object.raw("data", data).end()
}
