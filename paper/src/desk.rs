//! What becomes of an order: on its way, at the book, resting, over.

mod fills;
mod money;
mod tell;

use base::input::{Ack, BookState, ClockState, Input, Reject, RejectClass};
use base::output::{Cancel, CancelAll, Place, Query, Style};
use base::{
    Bounded, InstrumentId, Instruments, Money, OrderId, Qty, Rate, Record, Side, Span, Stamp,
    VenueId, WallNs,
};
use telemetry::{Counter, Hist, Notice, NoticeCode, NoticeSender, Writer};

use crate::account::{Accounts, Opening, Row};
use crate::market::{Market, is_worse};
use crate::outbox::Outbox;

/// Most orders that rest at once.
pub(crate) const RESTING_MAX: usize = 256;
/// Records one fill causes at most: itself, its fee, the order, the position, two balances.
pub(crate) const RECORDS_A_FILL: usize = 6;

/// How orders are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// From leaving until an order is at the book.
    pub latency: Span,
    /// The notional of which depth records say what it would trade at.
    pub probe: Money,
    /// The oldest quote that may be traded on.
    pub quote_age: Span,
    /// A perpetual position needs its worth divided by this.
    pub leverage: Rate,
    /// The start this is: fills of different starts must differ.
    pub epoch: u32,
}

/// An order at the book.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resting {
    place: Place,
    filled: Qty,
}

impl Resting {
    fn left(&self) -> Qty {
        self.place.qty - self.filled
    }
}

impl Default for Resting {
    fn default() -> Self {
        let place = Place {
            venue: VenueId::BinanceSpot,
            instrument: InstrumentId::ALL,
            order: OrderId::FOREIGN,
            side: Side::Buy,
            style: Style::Limit,
            reduce_only: false,
            price: base::Price::ZERO,
            qty: Qty::ZERO,
            cause: Stamp(0),
            pair: base::PairId(0),
            version: 0,
        };
        Self { place, filled: Qty::ZERO }
    }
}

/// What a desk works with during one step.
#[derive(Debug)]
pub(crate) struct Hands<'a> {
    pub(crate) out: &'a mut Outbox,
    pub(crate) page: &'a Writer,
    pub(crate) notices: &'a mut NoticeSender,
    pub(crate) now: Stamp,
    /// This machine's wall time at `now`.
    pub(crate) wall: WallNs,
}

impl Hands<'_> {
    pub(crate) fn tell(
        &mut self,
        (venue, instrument): (VenueId, InstrumentId),
        code: NoticeCode,
        numbers: [i64; 3],
    ) {
        self.notices.tell(Notice::new(self.now, code, Some(venue), instrument, numbers));
    }
}

/// The desk of a stage's venues.
#[derive(Debug)]
pub(crate) struct Desk {
    terms: Terms,
    venues: Box<[VenueId]>,
    /// By instrument; `None` for those of other stages.
    rows: Box<[Option<Row>]>,
    markets: Box<[Market]>,
    accounts: Accounts,
    resting: Bounded<Resting>,
    /// By venue, its clock less this machine's.
    offsets: [i64; VenueId::COUNT],
    /// The latest venue time that was told: positions are compared by it.
    told_at: WallNs,
    /// Orders and fills of this start so far.
    numbers: u32,
}

impl Desk {
    pub(crate) fn new(
        terms: Terms,
        venues: &[VenueId],
        instruments: &Instruments,
        opening: &Opening,
        began: WallNs,
    ) -> Self {
        let ours = |instrument: &base::Instrument| venues.contains(&instrument.venue);
        let row = |instrument| Some(Row::of(instrument)).filter(|_| ours(instrument));
        Self {
            terms,
            venues: venues.into(),
            rows: instruments.list.iter().map(row).collect(),
            markets: vec![Market::since(began); instruments.list.len()].into_boxed_slice(),
            accounts: Accounts::new(instruments, opening),
            resting: Bounded::with_room(RESTING_MAX),
            offsets: [0; VenueId::COUNT],
            told_at: WallNs::NONE,
            numbers: 0,
        }
    }

