//! The core run again over what a journal holds: every output and every hash must come out the same.

use base::input::{Action, Command};
use base::{Input, Instance, Output, Record, WallNs};
use journal::{Entry, JournalError, Reader};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use strategy::{Core, Outputs, Plan, Prepared};
use thiserror::Error;

/// What a replay found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Replayed {
    /// Records read.
    pub(crate) records: u64,
    /// Inputs among them, given to the core.
    pub(crate) inputs: u64,
    /// Outputs among them, compared with what the core said now.
    pub(crate) outputs: u64,
    /// Checkpoints of the hash, compared too.
    pub(crate) checkpoints: u64,
    /// Starts of the engine that the journal spans.
    pub(crate) epochs: u32,
    /// Versions of the plan that were adopted while an engine ran.
    pub(crate) adopted: Vec<u32>,
    /// The hash after the last record.
    pub(crate) hash: String,
    /// Where the core first said something else, if it did.
    pub(crate) diverged: Option<Divergence>,
    /// How long it took.
    #[serde(skip)]
    pub(crate) took: Duration,
}

/// The first place where journal and core differ.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Divergence {
    /// Index of the record.
    pub(crate) index: u64,
    /// What the journal holds there.
    pub(crate) journal: String,
    /// What the core said.
    pub(crate) core: String,
}

/// Why a journal cannot be replayed.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("{}: no records; is this a journal's folder?", .0.display())]
    Empty(PathBuf),
    #[error("the plan of start {epoch} is missing or cannot be read: {why}")]
    Plan { epoch: u32, why: String },
    #[error(
        "the plan that start {epoch} adopted as version {version} is missing or cannot be read: {why}"
    )]
    Adopted { epoch: u32, version: u32, why: String },
    #[error(
        "record {}: the journal holds {} where this program decides {}; the version that wrote it stops in \
         order with a snapshot, from which this one can go on", .0.index, .0.journal, .0.core
    )]
    Diverged(Box<Divergence>),
    #[error("the journal begins at record {0} and holds no snapshot of that place")]
    NoBeginning(u64),
    #[error(
        "record {index}: the state of the former start does not fit the plan of start {epoch}: {why}"
    )]
    Restore { index: u64, epoch: u32, why: String },
}

/// Runs the core over every record in `dir`.
pub(crate) fn run(dir: &Path) -> Result<Replayed, Fault> {
    let reader = Reader::open(dir)?;
    let mut run = Run::begin(dir, &reader)?;
    let start = Instant::now();
    for entry in reader.from(run.index)? {
        run.take(&entry?)?;
        if run.found.diverged.is_some() {
            break;
        }
    }
    run.found.took = start.elapsed();
    run.found.hash = format!("{:016x}", run.core.hash());
    Ok(run.found)
}

/// A core restored from a journal.
pub(crate) struct Recovered {
    /// The core, made for the new start.
    pub(crate) core: Core,
    /// Wall time of the last thing it knows; what the venues did since must be asked for.
    pub(crate) until: WallNs,
}

/// The core that continues where `dir` ends, made for a new start with `plan`; `None` for an empty journal.
///
/// From the newest snapshot and the records after it, or from the first record.
pub(crate) fn recover(
    dir: &Path,
    instance: Instance,
    plan: &Plan,
) -> Result<Option<Recovered>, Fault> {
    let reader = Reader::open(dir)?;
    if reader.instance().is_none() {
        return Ok(None);
    }
    let mut run = match journal::latest_snapshot(dir, instance)? {
        Some(snapshot) => {
            let former = plan_at(&reader, snapshot.epoch, &snapshot.state)?;
            let core = restore(&former, &snapshot.state, snapshot.index, snapshot.epoch)?;
            Run::new(&reader, core, snapshot.epoch, snapshot.index)
        }
        None => Run::begin(dir, &reader)?,
    };
    for entry in reader.from(run.index)? {
        run.take(&entry?)?;
    }
    if let Some(at) = run.found.diverged {
        return Err(Fault::Diverged(Box::new(at)));
    }
    let mut state = Vec::new();
    run.core.save(&mut state);
    let core = restore(plan, &state, run.index, plan.epoch)?;
    Ok(Some(Recovered { core, until: run.wall }))
}

fn plan_of(reader: &Reader, epoch: u32) -> Result<Plan, Fault> {
    let text =
        reader.plan(epoch).ok_or_else(|| Fault::Plan { epoch, why: "no such file".to_owned() })?;
    serde_json::from_slice(&text).map_err(|why| Fault::Plan { epoch, why: why.to_string() })
}

/// The plan that was in force when the core of a start was saved.
fn plan_at(reader: &Reader, epoch: u32, state: &[Record]) -> Result<Plan, Fault> {
    let first = plan_of(reader, epoch)?;
    // What is no snapshot is refused, with the reason, by who restores it.
    match strategy::version_of(state) {
        Ok(version) if version != first.version => adopted(reader, epoch, version),
        _ => Ok(first),
    }
}

