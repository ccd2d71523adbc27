//! Another version of the configuration while the engine runs.
//!
//! A cold thread watches the folder, hears SIGHUP and POST /config/reload, and looks again every half
//! minute. It reads the whole configuration, judges it against the one in force and against what is held,
//! gives it its number, lays its plan beside the journal, makes its tables, and hands them to the core,
//! which takes them in between two events. The tables of the version before come back: then the new one is
//! in force. Whatever is wrong on the way, the version before stays whole, and everybody is told. Where API
//! keys changed they are proved and put to use first ([`keys`] says in which order, and why).

mod judge;
mod keys;
mod live;
mod source;
mod watch;

pub(crate) use watch::{Bell, Cause};

use crate::versions::{self, Version};
use crate::{log, wiring};
use config::history::{Effective, History};
use config::source::Remote;
use config::{Config, Override};
use jiff::Timestamp;
use judge::{Fit, InForce, Judged, judge};
use keys::NotChanged;
use serde_json::{Value, json};
use sidecar::{Adoption, Desk};
use source::{Follower, Found, Place};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use strategy::{Plan, Prepared};
use telemetry::Level;
use watch::Watch;

/// How often it is looked whether the core has taken a version.
const LOOK: Duration = Duration::from_millis(1);

/// What a run began with, and how it is looked for again.
pub(crate) struct Origin {
    /// Where the configuration lies; without a folder there is nothing that could change.
    pub(crate) dir: Option<PathBuf>,
    /// Where it was brought from, if it lies elsewhere.
    pub(crate) remote: Option<Remote>,
    /// The options of the command line: they stay what they were.
    pub(crate) set: Vec<Override>,
    pub(crate) history: History,
    /// The version of the start.
    pub(crate) version: Version,
    pub(crate) bell: Bell,
}

/// What a reloader works with.
pub(crate) struct Setup {
    pub(crate) origin: Origin,
    /// The plan of the start.
    pub(crate) plan: Plan,
    /// How many times as fast as time the venues' clocks run.
    pub(crate) speed: u32,
    /// The folder of the journal.
    pub(crate) journal: PathBuf,
    pub(crate) versions: wiring::Versions,
    /// Our accounts; `None` on paper, and where the venues are simulated, which give out keys of their own.
    pub(crate) accounts: Option<wiring::Accounts>,
    /// Files of their own that keys were read from.
    pub(crate) key_files: Vec<PathBuf>,
    pub(crate) desk: Desk,
}

/// How long who ends this waits for the thread.
const PATIENCE: Duration = Duration::from_secs(1);

/// The running thread. Dropping it ends it.
pub(crate) struct Reloader {
    bell: Bell,
    thread: Option<JoinHandle<()>>,
    told: Receiver<String>,
}

impl Reloader {
    pub(crate) fn start(setup: Setup) -> io::Result<Self> {
        let (tell, told) = channel();
        // The copy of a source changes when the source does, which its follower says.
        let origin = &setup.origin;
        let bell = origin.bell.clone();
        let dir = origin.dir.clone().filter(|_| origin.remote.is_none());
        let watch = Watch::new(dir, setup.key_files.clone(), bell.clone());
        let work = Work::new(setup, tell)?;
        // Before anybody is told where to ask.
        work.publish(&Value::Null);
        let body = move || work.run(watch);
        let thread = thread::Builder::new().name("reload".to_owned()).spawn(body)?;
        Ok(Self { bell, thread: Some(thread), told })
    }

    /// From here on nothing new is begun: the core is given no other version, no venue is asked anything.
    pub(crate) fn stop(&self) {
        self.bell.stop();
    }

    /// The last thing that happened, for the screen.
    pub(crate) fn told(&self) -> Option<String> {
        self.told.try_iter().last()
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.stop();
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + PATIENCE;
        // bound: PATIENCE
        while !thread.is_finished() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        // One that reads a file or waits for a venue may do so for long, and has nothing left to do: it
        // ends with the process.
        if thread.is_finished() {
            // If it panicked the version in force stayed what it was.
            let _ = thread.join();
        }
    }
}

/// The thread's own.
struct Work {
    place: Place,
    set: Vec<Override>,
    history: History,
    speed: u32,
    journal: PathBuf,
    versions: wiring::Versions,
    accounts: Option<wiring::Accounts>,
    key_files: Vec<PathBuf>,
    desk: Desk,
    bell: Bell,
    tell: Sender<String>,
    in_force: InForce,
    since: Timestamp,
    /// What was wrong when it was looked last, so that it is not told every half minute.
    refused: Vec<String>,
}

