//! What came out: printed for people as it comes, written as one JSON at the end.

use crate::measure::Figures;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a row is beside the others of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The engine's own code.
    Ours,
    /// The least that any code must pay.
    Floor,
    /// A library doing the same.
    Library,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Floor => "floor",
            Self::Library => "library",
        }
    }
}

/// Everything one run found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Value>,
    goals: Vec<Goal>,
    facts: serde_json::Map<String, Value>,
}

/// Something wanted, and what came out.
#[derive(Clone, Debug)]
struct Goal {
    name: String,
    /// What was measured, in nanoseconds, where it is a time.
    ours: Option<f64>,
    /// The floor or library of the same run that it is held against.
    beside: Option<(String, f64)>,
    value: f64,
    relation: &'static str,
    bound: f64,
    met: bool,
    hash: Option<u64>,
}

impl Goal {
    const fn verdict(&self) -> &'static str {
        if self.met { "met" } else { "NOT MET" }
    }

    fn json(&self) -> Value {
        let beside = self.beside.as_ref();
        json!({
            "name": self.name,
            "ours_ns": self.ours.map(tenth),
            "beside": beside.map(|(name, _)| name),
            "beside_ns": beside.map(|(_, ns)| tenth(*ns)),
            "value": (self.value * 1e4).round() / 1e4,
            "relation": self.relation,
            "bound": self.bound,
            "met": self.met,
            "hash": self.hash.map(hex),
        })
    }
}

/// Nobody watches: as a test it says one line.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on nothing is told but the end.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Writes a line for whoever watches; a closed terminal is no reason to stop measuring.
pub(crate) fn say(line: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        say_always(line);
    }
}

fn say_always(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

impl Report {
    /// Begins a group: its title and the head of its columns.
    pub(crate) fn group(&self, title: &str) {
        say(&format!("\n== {title}"));
        say(&format!(
            "{:<44} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9}",
            "ns", "mean", "p50", "p90", "p99", "p99.9", "max"
        ));
    }

    /// One distribution, with the sum over its results where it has one.
    pub(crate) fn row(
        &mut self,
        group: &str,
        name: &str,
        kind: Kind,
        figures: &Figures,
        hash: Option<u64>,
    ) {
        let Figures { count, mean, p50, p90, p99, p999, max, round_p50, round_p99 } = *figures;
        let shown = hash.map(|hash| format!("  {}", hex(hash))).unwrap_or_default();
        say(&format!(
            "{:<44} {mean:>8.1} {p50:>8} {p90:>8} {p99:>8} {p999:>8} {max:>9}{shown}",
            format!("{name} ({})", kind.name())
        ));
        self.rows.push(json!({
            "group": group, "name": name, "kind": kind.name(), "count": count,
            "ns": { "mean": tenth(mean), "p50": p50, "p90": p90, "p99": p99, "p999": p999, "max": max },
            "rounds_ns": { "p50": round_p50, "p99": round_p99 },
            "hash": hash.map(hex),
        }));
    }

    /// Nanoseconds that should not be more than `most`.
    pub(crate) fn at_most(&mut self, name: &str, ns: f64, most: f64, hash: Option<u64>) {
        self.goal(Goal {
            name: name.to_owned(),
            ours: Some(ns),
            beside: None,
            value: ns,
            relation: "at most",
            bound: most,
            met: ns <= most,
            hash,
        });
    }

    /// Nanoseconds that should not be more than `most` times those of `beside`.
    pub(crate) fn ratio(
        &mut self,
        name: &str,
        ours: f64,
        beside: (&str, f64),
        most: f64,
        hash: Option<u64>,
    ) {
        let value = ours / beside.1.max(f64::MIN_POSITIVE);
        self.goal(Goal {
            name: name.to_owned(),
            ours: Some(ours),
            beside: Some((beside.0.to_owned(), beside.1)),
            value,
            relation: "at most",
            bound: most,
            met: value <= most,
            hash,
        });
    }

    /// Something counted that should be exactly so many.
    pub(crate) fn exactly(&mut self, name: &str, value: u64, wanted: u64) {
        self.goal(Goal {
            name: name.to_owned(),
            ours: None,
            beside: None,
            value: value as f64,
            relation: "exactly",
            bound: wanted as f64,
            met: value == wanted,
            hash: None,
        });
    }

    fn goal(&mut self, goal: Goal) {
        let Goal { name, value, relation, bound, .. } = &goal;
        say(&format!("   {name}: {value:.3} (goal: {relation} {bound}) {}", goal.verdict()));
        self.goals.push(goal);
    }

    /// Something to know that has no goal.
    pub(crate) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        say(&format!("   {name}: {value}"));
        self.facts.insert(name.to_owned(), value);
    }

    /// How the goals stand, one line each; returns the whole as JSON.
    pub(crate) fn finish(self, quick: bool) -> Value {
        say(&format!(
            "\n== goals\n{:<58} {:>9}  {:<34} {:>9}  {:>9}",
            "", "ours, ns", "beside, ns", "value", "goal"
        ));
        for goal in &self.goals {
            let ours = goal.ours.map_or_else(String::new, |ns| format!("{ns:.1}"));
            let beside = goal.beside.as_ref();
            let beside = beside.map_or_else(String::new, |(name, ns)| format!("{name} {ns:.1}"));
            let Goal { name, value, relation, bound, .. } = goal;
            let sign = if *relation == "exactly" { "=" } else { "<=" };
            say(&format!(
                "{name:<58} {ours:>9}  {beside:<34} {value:>9.2}  {:>9}  {}",
                format!("{sign} {bound}"),
                goal.verdict()
            ));
        }
        let met = self.goals.iter().filter(|goal| goal.met).count();
        say(&format!("{met} of {} goals met", self.goals.len()));
        if quick {
            self.assert_counts();
            let hashes = self.rows.iter().filter(|row| !row["hash"].is_null()).count();
            let rows = self.rows.len();
            say_always(&format!(
                "{rows} figures of tiny inputs, {hashes} hashes: they mean nothing"
            ));
        }
        json!({
            "schema": 2,
            "utc": utc(),
            "quick": quick,
            "commit": commit(),
            "machine": machine(),
            "rows": self.rows,
            "goals": self.goals.iter().map(Goal::json).collect::<Vec<_>>(),
            "facts": self.facts,
        })
    }
}

