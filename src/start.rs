//! From the configuration to a running engine, step by step; every step can refuse with what to do.

use crate::catalog::Lists;
use crate::control::{Door, Order};
use crate::engine::{self, Engine};
use crate::exclusive::Exclusivity;
use crate::fencing::Fencing;
use crate::prices::Prices;
use crate::reload::{self, Bell, Cause, Origin, Reloader};
use crate::site::{self, Site};
use crate::topology::LIVE;
use crate::venues::{self, Play, Venues};
use crate::wiring::{self, Blueprint, wire};
use crate::{catalog, fencing, fitness, log, page, plan, replay};
use base::{Instruments, Span, VenueId, WallNs};
use config::plan::market::{self, Misfit};
use config::plan::{Config, Mode, System};
use journal::{Journal, JournalError, Opened, Options};
use lease::Tenure;
use net::{HttpClient, HttpOptions};
use rings::Flag;
use sidecar::{
    About, Fitness, JournalPlan, Limits, Listen, LogPlan, Sidecar, SidecarError, SidecarHandle,
    SidecarPlan,
};
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Instant;
use strategy::Core;
use telemetry::{Page, PageError};
use thiserror::Error;
use tuning::{Host, HostError, Layout, Placement, Refused, Watch, place};
use venue::catalog::Unread;

/// Between two snapshots of the core.
const SNAPSHOT: Span = Span::from_secs(10);
/// A pinned thread that is silent for longer is wedged.
const SILENCE: Span = Span::from_secs(5);
/// Runs of the simulated venues whose folders are kept.
const RUNS_KEPT: usize = 5;

/// The journal's folder in a state folder.
const JOURNAL: &str = "journal";

