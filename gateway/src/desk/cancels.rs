//! Cancelling everything: asked for once, and pursued until nothing of it is out.

use base::output::CancelAll;
use base::{InstrumentId, OrderId, Span, Stamp, VenueId};
use net::Channel;
use telemetry::Counter;
use venue::Spend;

use super::intents::order_line;
use super::{Desk, Hands, Mind, soon};
use crate::encode::{Moment, Named, TEXT_MAX, okx};
use crate::orders::OpenOrder;
use crate::requests::Purpose;
use crate::rest::Task;

/// What is still out though it should not be is cancelled again this often.
const SWEEP_EVERY: u64 = 500;

/// Most orders one sweep cancels.
const SWEEP_MAX: usize = 32;

/// Whether everything of an instrument was to be cancelled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// When that was asked for; `Stamp(0)` when nothing is pursued.
    asked: Stamp,
    /// The request for the whole instrument has left.
    sent: bool,
}

impl<L: Channel> Desk<L> {
    /// Cancels everything of an instrument, or of every instrument; what cannot be asked now, or stays
    /// out, is asked again by the sweep.
    #[cold]
    #[inline(never)]
    pub(crate) fn cancel_all(&mut self, all: &CancelAll, hands: &mut Hands<'_>) {
        let Self { markets, mind, .. } = self;
        for market in markets.iter() {
            if all.instrument == InstrumentId::ALL || all.instrument == market.id {
                mind.want_cancelled(market.id, hands.now);
            }
        }
        self.pursue(hands);
        self.mind.sweep_at = soon(hands.now, SWEEP_EVERY);
    }

    /// Asks for whole instruments where that has not been done.
    fn pursue(&mut self, hands: &mut Hands<'_>) {
        if !hands.fence.is_open(hands.now) {
            return;
        }
        let by_batches = self.mind.venue == VenueId::Okx && self.mind.orders_up;
        if by_batches {
            self.cancel_in_batches(hands);
        }
        self.mind.mark_instruments();
        for index in 0..self.mind.marked.len() {
            let has_orders = self.mind.marked.get(index).copied().unwrap_or(false);
            let wanted = self.mind.cancel_wanted.get(index).copied().unwrap_or_default();
            let open = has_orders && wanted.asked != Stamp(0) && !wanted.sent;
            let Ok(id) = u16::try_from(index) else { return };
            if open && !by_batches && self.cancel_instrument(InstrumentId(id), hands) {
                self.mind.cancel_sent(InstrumentId(id), hands.now);
            }
        }
    }

    /// Everything of one instrument in one request; false when that cannot be asked now.
    fn cancel_instrument(&mut self, instrument: InstrumentId, hands: &mut Hands<'_>) -> bool {
        let Self { lines, wire, markets, mind, .. } = self;
        let Some(market) = markets.get(instrument) else { return false };
        let by_socket = mind.venue == VenueId::BinanceSpot && mind.orders_up;
        let task = Task::CancelAll { instrument };
        let (spend, of) =
            if by_socket { (Spend::CancelAll, instrument) } else { task.spend(mind.venue) };
        if mind.budget.try_spend(spend, of, hands.now).is_err() {
            return false;
        }
        hands.page.add(Counter::CancelsSent, 1);
        let line = order_line(lines).filter(|_| by_socket);
        let sent = line.zip(mind.requests.free()).is_some_and(|(line, request)| {
            let at = Moment { request, venue_ms: mind.venue_ms };
            let write = &mut |out: &mut [u8]| wire.cancel_all(market, at, out);
            let sent = line.send_with(TEXT_MAX, write).is_ok();
            if sent {
                let (purpose, order) = (Purpose::CancelAll, OrderId::FOREIGN);
                mind.asked(request, purpose, order, instrument, hands.now);
            }
            sent
        });
        sent || mind.submit(task, 0)
    }

    /// OKX: the orders that are out and not wanted, so many at a time.
    fn cancel_in_batches(&mut self, hands: &mut Hands<'_>) {
        // bound: every round takes note of at least one order, or ends
        for _ in 0..crate::orders::CAPACITY {
            let mut batch: [Option<(OrderId, InstrumentId)>; okx::BATCH] = [None; okx::BATCH];
            let mind = &self.mind;
            let due = mind.open.iter().filter(|open| is_due(mind, open, hands.now));
            for (place, open) in batch.iter_mut().zip(due) {
                *place = Some((open.order, open.instrument));
            }
            if batch.first().is_none_or(Option::is_none) || !self.cancel_batch(&batch, hands) {
                return;
            }
        }
    }

