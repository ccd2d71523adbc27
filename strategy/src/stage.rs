//! The core on a thread: the single door to its inputs.
//!
//! Each input is appended to the journal before the core acts on it, each output before its ring
//! gets it. What a full ring does not take is kept, and nothing more is consumed until it does: so
//! nothing is lost and nothing new is begun. An order that waited longer than prices stay fresh is
//! not sent any more; the core is told that it was refused here, in the journal like everything.
//!
//! Another version of the plan comes ready made and goes to the core between two inputs, with a command
//! in the journal that names it; the version before goes back to be freed elsewhere.
//!
//! The stage also makes time: a [`Timer`](base::input::Timer) record about every millisecond of the
//! runner's clock, with the wall time of its own [`Clock`].

use crate::engine::Core;
use crate::outputs::Outputs;
use crate::risk::Mode;
use crate::rules::Prepared;
use base::input::{Action, Command, Reject, RejectClass, Timer};
use base::output::{Alarm, AlarmCode, PairChange};
use base::{
    Bounded, Clock, Input, InstrumentId, Kind, Output, Record, Span, Stage, Stamp, VenueId, Work,
};
use journal::Writer as Journal;
use rings::{Fence, Receiver, Sender};
use telemetry::{Counter, Hist, Notice, NoticeCode, NoticeSender, RingGauge, Writer};

/// Inputs one turn consumes at most.
pub const BURST: usize = 64;
/// Time between two timers.
const TIMER: Span = Span::from_millis(1);
/// The core counts as standing still when it was given no time for so long.
const ALIVE: Span = Span::from_secs(1);
/// One input in so many is timed, and every one that led to an output.
const SAMPLE: u32 = 32;

/// What joins the stage to the others.
#[derive(Debug)]
pub struct Links {
    /// Reports of gateways: read first.
    pub reports: Vec<Receiver<Record>>,
    /// Market data of feeds.
    pub market: Vec<Receiver<Record>>,
    /// What people and the program say.
    pub commands: Receiver<Command>,
    /// Other versions of the plan to go on with, ready made.
    pub versions: Receiver<Prepared>,
    /// The version before, or one that did not fit: to be freed on a cold thread.
    pub retired: Sender<Prepared>,
    /// By [`VenueId::index`]: which of `gateways` serves a venue; `None` for venues not in use.
    pub routes: [Option<usize>; VenueId::COUNT],
    /// To the gateways.
    pub gateways: Vec<Sender<Record>>,
    /// Where the fill of each ring to a gateway is shown, in the order of `gateways`.
    pub gauges: Vec<RingGauge>,
}

/// Where the stage writes what it saw.
#[derive(Debug)]
pub struct Instruments {
    /// The journal; `None` where a run is not to be kept (level `none`).
    pub journal: Option<Journal>,
    /// Its block of the telemetry page.
    pub meter: Writer,
    /// Its end of the log.
    pub notices: NoticeSender,
}

/// The core, its rings, its journal.
#[derive(Debug)]
pub struct StrategyStage<C> {
    core: Core,
    links: Links,
    tools: Instruments,
    clock: C,
    out: Outputs,
    /// Outputs of `out` that are journalled and passed on already.
    passed: usize,
    /// Orders that waited too long, to be told to the core.
    expired: Bounded<Record>,
    timer_due: Stamp,
    /// Open while the core goes on.
    alive: Option<Fence>,
    market_turn: usize,
    sample: u32,
    mode: Mode,
    /// The next record makes the core go on with another version.
    adopting: bool,
    told_full: bool,
    records: u64,
    written: u64,
    full_turns: u64,
}

impl<C: Clock> StrategyStage<C> {
    /// A stage around a core that was made or restored.
    #[must_use]
    pub fn new(core: Core, links: Links, tools: Instruments, clock: C) -> Self {
        Self {
            mode: core.mode(),
            core,
            links,
            tools,
            clock,
            out: Outputs::new(),
            passed: 0,
            expired: Bounded::with_room(Outputs::CAPACITY),
            timer_due: Stamp(0),
            alive: None,
            market_turn: 0,
            sample: 0,
            adopting: false,
            told_full: false,
            records: 0,
            written: 0,
            full_turns: 0,
        }
    }

    /// Keeps this open while the core goes on: what stands still, for want of room in the journal or in a
    /// ring, must not be spoken for by those behind it.
    #[must_use]
    pub fn with_alive(mut self, alive: Fence) -> Self {
        self.alive = Some(alive);
        self
    }

    /// The core, to be looked at.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The core back, with whatever the rings did not take: the end of a run.
    #[must_use]
    pub fn into_core(self) -> Core {
        self.core
    }

    /// Whether the journal takes an input and everything it can cause.
    fn has_room(&mut self, now: Stamp) -> bool {
        let Some(journal) = &self.tools.journal else { return true };
        if journal.has_room(1 + Outputs::CAPACITY) {
            self.told_full = false;
            return true;
        }
        let index = journal.next_index();
        self.journal_full(index, now);
        false
    }

