//! What would make the machine fit, as far as it can be written while it runs, and how that is taken back.
//!
//! Every write goes through one table of paths and of what their values may look like, the way back as well:
//! a file of former values is no way to write anywhere else. In a container nothing is written at all: the
//! machine belongs to its node.

use super::irq::{irqs, mask, to_mask};
use super::memory::chosen;
use super::patient::Patient;
use super::place::Place;
use super::sight::{Sight, Unseen};
use super::sysctl::{BUSY, KERNEL, NETWORK, Want};
use super::{Check, Report, State};
use crate::CpuList;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What a value may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A whole number.
    Number,
    /// A lower-case word, or a number.
    Word,
    /// Processors in hexadecimal.
    Mask,
    /// Processors as `0-3,8`.
    List,
    /// Microseconds, or `n/a` for none at all.
    Latency,
}

/// Everything that may be written: `*` stands for digits, `?` for the name of an interface.
#[rustfmt::skip]
const KNOBS: &[(&str, Form)] = &[
    ("/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",              Form::Word),
    ("/sys/devices/system/cpu/cpu*/cpufreq/energy_performance_preference", Form::Word),
    ("/sys/devices/system/cpu/cpu*/power/pm_qos_resume_latency_us",        Form::Latency),
    ("/sys/devices/virtual/workqueue/cpumask",                             Form::Mask),
    ("/sys/kernel/mm/transparent_hugepage/enabled",                        Form::Word),
    ("/sys/class/net/?/queues/rx-*/rps_cpus",                              Form::Mask),
    ("/proc/irq/*/smp_affinity_list",                                      Form::List),
    ("/proc/irq/default_smp_affinity",                                     Form::Mask),
    ("/proc/sys/kernel/numa_balancing",                                    Form::Number),
    ("/proc/sys/kernel/timer_migration",                                   Form::Number),
    ("/proc/sys/kernel/nmi_watchdog",                                      Form::Number),
    ("/proc/sys/vm/stat_interval",                                         Form::Number),
    ("/proc/sys/net/ipv4/tcp_slow_start_after_idle",                       Form::Number),
    ("/proc/sys/net/ipv4/tcp_autocorking",                                 Form::Number),
    ("/proc/sys/net/core/busy_poll",                                       Form::Number),
    ("/proc/sys/net/core/busy_read",                                       Form::Number),
];

impl Form {
    fn takes(self, value: &str) -> bool {
        let short = !value.is_empty() && value.len() <= 512;
        let word =
            || value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let number = || value.parse::<u32>().is_ok();
        short
            && match self {
                Self::Number => number(),
                Self::Word => word(),
                Self::Mask => mask(value).is_some(),
                Self::List => CpuList::parse(value).is_some_and(|list| !list.is_empty()),
                Self::Latency => value == "n/a" || number(),
            }
    }
}

/// What may be written to a path, if anything may.
fn form(path: &str) -> Option<Form> {
    KNOBS.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, form)| *form)
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if part_matches(wanted, part) => {}
            _ => return false,
        }
    }
}

fn part_matches(wanted: &str, part: &str) -> bool {
    if wanted == "?" {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-@".contains(&b);
        return !part.is_empty() && part != "." && part != ".." && part.bytes().all(legal);
    }
    match wanted.split_once('*') {
        None => wanted == part,
        Some((before, after)) => {
            let digits = part.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        }
    }
}

/// One write that mends something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The check it mends.
    pub check: &'static str,
    /// Where.
    pub path: String,
    /// What is there.
    pub former: String,
    /// What should be.
    pub value: String,
}

