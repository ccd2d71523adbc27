//! The kernel's settings.

use super::patient::{Found, Patient, good, less};
use super::{Row, Unseen, row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("sysctls",     "SS--", "watchdogs, statistics and timers of other processors run on the hot ones", kernel),
    row("net-sysctls", "SS--", "a quiet connection falls back to slow start, and small writes wait for company", network),
    row("busy-poll",   "SS--", "a socket read may look at the card itself instead of waiting for its interrupt", busy_poll),
];

/// What a setting should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Want {
    Is(i64),
    /// At least the first; where it is less, the second is written.
    AtLeast(i64, i64),
}

impl Want {
    pub(super) const fn value(self) -> i64 {
        match self {
            Self::Is(value) | Self::AtLeast(_, value) => value,
        }
    }

    pub(super) const fn holds(self, value: i64) -> bool {
        match self {
            Self::Is(want) => value == want,
            Self::AtLeast(least, _) => value >= least,
        }
    }
}

/// Settings of the machine, by their names under /proc/sys.
#[rustfmt::skip]
pub(super) const KERNEL: &[(&str, Want)] = &[
    ("kernel/timer_migration", Want::Is(0)),
    ("kernel/nmi_watchdog",    Want::Is(0)),
    ("vm/stat_interval",       Want::AtLeast(10, 10)),
];
/// Those of a network namespace.
#[rustfmt::skip]
pub(super) const NETWORK: &[(&str, Want)] = &[
    ("net/ipv4/tcp_slow_start_after_idle", Want::Is(0)),
    ("net/ipv4/tcp_autocorking",           Want::Is(0)),
];
/// Those only the machine's first network namespace has.
#[rustfmt::skip]
pub(super) const BUSY: &[(&str, Want)] = &[
    ("net/core/busy_poll", Want::AtLeast(1, 50)),
    ("net/core/busy_read", Want::AtLeast(1, 50)),
];

fn kernel(patient: &Patient<'_>) -> Found {
    compare(patient, KERNEL)
}

fn network(patient: &Patient<'_>) -> Found {
    compare(patient, NETWORK)
}

fn busy_poll(patient: &Patient<'_>) -> Found {
    compare(patient, BUSY)
}

fn compare(patient: &Patient<'_>, wanted: &[(&str, Want)]) -> Found {
    let mut off = Vec::new();
    let mut mends = Vec::new();
    let mut unseen = None;
    let mut held = 0;
    for (name, want) in wanted {
        let path = format!("/proc/sys/{name}");
        match patient.sight.number(&path) {
            Ok(value) if want.holds(value) => held += 1,
            Ok(value) => {
                let name = name.replace('/', ".");
                off.push(format!("{name}={value}"));
                mends.push(format!("{name} = {}", want.value()));
            }
            // A setting of a feature the kernel is built without disturbs nobody.
            Err(Unseen::Absent) if patient.place.proc && !name.starts_with("net/") => {}
            Err(why) => unseen = unseen.or(Some((path, why))),
        }
    }
    match unseen {
        _ if !off.is_empty() => {
            less(off.join(", "), format!("{} (tuning/host/sysctl.d)", mends.join(", ")))
        }
        Some((path, why)) => patient.cannot(&path, &why),
        None if held == wanted.len() => good("as wished"),
        None => good(format!("{held} as wished, the others are not in this kernel")),
    }
}