    fn cancel_batch(
        &mut self,
        batch: &[Option<(OrderId, InstrumentId)>],
        hands: &mut Hands<'_>,
    ) -> bool {
        let Self { lines, markets, mind, .. } = self;
        let up = mind.orders_up;
        let line = order_line(lines).filter(|_| up);
        let Some((line, request)) = line.zip(mind.requests.free()) else { return false };
        if mind.budget.try_spend(Spend::CancelAll, InstrumentId::ALL, hands.now).is_err() {
            return false;
        }
        let at = Moment { request, venue_ms: mind.venue_ms };
        let instance = mind.instance;
        let sent = line.send_with(TEXT_MAX, &mut |out| {
            let named = batch.iter().flatten().filter_map(|(order, instrument)| {
                Some(Named::new(markets.get(*instrument)?, instance, *order))
            });
            okx::cancel_batch(named, at, out)
        });
        if sent.is_err() {
            return false;
        }
        hands.page.add(Counter::CancelsSent, 1);
        let (order, all) = (OrderId::FOREIGN, InstrumentId::ALL);
        mind.asked(request, Purpose::CancelAll, order, all, hands.now);
        for (order, _) in batch.iter().flatten() {
            if let Some(open) = mind.open.get_mut(*order) {
                open.cancelled = hands.now;
            }
        }
        true
    }

    /// Cancels and asks again for what is still out though it should not be.
    pub(super) fn sweep(&mut self, hands: &mut Hands<'_>) {
        let mind = &self.mind;
        let pursued = mind.winding || mind.cancel_wanted.iter().any(|w| w.asked != Stamp(0));
        if !pursued || hands.now < mind.sweep_at {
            return;
        }
        self.mind.sweep_at = soon(hands.now, SWEEP_EVERY);
        let mut left = [None; SWEEP_MAX];
        let out = self.mind.open.iter().filter(|open| is_due(&self.mind, open, hands.now));
        for (place, open) in left.iter_mut().zip(out) {
            *place = Some((open.order, open.instrument));
        }
        self.pursue(hands);
        for (order, instrument) in left.into_iter().flatten() {
            // A cancel that is refused is no news here: what it was about is asked for anyway.
            let open = self.mind.open.get(order);
            if open.is_some_and(|open| is_due(&self.mind, open, hands.now)) {
                let _ = self.try_cancel(order, instrument, hands);
            }
            self.mind.ask_later(order, instrument, soon(hands.now, SWEEP_EVERY / 2));
        }
    }
}

/// Whether an order is to be cancelled now: it should not be out, and its last cancel had its time.
fn is_due(mind: &Mind, open: &OpenOrder, now: Stamp) -> bool {
    let patience = Span::from_millis(SWEEP_EVERY);
    let waited = open.cancelled == Stamp(0) || now - open.cancelled >= patience;
    (mind.winding || open.unwanted) && waited
}

impl Mind {
    /// Everything of that instrument that is out now is to be cancelled.
    fn want_cancelled(&mut self, instrument: InstrumentId, now: Stamp) {
        if let Some(wanted) = self.cancel_wanted.get_mut(instrument.index()) {
            *wanted = Wanted { asked: now, sent: false };
        }
        for open in self.open.iter_mut().filter(|open| open.instrument == instrument) {
            open.unwanted = true;
        }
    }

    /// The request for all of an instrument has left.
    fn cancel_sent(&mut self, instrument: InstrumentId, now: Stamp) {
        if let Some(wanted) = self.cancel_wanted.get_mut(instrument.index()) {
            wanted.sent = true;
        }
        let of = self.open.iter_mut().filter(|open| open.instrument == instrument);
        for open in of.filter(|open| open.unwanted) {
            open.cancelled = now;
        }
    }

    /// Whether an order that turns up now was to be cancelled before.
    pub(super) fn is_unwanted(&self, instrument: InstrumentId) -> bool {
        let wanted = self.cancel_wanted.get(instrument.index());
        wanted.is_some_and(|wanted| wanted.asked != Stamp(0))
    }

    /// A list of everything that rests, asked for at `began`, was completed: what was wanted before then
    /// and has nothing out any more is done.
    pub(super) fn end_cancels(&mut self, began: Stamp) {
        self.mark_unwanted();
        for (wanted, left) in self.cancel_wanted.iter_mut().zip(&self.marked) {
            if !left && wanted.asked < began {
                *wanted = Wanted::default();
            }
        }
    }

    fn mark_unwanted(&mut self) {
        self.marked.fill(false);
        for open in self.open.iter().filter(|open| open.unwanted) {
            if let Some(marked) = self.marked.get_mut(open.instrument.index()) {
                *marked = true;
            }
        }
    }

    /// Marks every instrument with orders of ours out.
    pub(super) fn mark_instruments(&mut self) {
        self.marked.fill(false);
        for open in self.open.iter() {
            if let Some(marked) = self.marked.get_mut(open.instrument.index()) {
                *marked = true;
            }
        }
    }
}
