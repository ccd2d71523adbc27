//! Matching against the displayed book.
//!
//! A taking order eats what the market displays at this moment, less what we already took of levels
//! that have not changed since, and our own resting orders where they stand. A resting order fills
//! when the market trades through its price, when trades at its price have used up what stood before
//! it, or when the opposite best price reaches it. Market data does not show our own orders: the
//! captured frames are served as they are.

use super::{Exchange, Taken};
use crate::dec::Dec;
use crate::event::{Change, Level, Top};
use crate::order::{DoneReason, Fill, OrderKind, Status, Stp, Tif};
use crate::spec::Row;
use base::{Side, WallNs};

/// Levels looked at first; a larger order looks at all.
const NEAR: usize = 50;
const ALL: usize = 5_000;

/// One thing a taking order can trade with.
#[derive(Clone, Copy, Debug)]
enum Offer {
    Shown(Level, Dec),
    Own(u64),
}

impl Exchange {
    /// Whether a limit order at `price` would trade at once.
    pub(super) fn would_take(&self, row: Row, side: Side, price: Dec) -> bool {
        let best = self.shown(row, side.opposite(), 1).first().copied();
        best.is_some_and(|(level, _)| reaches(side, price, level.price))
    }

    /// How much the book shows up to a limit price.
    pub(super) fn takeable(&self, row: Row, side: Side, price: Dec) -> Dec {
        let levels = self.shown(row, side.opposite(), ALL);
        levels
            .iter()
            .filter(|(level, _)| reaches(side, price, level.price))
            .map(|(_, left)| *left)
            .sum()
    }

    /// The price of the last level a market order of `qty` reaches.
    pub(super) fn deepest_price(&self, row: Row, side: Side, qty: Dec) -> Dec {
        let mut left = qty;
        let mut price = Dec::ZERO;
        for (level, free) in self.shown(row, side.opposite(), ALL) {
            price = level.price;
            left -= free;
            if !left.is_positive() {
                break;
            }
        }
        price
    }

    /// Displayed levels of a side with what is left of each.
    fn shown(&self, row: Row, side: Side, depth: usize) -> Vec<(Level, Dec)> {
        let taken = &self.taken[row];
        let left = |level: Level| {
            let gone = taken.iter().find(|t| t.side == side && t.shown == level).map(|t| t.qty);
            (level, level.qty - gone.unwrap_or(Dec::ZERO))
        };
        self.market.levels(row, side, depth).into_iter().map(left).collect()
    }

    /// Matches an order that just arrived (or was re-priced), then rests or ends it.
    pub(super) fn match_new(&mut self, now: WallNs, id: u64) {
        let order = &self.orders[&id];
        let (row, side, tif, price) = (order.row, order.side, order.tif, order.price);
        let limited = order.kind == OrderKind::Limit;
        if tif == Tif::PostOnly && self.would_take(row, side, price) {
            return self.end(now, id, DoneReason::PostOnly);
        }
        if tif == Tif::Fok && limited && self.takeable(row, side, price) < self.orders[&id].left() {
            return self.end(now, id, DoneReason::Fok);
        }
        if tif != Tif::PostOnly {
            self.take(now, id);
        }
        self.drop_irreducible(now, id);
        let order = &self.orders[&id];
        if !order.status.is_open() {
            return;
        }
        match tif {
            Tif::Ioc | Tif::Fok if limited => self.end(now, id, DoneReason::Ioc),
            Tif::Ioc | Tif::Fok => self.end(now, id, DoneReason::NoLiquidity),
            Tif::Gtc | Tif::PostOnly => self.rest(id),
        }
    }

    /// Puts an order behind what is displayed at its price.
    fn rest(&mut self, id: u64) {
        let Some(order) = self.orders.get(&id) else {
            return;
        };
        let levels = self.market.levels(order.row, order.side, NEAR);
        let same = levels.iter().find(|level| level.price == order.price);
        let ahead = same.map_or(Dec::ZERO, |level| level.qty);
        if let Some(order) = self.orders.get_mut(&id) {
            order.ahead = ahead;
        }
    }

    /// Trades an arriving order with everything its limit reaches, best price first.
    fn take(&mut self, now: WallNs, id: u64) {
        let name = self.specs.0[self.orders[&id].row].name.clone();
        let short = self.faults.fills_short(now, &name);
        let mut cap = short.then(|| {
            let order = &self.orders[&id];
            let third = Dec(order.left().0 / 3).cut_to(self.specs.0[order.row].lot);
            third.max(self.specs.0[order.row].lot)
        });
        for offer in self.offers(id) {
            let wanted = self.wanted(id, offer);
            let wanted = cap.map_or(wanted, |cap| cap.min(wanted));
            if !self.orders[&id].status.is_open() || !wanted.is_positive() {
                break;
            }
            let traded = match offer {
                Offer::Shown(level, free) => self.take_shown(now, id, level, free.min(wanted)),
                Offer::Own(other) => self.meet_own(now, id, other, wanted),
            };
            cap = cap.map(|cap| cap - traded);
        }
    }

