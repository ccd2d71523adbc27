//! What the market does to accounts: funding is settled in cash.

use super::Exchange;
use crate::dec::Dec;
use crate::event::{AccountEvent, MarketEvent};
use crate::ledger::{FundingRecord, Reason};
use crate::spec::Row;
use base::WallNs;

impl Exchange {
    /// Lets accounts follow what just happened in the market.
    pub(super) fn follow(&mut self, event: &MarketEvent) {
        match event {
            MarketEvent::Top { row, at, top } => self.match_top(*row, *at, top),
            MarketEvent::Trade { row, at, price, qty, taker, .. } => {
                self.match_trade(*row, *at, *price, *qty, *taker);
            }
            MarketEvent::Settled { row, at, rate, mark } => self.settle(*row, *at, *rate, *mark),
            MarketEvent::Frame { .. }
            | MarketEvent::Depth { .. }
            | MarketEvent::Mark { .. }
            | MarketEvent::Funding { .. } => {}
        }
    }

    /// Longs pay shorts when the rate is above zero: position x mark x rate.
    fn settle(&mut self, row: Row, at: WallNs, rate: Dec, mark: Dec) {
        let spec = self.specs.0[row].clone();
        for account in 0..self.accounts.len() {
            let holder = &mut self.accounts[account];
            let Some(position) = holder.positions.get_mut(&row).filter(|p| !p.qty.is_zero()) else {
                continue;
            };
            let amount = -position.qty.times(mark).times(rate).cut_places(spec.fee_places);
            position.funding += amount;
            position.updated = at;
            let (qty, id) = (position.qty, self.next_record);
            self.next_record += 1;
            holder.pay(Reason::Funding, &spec.quote, amount, at);
            holder.ledger.funding(FundingRecord { id, row, amount, rate, mark, position: qty, at });
            self.tell(AccountEvent::Funding {
                account,
                row,
                amount,
                rate,
                mark,
                position: qty,
                id,
                at,
            });
            self.tell_balance(account, &spec.quote, amount, at);
            self.tell_position(account, row, at);
        }
    }
}