    #[cold]
    #[inline(never)]
    fn journal_full(&mut self, index: u64, now: Stamp) {
        self.full_turns += 1;
        if !self.told_full {
            self.told_full = true;
            let numbers = [i64::try_from(index).unwrap_or(i64::MAX), 0, 0];
            self.tell(NoticeCode::JournalFull, now, None, InstrumentId::ALL, numbers);
        }
    }

    /// The door: journal, core, journal, rings. Says whether everything was passed on.
    #[inline]
    fn enter(&mut self, record: &Record, now: Stamp) -> bool {
        self.sample = self.sample.wrapping_add(1);
        let timed = self.sample.is_multiple_of(SAMPLE) || self.adopting;
        let began = if timed { self.clock.now() } else { Stamp(0) };
        self.append(record);
        self.records += 1;
        self.core.step(record, &mut self.out);
        if self.adopting {
            self.adopted(began);
        } else if timed {
            self.tools.meter.record(Hist::Strategy, (self.clock.now() - began).0);
        }
        self.out.as_slice().is_empty() || self.pass_on(now)
    }

    fn append(&mut self, record: &Record) {
        if let Some(journal) = &mut self.tools.journal {
            // Room was asked for before: a refusal here cannot be.
            let _ = journal.append(record);
        }
    }

    /// Journals and sends what the step wrote; `false` while a ring is full.
    #[inline(never)]
    fn pass_on(&mut self, now: Stamp) -> bool {
        // bound: the outputs of one step
        while let Some(record) = self.out.as_slice().get(self.passed).copied() {
            if !self.send(&record, now) {
                return false;
            }
            self.passed += 1;
        }
        self.out.clear();
        self.passed = 0;
        true
    }

    #[inline]
    fn send(&mut self, record: &Record, now: Stamp) -> bool {
        // What a record is for stands in it: only what is told is read whole.
        let venue = match Kind::from_u8(record.kind) {
            Some(Kind::Place) => {
                if self.is_late(record, now) {
                    return self.expire(record);
                }
                record.venue_id()
            }
            Some(Kind::Cancel | Kind::CancelAll | Kind::Query) => record.venue_id(),
            _ => {
                self.tell_output(record);
                None
            }
        };
        let route = venue.and_then(|venue| *self.links.routes.get(venue.index())?);
        let Some(gateway) = route.and_then(|at| self.links.gateways.get_mut(at)) else {
            return self.keep(record);
        };
        if gateway.is_full() {
            return false;
        }
        // The record is in the journal before its bytes may leave.
        if let Some(journal) = &mut self.tools.journal {
            let _ = journal.append(record);
        }
        self.written += 1;
        gateway.push(*record).is_ok()
    }

    fn keep(&mut self, record: &Record) -> bool {
        self.append(record);
        self.written += 1;
        true
    }

    /// An order whose prices are too old to be sent: it waited for a ring. Its stamp is that of its cause.
    #[inline]
    fn is_late(&self, record: &Record, now: Stamp) -> bool {
        now - record.stamp > self.core.plan().freshness.receive_age
    }

    #[cold]
    #[inline(never)]
    fn expire(&mut self, record: &Record) -> bool {
        let Ok(Output::Place(place)) = Output::read(record) else { return self.keep(record) };
        let refusal = Reject {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            class: RejectClass::Local,
            code: 0,
        };
        self.expired.push(Input::Reject(refusal).record(record.stamp));
        self.keep(record)
    }

    fn tell(
        &mut self,
        code: NoticeCode,
        stamp: Stamp,
        venue: Option<VenueId>,
        instrument: InstrumentId,
        numbers: [i64; 3],
    ) {
        self.tools.notices.tell(Notice { stamp, code, venue, instrument, numbers });
    }

    /// What a person may want to know of.
    fn tell_output(&mut self, record: &Record) {
        match Output::read(record) {
            Ok(Output::PairChange(change)) => self.tell_pair(&change, record.stamp),
            Ok(Output::Alarm(alarm)) => self.tell_alarm(&alarm, record.stamp),
            _ => {}
        }
    }

    fn tell_pair(&mut self, change: &PairChange, stamp: Stamp) {
        let (phase, reason) = (change.phase as u16, change.reason as u16);
        let numbers = [i64::from(change.pair.0), i64::from(phase), i64::from(reason)];
        self.tell(NoticeCode::PairChanged, stamp, None, change.long, numbers);
    }

    fn tell_alarm(&mut self, alarm: &Alarm, stamp: Stamp) {
        let (code, numbers) = match alarm.code {
            // What a gate holds back is the daily business of a limit, not an alarm for a person.
            AlarmCode::GateRefused => (NoticeCode::GateRefused, [alarm.seen, 0, 0]),
            code => (NoticeCode::Alarm, [i64::from(code as u16), alarm.seen, alarm.limit]),
        };
        self.tell(code, stamp, alarm.venue, alarm.instrument, numbers);
    }

