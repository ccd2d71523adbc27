//! Whose processors these are, and how they hang together.

use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, row};
use crate::host::{Exclusive, Why};
use crate::{CpuList, Degraded};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("allowed-cpus", "MMSS", "each hot thread spins on a processor of its own; the cold ones need one more", allowed),
    row("topology",     "MSS-", "a ring across sockets or last-level caches costs several times one within", topology),
    row("smt",          "MSS-", "what runs on the other thread of a core takes half of it", smt),
    row("exclusive",    "MS--", "another process on a hot processor stops a thread for milliseconds", exclusive),
    row("cpu-quota",    "MMSS", "a spinning thread uses up any CFS quota and is then stopped for the rest of the period", quota),
    row("throttled",    "MMSS", "each time the group was throttled, all its threads stood still", throttled),
    row("steal",        "MS--", "stolen time is the hypervisor running somebody else on this processor", steal),
];

fn allowed(patient: &Patient<'_>) -> Found {
    let (have, threads) = (patient.host.allowed.len(), patient.placement.threads.len());
    let all = CpuList::new(patient.host.allowed.iter().map(|cpu| cpu.id));
    let shown = patient.sight.full("/sys/devices/system/cpu/online").is_ok();
    let of = if shown {
        format!("{have} of {} online", patient.host.online.len())
    } else {
        have.to_string()
    };
    let seen = format!("cpu {all}, {of}; hot threads: {threads}");
    let want = format!("allow this process {} processors", threads + 1);
    let few = |what: &Degraded| matches!(what, Degraded::FewCpus { .. });
    match have {
        0 => bad("the kernel names no processor for this process", want),
        1 => bad(format!("cpu {all} alone: hot and cold threads share it"), want),
        _ if patient.placement.degraded.iter().any(few) => less(seen, want),
        _ => good(seen),
    }
}

fn topology(patient: &Patient<'_>) -> Found {
    let file = |cpu: u32, name: &str| format!("/sys/devices/system/cpu/cpu{cpu}/{name}");
    let probe = file(patient.any_hot(), "topology/core_id");
    if let Err(unseen) = patient.sight.full(&probe) {
        return patient.cannot(&probe, &unseen);
    }
    let hot = crate::topology::read(&patient.hot, &patient.sight.reader());
    let nodes = CpuList::new(hot.iter().map(|cpu| cpu.node));
    let cache = |cpu: &u32| patient.sight.full(&file(*cpu, "cache/index3/shared_cpu_list")).ok();
    let mut caches: Vec<String> = patient.hot.as_slice().iter().filter_map(cache).collect();
    caches.sort();
    caches.dedup();
    let shown =
        if patient.place.virtual_machine { ", as the virtual machine shows it" } else { "" };
    let seen = format!("hot cpu {}: memory node {nodes}, {} L3{shown}", patient.hot, caches.len());
    if nodes.len() > 1 || caches.len() > 1 {
        let mend = "allow processors of one node and one L3: topologyManagerPolicy \
                    single-numa-node, prefer-align-cpus-by-uncorecache, or a cpuset";
        return less(seen, mend);
    }
    good(seen)
}

fn smt(patient: &Patient<'_>) -> Found {
    let path = "/sys/devices/system/cpu/smt/active";
    match patient.sight.full(path).as_deref() {
        Err(unseen) => return patient.cannot(path, unseen),
        Ok("0") if patient.place.virtual_machine => {
            let seen = "one thread a core is shown; what the hypervisor pairs is not";
            return unknown(Cause::VirtualMachine, seen, "rent whole cores, or a metal instance");
        }
        Ok("0") => return good("one thread a core"),
        Ok(_) => {}
    }
    let mut shared = Vec::new();
    for cpu in patient.hot.as_slice() {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        let siblings = patient.sight.full(&path).ok().and_then(|text| CpuList::parse(&text));
        let Some(siblings) = siblings else { continue };
        let others = siblings.as_slice().iter().filter(|other| *other != cpu);
        shared.extend(others.map(|other| format!("{cpu} with {other}")));
    }
    if shared.is_empty() {
        return good("the hot processors have no sibling");
    }
    less(
        format!("one core: cpu {}", shared.join(", ")),
        "switch SMT off (echo off > /sys/devices/system/cpu/smt/control, nosmt at boot), or keep the \
         siblings idle: full-pcpus-only in the kubelet, isolate both threads",
    )
}

