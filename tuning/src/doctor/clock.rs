//! Time: what is read, how right it is, how exactly it wakes.

use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("clocksource",  "MMMS", "every stamp reads it: tsc takes 20 ns without a system call, hpet some microseconds with one", clocksource),
    row("clock-offset", "MMS-", "venues refuse signed requests whose time is off, and funding settles by the clock", offset),
    row("timer-slack",  "SSSS", "sleeping threads are woken late by up to this much", slack),
];

fn clocksource(patient: &Patient<'_>) -> Found {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let mend = "tsc=reliable clocksource=tsc at boot, where the machine's TSC is constant";
    match patient.sight.full(path) {
        Ok(name) => match name.as_str() {
            "tsc" | "arch_sys_counter" => good(name),
            "kvm-clock" | "hyperv_clocksource_tsc_page" => less(name, mend),
            _ => bad(format!("{name}: read by a system call"), mend),
        },
        Err(unseen) => patient.cannot(path, &unseen),
    }
}

/// Microseconds of error from which a clock is told, and from which it is wrong.
const ERROR_US: (i64, i64) = (100_000, 1_000_000);

fn offset(patient: &Patient<'_>) -> Found {
    let mend = "run chrony or ptp4l on the node (a container shares the node's clock): makestep 1 3, several sources";
    let clock = match &patient.facts.clock {
        Ok(clock) => clock,
        Err(why) => return unknown(Cause::NoPrivilege, format!("adjtimex: {why}"), mend),
    };
    let (most, about) = (clock.max_error_us / 1000, clock.estimated_error_us);
    let seen = format!("off by at most {most} ms, estimated {about} us");
    match clock.max_error_us {
        _ if !clock.synced => bad("no daemon disciplines the kernel's clock", mend),
        error if error <= ERROR_US.0 => good(seen),
        error if error <= ERROR_US.1 => less(seen, mend),
        _ => bad(seen, mend),
    }
}

/// What the kernel gives every thread that did not ask for another.
const USUAL_NS: i64 = 50_000;

fn slack(patient: &Patient<'_>) -> Found {
    let path = "/proc/self/timerslack_ns";
    match patient.sight.number(path) {
        Ok(ns) if ns <= USUAL_NS => {
            good(format!("{} us; hot threads spin and do not sleep", ns / 1000))
        }
        Ok(ns) => less(
            format!("{} us", ns / 1000),
            "PR_SET_TIMERSLACK by whoever starts the process, or TimerSlackNSec=50us in the unit",
        ),
        Err(unseen) => patient.cannot(path, &unseen),
    }
}