/// Everything that can be written here and would mend what the report calls degraded or wrong. Reads only.
#[must_use]
pub fn plan(patient: &Patient<'_>, report: &Report) -> Vec<Change> {
    let mut plan = Plan { sight: patient.sight, changes: Vec::new() };
    for cpu in patient.hot.as_slice() {
        let dir = format!("/sys/devices/system/cpu/cpu{cpu}");
        plan.want("governor", format!("{dir}/cpufreq/scaling_governor"), "performance");
        plan.want("epp", format!("{dir}/cpufreq/energy_performance_preference"), "performance");
        plan.want("c-states", format!("{dir}/power/pm_qos_resume_latency_us"), "n/a");
    }
    let thp = "/sys/kernel/mm/transparent_hugepage/enabled";
    if patient.sight.full(thp).is_ok_and(|text| chosen(&text) == Some("always")) {
        plan.want("thp", thp.to_owned(), "madvise");
    }
    plan.want("numa-balancing", "/proc/sys/kernel/numa_balancing".to_owned(), "0");
    for (check, wishes) in [("sysctls", KERNEL), ("net-sysctls", NETWORK), ("busy-poll", BUSY)] {
        for (name, want) in wishes {
            plan.sysctl(check, name, *want);
        }
    }
    plan.interrupts(patient);
    let is_ill = |check: &&Check| matches!(check.state, State::Degraded | State::Wrong);
    let ill: Vec<_> = report.checks.iter().filter(is_ill).map(|check| check.name).collect();
    plan.changes.retain(|change| ill.contains(&change.check));
    plan.changes
}

struct Plan<'a> {
    sight: &'a Sight,
    changes: Vec<Change>,
}

impl Plan<'_> {
    /// Wants a value where there is another now; what cannot be read is left alone, since it could not be
    /// put back.
    fn want(&mut self, check: &'static str, path: String, value: &str) {
        let Ok(text) = self.sight.full(&path) else { return };
        let former = chosen(&text).unwrap_or(&text).to_owned();
        let legal = form(&path).is_some_and(|form| form.takes(&former) && form.takes(value));
        if former != value && legal {
            self.changes.push(Change { check, path, former, value: value.to_owned() });
        }
    }

    fn sysctl(&mut self, check: &'static str, name: &str, want: Want) {
        let path = format!("/proc/sys/{name}");
        if self.sight.number(&path).is_ok_and(|now| !want.holds(now)) {
            self.want(check, path, &want.value().to_string());
        }
    }

    /// Interrupts, kernel work and packet steering away from the hot processors.
    fn interrupts(&mut self, patient: &Patient<'_>) {
        let quiet = &patient.housekeeping;
        let Some(quiet_mask) = to_mask(quiet) else { return };
        let is_hot = |cpus: &CpuList| cpus.as_slice().iter().any(|cpu| patient.hot.contains(*cpu));
        for irq in irqs(patient).unwrap_or_default().iter().filter(|irq| is_hot(&irq.cpus)) {
            let path = format!("/proc/irq/{}/smp_affinity_list", irq.number);
            self.want("irq-affinity", path, &quiet.to_string());
        }
        let masks = [
            ("irq-affinity", "/proc/irq/default_smp_affinity"),
            ("kworkers", "/sys/devices/virtual/workqueue/cpumask"),
        ];
        for (check, path) in masks {
            self.unless_quiet(check, path.to_owned(), &quiet_mask, &is_hot);
        }
        for card in super::facts::cards(self.sight) {
            let dir = format!("/sys/class/net/{card}/queues");
            let queues = self.sight.list(&dir).unwrap_or_default();
            for queue in queues.iter().filter(|name| name.starts_with("rx-")) {
                self.unless_quiet("nic-queues", format!("{dir}/{queue}/rps_cpus"), "0", &is_hot);
            }
        }
    }

    fn unless_quiet(
        &mut self,
        check: &'static str,
        path: String,
        value: &str,
        is_hot: &dyn Fn(&CpuList) -> bool,
    ) {
        let now = self.sight.full(&path).ok().and_then(|text| mask(&text));
        if now.is_some_and(|now| is_hot(&now)) {
            self.want(check, path, value);
        }
    }
}

