//! Pages: large, moved, locked, swapped.

use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, Unseen, row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("thp",            "MMS-", "with `always`, any page fault may stop to clear or gather 2 MiB", thp),
    row("hugepages",      "SS--", "pages of 2 MiB save address misses on large buffers; the engine asks for none", hugepages),
    row("numa-balancing", "MS--", "the kernel unmaps pages to see who uses them, and each costs a fault", numa_balancing),
    row("memlock",        "SS--", "what may be locked cannot be taken away; the engine itself touches its pages early and locks none", memlock),
    row("swap",           "MMS-", "a page that was swapped out costs milliseconds in the middle of an order", swap),
];

fn thp(patient: &Patient<'_>) -> Found {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled";
    let text = match patient.sight.full(path) {
        Ok(text) => text,
        Err(Unseen::Absent) if patient.place.sys && patient.sight.has("/sys/kernel/mm") => {
            return good("this kernel has none");
        }
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    match chosen(&text) {
        Some(value @ ("madvise" | "never")) => good(value),
        Some(value) => {
            bad(value, format!("echo madvise > {path}; transparent_hugepage=madvise at boot"))
        }
        None => unknown(Cause::Unreadable, format!("{text:.60?} has no choice in brackets"), ""),
    }
}

/// The word in brackets: what is in force among what there is.
pub(super) fn chosen(text: &str) -> Option<&str> {
    text.split_once('[')?.1.split_once(']').map(|(chosen, _)| chosen)
}

fn hugepages(patient: &Patient<'_>) -> Found {
    let dir = "/sys/kernel/mm/hugepages/hugepages-2048kB";
    let number = |name: &str| patient.sight.number(&format!("{dir}/{name}"));
    match (number("nr_hugepages"), number("free_hugepages")) {
        (Ok(0), _) => good("none reserved, none needed"),
        (Ok(all), Ok(free)) => good(format!("{free} of {all} of 2 MiB free, none needed")),
        (Err(unseen), _) | (_, Err(unseen)) => patient.cannot(dir, &unseen),
    }
}

fn numa_balancing(patient: &Patient<'_>) -> Found {
    let path = "/proc/sys/kernel/numa_balancing";
    match patient.sight.number(path) {
        Ok(0) => good("off"),
        Ok(_) => less("on", "kernel.numa_balancing = 0 (tuning/host/sysctl.d)"),
        Err(Unseen::Absent) if patient.place.proc => good("this kernel has none"),
        Err(unseen) => patient.cannot(path, &unseen),
    }
}

/// Bytes of the mapped journal, the pages and the hot threads' memory together, generously.
const LOCKED_BYTES: u64 = 512 << 20;

fn memlock(patient: &Patient<'_>) -> Found {
    match limit(patient, "Max locked memory") {
        Err(found) => found,
        Ok(None) => good("unlimited"),
        Ok(Some(bytes)) if bytes >= LOCKED_BYTES => good(format!("{} MiB", bytes >> 20)),
        Ok(Some(bytes)) => less(
            format!("{} MiB", bytes >> 20),
            "LimitMEMLOCK=infinity in the unit; Kubernetes: set it for the container runtime",
        ),
    }
}

/// A soft limit of this process; `None` is no limit.
pub(super) fn limit(patient: &Patient<'_>, name: &str) -> Result<Option<u64>, Found> {
    let path = "/proc/self/limits";
    let text = patient.sight.full(path).map_err(|unseen| patient.cannot(path, &unseen))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    match line.and_then(|line| line.split_ascii_whitespace().next()) {
        Some("unlimited") => Ok(None),
        Some(word) if word.parse::<u64>().is_ok() => Ok(word.parse().ok()),
        _ => Err(unknown(Cause::Unreadable, format!("{path} has no line {name:?}"), "")),
    }
}

fn swap(patient: &Patient<'_>) -> Found {
    let own = patient.sight.read("/sys/fs/cgroup/memory.swap.max");
    if own.is_ok_and(|limit| limit == "0") {
        return good("none for this control group");
    }
    let path = "/proc/swaps";
    match patient.sight.full(path) {
        Ok(text) => match text.lines().skip(1).filter(|line| !line.trim().is_empty()).count() {
            0 => good("none"),
            areas => bad(
                format!("{areas} areas"),
                "swapoff -a and remove them from fstab; vm.swappiness = 1 where one must stay",
            ),
        },
        Err(Unseen::Absent) if patient.place.proc => good("this kernel has none"),
        Err(unseen) => patient.cannot(path, &unseen),
    }
}
