//! Who runs, in which mode, and what is logged.

use super::form::{balance, bytes, choice, code, flag, millis, text, whole, word, words_or};
use super::section::Section;
use crate::fault::Fault;
use base::{Instance, Money, Span};

/// Who runs and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Its name in logs and metrics.
    pub name: String,
    /// The configuration's own version, for people.
    pub version: String,
    /// Where it stands.
    pub environment: Environment,
    /// Whether more is logged.
    pub debug: bool,
    /// The time zone of reports.
    pub timezone: String,
    /// Real money or not.
    pub mode: Mode,
    /// Which engine of its accounts this is: part of every client order id.
    pub instance: Instance,
}

/// Where a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Environment {
    #[default]
    Development,
    Staging,
    Production,
}

impl Environment {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What becomes of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Simulated venues, started by the program.
    #[default]
    Sim,
    /// Real market data, no real orders.
    Paper,
    /// Real orders, real money.
    Live,
}

/// How orders are filled in mode paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// From leaving until an order is at the book.
    pub latency: Span,
    /// What the account of every venue begins with.
    pub balances: Vec<Balance>,
}

/// An amount of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Which.
    pub asset: String,
    /// How much.
    pub amount: Money,
}

impl Mode {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

/// What is logged and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// The least that is logged.
    pub level: Level,
    /// For people or for machines.
    pub format: LogFormat,
    /// Where to.
    pub output: LogOutput,
    /// A log file is closed at this many bytes,
    pub rotate_bytes: u64,
    /// so many are kept,
    pub rotate_files: u32,
    /// for so many days.
    pub rotate_days: u32,
}

/// How grave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Debug,
    #[default]
    Info,
    Warning,
    Error,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum LogOutput {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, rotated.
    File(std::path::PathBuf),
}

/// The most of an asset an account may begin with.
const MOST: i64 = 1_000_000_000_000;

const MODES: &[(&str, Mode)] = &[
    (Mode::Sim.name(), Mode::Sim),
    (Mode::Paper.name(), Mode::Paper),
    (Mode::Live.name(), Mode::Live),
];
const ENVIRONMENTS: &[(&str, Environment)] = &[
    (Environment::Development.name(), Environment::Development),
    (Environment::Staging.name(), Environment::Staging),
    (Environment::Production.name(), Environment::Production),
];
const LEVELS: &[(&str, Level)] = &[
    ("DEBUG", Level::Debug),
    ("INFO", Level::Info),
    ("WARNING", Level::Warning),
    ("WARN", Level::Warning),
    ("ERROR", Level::Error),
];
const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

pub(super) fn read_system(mut s: Section<'_>, faults: &mut Vec<Fault>) -> System {
    let instance = code(4, "four characters of A-Z and 0-9", Instance::new);
    let system = System {
        name: s.need("name", &word(), faults),
        version: s.need("version", &text(), faults),
        environment: s.need("environment", &choice(ENVIRONMENTS), faults),
        debug: s.need("debug", &flag(), faults),
        timezone: s.need("timezone", &word(), faults),
        mode: s.need("mode", &choice(MODES), faults),
        instance: s.maybe("instance", &instance, faults).unwrap_or_else(alone),
    };
    s.finish(faults);
    system
}

/// The instance of an engine that is alone on its accounts.
fn alone() -> Instance {
    Instance::new("ARB1").expect("four of A-Z and 0-9")
}

pub(super) fn read_paper(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Paper {
    let to_balance = |(amount, asset)| Balance { asset, amount };
    let paper = Paper {
        latency: s.need("latency_ms", &millis(0, 10_000), faults),
        balances: s.list("balances", &balance(MOST).map(to_balance), faults),
    };
    for (at, balance) in paper.balances.iter().enumerate() {
        if paper.balances.iter().take(at).any(|before| before.asset == balance.asset) {
            s.clash("balances", format!("{} is named twice", balance.asset), faults);
        }
    }
    s.finish(faults);
    paper
}

pub(super) fn read_logging(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Logging {
    let output =
        words_or(
            "stdout, stderr or the path of a file",
            &["stdout", "stderr"],
            |text| match text {
                "" => None,
                "stdout" => Some(LogOutput::Stdout),
                "stderr" => Some(LogOutput::Stderr),
                path => Some(LogOutput::File(path.into())),
            },
        );
    let level = s.need("level", &choice(LEVELS), faults);
    let format = s.need("format", &choice(FORMATS), faults);
    let output = s.need("output", &output, faults);
    let mut r = s.section("rotation", faults);
    let logging = Logging {
        level,
        format,
        output,
        rotate_bytes: r.need("max_size", &bytes(1 << 10, 1 << 40), faults),
        rotate_files: r.need("max_files", &whole(1, 10_000), faults),
        rotate_days: r.need("max_age", &whole(1, 3_650), faults),
    };
    r.finish(faults);
    s.finish(faults);
    logging
}
