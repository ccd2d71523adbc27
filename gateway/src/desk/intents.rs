//! From intents to bytes: the gates before a request leaves, and what is said when one does not pass.

use base::input::{CancelReject, Input, Reject, RejectClass};
use base::output::{Cancel, Place, Query};
use base::{Clock, InstrumentId, OrderId, Stamp};
use net::Channel;
use telemetry::{Counter, Hist};
use venue::Spend;

use super::lines::Line;
use super::{Desk, Hands, Mind};
use crate::encode::{Moment, Named, TEXT_MAX, Ticket};
use crate::orders::OpenOrder;
use crate::requests::{Purpose, Request};
use crate::rest::Task;

/// Why an order was not sent. None of its bytes left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// No instrument of this venue.
    Instrument,
    /// A price or size between its steps, or a spot order that may only reduce.
    Rules,
    /// The kill flag is set, or everything is being cancelled.
    Killed,
    /// The fence is shut: another engine may trade this account.
    Fenced,
    /// No order session, and no slow way either.
    Session,
    /// The account cannot be traded as it is set up.
    Account,
    /// The venue's rate budget is used up.
    Budget,
    /// A table of ours is full.
    Full,
}

impl Unsent {
    const fn class(self) -> RejectClass {
        match self {
            Self::Instrument | Self::Killed => RejectClass::Local,
            Self::Rules => RejectClass::Rules,
            Self::Account => RejectClass::Auth,
            Self::Session | Self::Fenced => RejectClass::Unavailable,
            Self::Budget | Self::Full => RejectClass::RateLimit,
        }
    }

    const fn counter(self) -> Counter {
        match self {
            Self::Instrument | Self::Rules | Self::Account => Counter::OrdersLocal,
            Self::Killed => Counter::OrdersKilled,
            Self::Fenced => Counter::OrdersFenced,
            Self::Session => Counter::OrdersNoSession,
            Self::Budget | Self::Full => Counter::OrdersNoBudget,
        }
    }
}

impl<L: Channel> Desk<L> {
    /// Sends an order, or says at once that it was not sent.
    #[inline]
    pub(crate) fn place<C: Clock>(&mut self, place: &Place, clock: &C, hands: &mut Hands<'_>) {
        if let Err(why) = self.try_place(place, clock, hands) {
            self.mind.not_placed(place, why, hands);
        }
    }

    #[inline]
    fn try_place<C: Clock>(
        &mut self,
        place: &Place,
        clock: &C,
        hands: &mut Hands<'_>,
    ) -> Result<(), Unsent> {
        let Self { lines, wire, markets, mind, .. } = self;
        let begun = hands.now;
        let market = markets.get(place.instrument).ok_or(Unsent::Instrument)?;
        let ticket = Ticket::new(market, mind.instance, place).ok_or(Unsent::Rules)?;
        let line = order_line(lines).filter(|_| mind.orders_up);
        if line.is_none() && !mind.goes_slowly() {
            return Err(Unsent::Session);
        }
        if mind.winding {
            return Err(Unsent::Killed);
        }
        if mind.fitness.forbids(place) {
            return Err(Unsent::Account);
        }
        if !mind.open.has_room() {
            return Err(Unsent::Full);
        }
        let request = mind.requests.free().ok_or(Unsent::Full)?;
        mind.has_budget(place, hands)?;
        let at = Moment { request, venue_ms: mind.venue_ms };
        // The last look before the socket: after the flag no new order leaves. The time is the turn's, like
        // the one in the request, from which the venue counts how late it may arrive.
        if hands.kill.is_set() {
            return Err(Unsent::Killed);
        }
        if !hands.fence.is_open(hands.now) {
            return Err(Unsent::Fenced);
        }
        let Some(line) = line else {
            mind.count_place(place, hands);
            return mind.place_slowly(place, request, hands);
        };
        let mut written = begun;
        let mut write = |out: &mut [u8]| {
            let length = wire.place(&ticket, at, out);
            written = clock.now();
            length
        };
        let gone = line.send_with(TEXT_MAX, &mut write).is_ok();
        let sent = clock.now();
        mind.count_place(place, hands);
        if !gone {
            return mind.place_slowly(place, request, hands);
        }
        hands.now = sent;
        hands.page.add(Counter::OrdersSent, 1);
        hands.page.record(Hist::TickToOrder, (sent - place.cause).0);
        hands.page.record(Hist::Encode, (written - begun).0);
        mind.placed(place, request, (sent, sent), false);
        Ok(())
    }

    /// Sends a cancel: on the order connection, or by REST while that is gone.
    pub(crate) fn cancel(&mut self, cancel: &Cancel, hands: &mut Hands<'_>) {
        if let Err(class) = self.try_cancel(cancel.order, cancel.instrument, hands) {
            let Cancel { instrument, order, .. } = *cancel;
            hands.page.add(Counter::CancelsRejected, 1);
            let venue = self.mind.venue;
            let reject = CancelReject { venue, instrument, order, class, code: 0 };
            hands.out.push(Input::CancelReject(reject), hands.now);
        }
    }

