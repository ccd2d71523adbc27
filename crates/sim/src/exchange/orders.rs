//! Placing, amending and cancelling: the rules an order must pass, and what is held back for it.

use super::Exchange;
use crate::dec::Dec;
use crate::event::{AccountEvent, Change};
use crate::ledger::Refused;
use crate::order::{
    AccountRow, DoneReason, NewOrder, Order, OrderKind, OrderRef, Placed, Refusal, Status, Tif,
};
use crate::spec::{Row, Spec};
use base::{Side, VenueId, WallNs};

impl Exchange {
    /// Places an order: checks it, matches it, rests what is left when it may rest.
    ///
    /// # Errors
    /// [`Refusal`]; nothing happened then.
    pub fn place(
        &mut self,
        now: WallNs,
        account: AccountRow,
        new: NewOrder,
    ) -> Result<Placed, Refusal> {
        if !new.client_id.is_empty() {
            self.accounts[account].ledger.client_ids.push(new.client_id.clone());
        }
        let checked = self.check(now, account, &new);
        if let Err(why) = checked {
            return Err(self.refuse(now, account, Some(new.row), &new.client_id, why));
        }
        let fills_before = self.accounts[account].ledger.fills.len();
        let id = self.accept(now, account, new);
        self.match_new(now, id);
        let fills = self.accounts[account].ledger.fills.get(fills_before..).unwrap_or_default();
        let fills = fills.iter().filter(|fill| fill.order_id == id).cloned().collect();
        Ok(Placed { order: self.orders[&id].clone(), fills })
    }

    /// Cancels an open order; the answer is its last state.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`], [`Refusal::AlreadyFilled`] or [`Refusal::AlreadyCancelled`].
    pub fn cancel(
        &mut self,
        now: WallNs,
        account: AccountRow,
        row: Option<Row>,
        which: &OrderRef,
    ) -> Result<Order, Refusal> {
        match self.find_open(account, row, which) {
            Ok(id) => {
                self.end(now, id, DoneReason::User);
                Ok(self.orders[&id].clone())
            }
            Err(why) => Err(self.refuse(now, account, row, ref_text(which), why)),
        }
    }

    /// Cancels every open order of an account, or those of one instrument.
    pub fn cancel_all(
        &mut self,
        now: WallNs,
        account: AccountRow,
        row: Option<Row>,
        reason: DoneReason,
    ) -> Vec<Order> {
        let ids: Vec<u64> = self.open_orders(account, row).iter().map(|order| order.id).collect();
        for id in &ids {
            self.end(now, *id, reason);
        }
        ids.iter().filter_map(|id| self.orders.get(id)).cloned().collect()
    }

    /// Changes price, quantity or both. A changed price or a larger quantity loses its place and may
    /// trade at once; a quantity not above what is filled ends the order.
    ///
    /// # Errors
    /// [`Refusal`]; the order stays as it was.
    pub fn amend(
        &mut self,
        now: WallNs,
        account: AccountRow,
        row: Option<Row>,
        which: &OrderRef,
        price: Option<Dec>,
        qty: Option<Dec>,
    ) -> Result<Placed, Refusal> {
        let amended = self.find_open(account, row, which).and_then(|id| {
            self.check_amend(account, id, price, qty)?;
            Ok(id)
        });
        let id = match amended {
            Ok(id) => id,
            Err(why) => return Err(self.refuse(now, account, row, ref_text(which), why)),
        };
        let fills_before = self.accounts[account].ledger.fills.len();
        self.apply_amend(now, id, price, qty);
        let fills = self.accounts[account].ledger.fills.get(fills_before..).unwrap_or_default();
        let fills = fills.iter().filter(|fill| fill.order_id == id).cloned().collect();
        Ok(Placed { order: self.orders[&id].clone(), fills })
    }

    /// Ends one open order as if the venue did it on its own; whether there was one.
    pub fn cancel_silently(&mut self, now: WallNs) -> bool {
        let oldest = self.open.iter().flatten().min().copied();
        if let Some(id) = oldest {
            self.end(now, id, DoneReason::Venue);
        }
        oldest.is_some()
    }