/// Why nothing was started.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("{0}; drop `nodes.require_exclusive` to run all the same")]
    Exclusive(Refused),
    #[error(transparent)]
    Confine(#[from] tuning::PinError),
    #[error(transparent)]
    Venues(#[from] venues::Fault),
    #[error(transparent)]
    Site(#[from] site::Fault),
    #[error(transparent)]
    Catalog(#[from] catalog::Fault),
    #[error(transparent)]
    Plan(#[from] plan::Fault),
    #[error(transparent)]
    Fencing(#[from] fencing::Fault),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(
        "the state of the last start cannot be restored: {0}; move the state folder away to begin anew"
    )]
    Restore(#[from] replay::Fault),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Wiring(#[from] wiring::Fault),
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    #[error(transparent)]
    Engine(#[from] engine::Fault),
    #[error(
        "the journal in {} was not kept in mode paper: give paper a state folder of its own", .0.display()
    )]
    NotPaper(PathBuf),
    #[error("the journal in {} was kept in mode paper: its positions are on no venue; use another state folder", .0.display())]
    OnPaper(PathBuf),
    #[error("cannot start thread reload: {0}")]
    Reload(io::Error),
    #[error("{}: {why}", path.display())]
    State { path: PathBuf, why: io::Error },
    #[error("`{key}`: {host:?} is no address to listen on; use 127.0.0.1")]
    Listen { key: &'static str, host: String },
}

/// What is to be started.
pub(crate) struct Wish<'a> {
    pub(crate) config: &'a Config,
    pub(crate) layout: Layout,
    pub(crate) state: PathBuf,
    pub(crate) scenario: &'a str,
    pub(crate) seed: Option<u64>,
    /// Simulated venues that run already.
    pub(crate) venues: Option<&'a Path>,
    /// The terminal is a page: the log goes to a file.
    pub(crate) log_to_file: bool,
    /// Set when nobody wants it any more.
    pub(crate) stop: &'a Flag,
}

/// A running engine and what its report will need.
pub(crate) struct Started {
    /// Before the engine: nothing is adopted while it stops.
    pub(crate) reloader: Reloader,
    pub(crate) engine: Engine,
    pub(crate) placement: Placement,
    pub(crate) venues: Option<Venues>,
    /// Where an operator is heard.
    pub(crate) door: Door,
    /// Set, no order leaves.
    pub(crate) kill: Flag,
    /// What this engine may send at all, where a Lease says so; ends after the engine.
    pub(crate) tenure: Option<Tenure>,
    pub(crate) exclusivity: Exclusivity,
    /// Where simulated venues that are not ours left or will leave their ledger.
    pub(crate) scenario: Option<String>,
    pub(crate) journal: PathBuf,
    pub(crate) title: String,
    pub(crate) mode: Mode,
    /// What the venues list and could not be read; nothing of it is wanted.
    pub(crate) unread: Vec<Unread>,
    /// Sizes of strategies that the venues' lists do not allow.
    pub(crate) misfits: Vec<Misfit>,
    pub(crate) began: Instant,
}

/// Starts everything; says through `tell` what it waits for.
pub(crate) fn start(
    wish: &Wish<'_>,
    origin: Origin,
    tell: &mut dyn FnMut(&str),
) -> Result<Started, Fault> {
    let config = wish.config;
    let (host, placement, watch) = settle(wish)?;
    let (state, site, venues) = find_venues(wish)?;
    let (instruments, lists, misfits) = learn(config, &site)?;
    let draft = plan::make(config, instruments, 1, origin.version.number, site.speed)?;

    let journal_dir = state.join(JOURNAL);
    let Fencing { fence, tenure, epoch } = fencing::begin(config, &journal_dir, wish.stop, tell)?;
    let (opened, plan) = open_journal(config, &journal_dir, draft, epoch)?;
    let (core, known_until) = core(&journal_dir, config, &plan)?;
    // The copy is the shadow: a copy has no room ahead, and the live core must not allocate.
    let shadow = core.clone();
    let page = make_page(&state, config, &placement)?;
    let Opened { writer, keeper, next_index, .. } = opened;
    let door = Door::of(&state);
    let kill = killed(&door);
    let blueprint = Blueprint {
        config,
        site: &site,
        plan: &plan,
        instance: config.system.instance,
        core,
        journal: Some(writer),
        page: &page,
        placement: &placement,
        kill: kill.clone(),
        fence,
        known_until,
        limits: &lists.limits,
        seed: wish.seed.unwrap_or_else(|| u64::from(std::process::id())),
    };
    let mut wired = wire(blueprint)?;
    let (snapshot_every, retain) = (SNAPSHOT, Some(records_kept(config)));
    let journal = JournalPlan { keeper, shadow, from: next_index, snapshot_every, retain };
    let notices = std::mem::take(&mut wired.notices);
    let signs = site.scenario.is_none() && config.system.mode == Mode::Live;
    let accounts = signs.then(|| std::mem::take(&mut wired.accounts));
    let cpus = (fitness::look(wish.layout, &host, &config.nodes, &state), watch);
    let beside = Beside {
        site: &site,
        placement: &placement,
        state: &state,
        notices,
        plan: &plan,
        bell: origin.bell.clone(),
        cpus,
        lease: tenure.as_ref().map(Tenure::watch),
    };
    let sidecar = start_sidecar(wish, &page, journal, beside)?;
    let desk = sidecar.desk();
    let (engine, versions) = Engine::start(wired, sidecar, &site.clock)?;
    let (speed, journal, key_files) = (site.speed, journal_dir.clone(), reload::key_files(config));
    let setup = reload::Setup { origin, plan, speed, journal, versions, accounts, key_files, desk };
    let reloader = Reloader::start(setup).map_err(Fault::Reload)?;
    let title = title(config, &site, &placement);
    Ok(Started {
        reloader,
        engine,
        placement,
        venues,
        door,
        kill,
        tenure,
        exclusivity: Exclusivity::new(config.nodes.require_exclusive),
        scenario: site.scenario,
        journal: journal_dir,
        title,
        mode: config.system.mode,
        unread: lists.unread,
        misfits,
        began: Instant::now(),
    })
}

/// Which thread gets which CPU, and what of that is looked at again; this thread, and what is started from it,
/// keeps off the hot ones.
fn settle(wish: &Wish<'_>) -> Result<(Host, Placement, Watch), Fault> {
    let nodes = &wish.config.nodes;
    // Before anything is pinned: afterwards the allowed set is one CPU.
    let host = Host::read(nodes.granted_cpus)?;
    let watch = Watch::over(&host, nodes.granted_cpus, &tuning::read_file);
    let placement = place(wish.layout, &LIVE.roles(), &host, nodes.require_exclusive)
        .map_err(Fault::Exclusive)?;
    tuning::pin::confine_current(&placement.cold)?;
    Ok((host, placement, watch))
}

/// What the venues trade and allow, and which sizes of strategies do not fit that.
fn learn(config: &Config, site: &Site) -> Result<(Instruments, Lists, Vec<Misfit>), Fault> {
    let http = HttpClient::new(&site.tls, HttpOptions::default());
    let rest = |venue: VenueId| site.endpoints(venue).rest;
    let wanted = plan::wanted(config);
    let (instruments, lists) = catalog::load(&http, rest, &wanted, &plan::fees(config))?;
    // Told, not refused: an engine that does not start leaves what is open alone.
    let prices = Prices::new(&http, &rest);
    let misfits = market::misfits(config, &instruments, &|instrument| prices.of(instrument));
    Ok((instruments, lists, misfits))
}

/// Set where an operator's kill outlived the engine.
fn killed(door: &Door) -> Flag {
    let kill = Flag::new();
    if door.held() == Some(Order::Kill) {
        kill.set();
    }
    kill
}

/// The core that goes on where the journal ends, and the wall time of the last thing it knows.
fn core(journal: &Path, config: &Config, plan: &strategy::Plan) -> Result<(Core, WallNs), Fault> {
    let recovered = replay::recover(journal, config.system.instance, plan)?;
    Ok(match recovered {
        Some(recovered) => (recovered.core, recovered.until),
        None => (Core::new(plan), WallNs::NONE),
    })
}

fn title(config: &Config, site: &Site, placement: &Placement) -> String {
    let mode = config.system.mode.name();
    let scenario = site.scenario.as_deref().map_or(String::new(), |s| format!(" · {s}"));
    format!("{mode}{scenario} · {}", placement.layout)
}

/// The venues: simulated ones of our own, ones that run already, or the configured ones.
/// And the state folder: venues of our own begin anew, so does it.
fn find_venues(wish: &Wish<'_>) -> Result<(PathBuf, Site, Option<Venues>), Fault> {
    if wish.config.system.mode == Mode::Sim && wish.venues.is_none() {
        let state = fresh_folder(&wish.state)?;
        make_folder(&state)?;
        let dir = state.join("venues");
        let play = Play { scenario: wish.scenario, seed: wish.seed, dir: &dir };
        let venues = Venues::start(&play)?;
        let site = Site::simulated(&dir, wish.config)?;
        return Ok((state, site, Some(venues)));
    }
    make_folder(&wish.state)?;
    ours(&wish.state.join(JOURNAL), wish.config.system.mode == Mode::Paper)?;
    let site = match wish.venues {
        Some(dir) => Site::simulated(dir, wish.config)?,
        None => Site::configured(wish.config)?,
    };
    Ok((wish.state.clone(), site, None))
}

/// A new folder for a run whose venues begin anew; old ones are removed.
fn fresh_folder(state: &Path) -> Result<PathBuf, Fault> {
    make_folder(state)?;
    let fault = |why| Fault::State { path: state.to_owned(), why };
    let mut runs: Vec<_> = fs::read_dir(state)
        .map_err(fault)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| page::is_named_in(path) && is_run(path))
        .filter(|path| !journal::is_in_use(&path.join(JOURNAL)))
        .collect();
    runs.sort();
    for old in runs.iter().take(runs.len().saturating_sub(RUNS_KEPT - 1)) {
        page::forget(old);
        fs::remove_dir_all(old).map_err(fault)?;
    }
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = wall.map_or(0, |wall| wall.as_millis());
    Ok(state.join(format!("run-{seconds:013}")))
}

fn is_run(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("run-"))
}

fn make_folder(path: &Path) -> Result<(), Fault> {
    fs::create_dir_all(path).map_err(|why| Fault::State { path: path.to_owned(), why })
}

/// Paper accounts and real ones are never mixed up: a journal belongs to the kind that began it.
fn ours(journal: &Path, paper: bool) -> Result<(), Fault> {
    let mark = journal.join("paper");
    let begun = fs::read_dir(journal).is_ok_and(|mut entries| entries.next().is_some());
    match (begun, mark.exists()) {
        (true, marked) if marked != paper => {
            let path = journal.to_owned();
            return Err(if paper { Fault::NotPaper(path) } else { Fault::OnPaper(path) });
        }
        (false, _) if paper => {
            make_folder(journal)?;
            fs::write(&mark, "orders of this journal were filled on paper\n")
                .map_err(|why| Fault::State { path: mark, why })?;
        }
        _ => {}
    }
    Ok(())
}

/// Records of the segments that are kept before the newest snapshot.
fn records_kept(config: &Config) -> u64 {
    let journal = &config.nodes.journal;
    let segment = journal.segment_bytes / size_of::<base::Record>() as u64;
    segment.saturating_mul(u64::from(journal.segments_kept))
}

/// Opens the journal for this start, and gives the plan its number.
fn open_journal(
    config: &Config,
    dir: &Path,
    draft: strategy::Plan,
    epoch: Option<u32>,
) -> Result<(Opened, strategy::Plan), Fault> {
    let bytes = usize::try_from(config.nodes.journal.segment_bytes).unwrap_or(usize::MAX);
    let options = Options { epoch, ..Options::new(bytes) };
    let with_epoch = |epoch| {
        let plan = strategy::Plan { epoch, ..draft.clone() };
        serde_json::to_vec(&plan).unwrap_or_default()
    };
    let opened = Journal::open_with(dir, config.system.instance, options, with_epoch)?;
    let plan = strategy::Plan { epoch: opened.epoch, ..draft };
    Ok((opened, plan))
}

fn make_page(state: &Path, config: &Config, placement: &Placement) -> Result<Page, Fault> {
    let paper = config.system.mode == Mode::Paper;
    let blocks = engine::blocks(placement);
    let blocks: Vec<_> = blocks.iter().map(String::as_str).collect();
    let rings: Vec<_> = LIVE.links.iter().map(|link| (link.name, link.slots(paper))).collect();
    Ok(page::make(state, config.nodes.pages_dir.as_deref(), &blocks, &rings)?)
}

/// What the sidecar is told besides the configuration.
struct Beside<'a> {
    site: &'a Site,
    placement: &'a Placement,
    state: &'a Path,
    notices: Vec<telemetry::NoticeReceiver>,
    plan: &'a strategy::Plan,
    bell: Bell,
    cpus: (Fitness, Watch),
    lease: Option<lease::Watch>,
}

