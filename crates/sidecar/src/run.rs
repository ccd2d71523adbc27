//! The three threads and the handle the program holds.

use crate::collect::PageCollector;
use crate::desk::Desk;
use crate::error::SidecarError;
use crate::http::{Answer, Handler, Method, Server, Stop};
use crate::own::{Own, shown};
use crate::plan::{JournalPlan, Listen, Reload, SidecarPlan};
use crate::probe::{self, Verdict};
use crate::shadow::{Divergence, Shadow};
use base::{Clock as _, Record, Span};
use crossbeam_channel::{Sender, bounded};
use journal::Follower;
use prometheus::{Registry, TextEncoder};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use strategy::View;
use telemetry::{HostClock, Level, PageReader, Snapshot};
use tuning::Degraded;

mod follow;
mod keep;
mod tenancy;
mod vigil;

use follow::Loop;
use tenancy::Tenancy;
use vigil::Vigil;

/// What all three threads see.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) page: Arc<PageReader>,
    pub(crate) clock: HostClock,
    pub(crate) own: Own,
    silence: Span,
    clock_bound: Span,
    view: Mutex<Option<Arc<View>>>,
    faults: Mutex<BTreeMap<&'static str, String>>,
    /// Why the processors do not count as our own now.
    lost: Mutex<Vec<Degraded>>,
    divergence: Mutex<Option<Divergence>>,
    /// What GET /config answers.
    pub(crate) configuration: Mutex<String>,
    /// What is below is left out of the log.
    pub(crate) log_level: Mutex<Level>,
}

/// A line another thread wants in the log.
pub(crate) struct Said {
    pub(crate) level: Level,
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// A snapshot to be written: the first record it has not seen, and the state.
pub(crate) struct SnapshotJob {
    pub(crate) index: u64,
    pub(crate) state: Vec<Record>,
}

impl Shared {
    /// Notes or clears what is wrong under a code; says whether that is news.
    pub(crate) fn fault(&self, code: &'static str, what: Option<String>) -> bool {
        let mut faults = lock(&self.faults);
        self.own.faults.with_label_values(&[code]).set(i64::from(what.is_some()));
        match what {
            Some(what) => faults.insert(code, what).is_none(),
            None => faults.remove(code).is_some(),
        }
    }

    pub(crate) fn publish(&self, view: View) {
        *lock(&self.view) = Some(Arc::new(view));
    }

    pub(crate) fn part(&self, divergence: &Divergence) {
        lock(&self.divergence).get_or_insert_with(|| divergence.clone());
    }

    pub(crate) fn view(&self) -> Option<Arc<View>> {
        lock(&self.view).clone()
    }

    /// Takes note of what was seen of the processors.
    pub(crate) fn lose(&self, mut found: Vec<Degraded>) {
        found.retain(Degraded::ends_exclusivity);
        *lock(&self.lost) = found;
    }

    fn ready(&self) -> Verdict {
        let view = self.view();
        let faults: Vec<_> =
            lock(&self.faults).iter().map(|(code, what)| (*code, what.clone())).collect();
        let facts =
            probe::Facts { view: view.as_deref(), clock_bound: self.clock_bound, faults: &faults };
        probe::ready(&self.page.snapshot(), &facts)
    }