    /// The most records one step tells.
    pub(crate) fn records_max(&self) -> usize {
        let fills = RESTING_MAX * RECORDS_A_FILL;
        let list =
            3 * self.rows.len() + self.accounts.assets() * VenueId::COUNT + 2 * VenueId::COUNT;
        fills + list + 64
    }

    pub(crate) fn serves(&self, venue: VenueId) -> bool {
        self.venues.contains(&venue)
    }

    /// How many venues it stands for.
    pub(crate) const fn venues(&self) -> usize {
        self.venues.len()
    }

    fn row(&self, id: InstrumentId) -> Option<Row> {
        self.rows.get(id.index()).copied().flatten()
    }

    fn market(&mut self, id: InstrumentId) -> Option<&mut Market> {
        self.row(id)?;
        self.markets.get_mut(id.index())
    }

    /// A number for an order or a fill that no other start gives out.
    const fn number(&mut self) -> u64 {
        self.numbers = self.numbers.wrapping_add(1);
        (self.terms.epoch as u64) << 32 | self.numbers as u64
    }

    /// The time on a venue's clock.
    fn venue_time(&mut self, venue: VenueId, hands: &Hands<'_>) -> WallNs {
        let offset = self.offsets.get(venue.index()).copied().unwrap_or(0);
        let at = WallNs(hands.wall.0.saturating_add(offset));
        self.told_at = self.told_at.max(at);
        self.told_at
    }

    /// What the feed told the core.
    pub(crate) fn follow(&mut self, record: &Record, hands: &mut Hands<'_>) {
        let at = record.stamp;
        match Input::read(record) {
            Ok(Input::Quote(quote)) => {
                let Some(market) = self.market(quote.instrument) else { return };
                if market.quote(&quote, at) {
                    self.cross(quote.instrument, hands);
                }
            }
            Ok(Input::Depth(depth)) => {
                let Some(scale) = self.row(depth.instrument).map(|row| row.scale) else { return };
                let probe = self.terms.probe;
                if let Some(market) = self.market(depth.instrument) {
                    market.depth(&depth, probe, scale, at);
                }
            }
            Ok(Input::Trade(trade)) => self.traded(&trade, hands),
            Ok(Input::Mark(mark)) => {
                if let Some(market) = self.market(mark.instrument) {
                    market.mark(&mark);
                }
            }
            Ok(Input::Funding(funding)) => {
                let before = self.market(funding.instrument).and_then(|m| m.funding(&funding));
                if let Some(due) = before {
                    self.charge(funding.instrument, due, hands);
                }
            }
            Ok(Input::BookState(state)) => self.health(&state),
            Ok(Input::ClockState(ClockState { venue, offset_ns, .. })) => {
                if let Some(offset) = self.offsets.get_mut(venue.index()) {
                    *offset = offset_ns;
                }
            }
            _ => {}
        }
    }

    /// A state of all instruments says that records were lost on the way here.
    fn health(&mut self, state: &BookState) {
        if state.instrument == InstrumentId::ALL {
            self.markets.iter_mut().for_each(Market::lose);
        } else if let Some(market) = self.market(state.instrument) {
            market.health(state.state);
        }
    }

    /// An order has come to the book.
    pub(crate) fn arrive(&mut self, place: &Place, sent: Stamp, hands: &mut Hands<'_>) {
        let row = match self.admit(place, hands.now) {
            Ok(row) => row,
            Err(class) => return self.refuse(place, class, hands),
        };
        hands.page.add(Counter::OrdersAcked, 1);
        hands.page.record(Hist::AckRoundTrip, (hands.now - sent).0);
        let Place { venue, instrument, order, .. } = *place;
        let venue_time = self.venue_time(venue, hands);
        let ack = Ack { venue, instrument, order, venue_order: self.number(), venue_time };
        hands.out.push(Input::Ack(ack), hands.now);
        let mut resting = Resting { place: *place, filled: Qty::ZERO };
        self.take(&row, &mut resting, hands);
        self.rest(&row, resting, hands);
    }

