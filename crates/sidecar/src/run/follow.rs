//! The sidecar's own thread: the shadow core, the log, the view.

use super::tenancy::Tenancy;
use super::vigil::Vigil;
use super::{Said, Shared, SnapshotJob, lock};
use crate::log::{Log, LogPlan};
use crate::own::{Own, shown};
use crate::plan::Fitness;
use crate::shadow::Shadow;
use base::{Money, Rate, Span};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use journal::Follower;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strategy::View;
use strategy::plan::Limit;
use strategy::view::VenueView;
use telemetry::{Level, NoticeReceiver};

/// Records consumed in one round, so that the log is never starved by the journal.
const BURST: usize = 16_384;
/// Notices taken from one ring in one round.
const NOTICES: usize = 1_024;
/// How long a round waits when there was nothing to do.
const IDLE: Duration = Duration::from_millis(2);
/// How often the view is published.
const VIEW_EVERY: Duration = Duration::from_millis(100);
/// How often the clock is compared and the log flushed.
const TICK: Duration = Duration::from_millis(50);

/// The shadow and where it reads.
pub(super) struct Following {
    follower: Follower,
    shadow: Shadow,
    jobs: Sender<SnapshotJob>,
    snapshot_every: Duration,
    snapshot_at: Instant,
    /// The index of the last snapshot asked for.
    asked: u64,
}

impl Following {
    pub(super) fn new(
        follower: Follower,
        shadow: Shadow,
        jobs: Sender<SnapshotJob>,
        every: Span,
    ) -> Self {
        let snapshot_every = Duration::from_nanos(every.0.max(1_000_000));
        let snapshot_at = Instant::now() + snapshot_every;
        let asked = follower.index();
        Self { follower, shadow, jobs, snapshot_every, snapshot_at, asked }
    }

    fn job(&self) -> SnapshotJob {
        let mut state = Vec::new();
        self.shadow.core().save(&mut state);
        SnapshotJob { index: self.follower.index(), state }
    }

    fn snapshot_if_due(&mut self, now: Instant) {
        let news = self.follower.index() > self.asked && self.shadow.is_settled();
        if now < self.snapshot_at || !news || self.jobs.is_full() {
            return;
        }
        self.snapshot_at = now + self.snapshot_every;
        self.asked = self.follower.index();
        // Refused only when the keeper is gone, which it says itself.
        let _ = self.jobs.try_send(self.job());
    }
}

/// The loop and what it owns.
pub(super) struct Loop {
    shared: Arc<Shared>,
    log: Log,
    notices: Vec<NoticeReceiver>,
    said: Receiver<Said>,
    following: Option<Following>,
    vigil: Vigil,
    tenancy: Option<Tenancy>,
    tick_at: Instant,
    view_at: Instant,
    /// What the log had counted when it was last published.
    logged: (u64, u64, u64),
}

impl Loop {
    pub(super) fn new(
        shared: Arc<Shared>,
        log: LogPlan,
        notices: Vec<NoticeReceiver>,
        said: Receiver<Said>,
        following: Option<Following>,
        (vigil, tenancy): (Vigil, Option<Tenancy>),
    ) -> Self {
        let now = Instant::now();
        let log = Log::new(log);
        let logged = (0, 0, 0);
        let (tick_at, view_at) = (now, now);
        Self { shared, log, notices, said, following, vigil, tenancy, tick_at, view_at, logged }
    }

    /// The first line of the log: how fit the host is.
    pub(super) fn begin(&mut self, fitness: &Fitness) {
        if !fitness.told.is_empty() {
            let level = if fitness.ill { Level::Warn } else { Level::Info };
            self.log.say(level, "doctor", &fitness.told, Instant::now());
        }
    }

    /// Runs until the handle is dropped, then to the journal's end.
    pub(super) fn run(mut self, stopped: &Receiver<()>) {
        let mut busy = false;
        // bound: until stopped
        loop {
            let wait = if busy { Duration::ZERO } else { IDLE };
            if stopped.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
            busy = self.round(Instant::now());
        }
        // bound: the hot threads have ended, so the journal and the rings have, too
        while self.round(Instant::now()) {}
        self.finish();
    }

    /// One round; says whether there is more to do at once.
    fn round(&mut self, now: Instant) -> bool {
        let followed = self.follow(now);
        let told = self.write_log(now);
        if now >= self.tick_at {
            self.tick_at = now + TICK;
            self.tick(now);
        }
        if self.vigil.is_due(now) {
            let shared = &self.shared;
            let (news, found) = self.vigil.look(&shared.page.snapshot(), &shared.own);
            shared.lose(found);
            for said in news {
                self.log.say(said.level, said.code, &said.text, now);
            }
        }
        if now >= self.view_at {
            self.view_at = now + VIEW_EVERY;
            self.publish();
        }
        followed || told
    }