/// Why nothing was written, or not all.
#[derive(Debug, thiserror::Error)]
pub enum FixFault {
    /// A container must not change its node.
    #[error("this is a container ({0}): nothing is written here; do it on the node")]
    Container(String),
    /// The way back could not be kept, so nothing was changed.
    #[error("nothing was changed: the undo file {path}: {why}")]
    Keep {
        /// The file.
        path: String,
        /// What happened.
        why: io::Error,
    },
    /// The undo file is not one, or not ours.
    #[error("nothing was changed: {path}, line {line}: {why}")]
    Undo {
        /// The file.
        path: String,
        /// Which line of it.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// What became of the writes.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Paths that hold their new value.
    pub written: Vec<String>,
    /// Those the kernel refused, and why: interrupts a driver manages itself, for one.
    pub refused: Vec<(String, Unseen)>,
}

/// The first line of an undo file.
const HEAD: &str = "# funding-arb doctor undo, version 1: path, tab, former value";

/// Makes the changes, the way back kept and synced before the first of them.
///
/// # Errors
/// [`FixFault`]: then nothing was changed. A write that is refused is no error but an outcome.
pub fn apply(
    sight: &Sight,
    place: &Place,
    changes: &[Change],
    undo: &Path,
) -> Result<Outcome, FixFault> {
    refuse_container(place)?;
    let lines = changes.iter().map(|change| format!("{}\t{}\n", change.path, change.former));
    let text = format!("{HEAD}\n{}", lines.collect::<String>());
    let keep = || {
        // Never over another: its values would be lost.
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(undo)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    keep().map_err(|why| FixFault::Keep { path: undo.display().to_string(), why })?;
    Ok(write_all(sight, changes.iter().map(|change| (change.path.as_str(), change.value.as_str()))))
}

/// Puts former values back, the last first.
///
/// # Errors
/// [`FixFault`]: a file that is not whole and ours, every line of it; then nothing was changed.
pub fn undo(sight: &Sight, place: &Place, file: &Path) -> Result<Outcome, FixFault> {
    refuse_container(place)?;
    let path = || file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|why| FixFault::Keep { path: path(), why })?;
    let formers = formers(&text);
    let formers = formers.map_err(|(line, why)| FixFault::Undo { path: path(), line, why })?;
    Ok(write_all(sight, formers.into_iter().rev()))
}

/// What an undo file holds.
///
/// # Errors
/// The line that is wrong, and how.
pub fn formers(text: &str) -> Result<Vec<(&str, &str)>, (usize, String)> {
    let mut lines = text.lines();
    if lines.next() != Some(HEAD) || !text.ends_with('\n') {
        return Err((1, "this is no whole undo file".to_owned()));
    }
    let mut formers = Vec::new();
    for (nth, line) in lines.enumerate() {
        let Some((path, value)) = line.split_once('\t') else {
            return Err((nth + 2, "no tab".to_owned()));
        };
        if !form(path).is_some_and(|form| form.takes(value)) {
            return Err((nth + 2, format!("{value:?} to {path:?} is nothing doctor writes")));
        }
        formers.push((path, value));
    }
    Ok(formers)
}

fn refuse_container(place: &Place) -> Result<(), FixFault> {
    match &place.container {
        Some(evidence) => Err(FixFault::Container(evidence.clone())),
        None => Ok(()),
    }
}

fn write_all<'a>(sight: &Sight, writes: impl Iterator<Item = (&'a str, &'a str)>) -> Outcome {
    let mut outcome = Outcome::default();
    for (path, value) in writes {
        match write(sight, path, value) {
            Ok(()) => outcome.written.push(path.to_owned()),
            Err(why) => outcome.refused.push((path.to_owned(), why.into())),
        }
    }
    outcome
}

/// The one place that writes to the machine.
fn write(sight: &Sight, path: &str, value: &str) -> io::Result<()> {
    if !form(path).is_some_and(|form| form.takes(value)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut options = OpenOptions::new();
    options.write(true).truncate(true).custom_flags(libc::O_NOFOLLOW);
    options.open(sight.path(path))?.write_all(format!("{value}\n").as_bytes())
}

#[cfg(test)]
mod tests;