    fn health(&self) -> Verdict {
        probe::health(&self.page, self.clock.now(), self.silence)
    }
}

/// A poisoned lock still holds whole values: they are replaced, never changed in place.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the cold side.
#[derive(Debug)]
pub struct Sidecar;

impl Sidecar {
    /// Binds the sockets, then starts the threads. When it fails nothing is left running.
    ///
    /// # Errors
    /// [`SidecarError`]: a port in use, named with its key; a journal that cannot be followed.
    pub fn start(plan: SidecarPlan) -> Result<SidecarHandle, SidecarError> {
        let page = Arc::new(plan.page);
        let registry = Registry::new();
        registry.register(Box::new(PageCollector::new(Arc::clone(&page))?))?;
        let own = Own::register(&registry)?;
        own.info.with_label_values(&plan.about.values()).set(1);
        for reason in &plan.degraded {
            own.degraded.with_label_values(&[reason.code()]).set(1);
        }
        for (name, state) in &plan.fitness.checks {
            own.doctor.with_label_values(&[*name, *state]).set(1);
        }
        let shared = Arc::new(Shared {
            page,
            clock: plan.clock,
            own,
            silence: plan.silence,
            clock_bound: plan.clock_bound,
            view: Mutex::default(),
            faults: Mutex::default(),
            lost: Mutex::default(),
            divergence: Mutex::default(),
            configuration: Mutex::new("{}".to_owned()),
            log_level: Mutex::new(plan.log.level),
        });
        let listens = [plan.metrics, plan.health];
        let sockets = listens.into_iter().flatten().map(bind).collect::<Result<Vec<_>, _>>()?;
        let metrics_at = plan.metrics.is_some().then_some(0);
        let handler = handler(Arc::clone(&shared), registry, metrics_at, plan.reload);
        let (server, stop_http) = Server::new(sockets, plan.limits, handler)?;
        let mut addresses = server.addresses().into_iter();
        let mut address = |listen: Option<Listen>| listen.and_then(|_| addresses.next().flatten());
        let (metrics, health) = (address(plan.metrics), address(plan.health));

        let (say, said) = bounded(SAID);
        let (following, keeping) = plan.journal.map(split).transpose()?.unzip();
        let vigil = Vigil::begin(&plan.degraded, plan.watch, tuning::read_file);
        let watching = (vigil, plan.lease.map(Tenancy::new));
        let mut work =
            Loop::new(Arc::clone(&shared), plan.log, plan.notices, said, following, watching);
        work.begin(&plan.fitness);
        let (stop, stopped) = bounded(0);
        let mut handle = SidecarHandle {
            shared: Arc::clone(&shared),
            stop: Some(stop),
            say: say.clone(),
            stop_http: stop_http.clone(),
            threads: Vec::new(),
            metrics,
            health,
        };
        // From here on a failure drops the handle, which ends what was started.
        handle.spawn("sidecar", move || work.run(&stopped))?;
        if let Some(keeping) = keeping {
            let shared = Arc::clone(&shared);
            handle.spawn("keeper", move || keep::run(keeping, &shared, &say))?;
        }
        handle.spawn("http", move || {
            if let Err(error) = server.run(&stop_http) {
                shared.fault("http", Some(error.to_string()));
            }
        })?;
        Ok(handle)
    }
}

/// Lines of other threads that may wait for the log.
const SAID: usize = 256;

/// The part of a journal's plan each thread takes.
fn split(plan: JournalPlan) -> Result<(follow::Following, keep::Keeping), SidecarError> {
    let follower = Follower::open(plan.keeper.dir(), plan.from)?;
    let (jobs, todo) = bounded(1);
    let shadow = Shadow::new(plan.shadow, plan.keeper.dir().to_owned());
    let following = follow::Following::new(follower, shadow, jobs, plan.snapshot_every);
    Ok((following, keep::Keeping { keeper: plan.keeper, todo, retain: plan.retain }))
}

fn bind(listen: Listen) -> Result<TcpListener, SidecarError> {
    let Listen { addr, key } = listen;
    TcpListener::bind(addr).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => SidecarError::PortInUse { addr, key },
        _ => SidecarError::Listen { addr, key, source },
    })
}

/// Routes: each listener serves its own paths only, so that a scraper's network sees no probes.
fn handler(
    shared: Arc<Shared>,
    registry: Registry,
    metrics_at: Option<usize>,
    reload: Option<Reload>,
) -> Handler {
    Box::new(move |listener, method, path| {
        let verdict = |question, verdict: &Verdict| {
            let status = if verdict.is_yes() { 200 } else { 503 };
            Answer::json(status, verdict.json(question))
        };
        let is_metrics = Some(listener) == metrics_at;
        if let (false, "/config/reload", Some(reload)) = (is_metrics, path, &reload) {
            if method != Method::Post {
                return Answer::other_method(true);
            }
            (reload.0)();
            return Answer::text(202, "asked for; GET /config says what came of it\n");
        }
        if method == Method::Post {
            return Answer::other_method(false);
        }
        match (is_metrics, path) {
            (true, "/metrics") => match TextEncoder::new().encode_to_string(&registry.gather()) {
                Ok(text) => Answer { content_type: METRICS_TYPE, ..Answer::text(200, text) },
                Err(error) => Answer::text(500, format!("{error}\n")),
            },
            (false, "/health") => verdict("healthy", &shared.health()),
            (false, "/ready") => verdict("ready", &shared.ready()),
            (false, "/config") => Answer::json(200, lock(&shared.configuration).clone()),
            (is_metrics, _) => {
                let there = if is_metrics { "/metrics" } else { "/health, /ready and /config" };
                Answer::text(404, format!("not here; this port has {there}\n"))
            }
        }
    })
}

