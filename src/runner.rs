//! The one run loop of every pinned thread.
//!
//! A crew is the stages of one thread. Each round gives every stage a turn; a stage that wrote lets those
//! it leads to react at once, and goes on when it has more: a feed ends its turn with the first message that
//! tells the core something, so that on a fused thread a quote becomes order bytes before the next message
//! is read. Every nanosecond between two rounds is charged to one regime.

use base::{Clock, Span, Stage, Stamp, Work};
use rings::Flag;
use telemetry::{Counter, Regime, Writer, alloc};

/// Slow bookkeeping happens about this often; jittered so that threads do not beat together.
const HOUSEKEEP: Span = Span::from_micros(100);

/// Turns one stage may have in a round, so that one with much to say does not keep the others waiting.
const TURNS: usize = 64;

/// The stages of one thread.
pub(crate) struct Crew<C: Clock> {
    stages: Vec<Box<dyn Stage + Send>>,
    /// For each stage the later stages of this thread that read what it writes.
    downstream: Vec<Vec<usize>>,
    meter: Writer,
    clock: C,
    /// Other threads need this CPU too: what has nothing to do gives way.
    yields: bool,
    jitter: u64,
}

impl<C: Clock> Crew<C> {
    /// The stages in the order of their turns. `downstream[i]` names those that read stage `i`.
    pub(crate) fn new(
        stages: Vec<Box<dyn Stage + Send>>,
        downstream: Vec<Vec<usize>>,
        meter: Writer,
        clock: C,
        yields: bool,
    ) -> Self {
        Self { stages, downstream, meter, clock, yields, jitter: 0x9e37_79b9_7f4a_7c15 }
    }

    /// Its block of the statistics page, for what is measured on its thread before it runs.
    pub(crate) fn meter(&self) -> &Writer {
        &self.meter
    }

    /// Runs until `stop` is set. The crew is given back so that nothing is freed on this thread.
    pub(crate) fn run(mut self, stop: &Flag) -> Self {
        let mut mark = self.clock.now();
        let mut housekeep_at = mark;
        // bound: until stop; each round is a burst a stage
        while !stop.is_set() {
            let work = self.round(mark);
            if self.yields && work == Work::Idle {
                std::thread::yield_now();
            }
            let now = self.clock.now();
            self.meter.charge(regime(work), (now - mark).0);
            mark = now;
            if now >= housekeep_at {
                mark = self.housekeep(now);
                housekeep_at = mark + self.jittered();
            }
        }
        self
    }

    /// A turn of every stage, and more of those that ended it early.
    fn round(&mut self, now: Stamp) -> Work {
        let mut total = Work::Idle;
        let mut now = now;
        for at in 0..self.stages.len() {
            // bound: TURNS
            for _ in 0..TURNS {
                let Some(stage) = self.stages.get_mut(at) else { break };
                let work = stage.turn(now);
                let more = stage.has_more();
                total = total.and(work);
                if matches!(work, Work::Done(_)) {
                    total = total.and(self.follow(at));
                    now = self.clock.now();
                }
                if !more {
                    break;
                }
            }
        }
        total
    }

    /// Lets the stages after `at` react to what it wrote. Only later ones, so the depth is bounded.
    fn follow(&mut self, at: usize) -> Work {
        let mut total = Work::Idle;
        let count = self.downstream.get(at).map_or(0, Vec::len);
        let mut now = Stamp(0);
        let mut moved = true;
        for index in 0..count {
            let Some(&next) = self.downstream.get(at).and_then(|d| d.get(index)) else { break };
            if core::mem::take(&mut moved) {
                now = self.clock.now();
            }
            let Some(stage) = self.stages.get_mut(next) else { break };
            let work = stage.react(now);
            total = total.and(work);
            if matches!(work, Work::Done(_)) {
                moved = true;
                if next > at {
                    total = total.and(self.follow(next));
                }
            }
        }
        total
    }

    #[cold]
    #[inline(never)]
    fn housekeep(&mut self, now: Stamp) -> Stamp {
        for stage in &mut self.stages {
            stage.housekeep(now);
        }
        let after = self.clock.now();
        self.meter.charge(Regime::Housekeeping, (after - now).0);
        self.meter.set(Counter::HotAllocations, alloc::hot_calls_here().allocations);
        self.meter.beat(after);
        after
    }

    /// The interval plus up to a quarter of it.
    fn jittered(&mut self) -> Span {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        Span(HOUSEKEEP.0 + self.jitter % (HOUSEKEEP.0 / 4))
    }
}

const fn regime(work: Work) -> Regime {
    match work {
        Work::Idle => Regime::CaughtUp,
        Work::Done(_) => Regime::Busy,
        Work::Backpressured => Regime::Backpressured,
    }
}

#[cfg(test)]
mod tests;
