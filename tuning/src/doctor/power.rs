//! How fast a processor runs and how deeply it sleeps.

use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, Unseen, row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("governor", "MSS-", "a governor that follows the load changes the clock in the middle of a burst", governor),
    row("epp",      "MSS-", "the processor trades speed for power by this hint alone", epp),
    row("c-states", "MSS-", "waking from a deep sleep takes up to hundreds of microseconds", c_states),
];

fn cpufreq(cpu: u32, name: &str) -> String {
    format!("/sys/devices/system/cpu/cpu{cpu}/cpufreq/{name}")
}

fn governor(patient: &Patient<'_>) -> Found {
    all_are(patient, "scaling_governor", &["performance"])
}

fn epp(patient: &Patient<'_>) -> Found {
    let name = "energy_performance_preference";
    let cpu = patient.any_hot();
    let has_governor = patient.sight.full(&cpufreq(cpu, "scaling_governor")).is_ok();
    if has_governor && patient.sight.full(&cpufreq(cpu, name)) == Err(Unseen::Absent) {
        return good("this frequency driver has no such hint");
    }
    all_are(patient, name, &["performance", "0"])
}

/// Whether a file of every hot processor has one of these values.
fn all_are(patient: &Patient<'_>, name: &str, wanted: &[&str]) -> Found {
    let mut off = Vec::new();
    for cpu in patient.hot.as_slice() {
        let path = cpufreq(*cpu, name);
        match patient.sight.full(&path) {
            Ok(value) if wanted.contains(&value.as_str()) => {}
            Ok(value) => off.push(format!("cpu {cpu} {value}")),
            Err(unseen) => return patient.cannot(&path, &unseen),
        }
    }
    let want = wanted.first().copied().unwrap_or_default();
    if off.is_empty() {
        return good(format!("{want} on cpu {}", patient.hot));
    }
    bad(
        off.join(", "),
        format!("write {want} into cpufreq/{name} of each (tuning/host/tuned does)"),
    )
}

/// A sleep from which waking takes longer is too deep.
const LATENCY_US: i64 = 10;

fn c_states(patient: &Patient<'_>) -> Found {
    let cmdline = patient.sight.read("/proc/cmdline").unwrap_or_default();
    if cmdline.split_ascii_whitespace().any(|word| word == "idle=poll") {
        return good("idle=poll: processors never sleep");
    }
    if patient.place.virtual_machine {
        let seen = "what the hypervisor does with a halted processor is not shown";
        return unknown(
            Cause::VirtualMachine,
            seen,
            "a spinning thread never halts; idle=poll for the rest",
        );
    }
    let mut deep = Vec::new();
    for cpu in patient.hot.as_slice() {
        let dir = format!("/sys/devices/system/cpu/cpu{cpu}/cpuidle");
        let states = match patient.sight.list(&dir) {
            Ok(states) => states,
            Err(unseen) => return patient.cannot(&dir, &unseen),
        };
        let limit = format!("/sys/devices/system/cpu/cpu{cpu}/power/pm_qos_resume_latency_us");
        if patient.sight.read(&limit).is_ok_and(|limit| limit == "n/a") {
            continue;
        }
        let file = |state: &str, name: &str| patient.sight.number(&format!("{dir}/{state}/{name}"));
        let is_on = |state: &&String| file(state, "disable").is_ok_and(|disabled| disabled == 0);
        let depths = states.iter().filter(is_on).filter_map(|state| file(state, "latency").ok());
        if let Some(us) = depths.max().filter(|us| *us > LATENCY_US) {
            deep.push(format!("cpu {cpu} {us} us"));
        }
    }
    if deep.is_empty() {
        return good(format!("no enabled state needs more than {LATENCY_US} us to wake from"));
    }
    less(
        format!("deepest wake: {}", deep.join(", ")),
        "hold /dev/cpu_dma_latency open with 0 (tuning/host/systemd/cpu-dma-latency.service), or echo n/a > \
         /sys/devices/system/cpu/cpuN/power/pm_qos_resume_latency_us. A device request held by a process is \
         not shown here: then this is already so",
    )
}