    /// Writes a refusal into the ledger.
    fn refuse(
        &mut self,
        now: WallNs,
        account: AccountRow,
        row: Option<Row>,
        client_id: &str,
        why: Refusal,
    ) -> Refusal {
        let refused = Refused { client_id: client_id.to_owned(), row, why, at: now };
        self.accounts[account].ledger.refused.push(refused);
        why
    }

    fn find_open(
        &self,
        account: AccountRow,
        row: Option<Row>,
        which: &OrderRef,
    ) -> Result<u64, Refusal> {
        let order = self.order(account, which).ok_or(Refusal::UnknownOrder)?;
        if row.is_some_and(|row| row != order.row) {
            return Err(Refusal::UnknownOrder);
        }
        match order.status {
            Status::Filled => Err(Refusal::AlreadyFilled),
            Status::Cancelled => Err(Refusal::AlreadyCancelled),
            Status::New | Status::PartiallyFilled => Ok(order.id),
        }
    }

    fn check(&mut self, now: WallNs, account: AccountRow, new: &NewOrder) -> Result<(), Refusal> {
        let spec = self.specs.get(new.row).ok_or(Refusal::Instrument)?.clone();
        if self.faults.rejects(now, &spec.name) {
            return Err(Refusal::Injected);
        }
        self.check_numbers(&spec, new)?;
        self.check_id(account, &new.client_id)?;
        let open = self.open[new.row].iter().filter(|id| self.orders[id].account == account);
        if open.count() >= spec.orders_max {
            return Err(Refusal::TooMany);
        }
        if new.reduce_only {
            let position = self.accounts[account].position(&spec).qty;
            let reduces = match new.side {
                Side::Buy => position.is_negative(),
                Side::Sell => position.is_positive(),
            };
            if !reduces {
                return Err(Refusal::ReduceOnly);
            }
        }
        self.check_style(&spec, new)?;
        self.check_funds(account, &spec, new)
    }

    /// Filters of the instrument.
    fn check_numbers(&self, spec: &Spec, new: &NewOrder) -> Result<(), Refusal> {
        if new.kind == OrderKind::Limit {
            let price = new.price.filter(|p| p.is_positive()).ok_or(Refusal::PriceTick)?;
            check_price(spec, new.side, price, self.market.mark(spec.row))?;
        }
        if let Some(value) = new.quote_qty {
            return if value < spec.notional_min { Err(Refusal::NotionalMin) } else { Ok(()) };
        }
        let most = if new.kind == OrderKind::Market { spec.qty_max_market } else { spec.qty_max };
        check_qty(spec, new.qty, most)?;
        let price = new.price.filter(|_| new.kind == OrderKind::Limit);
        let value = new.qty.times(price.unwrap_or_else(|| self.reference_price(spec)));
        if value < spec.notional_min && !new.reduce_only {
            return Err(Refusal::NotionalMin);
        }
        Ok(())
    }

    /// What a market order is valued at: the mark, or the middle of the book where there is none.
    fn reference_price(&self, spec: &Spec) -> Dec {
        let mark = self.market.mark(spec.row);
        if mark.is_zero() { self.market.top(spec.row).mid() } else { mark }
    }

    /// A client id may be used again once its order has ended, on Binance; never on the others.
    fn check_id(&self, account: AccountRow, client_id: &str) -> Result<(), Refusal> {
        let used = self
            .client_ids
            .get(&(account, client_id.to_owned()))
            .and_then(|id| self.orders.get(id));
        let binance = matches!(self.venue, VenueId::BinanceSpot | VenueId::BinanceUsdm);
        match used {
            Some(order) if !binance || order.status.is_open() => Err(Refusal::DuplicateId),
            _ => Ok(()),
        }
    }

    /// Binance refuses a post-only that would take, and on futures a fill-or-kill that cannot fill; the
    /// others accept and cancel.
    fn check_style(&self, spec: &Spec, new: &NewOrder) -> Result<(), Refusal> {
        let price = new.price.unwrap_or(Dec::ZERO);
        let binance = matches!(self.venue, VenueId::BinanceSpot | VenueId::BinanceUsdm);
        if binance && new.tif == Tif::PostOnly && self.would_take(spec.row, new.side, price) {
            return Err(Refusal::PostOnly);
        }
        let short = || self.takeable(spec.row, new.side, price) < new.qty;
        if self.venue == VenueId::BinanceUsdm && new.tif == Tif::Fok && short() {
            return Err(Refusal::Fok);
        }
        Ok(())
    }