impl Report {
    /// What is counted must be right however little was measured; times need not be.
    fn assert_counts(&self) {
        for goal in self.goals.iter().filter(|goal| goal.ours.is_none()) {
            assert!(goal.met, "{}: {} instead of {}", goal.name, goal.value, goal.bound);
        }
    }
}

/// Writes the JSON to `path`, or to the folder of results under the time and commit.
pub(crate) fn write(result: &Value, path: Option<PathBuf>) -> std::io::Result<PathBuf> {
    let name = |key: &str| result[key].as_str().unwrap_or("unknown").replace(':', "");
    let path = path.unwrap_or_else(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
        folder.join(format!("{}-{}.json", name("utc"), name("commit")))
    });
    std::fs::write(&path, format!("{result:#}\n"))?;
    Ok(path)
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The commit measured; `+` behind it when the working copy differs from it.
fn commit() -> String {
    let commit = said_by("git", &["rev-parse", "--short=12", "HEAD"]);
    let changed = said_by("git", &["status", "--porcelain", "--untracked-files=no"]).is_some();
    let mark = if changed { "+" } else { "" };
    commit.map_or_else(|| "unknown".to_owned(), |commit| format!("{commit}{mark}"))
}

fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({
        "cpu": model.map(|(_, name)| name.trim()),
        "cpus_allowed": crate::processors().len(),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load": read("/proc/loadavg").trim(),
        "rustc": said_by("rustc", &["--version"]),
        "profile": if cfg!(debug_assertions) { "debug" } else { "optimised" },
        "target_cpu_native": cfg!(target_feature = "avx2"),
    })
}

/// Now, as `2026-11-20T12:34:56Z`.
fn utc() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days since 1970 to a date, counting years from March (Howard Hinnant's rule).
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
