//! Margin of perpetuals: one pool per account in the settlement asset, each position cross.

use super::Exchange;
use crate::account::Position;
use crate::dec::Dec;
use crate::order::{AccountRow, Order};
use crate::spec::Spec;
use base::Side;

/// An account's margin in a settlement asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// The balance.
    pub wallet: Dec,
    /// Open profit of all positions at their marks.
    pub open_profit: Dec,
    /// Wallet and open profit.
    pub equity: Dec,
    /// Initial margin of the positions.
    pub positions: Dec,
    /// Initial margin of the open orders that would enlarge a position.
    pub orders: Dec,
    /// Maintenance margin of the positions.
    pub maintenance: Dec,
    /// What can be used for more.
    pub available: Dec,
}

/// Maintenance margin as a share of the value: that of the venues' lowest tiers.
const MAINTENANCE: Dec = Dec::scaled(4, 3);

impl Exchange {
    /// The margin of an account in a settlement asset.
    #[must_use]
    pub fn margin(&self, account: AccountRow, asset: &str) -> Margin {
        let holder = &self.accounts[account];
        let balance = holder.balance(asset);
        let mut margin = Margin { wallet: balance.total, ..Margin::default() };
        for spec in self.specs.iter().filter(|s| s.is_perpetual() && s.quote == asset) {
            let position = holder.position(spec);
            let mark = self.market.mark(spec.row);
            let value = position.qty.abs().times(mark);
            margin.open_profit += position.open_profit(mark);
            margin.positions += initial(value, &position);
            margin.maintenance += value.times(MAINTENANCE);
            margin.orders += self.orders_margin(account, spec, &position);
        }
        margin.equity = margin.wallet + margin.open_profit;
        margin.available = margin.equity - balance.held - margin.positions - margin.orders;
        margin
    }

    /// Margin one more order would need.
    pub(super) fn margin_of(
        &self,
        account: AccountRow,
        spec: &Spec,
        side: Side,
        qty: Dec,
        price: Dec,
    ) -> Dec {
        let position = self.accounts[account].position(spec);
        let against = match side {
            Side::Buy => -position.qty,
            Side::Sell => position.qty,
        };
        let enlarging = (qty - against.max(Dec::ZERO)).max(Dec::ZERO);
        let fee = qty.times(price).times(spec.fee_taker);
        initial(enlarging.times(price), &position) + fee
    }

    fn orders_margin(&self, account: AccountRow, spec: &Spec, position: &Position) -> Dec {
        let open = self.open[spec.row].iter().filter_map(|id| self.orders.get(id));
        let open: Vec<&Order> = open.filter(|o| o.account == account && !o.reduce_only).collect();
        let value = |side: Side, against: Dec| {
            let mut free = against.max(Dec::ZERO);
            let mut sum = Dec::ZERO;
            for order in open.iter().filter(|o| o.side == side) {
                let closing = free.min(order.left());
                free -= closing;
                sum += (order.left() - closing).times(order.price);
            }
            sum
        };
        let value = value(Side::Buy, -position.qty).max(value(Side::Sell, position.qty));
        initial(value, position)
    }
}

fn initial(value: Dec, position: &Position) -> Dec {
    Dec(value.0 / i128::from(position.leverage.max(1)))
}