const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where things stand, for the live terminal and the report.
#[derive(Clone, Debug)]
pub struct Status {
    /// The shadow core's view, at most a moment old; `None` without a journal.
    pub view: Option<Arc<View>>,
    /// Records the shadow is behind.
    pub lag: u64,
    /// Where the shadow first differed from the live core.
    pub divergence: Option<Divergence>,
    /// What is wrong with journal, shadow or server, by code.
    pub faults: Vec<(&'static str, String)>,
    /// The answer of /ready.
    pub ready: Verdict,
}

/// What was left when the sidecar ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The last view: of the whole journal.
    pub view: Option<Arc<View>>,
    /// Where the shadow first differed from the live core.
    pub divergence: Option<Divergence>,
    /// Records that were appended.
    pub written: u64,
    /// Records that are durable.
    pub synced: u64,
    /// What was wrong at the end, by code.
    pub faults: Vec<(&'static str, String)>,
}

/// A running sidecar. Dropping it ends it; [`SidecarHandle::stop`] also says how it ended.
#[derive(Debug)]
pub struct SidecarHandle {
    shared: Arc<Shared>,
    /// Dropped to end the loop.
    stop: Option<Sender<()>>,
    say: Sender<Said>,
    stop_http: Stop,
    /// In the order in which they end.
    threads: Vec<JoinHandle<()>>,
    metrics: Option<SocketAddr>,
    health: Option<SocketAddr>,
}

impl SidecarHandle {
    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), SidecarError> {
        self.threads.push(Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }

    /// Where /metrics is served.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Where /health and /ready are served.
    #[must_use]
    pub fn health_addr(&self) -> Option<SocketAddr> {
        self.health
    }

    /// For other cold threads of the program.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk::new(Arc::clone(&self.shared), self.say.clone())
    }

    /// Why the processors do not count as the process's own, as far as it was seen while running.
    #[must_use]
    pub fn lost(&self) -> Vec<Degraded> {
        lock(&self.shared.lost).clone()
    }

    /// The numbers of the page now.
    #[must_use]
    pub fn page(&self) -> Snapshot {
        self.shared.page.snapshot()
    }

    /// Where things stand now.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            view: self.shared.view(),
            lag: u64::try_from(self.shared.own.lag.get()).unwrap_or(0),
            divergence: lock(&self.shared.divergence).clone(),
            faults: self.faults(),
            ready: self.shared.ready(),
        }
    }

    /// Ends it: to be called when the hot threads have ended. Follows the journal to its end, writes
    /// the last lines of the log, a last snapshot, and makes everything durable.
    #[must_use]
    pub fn stop(mut self) -> Ended {
        self.end();
        let index = |gauge: &prometheus::IntGauge| u64::try_from(gauge.get()).unwrap_or(0);
        Ended {
            view: self.shared.view(),
            divergence: lock(&self.shared.divergence).clone(),
            written: index(&self.shared.own.written),
            synced: index(&self.shared.own.synced),
            faults: self.faults(),
        }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        lock(&self.shared.faults).iter().map(|(code, what)| (*code, what.clone())).collect()
    }

    fn end(&mut self) {
        drop(self.stop.take());
        self.stop_http.stop();
        for thread in self.threads.drain(..) {
            if let Err(panic) = thread.join() {
                let what = panic.downcast_ref::<String>().cloned();
                let what = what.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                self.shared.fault("panic", Some(what.unwrap_or_else(|| "a thread".into())));
            }
        }
    }
}

impl Drop for SidecarHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// An index as a gauge.
fn put(gauge: &prometheus::IntGauge, index: u64) {
    gauge.set(shown(index));
}

#[cfg(test)]
pub(crate) mod tests;