    fn follow(&mut self, now: Instant) -> bool {
        let Some(following) = &mut self.following else { return false };
        let mut consumed = 0;
        while consumed < BURST {
            // bound: BURST
            match following.follower.poll() {
                Ok(Some(entry)) => following.shadow.see(&entry),
                Ok(None) => break,
                Err(error) => {
                    if self.shared.fault("follow", Some(error.to_string())) {
                        self.log.say(Level::Error, "follow", &error.to_string(), now);
                    }
                    break;
                }
            }
            consumed += 1;
        }
        following.snapshot_if_due(now);
        if let Some(divergence) = following.shadow.first_divergence()
            && self.shared.fault("diverged", Some(divergence.to_string()))
        {
            self.shared.part(divergence);
            self.log.say(Level::Error, "diverged", &divergence.to_string(), now);
        }
        consumed == BURST
    }

    fn write_log(&mut self, now: Instant) -> bool {
        let mut more = false;
        for ring in &mut self.notices {
            let mut taken = 0;
            while taken < NOTICES {
                // bound: NOTICES
                let Some(notice) = ring.pop() else { break };
                self.log.notice(ring.stage(), &notice, &self.shared.clock, now);
                taken += 1;
            }
            more |= taken == NOTICES;
        }
        while let Ok(said) = self.said.try_recv() {
            // bound: what other threads said until now
            self.log.say(said.level, said.code, &said.text, now);
        }
        more
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
    fn tick(&mut self, now: Instant) {
        if let Some(said) = self.tenancy.as_mut().and_then(|tenancy| tenancy.look(&self.shared)) {
            self.log.say(said.level, said.code, &said.text, now);
        }
        let own = &self.shared.own;
        own.clock_error.set(self.shared.clock.discipline() as f64 / 1e9);
        if let Some(following) = &self.following {
            let written = own.written.get();
            own.lag.set((written - shown(following.follower.index())).max(0));
            own.divergences.inc_by(following.shadow.divergences() - own.divergences.get());
        }
        self.log.set_level(*lock(&self.shared.log_level));
        self.log.flush();
        let (written, suppressed, failed) = self.log.counts();
        own.log_lines.inc_by(written - self.logged.0);
        own.log_suppressed.inc_by(suppressed - self.logged.1);
        own.log_failed.inc_by(failed - self.logged.2);
        self.logged = (written, suppressed, failed);
    }

    fn publish(&self) {
        let Some(following) = &self.following else { return };
        let view = following.shadow.core().view();
        show(&self.shared.own, &view);
        self.shared.publish(view);
    }

    fn finish(mut self) {
        self.publish();
        self.tick(Instant::now());
        if let Some(following) = &self.following
            && following.shadow.is_settled()
        {
            // Waits for the keeper; refused only when it is gone.
            let _ = following.jobs.send(following.job());
        }
        self.log.flush();
    }
}

/// The numbers of a view that a dashboard draws.
fn show(own: &Own, view: &View) {
    for refusal in &view.refusals {
        own.gates.with_label_values(&[refusal.gate]).set(shown(refusal.count));
    }
    let pnl = &view.pnl;
    let kinds = [
        ("trading", pnl.trading),
        ("funding", pnl.funding),
        ("fees", pnl.fees),
        ("total", pnl.total),
    ];
    for (kind, amount) in kinds {
        own.pnl.with_label_values(&[kind]).set(approximately(amount));
    }
    own.pairs.set(i64::try_from(view.pairs.len()).unwrap_or(i64::MAX));
    for phase in PHASES {
        let count = view.pairs.iter().filter(|pair| pair.phase == phase).count();
        own.phases.with_label_values(&[phase]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    for limit in &view.limits {
        own.limits.with_label_values(&[limit_name(limit.limit)]).set(share(limit.used));
    }
    own.funding_overdue.set(approximately(view.funding_accrued));
    own.unknown_value.set(approximately(view.unknown_value));
    match view.equity {
        Some(equity) => own.equity.with_label_values::<&str>(&[]).set(approximately(equity)),
        None => own.equity.reset(),
    }
    view.venues.iter().for_each(|venue| show_venue(own, venue));
}

/// The phases of a pair that is alive, as the view names them.
const PHASES: [&str; 5] = ["opening", "hedging", "open", "closing", "stuck"];

fn show_venue(own: &Own, venue: &VenueView) {
    let name = venue.venue.name();
    let clock = venue.clock_bound_ns;
    let facts = [
        ("orders", venue.orders),
        ("account", venue.account),
        ("reconciled", venue.reconciled),
        ("clock", clock.is_some()),
    ];
    for (what, is) in facts {
        own.venues.with_label_values(&[name, what]).set(i64::from(is));
    }
    match clock {
        Some(ns) => own.clock_bounds.with_label_values(&[name]).set(seconds(ns)),
        // It was never known, or is not any more: either is absence, not a number.
        None => drop(own.clock_bounds.remove_label_values(&[name])),
    }
}

const fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::Position => "position",
        Limit::DailyLoss => "daily-loss",
        Limit::Drawdown => "drawdown",
        Limit::Leverage => "leverage",
        Limit::Concentration => "concentration",
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn share(used: Rate) -> f64 {
    used.0 as f64 / 1e12
}

/// An amount as a dashboard draws it: no decision is made from it.
fn approximately(amount: Money) -> f64 {
    amount.to_string().parse().unwrap_or(f64::NAN)
}