/// What a look came to.
struct Look {
    adoption: Adoption,
    changes: Vec<String>,
    /// What the change means for what is held.
    limits: Vec<String>,
    /// What became of API keys that changed.
    keys: Vec<String>,
    faults: Vec<String>,
}

impl Look {
    fn refused(faults: Vec<String>) -> Self {
        Self { faults, ..Self::of(Adoption::Refused) }
    }

    fn of(adoption: Adoption) -> Self {
        let (changes, limits, keys, faults) = Default::default();
        Self { adoption, changes, limits, keys, faults }
    }
}

impl Work {
    fn new(setup: Setup, tell: Sender<String>) -> io::Result<Self> {
        let Setup { origin, plan, speed, journal, versions, accounts, key_files, desk } = setup;
        let Origin { dir, remote, set, history, version, bell } = origin;
        let follow = |remote| Follower::start(remote, bell.clone(), desk.clone());
        let place = Place::new(dir, remote.map(follow).transpose()?);
        let in_force = InForce { version, plan };
        let (since, refused) = (Timestamp::now(), Vec::new());
        Ok(Self {
            place,
            set,
            history,
            speed,
            journal,
            versions,
            accounts,
            key_files,
            desk,
            bell,
            tell,
            in_force,
            since,
            refused,
        })
    }

    fn run(mut self, mut watch: Watch) {
        // bound: until the bell says stop
        loop {
            if watch.became_blind() && (self.place.is_watched() || !self.key_files.is_empty()) {
                self.say(
                    Level::Warn,
                    "the configuration's files cannot be watched: they are looked at every 30 s",
                );
            }
            let Some(cause) = watch.next() else { return };
            if let Some(look) = self.look(cause) {
                self.conclude(cause, &look);
            }
            watch.also(&self.key_files);
        }
    }

    /// Reads what lies there and adopts it if it can be; `None` when there is nothing to say of it, or the
    /// engine stops meanwhile.
    fn look(&mut self, cause: Cause) -> Option<Look> {
        let dir = match self.place.next(cause) {
            Found::Seen => return None,
            Found::Faulty(faults) => return Some(Look::refused(faults)),
            Found::Folder(dir) => dir,
        };
        let inspected = versions::read(dir.as_deref(), &self.set);
        let effective = Effective::of(&inspected, dir.as_deref(), self.history.salt());
        self.place.read(inspected.faults.as_ref().map_err(|why| lines(&why.to_string())).err());
        let both = effective.and_then(|e| inspected.into_config().map(|config| (config, e)));
        let (config, effective) = match both {
            Ok(both) => both,
            Err(faults) => return Some(Look::refused(lines(&faults.to_string()))),
        };
        // Whatever is thought of them: what they hold may be put right.
        self.key_files = key_files(&config);
        match judge(&self.in_force, config, effective, self.speed) {
            Judged::Same => Some(Look::of(Adoption::Unchanged)),
            Judged::Unfit(why) => Some(Look::refused(why)),
            Judged::Fit(fit) => self.adopt_with_keys(*fit, cause),
        }
    }

    /// Puts the keys of a version to use, then the version in force: both, or neither. `None` when the engine
    /// stops meanwhile.
    fn adopt_with_keys(&mut self, fit: Fit, cause: Cause) -> Option<Look> {
        let (bell, exchanges) = (self.bell.clone(), fit.rekeyed.clone());
        let stops = move || bell.is_stopped();
        let Some(mut accounts) = self.accounts.take() else {
            let told = |name| format!("{name}: no key of yours is used in this mode: no effect");
            let keys = exchanges.iter().map(told).collect();
            let adopted = self.adopt(fit, cause);
            return adopted.map_or_else(
                |why| Some(Look::refused(vec![why])),
                |look| look.map(|look| Look { keys, ..look }),
            );
        };
        let look = match keys::change(&mut accounts, &fit.config, &exchanges, &stops) {
            Err(NotChanged::Stopping) => None,
            Err(NotChanged::Refused(faults)) => Some(Look::refused(faults)),
            Ok(changed) => match self.adopt(fit, cause) {
                Ok(look) => look.map(|look| Look { keys: changed.told(), ..look }),
                Err(why) => {
                    let mut faults = vec![why];
                    faults.extend(keys::go_back(&mut accounts, changed, &stops));
                    Some(Look::refused(faults))
                }
            },
        };
        self.accounts = Some(accounts);
        look
    }

