//! What the kernel itself runs on the hot processors.

use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, row};
use crate::CpuList;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("irq-affinity", "MS--", "an interrupt of a card costs the thread it lands on several microseconds", affinity),
    row("interrupts",   "SS--", "what was delivered shows whether the affinities hold", interrupts),
    row("kworkers",     "MS--", "unbound kernel work runs wherever its mask allows", kworkers),
    row("irqbalance",   "MS--", "irqbalance moves interrupts back onto the processors they were taken from", irqbalance),
];

/// Interrupts named in one line.
const NAMED: usize = 4;

/// An interrupt somebody handles, and where it is delivered.
pub(super) struct Irq {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) cpus: CpuList,
}

/// Every interrupt that has a handler.
pub(super) fn irqs(patient: &Patient<'_>) -> Result<Vec<Irq>, super::Unseen> {
    let sight = patient.sight;
    let numbers = sight.list("/proc/irq")?;
    let irq = |number: u32| {
        let dir = format!("/proc/irq/{number}");
        // A folder in it is a handler: a device that asked for the interrupt.
        let names = sight.list(&dir).ok()?;
        let name = names.into_iter().find(|name| sight.path(&format!("{dir}/{name}")).is_dir())?;
        let list = |file: &str| sight.full(&format!("{dir}/{file}")).ok();
        let text = list("effective_affinity_list").or_else(|| list("smp_affinity_list"))?;
        Some(Irq { number, name, cpus: CpuList::parse(&text)? })
    };
    Ok(numbers.iter().filter_map(|number| irq(number.parse().ok()?)).collect())
}

fn affinity(patient: &Patient<'_>) -> Found {
    let irqs = match irqs(patient) {
        Ok(irqs) => irqs,
        Err(unseen) => return patient.cannot("/proc/irq", &unseen),
    };
    if irqs.is_empty() {
        return unknown(Cause::Masked, "/proc/irq names no interrupt with a handler", "");
    }
    let hits = |irq: &&Irq| irq.cpus.as_slice().iter().any(|cpu| patient.hot.contains(*cpu));
    let hit: Vec<&Irq> = irqs.iter().filter(hits).collect();
    if hit.is_empty() {
        return good(format!("{} interrupts, none on cpu {}", irqs.len(), patient.hot));
    }
    let names: Vec<String> =
        hit.iter().take(NAMED).map(|irq| format!("{} {}", irq.number, irq.name)).collect();
    let more = if hit.len() > NAMED { ", ..." } else { "" };
    let seen = format!(
        "{} of {} on cpu {}: {}{more}",
        hit.len(),
        irqs.len(),
        patient.hot,
        names.join(", ")
    );
    if patient.housekeeping.is_empty() {
        return bad(seen, "leave a processor to the system: all are hot");
    }
    let first = hit.first().map_or(0, |irq| irq.number);
    bad(
        seen,
        format!(
            "echo {} > /proc/irq/{first}/smp_affinity_list, and so each (tuning/host/irq/irq-affinity.sh); \
             one that refuses is managed by its driver: isolcpus=managed_irq, or fewer queues",
            patient.housekeeping
        ),
    )
}

fn interrupts(patient: &Patient<'_>) -> Found {
    let path = "/proc/interrupts";
    let text = match patient.sight.full(path) {
        Ok(text) => text,
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let columns: Vec<usize> = head
        .split_ascii_whitespace()
        .enumerate()
        .filter_map(|(at, name)| Some((at, name.strip_prefix("CPU")?.parse::<u32>().ok()?)))
        .filter(|(_, cpu)| patient.hot.contains(*cpu))
        .map(|(at, _)| at)
        .collect();
    if columns.is_empty() {
        return unknown(
            Cause::Unreadable,
            format!("{path} has no column of cpu {}", patient.hot),
            "",
        );
    }
    let count = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        // Those with a number come from devices; the lettered ones are the processor's own.
        name.trim().parse::<u32>().ok()?;
        let counts: Vec<u64> =
            rest.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect();
        Some(columns.iter().filter_map(|at| counts.get(*at)).sum::<u64>())
    };
    match lines.filter_map(count).sum::<u64>() {
        0 => good(format!("no device interrupted cpu {} since boot", patient.hot)),
        many => {
            less(format!("{many} of devices on cpu {} since boot", patient.hot), "see irq-affinity")
        }
    }
}