    /// The next record to consume, the most important first. Market rings take turns.
    #[inline]
    fn next(&mut self, now: Stamp) -> Option<Record> {
        if let Some(record) = self.expired.pop() {
            return Some(record);
        }
        if now >= self.timer_due {
            self.timer_due = now + TIMER;
            if let Some(alive) = &self.alive {
                alive.open_until(now + ALIVE);
            }
            return Some(Input::Timer(Timer { wall: self.clock.wall() }).record(now));
        }
        for reports in &mut self.links.reports {
            if let Some(record) = reports.pop() {
                return Some(record);
            }
        }
        if let Some(record) = self.told(now) {
            return Some(record);
        }
        // bound: the market rings
        for _ in 0..self.links.market.len() {
            self.market_turn += 1;
            if self.market_turn >= self.links.market.len() {
                self.market_turn = 0;
            }
            if let Some(record) =
                self.links.market.get_mut(self.market_turn).and_then(Receiver::pop)
            {
                return Some(record);
            }
        }
        None
    }

    /// What the program says next: a command, or to go on with another version.
    fn told(&mut self, now: Stamp) -> Option<Record> {
        let command = match self.links.commands.pop() {
            Some(command) => command,
            None => self.next_version()?,
        };
        Some(Input::Command(command).record(now))
    }

    /// The core goes on with another version, since `began`: the one before leaves.
    #[cold]
    #[inline(never)]
    fn adopted(&mut self, began: Stamp) {
        self.adopting = false;
        self.tools.meter.record(Hist::Adoption, (self.clock.now() - began).0);
        if let Some(former) = self.core.take_spare() {
            self.retire(former);
        }
    }

    /// Puts the next version ready, if there is room for the one before it.
    fn next_version(&mut self) -> Option<Command> {
        if self.links.versions.is_empty() || self.links.retired.free() == 0 {
            return None;
        }
        let next = self.links.versions.pop()?;
        let version = next.version();
        if let Some(unused) = self.core.offer(next) {
            self.retire(unused);
        }
        self.adopting = true;
        Some(Command { action: Action::Adopt, version })
    }

    #[cold]
    #[inline(never)]
    fn retire(&mut self, plan: Prepared) {
        // There was room before the version that takes its place was read. Were there none, it is rather
        // leaked than freed on this thread.
        let _ = self.links.retired.push(plan).map_err(core::mem::forget);
    }

    fn tell_mode(&mut self, now: Stamp) {
        let mode = self.core.mode();
        if mode == self.mode {
            return;
        }
        self.mode = mode;
        let code = match mode {
            Mode::Armed => NoticeCode::Armed,
            Mode::Disarmed | Mode::Halted => NoticeCode::Disarmed,
            Mode::Stopped | Mode::Flattening => NoticeCode::Stopped,
        };
        self.tell(code, now, None, InstrumentId::ALL, [0; 3]);
    }
}

impl<C: Clock> Stage for StrategyStage<C> {
    fn name(&self) -> &'static str {
        "strategy"
    }

    fn turn(&mut self, now: Stamp) -> Work {
        if !self.out.as_slice().is_empty() && !self.pass_on(now) {
            return Work::Backpressured;
        }
        let mut done = 0;
        // bound: BURST
        while (done as usize) < BURST {
            if !self.has_room(now) {
                return Work::Backpressured;
            }
            let Some(record) = self.next(now) else { break };
            done += 1;
            if !self.enter(&record, now) {
                return Work::Backpressured;
            }
        }
        if done == 0 { Work::Idle } else { Work::Done(done) }
    }

    fn housekeep(&mut self, now: Stamp) {
        self.tell_mode(now);
        let counts = *self.core.counts();
        let refused = crate::risk::Gate::ALL.iter().map(|gate| self.core.refused(*gate)).sum();
        let meter = &self.tools.meter;
        meter.set(Counter::CoreInputs, counts.inputs);
        meter.set(Counter::CoreOutputs, self.written);
        meter.set(Counter::CoreBadInputs, counts.bad_inputs);
        meter.set(Counter::CoreRefused, refused);
        meter.set(Counter::CoreAlarms, counts.alarms);
        meter.set(Counter::CorePairsOpened, counts.pairs_opened);
        meter.set(Counter::CorePairsClosed, counts.pairs_closed);
        meter.set(Counter::CorePairs, self.core.pairs_alive() as u64);
        meter.set(Counter::CoreArmed, u64::from(self.mode == Mode::Armed));
        let halted = matches!(self.mode, Mode::Halted | Mode::Stopped | Mode::Flattening);
        meter.set(Counter::CoreHalted, u64::from(halted));
        meter.set(Counter::JournalFull, self.full_turns);
        if self.tools.journal.is_some() {
            meter.set(Counter::JournalRecords, self.records + self.written);
        }
        for (gauge, ring) in self.links.gauges.iter().zip(&self.links.gateways) {
            gauge.publish(ring.fill(), ring.refused());
        }
    }
}

#[cfg(test)]
mod tests;