    /// What an arriving order can trade with, best price first, displayed before our own.
    fn offers(&self, id: u64) -> Vec<Offer> {
        let order = &self.orders[&id];
        let (row, side) = (order.row, order.side);
        let limit = (order.kind == OrderKind::Limit).then_some(order.price);
        let open = |price: Dec| limit.is_none_or(|limit| reaches(side, limit, price));
        let enough = |levels: &[(Level, Dec)]| levels.iter().map(|(_, free)| *free).sum::<Dec>();
        let mut levels = self.shown(row, side.opposite(), NEAR);
        if order.quote_qty.is_some() || enough(&levels) < order.left() {
            levels = self.shown(row, side.opposite(), ALL);
        }
        let mut offers: Vec<(Dec, Offer)> = levels
            .into_iter()
            .filter(|(level, free)| open(level.price) && free.is_positive())
            .map(|(level, free)| (level.price, Offer::Shown(level, free)))
            .collect();
        let own = self.open[row].iter().filter_map(|own| self.orders.get(own));
        let own = own.filter(|o| o.id != id && o.side != side && open(o.price));
        offers.extend(own.map(|o| (o.price, Offer::Own(o.id))));
        match side {
            Side::Buy => offers.sort_by_key(|(price, _)| *price),
            Side::Sell => offers.sort_by_key(|(price, _)| core::cmp::Reverse(*price)),
        }
        offers.into_iter().map(|(_, offer)| offer).collect()
    }

    /// How much of an offer the order still wants.
    fn wanted(&self, id: u64, offer: Offer) -> Dec {
        let order = &self.orders[&id];
        let spec = &self.specs.0[order.row];
        let price = match offer {
            Offer::Shown(level, _) => level.price,
            Offer::Own(other) => self.orders[&other].price,
        };
        let wanted = match order.quote_qty {
            Some(value) => (value - order.filled_value).over(price).cut_to(spec.lot),
            None => order.left(),
        };
        if order.reduce_only { wanted.min(self.reducible(id)) } else { wanted }
    }

    /// How much of a position a reduce-only order may still close.
    fn reducible(&self, id: u64) -> Dec {
        let order = &self.orders[&id];
        let position = self.accounts[order.account].position(&self.specs.0[order.row]).qty;
        match order.side {
            Side::Buy => (-position).max(Dec::ZERO),
            Side::Sell => position.max(Dec::ZERO),
        }
    }

    fn take_shown(&mut self, now: WallNs, id: u64, level: Level, qty: Dec) -> Dec {
        let order = &self.orders[&id];
        let (row, side) = (order.row, order.side.opposite());
        self.mark_taken(row, side, level, qty);
        self.fill(now, id, level.price, qty, false);
        qty
    }

    /// Remembers what we took of a displayed level, while it is displayed like that.
    fn mark_taken(&mut self, row: Row, side: Side, shown: Level, qty: Dec) {
        let taken = &mut self.taken[row];
        if let Some(known) = taken.iter_mut().find(|t| t.side == side && t.shown == shown) {
            known.qty += qty;
            return;
        }
        // A level that changed since is another level; the oldest are the likeliest to have.
        if taken.len() >= 64 {
            taken.remove(0);
        }
        taken.push(Taken { side, shown, qty });
    }

    /// An arriving order meets a resting one of ours: they trade, or self-trade prevention decides.
    fn meet_own(&mut self, now: WallNs, id: u64, other: u64, wanted: Dec) -> Dec {
        let same_account = self.orders[&id].account == self.orders[&other].account;
        let stp = if same_account { self.orders[&id].stp } else { Stp::None };
        match stp {
            Stp::None => {
                let qty = wanted.min(self.orders[&other].left());
                let price = self.orders[&other].price;
                self.fill(now, other, price, qty, true);
                self.fill(now, id, price, qty, false);
                return qty;
            }
            Stp::CancelMaker => self.end(now, other, DoneReason::SelfTrade),
            Stp::CancelTaker => self.end(now, id, DoneReason::SelfTrade),
            Stp::CancelBoth => {
                self.end(now, other, DoneReason::SelfTrade);
                self.end(now, id, DoneReason::SelfTrade);
            }
        }
        Dec::ZERO
    }

    /// The best prices changed: resting orders they reach are filled from what is displayed there.
    pub(super) fn match_top(&mut self, row: Row, now: WallNs, top: &Top) {
        if self.open[row].is_empty() {
            return;
        }
        for id in self.open[row].clone() {
            let Some(order) = self.orders.get_mut(&id) else {
                continue;
            };
            let (own, shown) = match order.side {
                Side::Buy => ((top.bid, top.bid_qty), Level { price: top.ask, qty: top.ask_qty }),
                Side::Sell => ((top.ask, top.ask_qty), Level { price: top.bid, qty: top.bid_qty }),
            };
            // What stood before us can only have shrunk to what is displayed now.
            if own.0 == order.price {
                order.ahead = order.ahead.min(own.1);
            } else if !reaches(order.side, own.0, order.price) {
                order.ahead = Dec::ZERO;
            }
            let (side, price) = (order.side, order.price);
            if shown.qty.is_zero() || !reaches(side, price, shown.price) {
                continue;
            }
            let gone =
                self.taken[row].iter().find(|t| t.side == side.opposite() && t.shown == shown);
            let free = shown.qty - gone.map_or(Dec::ZERO, |t| t.qty);
            let qty = self.restable(id).min(free);
            if qty.is_positive() {
                self.mark_taken(row, side.opposite(), shown, qty);
                self.fill(now, id, price, qty, true);
            }
            self.drop_irreducible(now, id);
        }
    }

