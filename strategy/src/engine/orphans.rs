//! Positions that no pair holds: found at a start and fitting no combination, or left by a fill that
//! nobody here ordered.
//!
//! They are exposure without a plan, and whose they are is not known: perhaps a person's own. So they
//! are told by name and stop every new pair until they are gone; they are traded only on the command
//! to flatten, and then reduce-only where the product allows it.

use super::{Core, NO_PAIR, Watch};
use crate::outputs::Outputs;
use crate::pair::{Leg, Pair};
use crate::rules::{Combination, Row};
use base::output::{AlarmCode, PairPhase, PairReason};
use base::{InstrumentId, PairId, Qty};

impl Core {
    /// Tells of a position that no pair holds, once, when every account was read.
    pub(super) fn tell_orphan(&mut self, row: &Row, out: &mut Outputs) {
        let reconciled = self.is_reconciled();
        let Some(book) = self.ledger.book_mut(row.id) else { return };
        let orphan = book.orphan;
        if orphan.is_zero() {
            book.orphan_told = false;
        } else if reconciled && !book.orphan_told {
            book.orphan_told = true;
            self.alarm(AlarmCode::Orphan, Some(row), PairId(0), (orphan.0, 0), out);
        }
    }

    /// Gives each of them a pair that is on its way out.
    pub(super) fn flatten_orphans(&mut self, out: &mut Outputs) {
        if !self.is_reconciled() {
            return;
        }
        for number in 0..self.rules.rows.len() {
            let Some(row) = self.rules.rows.get(number).copied() else { return };
            let orphan = self.ledger.book(row.id).map_or(Qty::ZERO, |book| book.orphan);
            if !orphan.is_zero() && self.close_orphan(&row, orphan, out) {
                self.orphaned(row.id, -orphan);
            }
        }
    }

    /// A pair of one leg; `false` while no combination is free for it or there is no room.
    fn close_orphan(&mut self, row: &Row, orphan: Qty, out: &mut Outputs) -> bool {
        let (combinations, watches) = (&self.rules.combinations, &self.watches);
        let fits = |(combination, watch): (&Combination, &Watch)| {
            combination.legs.contains(&row.id) && watch.pair == NO_PAIR
        };
        let Some(number) = combinations.iter().zip(watches).position(fits) else { return false };
        let Some(c) = combinations.get(number).copied() else { return false };
        let [first, second] = c.legs;
        let other = if first == row.id { second } else { first };
        let leg = |instrument: InstrumentId, held| Leg { instrument, held, ..Leg::default() };
        let (held, empty) = (leg(row.id, orphan.abs()), leg(other, Qty::ZERO));
        let pair = Pair {
            strategy: c.strategy,
            combination: u32::try_from(number).unwrap_or(u32::MAX),
            legs: if orphan.0 > 0 { [held, empty] } else { [empty, held] },
            phase: PairPhase::Closing,
            reason: PairReason::Command,
            target: orphan.abs(),
            opened: self.wall,
            since: Some(self.now),
            traded: true,
            leaving: true,
            ..Pair::default()
        };
        let Some(at) = self.pairs.add(&pair) else { return false };
        if let Some(watch) = self.watches.get_mut(number) {
            watch.pair = u16::try_from(at).unwrap_or(NO_PAIR);
        }
        self.announce(at, out);
        true
    }
}
