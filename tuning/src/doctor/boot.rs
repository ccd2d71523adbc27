//! What only the next boot changes: the kernel's command line.

use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, row};
use crate::{CpuList, Exclusive};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("isolated",  "M---", "the scheduler puts ordinary threads on every processor that is not kept out of its hands", isolated),
    row("nohz-full", "MS--", "the tick interrupts a running thread 100 to 1000 times a second for some microseconds", nohz_full),
    row("rcu-nocbs", "MS--", "RCU callbacks run in soft interrupts on the processor that queued them", rcu_nocbs),
    row("cmdline",   "SS--", "what the kernel does to all processors at once is only settled at boot", cmdline),
];

fn isolated(patient: &Patient<'_>) -> Found {
    let path = "/sys/devices/system/cpu/isolated";
    if let Err(unseen) = patient.sight.read(path) {
        return patient.cannot(path, &unseen);
    }
    let list = &patient.host.isolated;
    let all = patient.hot.as_slice().iter().all(|cpu| list.contains(*cpu));
    match patient.host.exclusive {
        _ if all && !patient.hot.is_empty() => good(format!("cpu {list}")),
        Exclusive::Partition | Exclusive::Isolated => good("by a control group's partition"),
        // A node keeps its processors for whole pods by the kubelet; that is not to be seen from here.
        _ if patient.whole_node => less(
            if list.is_empty() { "none".to_owned() } else { format!("only cpu {list}") },
            "right where the kubelet's static CPU manager gives them out; else \
             isolcpus=managed_irq,domain,LIST",
        ),
        Exclusive::Granted => good(
            "not by the kernel: the cluster keeps other pods away, the system's services it does not",
        ),
        _ => bad(
            if list.is_empty() { "none".to_owned() } else { format!("only cpu {list}") },
            format!(
                "isolcpus=managed_irq,domain,{0} at boot, or at run time a cgroup v2 partition: \
                 cpuset.cpus={0}, cpuset.cpus.partition=isolated",
                patient.hot
            ),
        ),
    }
}

fn nohz_full(patient: &Patient<'_>) -> Found {
    let path = "/sys/devices/system/cpu/nohz_full";
    let mend = format!("nohz_full={} at boot; one runnable thread a processor", patient.hot);
    let text = match patient.sight.read(path) {
        Ok(text) => text,
        Err(super::Unseen::Absent) if patient.place.sys => {
            let seen = "this kernel is built without it (CONFIG_NO_HZ_FULL)";
            return bad(seen, format!("a kernel with CONFIG_NO_HZ_FULL, and {mend}"));
        }
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    covers(patient, CpuList::parse(&text), &text, mend)
}

fn rcu_nocbs(patient: &Patient<'_>) -> Found {
    let path = "/proc/cmdline";
    let line = match patient.sight.full(path) {
        Ok(line) => line,
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    let mend = format!("rcu_nocbs={0} at boot; nohz_full={0} brings it along", patient.hot);
    if line.split_ascii_whitespace().any(|word| word == "rcu_nocbs") {
        return good("all processors");
    }
    let text = value(&line, "rcu_nocbs").or_else(|| value(&line, "nohz_full"));
    match text {
        None => bad("not set", mend),
        Some(text) => covers(patient, boot_list(text, &patient.host.online), text, mend),
    }
}

/// Whether a list has all hot processors in it.
fn covers(patient: &Patient<'_>, list: Option<CpuList>, text: &str, mend: String) -> Found {
    let Some(list) = list else {
        return unknown(Cause::Unreadable, format!("{text:.60?} is no list of processors"), mend);
    };
    let missing = patient.hot.as_slice().iter().copied().filter(|cpu| !list.contains(*cpu));
    let missing = CpuList::new(missing);
    match (list.is_empty(), missing.is_empty()) {
        (true, _) => bad("not set", mend),
        (false, true) => good(format!("cpu {list}")),
        (false, false) => bad(format!("cpu {list}, not {missing}"), mend),
    }
}

/// The last value of a parameter: later ones win.
fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let of = |word: &'a str| word.strip_prefix(name)?.strip_prefix('=');
    line.split_ascii_whitespace().filter_map(of).next_back()
}

/// A list as the command line takes it: `N` is the last processor, `all` are all.
fn boot_list(text: &str, online: &CpuList) -> Option<CpuList> {
    if text == "all" {
        return Some(online.clone());
    }
    let last = online.as_slice().last().copied().unwrap_or(0);
    CpuList::parse(&text.replace('N', &last.to_string()))
}

/// Parameters that are wished for everywhere, and those a virtual machine has no use for.
const WISHED: [&str; 2] = ["skew_tick=1", "nosoftlockup"];
const WISHED_ON_METAL: [&str; 2] = ["tsc=reliable", "mce=ignore_ce"];

fn cmdline(patient: &Patient<'_>) -> Found {
    let path = "/proc/cmdline";
    let line = match patient.sight.full(path) {
        Ok(line) => line,
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let metal = if patient.place.virtual_machine { &[][..] } else { &WISHED_ON_METAL[..] };
    let wished = WISHED.iter().chain(metal).map(|word| (*word).to_owned());
    let mut missing: Vec<String> = wished.filter(|word| !words.contains(&word.as_str())).collect();
    if value(&line, "irqaffinity").is_none() && !patient.housekeeping.is_empty() {
        missing.push(format!("irqaffinity={}", patient.housekeeping));
    }
    if missing.is_empty() {
        return good(format!("{} parameters, the wished for ones among them", words.len()));
    }
    let missing = missing.join(" ");
    let mend = format!("add {missing} (tuning/host/cmdline.d), then boot");
    less(format!("without {missing}"), mend)
}
