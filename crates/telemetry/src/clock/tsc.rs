//! The processor's time-stamp counter: whether it may be trusted, and how fast it runs.

use super::{SCALE_BITS, monotonic};

/// The counter and CLOCK_MONOTONIC at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) ticks: u64,
    pub(super) ns: u64,
}

impl Pair {
    /// Nanoseconds per tick x 2^40 between two moments.
    pub(super) fn scale_to(self, later: Self) -> u64 {
        let ns = u128::from(later.ns.saturating_sub(self.ns));
        let ticks = u128::from(later.ticks.saturating_sub(self.ticks).max(1));
        u64::try_from((ns << SCALE_BITS) / ticks).unwrap_or(u64::MAX)
    }
}

/// How long each of the two measurements at start takes.
const MEASURE_NS: u64 = 5_000_000;
/// The two may differ by so much, parts per million; more means that the counter is not constant.
const DIFFER_PPM_MAX: u64 = 500;
/// Measurements that a preemption spoils are repeated so often.
const ATTEMPTS: u32 = 5;
/// Readings per pair; the tightest is taken.
const READINGS: u32 = 16;

/// Reads the counter.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; it reads a register.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// No counter is used on other processors.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn ticks() -> u64 {
    0
}

/// Both clocks at one moment, as nearly as a few tries show it.
pub(super) fn pair() -> Pair {
    let mut best = Pair { ticks: 0, ns: 0 };
    let mut width = u64::MAX;
    for _ in 0..READINGS {
        let before = ticks();
        let ns = monotonic().0;
        let took = ticks().wrapping_sub(before);
        if took < width {
            width = took;
            best = Pair { ticks: before + took / 2, ns };
        }
    }
    best
}

/// Both clocks, [`MEASURE_NS`] after an earlier pair.
fn pair_after(earlier: Pair) -> Pair {
    // bound: MEASURE_NS
    while monotonic().0 < earlier.ns + MEASURE_NS {
        core::hint::spin_loop();
    }
    pair()
}

/// Measures the counter's rate twice.
///
/// # Errors
/// Why it cannot be used.
pub(super) fn calibrate() -> Result<(Pair, u64), &'static str> {
    trusted()?;
    for _ in 0..ATTEMPTS {
        let first = pair();
        let second = pair_after(first);
        let third = pair_after(second);
        let (early, late) = (first.scale_to(second), second.scale_to(third));
        if early.abs_diff(late) <= early / 1_000_000 * DIFFER_PPM_MAX {
            return Ok((third, first.scale_to(third)));
        }
    }
    Err("its rate against CLOCK_MONOTONIC is not steady")
}

#[cfg(target_arch = "x86_64")]
fn trusted() -> Result<(), &'static str> {
    use core::arch::x86_64::__cpuid;
    let levels = __cpuid(0x8000_0000).eax;
    if levels < 0x8000_0007 || __cpuid(0x8000_0007).edx & (1 << 8) == 0 {
        return Err("the processor does not say that its counter is invariant");
    }
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let kernel = std::fs::read_to_string(path).unwrap_or_default();
    believed(kernel.trim())
}

#[cfg(not(target_arch = "x86_64"))]
fn trusted() -> Result<(), &'static str> {
    Err("this processor has no time-stamp counter")
}

/// What the kernel's own choice of clock says about the counter.
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "one processor's question"))]
pub(super) fn believed(clocksource: &str) -> Result<(), &'static str> {
    match clocksource {
        // Two of them are the counter; the paravirtual ones are made of it; unreadable says nothing.
        "tsc" | "kvm-clock" | "hyperv_clocksource_tsc_page" | "xen" | "" => Ok(()),
        _ => Err("the kernel keeps time by something else, so it found the counter unstable"),
    }
}