fn exclusive(patient: &Patient<'_>) -> Found {
    let exclusive = patient.host.exclusive;
    let seen = exclusive.to_string();
    let mend = match exclusive {
        Exclusive::Isolated | Exclusive::Partition | Exclusive::Granted => return good(seen),
        Exclusive::No(Why::Quota) => "see cpu-quota",
        Exclusive::No(Why::QuotaUnseen) => {
            "mount the process's control group read-only: /sys/fs/cgroup"
        }
        Exclusive::No(Why::GrantDiffers) => {
            "Kubernetes: static CPU manager, whole CPUs, requests = limits in every container of the pod; \
             FUNDING_ARB_GRANTED_CPUS from limits.cpu by the downward API"
        }
        Exclusive::No(Why::Everything | Why::Unproven) => {
            "isolate them (isolcpus=managed_irq,domain,LIST, or a cgroup partition: \
             cpuset.cpus.partition=isolated); Kubernetes: static CPU manager, requests = limits in whole CPUs"
        }
    };
    bad(seen, mend)
}

fn quota(patient: &Patient<'_>) -> Found {
    let quota = &patient.host.quota;
    match quota.millicpus {
        None if quota.is_seen() => good(format!("none: {}", quota.source)),
        None => no_group(patient),
        Some(milli) => bad(
            format!("{}.{:03} processors: {}", milli / 1000, milli % 1000, quota.source),
            "remove the limit, or let the cluster do it: a kubelet from 1.33 on sets none for containers with \
             exclusive CPUs; before it, cpuCFSQuota: false",
        ),
    }
}

/// No control group of this process shows itself: that nothing limits it is not seen, only not shown.
fn no_group(patient: &Patient<'_>) -> Found {
    let inside = patient.place.container.is_some();
    let cause = if inside { Cause::Masked } else { Cause::Absent };
    let seen = "no control group of this process is mounted here";
    unknown(cause, seen, "mount /sys/fs/cgroup read-only")
}

fn throttled(patient: &Patient<'_>) -> Found {
    let mend = "see cpu-quota; the count is of the group's whole life";
    match patient.host.quota.throttled {
        Some(0) => good("never"),
        Some(times) => less(format!("{times} times since the group was made"), mend),
        None if patient.host.quota.is_seen() => {
            let seen = "the group has no cpu.stat: it counts where a quota could run";
            unknown(Cause::Absent, seen, "")
        }
        None => no_group(patient),
    }
}

/// Parts of a million from which stolen time is told, and from which it is too much.
const STEAL_PPM: (u64, u64) = (100, 10_000);

fn steal(patient: &Patient<'_>) -> Found {
    let path = "/proc/stat";
    let text = match patient.sight.full(path) {
        Ok(text) => text,
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    let (mut stolen, mut whole) = (0_u64, 0_u64);
    for cpu in patient.hot.as_slice() {
        let Some(times) = times(&text, *cpu) else { continue };
        stolen += times.stolen;
        whole += times.whole;
    }
    if whole == 0 {
        return unknown(Cause::Masked, format!("{path} has no times of cpu {}", patient.hot), "");
    }
    let ppm = stolen.saturating_mul(1_000_000) / whole;
    let seen = format!("{}.{:04} % of the time since boot", ppm / 10_000, ppm % 10_000);
    let mend = "move to a machine that is not shared: dedicated host or metal instance";
    match ppm {
        0 if patient.place.virtual_machine && stolen == 0 => {
            let seen = "none is reported, and a hypervisor need not report it";
            unknown(Cause::VirtualMachine, seen, "see doctor jitter")
        }
        ppm if ppm < STEAL_PPM.0 => good(seen),
        ppm if ppm < STEAL_PPM.1 => less(seen, mend),
        _ => bad(seen, mend),
    }
}

/// What /proc/stat says of one processor, in its ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) stolen: u64,
    pub(crate) whole: u64,
}

pub(crate) fn times(stat: &str, cpu: u32) -> Option<Times> {
    let name = format!("cpu{cpu}");
    let line = stat.lines().find(|line| line.split(' ').next() == Some(name.as_str()))?;
    let fields: Vec<u64> =
        line.split_ascii_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest times are in user and nice already.
    let whole = fields.iter().take(8).fold(0_u64, |sum, part| sum.saturating_add(*part));
    Some(Times { stolen: *fields.get(7)?, whole })
}
