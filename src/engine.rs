//! A running engine: its hot threads, its sidecar, and how it is brought to an end.

use crate::runner::Crew;
use crate::wiring::{Versions, Wired, thread_block};
use base::input::{Action, Command};
use base::{Clock as _, Span};
use net::Connector;
use rings::{Flag, Sender};
use sidecar::{Desk, Ended, SidecarHandle, Status};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use telemetry::{Hist, HostClock, Snapshot, alloc};
use thiserror::Error;
use tuning::{Degraded, PinError, ThreadPlan, jitter, pin_current, thread_id};

/// How long each pinned CPU is watched for its jitter floor before it is put to work.
const JITTER: Span = Span::from_millis(200);
/// How often a state that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Why the engine does not run.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot start thread {name}: {why}")]
    Thread { name: &'static str, why: std::io::Error },
    #[error("thread {name}: {why}")]
    Pin { name: &'static str, why: PinError },
    #[error("thread {0} ended by itself: the log says why")]
    Ended(&'static str),
}

/// What a hot thread gives back when it ends: its stages, so that they are freed here.
type Ending = Result<Crew<HostClock>, PinError>;

/// The hot threads and what belongs to them.
pub(crate) struct Engine {
    threads: Vec<(&'static str, JoinHandle<Ending>)>,
    stop: Flag,
    commands: Sender<Command>,
    sidecar: SidecarHandle,
    connector: Connector,
}

/// How an engine ended.
pub(crate) struct Final {
    pub(crate) page: Snapshot,
    pub(crate) sidecar: Ended,
    /// Whether the core stopped with nothing out.
    pub(crate) stop: Stopped,
}

/// How the core took the order to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Everything cancelled and seen to be.
    Quiet,
    /// So many orders' ends could not be confirmed in time.
    Left(usize),
    /// It did not stop in time: nobody knows.
    Not,
}

impl Engine {
    /// Puts every crew on its thread and CPU. The sidecar runs already. Also gives the way on which the core
    /// is given another version of its plan.
    pub(crate) fn start(
        wired: Wired,
        sidecar: SidecarHandle,
        clock: &HostClock,
    ) -> Result<(Self, Versions), Fault> {
        let Wired { crews, commands, versions, connector, .. } = wired;
        let stop = Flag::new();
        let mut threads = Vec::new();
        for (plan, crew) in crews {
            let name = plan.name;
            let (stop, clock) = (stop.clone(), clock.clone());
            let body = move || hot_thread(&plan, crew, &stop, &clock);
            let handle = thread::Builder::new().name(name.to_owned()).spawn(body);
            threads.push((name, handle.map_err(|why| Fault::Thread { name, why })?));
        }
        Ok((Self { threads, stop, commands, sidecar, connector }, versions))
    }

    /// Tells the core something; `false` when it has not taken what it was told before.
    pub(crate) fn command(&mut self, action: Action) -> bool {
        // A version is named by adoptions alone, which come another way.
        self.commands.push(Command { action, version: 0 }).is_ok()
    }

    /// Where things stand.
    pub(crate) fn status(&self) -> Status {
        self.sidecar.status()
    }

    /// Why the processors do not count as our own now.
    pub(crate) fn lost(&self) -> Vec<Degraded> {
        self.sidecar.lost()
    }

    /// Where something is left for the log and for readiness.
    pub(crate) fn desk(&self) -> Desk {
        self.sidecar.desk()
    }

    /// Where metrics and health are served, for people.
    pub(crate) fn addresses(&self) -> String {
        let metrics = self.sidecar.metrics_addr().map(|at| format!("metrics http://{at}/metrics"));
        let health = self.sidecar.health_addr().map(|at| format!("health http://{at}/health"));
        metrics.into_iter().chain(health).collect::<Vec<_>>().join(" · ")
    }

    /// The numbers of the page.
    pub(crate) fn page(&self) -> Snapshot {
        self.sidecar.page()
    }

    /// Whether every hot thread still runs; else which does not, and why.
    pub(crate) fn check(&mut self) -> Result<(), Fault> {
        let Some(at) = self.threads.iter().position(|(_, thread)| thread.is_finished()) else {
            return Ok(());
        };
        let (name, thread) = self.threads.remove(at);
        match thread.join() {
            Ok(Err(why)) => Err(Fault::Pin { name, why }),
            _ => Err(Fault::Ended(name)),
        }
    }

    /// Stops in order: no new pairs, half-done ones brought to an end while there is time, everything
    /// cancelled and seen to be, threads ended, journal synced.
    pub(crate) fn stop(mut self, patience: Duration) -> Final {
        let until = Instant::now() + patience;
        self.await_even(until - patience / 4);
        let stop = self.await_quiet(until);
        self.stop.set();
        for (_, thread) in self.threads {
            // What a crew gives back is freed here, on a cold thread; one that could not pin ends alike.
            drop(thread.join());
        }
        drop(self.connector);
        let page = self.sidecar.page();
        Final { page, sidecar: self.sidecar.stop(), stop }
    }

    /// Lets the core open nothing more, and waits until no pair is on its way in or out, so that none
    /// is left on one leg. A core that was stopped already sends nothing, whatever it holds.
    fn await_even(&mut self, until: Instant) {
        let mut told = false;
        // bound: until that time
        while Instant::now() < until {
            let view = self.status().view;
            let mode = view.as_ref().map(|view| view.mode);
            if mode == Some(strategy::Mode::Armed) {
                told = told || self.command(Action::Disarm);
            } else if mode == Some(strategy::Mode::Stopped)
                || view.is_some_and(|view| {
                    view.orders.is_empty() && view.pairs.iter().all(|pair| pair.phase == "open")
                })
            {
                return;
            }
            thread::sleep(LOOK);
        }
    }

    /// Tells the core to stop, and waits until it has and knows of no living order.
    fn await_quiet(&mut self, until: Instant) -> Stopped {
        let mut told = false;
        loop {
            told = told || self.command(Action::Stop);
            let stopped = match self.status().view {
                Some(view) if view.mode != strategy::Mode::Stopped => Stopped::Not,
                Some(view) if view.orders.is_empty() => return Stopped::Quiet,
                Some(view) => Stopped::Left(view.orders.len()),
                None => Stopped::Not,
            };
            if Instant::now() >= until {
                return stopped;
            }
            thread::sleep(LOOK);
        }
    }
}

/// The body of a hot thread: pin, measure the CPU, seal, run.
fn hot_thread(plan: &ThreadPlan, crew: Crew<HostClock>, stop: &Flag, clock: &HostClock) -> Ending {
    pin_current(plan.cpu)?;
    let meter = crew.meter();
    jitter::measure(clock, JITTER, |gap| meter.record(Hist::JitterFloor, gap));
    meter.at_home(thread_id().unwrap_or(0), Some(plan.cpu));
    meter.beat(clock.now());
    alloc::seal();
    let crew = crew.run(stop);
    alloc::unseal();
    crew.meter().retire();
    Ok(crew)
}

/// The blocks of the page: every stage's and every thread's.
pub(crate) fn blocks(placement: &tuning::Placement) -> Vec<String> {
    let stages = crate::topology::LIVE.stages.iter().map(|stage| stage.name.to_owned());
    stages.chain(placement.threads.iter().map(|thread| thread_block(thread.name))).collect()
}