    /// Sends a cancel, or says why it was not.
    pub(super) fn try_cancel(
        &mut self,
        order: OrderId,
        instrument: InstrumentId,
        hands: &mut Hands<'_>,
    ) -> Result<(), RejectClass> {
        let Self { lines, wire, markets, mind, .. } = self;
        let market = markets.get(instrument).ok_or(RejectClass::Local)?;
        if !hands.fence.is_open(hands.now) {
            return Err(RejectClass::Unavailable);
        }
        mind.budget
            .try_spend(Spend::Cancel, instrument, hands.now)
            .map_err(|_| RejectClass::RateLimit)?;
        hands.page.add(Counter::CancelsSent, 1);
        let named = Named::new(market, mind.instance, order);
        let line = order_line(lines).filter(|_| mind.orders_up);
        let sent = line.zip(mind.requests.free()).is_some_and(|(line, request)| {
            let at = Moment { request, venue_ms: mind.venue_ms };
            let write = &mut |out: &mut [u8]| wire.cancel(&named, at, out);
            let sent = line.send_with(TEXT_MAX, write).is_ok();
            if sent {
                mind.asked(request, Purpose::Cancel, order, instrument, hands.now);
            }
            sent
        });
        if !sent && !mind.submit(Task::Cancel { instrument, order }, 0) {
            return Err(RejectClass::Unavailable);
        }
        if let Some(open) = mind.open.get_mut(order) {
            open.cancelled = hands.now;
        }
        Ok(())
    }

    /// Asks what became of an order; later again when it cannot be asked now.
    pub(crate) fn query(&mut self, query: &Query, hands: &mut Hands<'_>) {
        if self.mind.open.get(query.order).is_none() {
            // It is over as far as the venue told, and still asked for: fills of it never came.
            self.mind.reconcile.want_fills();
        }
        if !self.try_query(query.order, query.instrument, hands) {
            self.mind.ask_later(query.order, query.instrument, super::soon(hands.now, 500));
        }
    }

    /// Asks what became of an order; false when that is not possible now.
    pub(super) fn try_query(
        &mut self,
        order: OrderId,
        instrument: InstrumentId,
        hands: &mut Hands<'_>,
    ) -> bool {
        let Self { lines, wire, markets, mind, .. } = self;
        // An order of no instrument of this venue was never sent here.
        let Some(market) = markets.get(instrument) else { return true };
        if mind.budget.try_spend(Spend::Query, instrument, hands.now).is_err() {
            return false;
        }
        hands.page.add(Counter::Queries, 1);
        let by_socket = wire.can_query() && mind.orders_up;
        let line = order_line(lines).filter(|_| by_socket);
        let named = Named::new(market, mind.instance, order);
        let sent = line.zip(mind.requests.free()).is_some_and(|(line, request)| {
            let at = Moment { request, venue_ms: mind.venue_ms };
            let write = &mut |out: &mut [u8]| wire.query(&named, at, out);
            let sent = line.send_with(TEXT_MAX, write).is_ok();
            if sent {
                mind.asked(request, Purpose::Query, order, instrument, hands.now);
            }
            sent
        });
        sent || mind.submit(Task::Query { instrument, order }, 0)
    }
}

const fn spend_of(place: &Place) -> Spend {
    if place.reduce_only { Spend::Exit } else { Spend::Place }
}

/// The connection orders go out on.
pub(super) fn order_line<L>(lines: &mut [Option<Line<L>>; 2]) -> Option<&mut Line<L>> {
    let [orders, _] = lines;
    orders.as_mut()
}

impl Mind {
    #[inline]
    fn has_budget(&mut self, place: &Place, hands: &Hands<'_>) -> Result<(), Unsent> {
        let room = self.budget.room(spend_of(place), place.instrument, hands.now);
        room.map_err(|held| {
            if !place.reduce_only {
                self.budget_held = Some((place.instrument, held.until));
            }
            Unsent::Budget
        })
    }

    /// Counts an order for which there was budget.
    #[inline]
    fn count_place(&mut self, place: &Place, hands: &Hands<'_>) {
        self.budget.count(spend_of(place), place.instrument, hands.now);
    }

    /// Remembers an order whose bytes were written at `sent`, or leave until `latest` at most.
    #[inline]
    pub(super) fn placed(
        &mut self,
        place: &Place,
        request: u64,
        (sent, latest): (Stamp, Stamp),
        by_rest: bool,
    ) {
        let Place { order, instrument, .. } = *place;
        let row = Request { purpose: Purpose::Place, order, instrument, sent, by_rest };
        self.requests.take(request, row, sent + self.settings.answer_timeout);
        if self.open.is_empty() {
            self.dead_man_at = sent;
        }
        self.touch(place.instrument);
        self.open.add(OpenOrder {
            order: place.order,
            instrument: place.instrument,
            sent: latest,
            seen: Stamp(0),
            cancelled: Stamp(0),
            listed: 0,
            unwanted: false,
        });
    }

    /// Remembers a request that was sent.
    #[inline]
    pub(super) fn asked(
        &mut self,
        number: u64,
        purpose: Purpose,
        order: OrderId,
        instrument: InstrumentId,
        sent: Stamp,
    ) {
        let request = Request { purpose, order, instrument, sent, by_rest: false };
        self.requests.take(number, request, sent + self.settings.answer_timeout);
    }

    #[cold]
    #[inline(never)]
    fn not_placed(&mut self, place: &Place, why: Unsent, hands: &mut Hands<'_>) {
        hands.page.add(why.counter(), 1);
        hands.out.push(
            Input::Reject(Reject {
                venue: self.venue,
                instrument: place.instrument,
                order: place.order,
                class: why.class(),
                code: 0,
            }),
            hands.now,
        );
    }
}