/// A plan that the core of a start was given while it ran.
fn adopted(reader: &Reader, epoch: u32, version: u32) -> Result<Plan, Fault> {
    let fault = |why: String| Fault::Adopted { epoch, version, why };
    let text = reader.adopted(epoch, version).ok_or_else(|| fault("no such file".to_owned()))?;
    serde_json::from_slice(&text).map_err(|why| fault(why.to_string()))
}

fn restore(plan: &Plan, state: &[Record], index: u64, epoch: u32) -> Result<Core, Fault> {
    Core::restore(plan, state).map_err(|why| Fault::Restore { index, epoch, why: why.to_string() })
}

/// A core on its way through a journal.
struct Run<'a> {
    reader: &'a Reader,
    core: Core,
    epoch: u32,
    /// The next record's place.
    index: u64,
    /// What the last input made the core say; the journal must say the same next.
    said: Outputs,
    heard: usize,
    /// The wall time of the last timer; the beginning of time before there was one.
    wall: WallNs,
    found: Replayed,
}

impl<'a> Run<'a> {
    fn new(reader: &'a Reader, core: Core, epoch: u32, index: u64) -> Self {
        let found = Replayed {
            records: 0,
            inputs: 0,
            outputs: 0,
            checkpoints: 0,
            epochs: 1,
            adopted: Vec::new(),
            hash: String::new(),
            diverged: None,
            took: Duration::ZERO,
        };
        Self { reader, core, epoch, index, said: Outputs::new(), heard: 0, wall: WallNs(1), found }
    }

    /// A core as it was before the journal's first record.
    fn begin(dir: &Path, reader: &'a Reader) -> Result<Self, Fault> {
        let (epoch, index) =
            *reader.epochs().first().ok_or_else(|| Fault::Empty(dir.to_owned()))?;
        if index > 0 {
            return Err(Fault::NoBeginning(index));
        }
        let core = Core::new(&plan_of(reader, epoch)?);
        Ok(Self::new(reader, core, epoch, index))
    }

    fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        if entry.epoch != self.epoch {
            self.restart(entry)?;
        }
        self.index = entry.index + 1;
        self.found.records += 1;
        if entry.record.kind().is_some_and(base::Kind::is_input) {
            self.input(entry)?;
        } else {
            self.output(entry);
        }
        Ok(())
    }

    /// A new start of the engine: what a crash kept from the journal is forgotten, the rest goes on.
    fn restart(&mut self, entry: &Entry) -> Result<(), Fault> {
        let plan = plan_of(self.reader, entry.epoch)?;
        let mut state = Vec::new();
        self.core.save(&mut state);
        self.core = restore(&plan, &state, entry.index, entry.epoch)?;
        self.epoch = entry.epoch;
        self.said.clear();
        self.heard = 0;
        self.found.epochs += 1;
        Ok(())
    }

    fn input(&mut self, entry: &Entry) -> Result<(), Fault> {
        if let Some(unheard) = self.said.as_slice().get(self.heard) {
            let journal = describe(&entry.record);
            let core = describe(unheard);
            self.diverge(Divergence { index: entry.index, journal, core });
        }
        self.said.clear();
        self.heard = 0;
        self.found.inputs += 1;
        match Input::read(&entry.record) {
            Ok(Input::Timer(timer)) => self.wall = timer.wall,
            Ok(Input::Command(Command { action: Action::Adopt, version })) => {
                let plan = adopted(self.reader, entry.epoch, version)?;
                drop(self.core.offer(Prepared::new(&plan)));
                self.found.adopted.push(version);
            }
            _ => {}
        }
        self.core.step(&entry.record, &mut self.said);
        Ok(())
    }

    fn output(&mut self, entry: &Entry) {
        self.found.outputs += 1;
        let same = self.said.as_slice().get(self.heard) == Some(&entry.record);
        if matches!(Output::read(&entry.record), Ok(Output::Checkpoint(_))) {
            self.found.checkpoints += 1;
        }
        if !same {
            let core = self.said.as_slice().get(self.heard).map_or("nothing".to_owned(), describe);
            let journal = describe(&entry.record);
            self.diverge(Divergence { index: entry.index, journal, core });
        }
        self.heard += 1;
    }

    fn diverge(&mut self, divergence: Divergence) {
        self.found.diverged.get_or_insert(divergence);
    }
}

fn describe(record: &Record) -> String {
    match (Input::read(record), Output::read(record)) {
        (Ok(input), _) => format!("{input:?}"),
        (_, Ok(output)) => format!("{output:?}"),
        (_, Err(why)) => why.to_string(),
    }
}
