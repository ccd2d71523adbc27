//! The gateway as a stage: intents in, reports out, one or two venues behind it.

use base::output::Output;
use base::{
    Clock, InstrumentId, Record, Stage, Stamp, VenueId, Work,
    input::{ClockState, Input, Reject, RejectClass},
};
use net::Channel;
use rings::{Fence, Flag, Receiver, Sender};
use telemetry::{Counter, Notice, NoticeCode, NoticeSender, RingGauge, Writer};

use crate::desk::{Desk, DeskError, DeskParts, Hands};
use crate::keys::KeyPort;
use crate::outbox::Outbox;

/// Most intents one turn takes.
const BURST: usize = 64;

/// What a gateway stage is made of, besides its desks.
#[derive(Debug)]
pub struct StageParts<C> {
    /// Its name: `gw-binance`, `gw-okx`, `gw-bybit`.
    pub name: &'static str,
    /// From the strategy: Place, Cancel, CancelAll, Query.
    pub intents: Receiver<Record>,
    /// To the strategy; a [`rings::Full::Halt`] ring.
    pub reports: Sender<Record>,
    /// From the feed of the same venues: its `ClockState` records, everything else is passed over.
    /// Without it the offsets stay what [`GatewayStage::set_offset`] said, at first nothing.
    pub clocks: Option<Receiver<Record>>,
    /// Where the fill of `reports` is shown.
    pub gauge: Option<RingGauge>,
    /// After it is set no new order leaves; everything that is out is cancelled.
    pub kill: Flag,
    /// While it is shut nothing leaves that could change an order, a cancel no more than a new one: the
    /// account may be somebody else's to trade by then.
    pub fence: Fence,
    /// Time.
    pub clock: C,
    /// Its block of the metrics page.
    pub page: Writer,
    /// To the log.
    pub notices: NoticeSender,
}

/// A gateway: a desk for each venue of its group, given turns by one thread.
#[derive(Debug)]
pub struct GatewayStage<L, C> {
    name: &'static str,
    desks: Box<[Desk<L>]>,
    intents: Receiver<Record>,
    out: Outbox,
    clocks: Option<Receiver<Record>>,
    gauge: Option<RingGauge>,
    kill: Flag,
    fence: Fence,
    core: Fence,
    killed: bool,
    clock: C,
    page: Writer,
    notices: NoticeSender,
}

/// The tools of one turn, beside the desks.
macro_rules! hands {
    ($stage:ident, $now:expr) => {
        Hands {
            out: &mut $stage.out,
            page: &$stage.page,
            notices: &mut $stage.notices,
            kill: &$stage.kill,
            fence: &$stage.fence,
            core: &$stage.core,
            now: $now,
        }
    };
}

