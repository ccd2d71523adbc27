//! The network cards.

use super::facts::cards;
use super::irq::mask;
use super::patient::{Found, Patient, good, less, unknown};
use super::{Cause, Row, Unseen, row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("nic-queues",     "SS--", "packets steered to a hot processor are handled there in soft interrupts", queues),
    row("nic-coalescing", "SS--", "a card that gathers packets before it interrupts adds that time to every tick", coalescing),
];

/// No card of the machine is in this network namespace.
fn no_card(patient: &Patient<'_>) -> Found {
    if let Err(unseen) = patient.sight.list("/sys/class/net") {
        return patient.cannot("/sys/class/net", &unseen);
    }
    let mend = "look on the node itself";
    if patient.place.container.is_some() {
        let seen =
            "only virtual interfaces here; the card is in the machine's first network namespace";
        return unknown(Cause::Namespaced, seen, mend);
    }
    unknown(Cause::Absent, "no interface with a device behind it", mend)
}

fn queues(patient: &Patient<'_>) -> Found {
    let cards = cards(patient.sight);
    if cards.is_empty() {
        return no_card(patient);
    }
    let mut seen = Vec::new();
    let mut steered = Vec::new();
    for card in &cards {
        let dir = format!("/sys/class/net/{card}/queues");
        let names = match patient.sight.list(&dir) {
            Ok(names) => names,
            Err(unseen) => return patient.cannot(&dir, &unseen),
        };
        let (rx, tx): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.starts_with("rx-"));
        seen.push(format!("{card} {} rx {} tx", rx.len(), tx.len()));
        for queue in rx {
            let path = format!("{dir}/{queue}/rps_cpus");
            let cpus =
                patient.sight.read(&path).ok().and_then(|text| mask(&text)).unwrap_or_default();
            if cpus.as_slice().iter().any(|cpu| patient.hot.contains(*cpu)) {
                steered.push(format!("{card} {queue}"));
            }
        }
    }
    if steered.is_empty() {
        return good(format!("{}; none steered to hot processors", seen.join(", ")));
    }
    let mend =
        "write the housekeeping mask into rps_cpus (tuning/host/nic/nic.sh), or 0 to switch it off";
    less(format!("RPS of {} has hot processors", steered.join(", ")), mend)
}

fn coalescing(patient: &Patient<'_>) -> Found {
    let cards = &patient.facts.cards;
    if cards.is_empty() {
        return no_card(patient);
    }
    let mut seen = Vec::new();
    let mut slow = Vec::new();
    let mut silent = None;
    for card in cards {
        let name = &card.interface;
        match &card.told {
            Ok((us, adaptive)) => {
                let adapts = if *adaptive { ", adapting" } else { "" };
                seen.push(format!("{name} {us} us{adapts}"));
                if *us > 0 || *adaptive {
                    slow.push(format!("ethtool -C {name} adaptive-rx off rx-usecs 0"));
                }
            }
            Err(why) => silent = Some((name, why)),
        }
    }
    match silent {
        _ if !slow.is_empty() => {
            less(seen.join(", "), format!("{} (tuning/host/nic/nic.sh)", slow.join("; ")))
        }
        Some((name, Unseen::Denied)) => unknown(
            Cause::NoPrivilege,
            format!("{name} does not tell this user"),
            "run doctor as root",
        ),
        Some((name, _)) => {
            let cause =
                if patient.place.virtual_machine { Cause::VirtualMachine } else { Cause::Absent };
            unknown(
                cause,
                format!("the driver of {name} does not say how it gathers interrupts"),
                "",
            )
        }
        None => good(seen.join(", ")),
    }
}