    /// Gives the core a version and waits until it has it.
    fn adopt(&mut self, fit: Fit, cause: Cause) -> Result<Option<Look>, String> {
        let Fit { config, effective, changes, plan, .. } = fit;
        let limits = self
            .desk
            .view()
            .map_or_else(Vec::new, |view| live::exceeded(&plan, &self.in_force.plan, &view));
        if self.bell.is_stopped() {
            return Ok(None);
        }
        let version = versions::record(&self.history, effective, &format!("reload ({cause})"))?;
        let plan = Plan { version: version.number, ..plan };
        match self.hand_over(&plan) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(why) => {
                let back = versions::take_back(&self.history, &self.in_force.version, plan.version);
                return Err(back.err().into_iter().fold(why, |why, more| format!("{why}; {more}")));
            }
        }
        self.desk.log_level(log::level(&config.logging, config.system.debug));
        self.in_force = InForce { version, plan };
        self.since = Timestamp::now();
        let changes = changes.iter().map(ToString::to_string).collect();
        Ok(Some(Look { changes, limits, ..Look::of(Adoption::Adopted) }))
    }

    /// Lays a plan beside the journal and gives it to the core; `false` when the engine stops before the core
    /// has it.
    fn hand_over(&mut self, plan: &Plan) -> Result<bool, String> {
        let text = serde_json::to_vec(plan).map_err(|why| why.to_string())?;
        // Whoever follows the journal finds the plan when it finds the record that adopts it.
        journal::keep_plan(&self.journal, plan.epoch, plan.version, &text)
            .map_err(|why| why.to_string())?;
        if self.bell.is_stopped() {
            return Ok(false);
        }
        if self.versions.offer.push(Prepared::new(plan)).is_err() {
            return Err("the core has not taken the version before".to_owned());
        }
        let Some(former) = self.await_former() else { return Ok(false) };
        if former.version() == plan.version {
            return Err(format!("the core refused version {}", plan.version));
        }
        Ok(true)
    }

    /// What the core gives back for what it was given; `None` when the engine stops first.
    fn await_former(&mut self) -> Option<Prepared> {
        // bound: until the core has turned, or the engine stops
        loop {
            if let Some(former) = self.versions.former.pop() {
                return Some(former);
            }
            if self.bell.is_stopped() {
                return None;
            }
            thread::sleep(LOOK);
        }
    }

    /// Tells everybody what a look came to.
    fn conclude(&mut self, cause: Cause, look: &Look) {
        self.desk.count(look.adoption);
        let is_news = is_news(cause, look, &self.refused);
        self.refused.clone_from(&look.faults);
        if !is_news {
            return;
        }
        self.publish(&json!({
            "at": Timestamp::now().to_string(),
            "cause": cause.to_string(),
            "outcome": look.adoption.name(),
            "changes": look.changes,
            "limits": look.limits,
            "keys": look.keys,
            "faults": look.faults,
        }));
        let version = &self.in_force.version;
        let (number, name) = (version.number, version.short().to_owned());
        let (level, first) = match look.adoption {
            Adoption::Adopted => {
                let level = if look.limits.is_empty() { Level::Info } else { Level::Warn };
                (level, format!("configuration version {number} ({name}) is in force ({cause})"))
            }
            Adoption::Unchanged => (
                Level::Info,
                format!("configuration version {number} stays: nothing changed ({cause})"),
            ),
            Adoption::Refused => (
                Level::Error,
                format!("configuration refused ({cause}), version {number} stays in force"),
            ),
        };
        let rest = look.faults.iter().chain(&look.changes).chain(&look.limits).chain(&look.keys);
        let text = rest.fold(first, |text, line| text + "\n  " + line);
        self.say(level, &text);
    }

    fn say(&self, level: Level, text: &str) {
        // A log that cannot follow and a program that has ended change nothing here.
        let _ = self.desk.say(level, "configuration", text.to_owned());
        let _ = self.tell.send(text.to_owned());
    }

    /// Answers GET /config from here on.
    fn publish(&self, last: &Value) {
        let version = &self.in_force.version;
        let answer = json!({
            "version": version.number,
            "hash": version.hash,
            "since": self.since.to_string(),
            "last": last,
        });
        self.desk.in_force(version.number, answer.to_string());
    }
}

/// Whether people are told of a look: not that it was time for one, unless it came to something else than the
/// one before, which refused what lay there for these reasons.
fn is_news(cause: Cause, look: &Look, refused: &[String]) -> bool {
    cause != Cause::Time || look.adoption == Adoption::Adopted || look.faults != refused
}

/// Files of their own that keys are read from.
pub(crate) fn key_files(config: &Config) -> Vec<PathBuf> {
    config.exchanges.iter().flat_map(|exchange| exchange.key_files.clone()).collect()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
