//! What an order that opens needs of its venue's account, and what may be spent there.

use super::Core;
use crate::market::Slot;
use crate::risk::Gate;
use crate::rules::Row;
use base::{InstrumentId, Money, Price, Qty, Rate};

impl Core {
    /// Says what each leg needs of its quote asset.
    pub(super) fn gate_balances(
        &self,
        rows: [&Row; 2],
        prices: [Price; 2],
        qty: Qty,
    ) -> Result<[Money; 2], Gate> {
        let [long, short] = rows;
        let [buy, sell] = prices;
        let needs = [self.need(long, buy, qty), self.need(short, sell, qty)];
        let together = long.venue == short.venue;
        for (row, need) in rows.into_iter().zip(needs) {
            let need = if together { needs[0] + needs[1] } else { need };
            let free = self.spendable(row).ok_or(Gate::BalanceUnknown)?;
            if need > free {
                return Err(Gate::BalanceShort);
            }
        }
        Ok(needs)
    }

    /// What an order that opens needs of the quote asset: the price of spot, the margin of a
    /// perpetual, and the fee.
    #[inline]
    pub(super) fn need(&self, row: &Row, price: Price, qty: Qty) -> Money {
        let need = self.rules.terms(row.id).and_then(|terms| terms.need(price, qty));
        need.unwrap_or_else(|| self.need_of_large(row, price, qty))
    }

    #[cold]
    #[inline(never)]
    fn need_of_large(&self, row: &Row, price: Price, qty: Qty) -> Money {
        let notional = row.scale.notional(price, qty);
        let fee = notional.checked_mul_rate(row.fee_taker).unwrap_or(notional).abs();
        let margin = if row.is_perpetual() { self.margin(notional) } else { notional };
        margin + fee
    }

    fn margin(&self, notional: Money) -> Money {
        let leverage = self.rules.plan.risk.max_leverage.0.max(1);
        if leverage % Rate::ONE.0 == 0 {
            let times = i128::from(leverage / Rate::ONE.0);
            return Money(notional.0.checked_div(times).unwrap_or(notional.0));
        }
        let (leverage, one) = (i128::from(leverage), i128::from(Rate::ONE.0));
        let scaled = (notional.0 / leverage).saturating_mul(one);
        Money(scaled.saturating_add((notional.0 % leverage) * one / leverage))
    }

    /// What may be spent of the quote asset where `row` trades; `None` while unknown. Where the
    /// venue does not say what is available: its total less the margin of our positions there.
    pub(super) fn spendable(&self, row: &Row) -> Option<Money> {
        let account = self.ledger.account(row.venue, row.quote)?;
        let free = match account.available {
            Some(available) => available,
            None => account.reported? - self.margin_used(row),
        };
        Some(free - account.reserved)
    }

    fn margin_used(&self, row: &Row) -> Money {
        let there = |id: &&InstrumentId| {
            self.rules.row(**id).is_some_and(|r| r.venue == row.venue && r.is_perpetual())
        };
        let value = |id: &InstrumentId| {
            let row = self.rules.row(*id)?;
            let price = self.market.slot(*id).and_then(Slot::value_price);
            Some(self.margin(self.ledger.value(row, price).abs()))
        };
        self.ledger.held().iter().filter(there).filter_map(value).sum()
    }
}