    fn check_funds(&self, account: AccountRow, spec: &Spec, new: &NewOrder) -> Result<(), Refusal> {
        let holder = &self.accounts[account];
        let top = self.market.top(spec.row);
        let enough = if spec.is_perpetual() {
            let best = if new.side == Side::Buy { top.ask } else { top.bid };
            let price = new.price.filter(|_| new.kind == OrderKind::Limit).unwrap_or(best);
            let needed = self.margin_of(account, spec, new.side, new.qty, price);
            new.reduce_only || needed <= self.margin(account, &spec.quote).available.max(Dec::ZERO)
        } else {
            let (asset, amount) = held_for(spec, new, self.worst_price(spec.row, new));
            amount <= holder.balance(asset).free()
        };
        if enough { Ok(()) } else { Err(Refusal::Balance) }
    }

    /// The worst price an order can get: its limit, or the deepest level a market order reaches.
    fn worst_price(&self, row: Row, new: &NewOrder) -> Dec {
        match new.price.filter(|_| new.kind == OrderKind::Limit) {
            Some(price) => price,
            None => self.deepest_price(row, new.side, new.qty),
        }
    }

    fn accept(&mut self, now: WallNs, account: AccountRow, new: NewOrder) -> u64 {
        let id = self.next_order;
        self.next_order += 1;
        let spec = self.specs.0[new.row].clone();
        let mut held = Dec::ZERO;
        if !spec.is_perpetual() {
            let (asset, amount) = held_for(&spec, &new, self.worst_price(new.row, &new));
            self.accounts[account].hold(asset, amount);
            held = amount;
        }
        let client_id = if new.client_id.is_empty() { format!("x{id}") } else { new.client_id };
        let market = new.kind == OrderKind::Market;
        let order = Order {
            id,
            account,
            client_id: client_id.clone(),
            tag: new.tag,
            row: new.row,
            side: new.side,
            kind: new.kind,
            tif: if market && new.tif == Tif::Gtc { Tif::Ioc } else { new.tif },
            price: if market { Dec::ZERO } else { new.price.unwrap_or(Dec::ZERO) },
            qty: new.qty,
            quote_qty: new.quote_qty,
            reduce_only: new.reduce_only,
            stp: new.stp,
            filled: Dec::ZERO,
            filled_value: Dec::ZERO,
            fee: Dec::ZERO,
            fee_asset: String::new(),
            fills: 0,
            realised: Dec::ZERO,
            status: Status::New,
            done_reason: None,
            created: now,
            updated: now,
            ahead: Dec::ZERO,
            held,
        };
        self.client_ids.insert((account, client_id), id);
        self.open[order.row].push(id);
        self.orders.insert(id, order);
        self.announce(now, id, Change::Accepted);
        id
    }