    /// Others traded: resting orders at better prices fill, those at the price after their queue.
    pub(super) fn match_trade(&mut self, row: Row, now: WallNs, price: Dec, qty: Dec, taker: Side) {
        if self.open[row].is_empty() {
            return;
        }
        let side = taker.opposite();
        let mut left = qty;
        for id in self.open[row].clone() {
            let Some(order) = self.orders.get_mut(&id).filter(|order| order.side == side) else {
                continue;
            };
            let mut share = left;
            if order.price == price {
                let queue = order.ahead.min(qty);
                order.ahead -= queue;
                share = share.min(qty - queue);
            } else if !reaches(side, order.price, price) {
                continue;
            }
            let (limit, share) = (order.price, share.min(self.restable(id)));
            if share.is_positive() {
                left -= share;
                self.fill(now, id, limit, share, true);
            }
            self.drop_irreducible(now, id);
        }
    }

    /// What a resting order may still fill.
    fn restable(&self, id: u64) -> Dec {
        let order = &self.orders[&id];
        if order.reduce_only { order.left().min(self.reducible(id)) } else { order.left() }
    }

    /// A reduce-only order whose position is gone ends.
    fn drop_irreducible(&mut self, now: WallNs, id: u64) {
        let order = &self.orders[&id];
        if order.reduce_only && order.status.is_open() && self.reducible(id).is_zero() {
            self.end(now, id, DoneReason::ReduceOnly);
        }
    }

    /// Books one execution of an order.
    fn fill(&mut self, now: WallNs, id: u64, price: Dec, qty: Dec, maker: bool) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| order.status.is_open()) else {
            return;
        };
        let (row, account) = (order.row, order.account);
        let spec = &self.specs.0[row];
        let mut fill = Fill {
            trade_id: self.next_trade,
            order_id: id,
            row,
            side: order.side,
            price,
            qty,
            fee: Dec::ZERO,
            fee_asset: String::new(),
            fee_rate: if maker { spec.fee_maker } else { spec.fee_taker },
            maker,
            realised: Dec::ZERO,
            at: now,
        };
        self.next_trade += 1;
        if !spec.is_perpetual() {
            // The fill pays out of what was held for the order.
            let value = if order.side == Side::Buy { price.times(qty) } else { qty };
            let used = value.min(order.held);
            order.held -= used;
            let asset = if order.side == Side::Buy { &spec.quote } else { &spec.base };
            self.accounts[account].hold(asset, -used);
        }
        self.accounts[account].book_fill(spec, &mut fill);
        order.filled += qty;
        order.filled_value += price.times(qty);
        order.fee += fill.fee;
        order.fee_asset.clone_from(&fill.fee_asset);
        order.realised += fill.realised;
        order.fills += 1;
        order.updated = now;
        let spent = order
            .quote_qty
            .is_some_and(|value| (value - order.filled_value) < price.times(spec.lot));
        let full = if order.quote_qty.is_some() { spent } else { order.left().is_zero() };
        if order.quote_qty.is_some() {
            order.qty = order.filled;
        }
        order.status = if full { Status::Filled } else { Status::PartiallyFilled };
        if full {
            self.close(id);
        }
        self.tell_fill(now, id, fill);
    }

    fn tell_fill(&mut self, at: WallNs, id: u64, fill: Fill) {
        let (account, row) = (self.orders[&id].account, fill.row);
        let spec = self.specs.0[row].clone();
        let paid = if fill.side == Side::Buy {
            -fill.price.times(fill.qty)
        } else {
            fill.price.times(fill.qty)
        };
        let base_in = if fill.side == Side::Buy { fill.qty } else { -fill.qty };
        let fee_in = |asset: &str| if fill.fee_asset == asset { fill.fee } else { Dec::ZERO };
        let quote = if spec.is_perpetual() { fill.realised } else { paid } - fee_in(&spec.quote);
        let base = if spec.is_perpetual() { Dec::ZERO } else { base_in - fee_in(&spec.base) };
        self.announce(at, id, Change::Filled(fill));
        for (asset, change) in [(&spec.base, base), (&spec.quote, quote)] {
            if !change.is_zero() {
                self.tell_balance(account, asset, change, at);
            }
        }
        if spec.is_perpetual() {
            self.tell_position(account, row, at);
        }
    }
}

/// Whether a limit on `side` accepts a price: a buyer's is at least as high, a seller's as low.
fn reaches(side: Side, limit: Dec, price: Dec) -> bool {
    match side {
        Side::Buy => limit >= price,
        Side::Sell => limit <= price,
    }
}