fn start_sidecar(
    wish: &Wish<'_>,
    page: &Page,
    journal: JournalPlan,
    beside: Beside<'_>,
) -> Result<SidecarHandle, Fault> {
    let config = wish.config;
    let instruments = beside.plan.instruments.list.iter();
    let names = instruments.map(|i| (i.name.clone(), i.scale)).collect();
    let monitoring = &config.monitoring;
    let metrics = (monitoring.enabled && monitoring.prometheus)
        .then(|| {
            listen(
                "monitoring.prometheus.port",
                &monitoring.prometheus_host,
                monitoring.prometheus_port,
            )
        })
        .transpose()?;
    let health = Some(listen("api.rest.port", &config.api.rest_host, config.api.rest_port)?);
    let speed = u64::from(beside.site.speed.max(1));
    let bound = config.risk.freshness.clock_bound.0.saturating_mul(speed);
    let (fitness, watch) = beside.cpus;
    let plan = SidecarPlan {
        page: page.reader()?,
        clock: beside.site.clock.clone(),
        notices: beside.notices,
        log: log_plan(wish, beside.state, names)?,
        journal: Some(journal),
        metrics,
        health,
        silence: SILENCE,
        clock_bound: Span(bound),
        about: about(&config.system),
        degraded: beside.placement.degraded.clone(),
        fitness,
        watch,
        limits: Limits::default(),
        lease: beside.lease,
        reload: Some(sidecar::Reload(Box::new(move || beside.bell.ask(Cause::Request)))),
    };
    Ok(Sidecar::start(plan)?)
}

/// What metrics say of whose engine this is.
fn about(system: &System) -> About {
    let environment = system.environment.name().to_owned();
    let (name, version) = (system.name.clone(), system.version.clone());
    About { name, version, environment, instance: system.instance.as_str().to_owned() }
}

fn listen(key: &'static str, host: &str, port: u16) -> Result<Listen, Fault> {
    let name = if host == "localhost" { "127.0.0.1" } else { host };
    let address: IpAddr = name.parse().map_err(|_| Fault::Listen { key, host: host.to_owned() })?;
    Ok(Listen { addr: SocketAddr::new(address, port), key })
}

fn log_plan(
    wish: &Wish<'_>,
    state: &Path,
    instruments: Vec<(String, base::Scale)>,
) -> Result<LogPlan, Fault> {
    let logging = &wish.config.logging;
    let instead = wish.log_to_file.then(|| state.join("engine.log"));
    let target = log::target(logging, instead).map_err(|(path, why)| Fault::State { path, why })?;
    let level = log::level(logging, wish.config.system.debug);
    Ok(LogPlan { format: log::format(logging), level, target, instruments })
}

#[cfg(test)]
mod tests;