    /// Whether the venue would take that order now.
    fn admit(&self, place: &Place, now: Stamp) -> Result<Row, RejectClass> {
        let row = self.row(place.instrument).ok_or(RejectClass::Local)?;
        let market = self.markets.get(place.instrument.index()).ok_or(RejectClass::Local)?;
        if !market.is_known(now, self.terms.quote_age) {
            return Err(RejectClass::Unavailable);
        }
        if place.qty.0 <= 0 || (place.price.0 <= 0 && place.style != Style::Market) {
            return Err(RejectClass::Rules);
        }
        if place.reduce_only && !row.is_perpetual {
            return Err(RejectClass::Rules);
        }
        if self.reducible(&row, place).is_zero() {
            return Err(RejectClass::ReduceOnly);
        }
        let takes = !is_worse(place.side, market.touch(place.side), place.price);
        if place.style == Style::PostOnly && takes {
            return Err(RejectClass::WouldTake);
        }
        if !self.affords(&row, place) {
            return Err(RejectClass::Funds);
        }
        Ok(row)
    }

    /// The venue refuses an order: it never was.
    #[cold]
    #[inline(never)]
    fn refuse(&mut self, place: &Place, class: RejectClass, hands: &mut Hands<'_>) {
        let Place { venue, instrument, order, .. } = *place;
        hands.page.add(Counter::OrdersRejected, 1);
        let numbers = [order.0.cast_signed(), 0, i64::from(class as u16)];
        hands.tell((venue, instrument), NoticeCode::OrderRejected, numbers);
        let reject = Reject { venue, instrument, order, class, code: 0 };
        hands.out.push(Input::Reject(reject), hands.now);
    }

    /// A cancel has come to the book.
    pub(crate) fn cancel(&mut self, cancel: &Cancel, hands: &mut Hands<'_>) {
        if self.drop_order(cancel.order, hands) {
            return;
        }
        hands.page.add(Counter::CancelsRejected, 1);
        self.tell_not_there(cancel, hands);
    }

    /// A cancel of everything has come to the book.
    pub(crate) fn cancel_all(&mut self, all: &CancelAll, hands: &mut Hands<'_>) {
        // bound: the orders that rest; each pass ends one or moves on
        let mut at = 0;
        for _ in 0..RESTING_MAX {
            let Some(resting) = self.resting.get(at).copied() else { break };
            let Place { venue, instrument, order, .. } = resting.place;
            let named = all.instrument == InstrumentId::ALL || all.instrument == instrument;
            if venue == all.venue && named && self.drop_order(order, hands) {
                continue;
            }
            at += 1;
        }
    }

    /// A question has come to the book.
    pub(crate) fn query(&mut self, query: &Query, hands: &mut Hands<'_>) {
        let resting = self.resting.iter().find(|resting| resting.place.order == query.order);
        match resting.copied() {
            Some(resting) => self.tell_resting(&resting, hands),
            None => self.tell_unknown(query, hands),
        }
    }

    /// Charges the settlements whose time has come.
    pub(crate) fn settle(&mut self, hands: &mut Hands<'_>) {
        for at in 0..self.rows.len() {
            let Some(row) = self.rows.get(at).copied().flatten() else { continue };
            if !row.is_perpetual {
                continue;
            }
            let offset = self.offsets.get(row.venue.index()).copied().unwrap_or(0);
            let wall = WallNs(hands.wall.0.saturating_add(offset));
            if let Some(due) = self.market(row.id).and_then(|market| market.due(wall)) {
                self.charge(row.id, due, hands);
            }
        }
    }
}