impl<L: Channel, C: Clock> GatewayStage<L, C> {
    /// Makes the stage. Its connections are dialed in its first housekeeping.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn open<'i>(
        parts: StageParts<C>,
        desks: impl IntoIterator<Item = DeskParts<'i, L>>,
    ) -> Result<Self, DeskError> {
        let desks: Result<Vec<_>, _> =
            desks.into_iter().map(|desk| Desk::open(desk, &parts.clock)).collect();
        Ok(Self {
            name: parts.name,
            desks: desks?.into_boxed_slice(),
            intents: parts.intents,
            out: Outbox::new(parts.reports),
            clocks: parts.clocks,
            gauge: parts.gauge,
            kill: parts.kill,
            fence: parts.fence,
            core: Fence::none(),
            killed: false,
            clock: parts.clock,
            page: parts.page,
            notices: parts.notices,
        })
    }

    /// Lets the venues cancel what rests once this is shut, which the core keeps open while it goes on.
    #[must_use]
    pub fn with_core(mut self, alive: Fence) -> Self {
        self.core = alive;
        self
    }

    /// Lets the key of a venue of it be changed while it runs.
    #[must_use]
    pub fn with_keys(mut self, venue: VenueId, port: KeyPort) -> Self {
        if let Some(desk) = of(&mut self.desks, venue) {
            desk.change_keys_by(port);
        }
        self
    }

    /// How far a venue's clock is ahead of this machine's. Requests are stamped with it.
    pub fn set_offset(&mut self, state: &ClockState) {
        let (wall, now) = (self.clock.wall(), self.clock.now());
        for desk in self.desks.iter_mut().filter(|desk| desk.venue() == state.venue) {
            desk.set_offset(state.offset_ns, wall, now);
        }
    }

    /// Cancels everything of ours everywhere; from then on no new order leaves. What is still out is
    /// cancelled again and asked for until nothing is: see [`GatewayStage::is_quiet`].
    pub fn cancel_all(&mut self) {
        let now = self.clock.now();
        let mut hands = hands!(self, now);
        for desk in &mut self.desks {
            desk.wind_down(&mut hands);
        }
    }

    /// New orders may leave again after [`GatewayStage::cancel_all`].
    pub fn resume(&mut self) {
        for desk in &mut self.desks {
            desk.resume();
        }
    }

    /// Whether no order of ours is known to be out, nothing is under way and nothing waits to be
    /// reported. Give turns until it is so.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.out.is_empty() && self.intents.is_empty() && self.desks.iter().all(Desk::is_quiet)
    }

    /// Orders of ours that are not known to be over.
    #[must_use]
    pub fn orders_out(&self) -> usize {
        self.desks.iter().map(Desk::orders_out).sum()
    }

    /// Takes intents from the ring; returns how many.
    fn take_intents(&mut self, now: Stamp) -> u32 {
        let (mut done, mut now) = (0, now);
        for _ in 0..BURST {
            let Some(record) = self.intents.pop() else { break };
            now = self.intent(&record, now);
            done += 1;
        }
        done
    }

    /// Acts on an intent; says when its order had left, or when it was taken.
    #[inline]
    fn intent(&mut self, record: &Record, now: Stamp) -> Stamp {
        let output = Output::read(record);
        let (desks, clock) = (&mut self.desks, &self.clock);
        let mut hands = hands!(self, now);
        match output {
            Ok(Output::Place(place)) => match of(desks, place.venue) {
                Some(desk) => desk.place(&place, clock, &mut hands),
                None => not_here(&place, &mut hands),
            },
            Ok(Output::Cancel(cancel)) => {
                if let Some(desk) = of(desks, cancel.venue) {
                    desk.cancel(&cancel, &mut hands);
                }
            }
            Ok(Output::CancelAll(all)) => {
                if let Some(desk) = of(desks, all.venue) {
                    desk.cancel_all(&all, &mut hands);
                }
            }
            Ok(Output::Query(query)) => {
                if let Some(desk) = of(desks, query.venue) {
                    desk.query(&query, &mut hands);
                }
            }
            // Not for a gateway, or not readable: nothing was sent.
            Ok(Output::PairChange(_) | Output::Alarm(_) | Output::Checkpoint(_)) | Err(_) => {
                hands.page.add(Counter::OrdersLocal, 1);
            }
        }
        hands.now
    }

    fn take_clocks(&mut self) {
        for _ in 0..BURST {
            let Some(record) = self.clocks.as_mut().and_then(Receiver::pop) else { break };
            if let Ok(Input::ClockState(state)) = Input::read(&record) {
                self.set_offset(&state);
            }
        }
    }

    /// The kill flag: everything is cancelled at once, and stays so until it is cleared.
    fn look_at_kill(&mut self, now: Stamp) {
        let killed = self.kill.is_set();
        if killed == self.killed {
            return;
        }
        self.killed = killed;
        if killed {
            let all = InstrumentId::ALL;
            self.notices.tell(Notice::new(now, NoticeCode::Killed, None, all, [0; 3]));
            self.cancel_all();
        } else {
            self.resume();
        }
    }

    fn publish(&self) {
        let up = self.desks.iter().filter(|desk| desk.is_up()).count() as u64;
        self.page.set(Counter::SessionUp, up);
        for gauge in [Counter::AccountsHedged, Counter::AccountsLevel, Counter::AccountsNoTrading] {
            let unfit = self.desks.iter().filter(|desk| desk.unfit() == Some(gauge)).count();
            self.page.set(gauge, unfit as u64);
        }
        let open = self.desks.iter().map(Desk::connections_open).sum();
        self.page.set(Counter::ConnOpen, open);
        self.page.set(Counter::NoticesDropped, self.notices.dropped());
        if let Some(gauge) = &self.gauge {
            let (fill, refused) = self.out.ring();
            gauge.publish(fill, refused);
        }
    }
}

impl<L: Channel, C: Clock> Stage for GatewayStage<L, C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn turn(&mut self, now: Stamp) -> Work {
        self.look_at_kill(now);
        let mut done = self.take_intents(now);
        if !self.out.flush() {
            return Work::Backpressured;
        }
        let mut hands = hands!(self, now);
        for desk in &mut self.desks {
            done += desk.poll(&mut hands) + desk.take_replies(&mut hands);
        }
        if done == 0 { Work::Idle } else { Work::Done(done) }
    }

    fn react(&mut self, now: Stamp) -> Work {
        self.look_at_kill(now);
        match self.take_intents(now) {
            0 => Work::Idle,
            done => Work::Done(done),
        }
    }

    fn housekeep(&mut self, now: Stamp) {
        self.take_clocks();
        let wall = self.clock.wall();
        let mut hands = hands!(self, now);
        for desk in &mut self.desks {
            desk.housekeep(wall, &mut hands);
        }
        self.publish();
    }
}

/// The desk of a venue.
#[inline]
fn of<L: Channel>(desks: &mut [Desk<L>], venue: VenueId) -> Option<&mut Desk<L>> {
    desks.iter_mut().find(|desk| desk.venue() == venue)
}

/// A venue this stage does not serve.
#[cold]
#[inline(never)]
fn not_here(place: &base::output::Place, hands: &mut Hands<'_>) {
    hands.page.add(Counter::OrdersLocal, 1);
    let (venue, instrument, order) = (place.venue, place.instrument, place.order);
    let class = RejectClass::Local;
    let reject = Reject { venue, instrument, order, class, code: 0 };
    hands.out.push(Input::Reject(reject), hands.now);
}

#[cfg(test)]
mod tests;