    /// Ends an open order.
    pub(super) fn end(&mut self, now: WallNs, id: u64, reason: DoneReason) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| order.status.is_open()) else {
            return;
        };
        order.status = Status::Cancelled;
        order.done_reason = Some(reason);
        order.updated = now;
        self.close(id);
        self.announce(now, id, Change::Done(reason));
    }

    /// Takes an order that no longer works off the list and gives back what was held for it.
    pub(super) fn close(&mut self, id: u64) {
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        let (row, side, account) = (order.row, order.side, order.account);
        let held = core::mem::take(&mut order.held);
        self.open[row].retain(|open| *open != id);
        if !held.is_zero() {
            let spec = &self.specs.0[row];
            let asset = if side == Side::Buy { &spec.quote } else { &spec.base };
            self.accounts[account].hold(asset, -held);
        }
    }

    /// Tells the account's streams what became of an order.
    pub(super) fn announce(&mut self, at: WallNs, id: u64, change: Change) {
        if let Some(order) = self.orders.get(&id) {
            let (account, order) = (order.account, Box::new(order.clone()));
            self.tell(AccountEvent::Order { account, order, change, at });
        }
    }

    fn check_amend(
        &self,
        account: AccountRow,
        id: u64,
        price: Option<Dec>,
        qty: Option<Dec>,
    ) -> Result<(), Refusal> {
        let order = &self.orders[&id];
        let spec = self.spec(order.row);
        if order.kind != OrderKind::Limit || (price.is_none() && qty.is_none()) {
            return Err(Refusal::Amend);
        }
        let (new_price, new_qty) = (price.unwrap_or(order.price), qty.unwrap_or(order.qty));
        if new_price == order.price && new_qty == order.qty {
            return Err(Refusal::Amend);
        }
        check_price(spec, order.side, new_price, self.market.mark(spec.row))?;
        check_qty(spec, new_qty, spec.qty_max)?;
        if new_price.times(new_qty) < spec.notional_min && !order.reduce_only {
            return Err(Refusal::NotionalMin);
        }
        let left = (new_qty - order.filled).max(Dec::ZERO);
        let enough = if spec.is_perpetual() {
            let more = self.margin_of(account, spec, order.side, left, new_price)
                - self.margin_of(account, spec, order.side, order.left(), order.price);
            order.reduce_only || more <= self.margin(account, &spec.quote).available.max(Dec::ZERO)
        } else {
            let (asset, needed) = match order.side {
                Side::Buy => (&spec.quote, left.times(new_price)),
                Side::Sell => (&spec.base, left),
            };
            needed - order.held <= self.accounts[account].balance(asset).free()
        };
        if enough { Ok(()) } else { Err(Refusal::Balance) }
    }

    fn apply_amend(&mut self, now: WallNs, id: u64, price: Option<Dec>, qty: Option<Dec>) {
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        let keeps_place =
            price.is_none_or(|p| p == order.price) && qty.is_none_or(|q| q <= order.qty);
        order.price = price.unwrap_or(order.price);
        order.qty = qty.unwrap_or(order.qty);
        order.updated = now;
        if order.qty <= order.filled {
            order.qty = order.filled;
            self.end(now, id, DoneReason::User);
            return;
        }
        let (row, side, account) = (order.row, order.side, order.account);
        if !self.specs.0[row].is_perpetual() {
            let needed =
                if side == Side::Buy { order.left().times(order.price) } else { order.left() };
            let change = needed - order.held;
            order.held = needed;
            let spec = &self.specs.0[row];
            let asset = if side == Side::Buy { &spec.quote } else { &spec.base };
            self.accounts[account].hold(asset, change);
        }
        self.announce(now, id, Change::Amended);
        if !keeps_place {
            self.match_new(now, id);
        }
    }
}

fn ref_text(which: &OrderRef) -> &str {
    match which {
        OrderRef::Id(_) => "",
        OrderRef::Client(id) => id,
    }
}

/// The band keeps buyers from paying far above the mark and sellers from selling far below it; the
/// other way orders may rest as far away as they like.
fn check_price(spec: &Spec, side: Side, price: Dec, mark: Dec) -> Result<(), Refusal> {
    if !price.is_positive() || !price.is_multiple_of(spec.tick) {
        return Err(Refusal::PriceTick);
    }
    let beyond = match side {
        Side::Buy => price - mark,
        Side::Sell => mark - price,
    };
    if !spec.price_band.is_zero() && beyond > mark.times(spec.price_band) {
        return Err(Refusal::PriceBand);
    }
    Ok(())
}

fn check_qty(spec: &Spec, qty: Dec, most: Dec) -> Result<(), Refusal> {
    if !qty.is_positive() || !qty.is_multiple_of(spec.lot) {
        return Err(Refusal::QtyLot);
    }
    if qty < spec.qty_min {
        return Err(Refusal::QtyMin);
    }
    if qty > most {
        return Err(Refusal::QtyMax);
    }
    Ok(())
}

/// What a spot order holds back: the quote it may cost, or the base it sells.
fn held_for<'s>(spec: &'s Spec, new: &NewOrder, worst: Dec) -> (&'s str, Dec) {
    match (new.side, new.quote_qty) {
        (Side::Buy, Some(value)) => (&spec.quote, value),
        (Side::Buy, None) => (&spec.quote, new.qty.times(worst)),
        (Side::Sell, Some(value)) => (&spec.base, value.over(worst).cut_to(spec.lot)),
        (Side::Sell, None) => (&spec.base, new.qty),
    }
}