fn kworkers(patient: &Patient<'_>) -> Found {
    let path = "/sys/devices/virtual/workqueue/cpumask";
    let text = match patient.sight.full(path) {
        Ok(text) => text,
        Err(unseen) => return patient.cannot(path, &unseen),
    };
    let Some(allowed) = mask(&text) else {
        return unknown(Cause::Unreadable, format!("{text:.60?} is no mask"), "");
    };
    let over = allowed.as_slice().iter().copied().filter(|cpu| patient.hot.contains(*cpu));
    let over = CpuList::new(over);
    if over.is_empty() {
        return good(format!("cpu {allowed}"));
    }
    let mend = match to_mask(&patient.housekeeping) {
        Some(mask) => format!("echo {mask} > {path}"),
        None => "leave a processor to the system: all are hot".to_owned(),
    };
    less(format!("may run on cpu {over}"), mend)
}

/// A mask as sysfs writes it: hexadecimal, groups of 32 bits, the highest first.
pub(super) fn mask(text: &str) -> Option<CpuList> {
    let mut cpus = Vec::new();
    for (group, word) in text.trim().rsplit(',').enumerate() {
        let bits = u32::from_str_radix(word, 16).ok()?;
        let base = u32::try_from(group).ok()?.checked_mul(32)?;
        cpus.extend((0..32).filter(|bit| bits >> bit & 1 == 1).map(|bit| base.saturating_add(bit)));
    }
    Some(CpuList::new(cpus))
}

/// The same the other way; none of an empty list, which no mask file takes.
pub(crate) fn to_mask(cpus: &CpuList) -> Option<String> {
    let top = cpus.as_slice().last()? / 32;
    let word = |group: u32| {
        let bits = cpus.as_slice().iter().filter(|cpu| **cpu / 32 == group);
        bits.fold(0_u32, |word, cpu| word | 1 << (cpu % 32))
    };
    let rest = (0..top).rev().map(|group| format!(",{:08x}", word(group)));
    Some(format!("{:x}{}", word(top), rest.collect::<String>()))
}

fn irqbalance(patient: &Patient<'_>) -> Found {
    let sight = patient.sight;
    if patient.place.own_processes_only {
        let seen = "only processes of this container are shown";
        return unknown(Cause::Namespaced, seen, "look on the node itself");
    }
    let names = match sight.list("/proc") {
        Ok(names) => names,
        Err(unseen) => return patient.cannot("/proc", &unseen),
    };
    let is_it =
        |name: &String| sight.read(&format!("/proc/{name}/comm")).is_ok_and(|c| c == "irqbalance");
    let mut processes = names.iter().filter(|name| name.parse::<u32>().is_ok()).peekable();
    if processes.peek().is_none() {
        return unknown(Cause::Masked, "/proc shows no process", "");
    }
    if !processes.any(is_it) {
        return good("does not run");
    }
    let banned = ["/etc/default/irqbalance", "/etc/sysconfig/irqbalance"].iter().find_map(|path| {
        let text = sight.read(path).ok()?;
        let of = |line: &str| line.strip_prefix("IRQBALANCE_BANNED_CPULIST=").map(str::to_owned);
        CpuList::parse(text.lines().find_map(of)?.trim_matches('"'))
    });
    let covered =
        banned.as_ref().is_some_and(|b| patient.hot.as_slice().iter().all(|cpu| b.contains(*cpu)));
    if covered {
        return good("runs, and is kept off the hot processors");
    }
    less(
        "runs",
        format!(
            "IRQBALANCE_BANNED_CPULIST={} in its configuration, or disable the service",
            patient.hot
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{mask, to_mask};
    use crate::CpuList;

    #[test]
    fn masks_read_and_write_alike() {
        let cases =
            [("3", "0-1"), ("ff,00000001", "0,32-39"), ("80000000", "31"), ("1,00000000", "32")];
        for (text, list) in cases {
            let list = CpuList::parse(list).unwrap();
            assert_eq!(mask(text), Some(list.clone()), "{text}");
            assert_eq!(to_mask(&list).as_deref(), Some(text), "{list}");
        }
        assert_eq!(mask("xyz"), None);
        assert_eq!(to_mask(&CpuList::default()), None);
    }
}
