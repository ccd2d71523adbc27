//! What the accounts allow, and funding.

use base::input::{FundingPaid, Input};
use base::output::{Place, Style};
use base::{AssetId, InstrumentId, Money, Price, Qty, Side, VenueId, WallNs};
use telemetry::{Counter, NoticeCode};

use super::{Desk, Hands, Resting};
use crate::account::{Row, margin};
use crate::market::Due;

impl Desk {
    /// Whether the account pays for an order, all of it, at its limit.
    pub(super) fn affords(&self, row: &Row, place: &Place) -> bool {
        let price = match place.style {
            Style::Market => self.markets.get(row.id.index()).map(|m| m.touch(place.side)),
            _ => Some(place.price),
        };
        let Some(price) = price else { return false };
        if row.is_perpetual {
            let opens = self.opening(row, place);
            if opens.is_zero() {
                return true;
            }
            let worth = row.scale.notional(price, opens);
            let fee = worth.checked_mul_rate(row.fee_taker).unwrap_or(worth).abs();
            return margin(worth, self.terms.leverage) + fee <= self.free(row.venue, row.quote);
        }
        let (asset, amount) = spent(row, place.side, price, place.qty);
        amount <= self.free(row.venue, asset)
    }

    /// How much of an order adds to a position rather than reduces it.
    fn opening(&self, row: &Row, place: &Place) -> Qty {
        if place.reduce_only {
            return Qty::ZERO;
        }
        let held = self.accounts.held(row.id).qty;
        let against = match place.side {
            Side::Buy => (-held).max(Qty::ZERO),
            Side::Sell => held.max(Qty::ZERO),
        };
        (place.qty - against).max(Qty::ZERO)
    }

    /// What orders may use of an asset: the cash, with what open positions would bring now, less their
    /// margin and less what resting orders may need.
    pub(super) fn free(&self, venue: VenueId, asset: AssetId) -> Money {
        let mut free = self.accounts.cash(venue, asset);
        let ours = |row: &&Row| row.venue == venue && row.is_perpetual && row.quote == asset;
        for row in self.rows.iter().flatten().filter(ours) {
            let held = self.accounts.held(row.id);
            if held.qty.is_zero() {
                continue;
            }
            let price = self.markets.get(row.id.index()).and_then(crate::market::Market::value);
            let worth = price.map_or(held.cost, |price| row.scale.notional(price, held.qty));
            free += worth - held.cost - margin(worth.abs(), self.terms.leverage);
        }
        let of = |resting: &Resting| {
            let row = self.row(resting.place.instrument)?;
            self.reserve(&row, resting).filter(|(at, of, _)| (*at, *of) == (venue, asset))
        };
        let reserved: Money = self.resting.iter().filter_map(of).map(|(.., amount)| amount).sum();
        free - reserved
    }

    /// What a resting order may need.
    fn reserve(&self, row: &Row, resting: &Resting) -> Option<(VenueId, AssetId, Money)> {
        let place = &resting.place;
        let left = resting.left();
        if row.is_perpetual {
            let opens = self.opening(row, place).min(left);
            let worth = row.scale.notional(place.price, opens);
            return Some((row.venue, row.quote, margin(worth, self.terms.leverage)));
        }
        let (asset, amount) = spent(row, place.side, place.price, left);
        Some((row.venue, asset, amount))
    }

    /// A settlement: the rate last said, on the position as it is, at the mark last said.
    pub(super) fn charge(&mut self, id: InstrumentId, due: Due, hands: &mut Hands<'_>) {
        let Some(row) = self.row(id) else { return };
        let Some(market) = self.markets.get_mut(id.index()) else { return };
        market.note_charged(due.next);
        let Some(price) = market.value() else { return };
        let Some(amount) = self.accounts.fund(&row, due.rate, price) else { return };
        hands.page.add(Counter::FundingSettlements, 1);
        hands.tell((row.venue, id), NoticeCode::FundingPaid, [0; 3]);
        let settled: WallNs = due.next;
        let (venue, asset) = (row.venue, row.quote);
        let paid = FundingPaid { venue, instrument: id, asset, amount, settled };
        hands.out.push(Input::FundingPaid(paid), hands.now);
        self.tell_balances(&row, hands);
    }
}

/// What a spot order spends of which asset.
fn spent(row: &Row, side: Side, price: Price, qty: Qty) -> (AssetId, Money) {
    match side {
        Side::Buy => (row.quote, row.scale.notional(price, qty)),
        Side::Sell => (row.base, row.scale.amount(qty)),
    }
}
