//! `funding-arb doctor`: is this host fit for pinned threads, and what would make it so.

mod jitter;
mod mend;

use super::config::Looked;
use super::{ConfigSource, exit, say};
use crate::fitness;
use crate::topology::LIVE;
use ::config::plan::Config;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tuning::doctor::{Facts, Patient, Profile, Report, Sight, State, Table, examine};
use tuning::{CpuList, Host};

#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub(super) struct DoctorArguments {
    #[command(subcommand)]
    stage: Option<Stage>,
    #[command(flatten)]
    check: CheckArguments,
}

const EXIT_CODES: &str = "\
Exit codes of check --strict:
  0  as it should be
  1  something is degraded, or the profile asks for something that cannot be known here
  2  wrong command line or configuration
  3  something is wrong
Without --strict a check that was made ends with 0.";

#[derive(Debug, Clone, Subcommand)]
enum Stage {
    /// Look at everything the profile asks for: the default.
    Check(CheckArguments),
    /// What would have to be written where; with --apply write it.
    Fix(mend::FixArguments),
    /// Put back what fix --apply changed.
    Undo(mend::UndoArguments),
    /// Measure the gaps each allowed CPU shows a thread that does nothing.
    Jitter(jitter::JitterArguments),
}

/// Which machine is looked at, and as what.
#[derive(Debug, Clone, Args)]
struct Subject {
    #[command(flatten)]
    from: ConfigSource,
    /// What is asked of the machine, instead of what it looks like.
    #[arg(long, value_enum)]
    profile: Option<ProfileChoice>,
    /// Look at the whole node for the engines that will run on it, not at what this process has of it.
    #[arg(long)]
    node: bool,
    /// The CPUs that must be quiet, as the kernel writes lists, instead of those the engine would take;
    /// with --node instead of those that were set apart at boot.
    #[arg(long, value_name = "LIST", value_parser = cpus)]
    hot: Option<CpuList>,
    /// The machine's / is mounted here: for a pod that looks at its whole node.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// The engine's state folder, instead of the configured one: its disk is looked at.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
struct CheckArguments {
    #[command(flatten)]
    subject: Subject,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
    /// Say by the exit code how it came out.
    #[arg(long)]
    strict: bool,
    /// Say of each check why it matters.
    #[arg(long)]
    reasons: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileChoice {
    /// A node of one's own that trades.
    DedicatedNode,
    /// A rented virtual machine.
    CloudVm,
    /// Where it is developed.
    Laptop,
    /// Where tests run.
    Ci,
}

impl From<ProfileChoice> for Profile {
    fn from(choice: ProfileChoice) -> Self {
        match choice {
            ProfileChoice::DedicatedNode => Self::DedicatedNode,
            ProfileChoice::CloudVm => Self::CloudVm,
            ProfileChoice::Laptop => Self::Laptop,
            ProfileChoice::Ci => Self::Ci,
        }
    }
}

fn cpus(text: &str) -> Result<CpuList, String> {
    let list = CpuList::parse(text).filter(|list| !list.is_empty());
    list.ok_or_else(|| format!("{text:?} is no list of CPUs: write 2-5,8"))
}

pub(super) fn run(arguments: &DoctorArguments) -> ExitCode {
    match &arguments.stage {
        None => check(&arguments.check),
        Some(Stage::Check(arguments)) => check(arguments),
        Some(Stage::Fix(arguments)) => mend::fix(arguments),
        Some(Stage::Undo(arguments)) => mend::undo(arguments),
        Some(Stage::Jitter(arguments)) => jitter::run(arguments),
    }
}

impl Subject {
    /// The configuration the engine would have here.
    fn config(&self) -> Result<Config, ExitCode> {
        Looked::load(&self.from).map_err(|why| exit::configuration(&why))
    }

    fn sight(&self) -> Sight {
        Sight::below(&self.root)
    }

    /// Looks at the machine and hands it on.
    fn examined<T>(&self, then: impl FnOnce(&Patient<'_>, Profile) -> T) -> Result<T, ExitCode> {
        let config = self.config()?;
        let nodes = &config.nodes;
        let allowed = match Host::allowed() {
            Ok(allowed) => allowed,
            Err(why) => return Err(exit::refused(&format!("doctor: {why}"))),
        };
        let state = self.state.as_deref().unwrap_or(&nodes.state_dir);
        let sight = self.sight();
        // The disk of a process is nothing to a node, and the usual place on another machine is not this one.
        let mine = !self.node && (self.root == Path::new("/") || self.state.is_some());
        let pages = nodes.pages_dir.as_deref().unwrap_or(state);
        let (state, pages) = (mine.then_some(state), mine.then_some(pages));
        let facts = Facts::gather(&sight, allowed, nodes.granted_cpus, state, pages);
        let layout = super::LayoutChoice::from(nodes.layout).into();
        let hot = self.hot.clone();
        let patient = if self.node {
            Patient::node(&sight, &facts, hot)
        } else {
            Patient::new(&sight, &facts, layout, &LIVE.roles(), hot)
        };
        let profile = self.profile.map_or_else(|| fitness::profile(&patient.place), Profile::from);
        Ok(then(&patient, profile))
    }
}

fn check(arguments: &CheckArguments) -> ExitCode {
    let report = match arguments.subject.examined(examine) {
        Ok(report) => report,
        Err(code) => return code,
    };
    if arguments.json {
        say::line(&as_json(&report).to_string());
    } else {
        say::line(&table(&report, arguments.reasons));
    }
    match report.verdict() {
        _ if !arguments.strict => ExitCode::SUCCESS,
        State::Ok => ExitCode::SUCCESS,
        State::Degraded | State::CannotKnow => ExitCode::from(exit::FAILED),
        State::Wrong => ExitCode::from(exit::REFUSED),
    }
}

/// Lines are this long where no terminal says otherwise, and at most this long where one does.
const WIDTH: usize = 110;

fn table(report: &Report, reasons: bool) -> String {
    let terminal = std::io::stdout().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none();
    let columns = crossterm::terminal::size().ok().filter(|_| terminal);
    let width = columns.map_or(WIDTH, |(columns, _)| usize::from(columns).min(WIDTH));
    Table::new(report, width).with_colour(colour).with_reasons(reasons).to_string()
}

fn as_json(report: &Report) -> serde_json::Value {
    let checks = report.checks.iter().map(|check| {
        json!({
            "name": check.name, "state": check.state.name(), "seen": check.seen, "why": check.why,
            "mend": check.mend,
        })
    });
    json!({
        "profile": report.profile.name(),
        "verdict": report.verdict().name(),
        "checks": checks.collect::<Vec<_>>(),
    })
}
