//! Pinning, checked.

use core_affinity::CoreId;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Why a thread does not run where it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The kernel refused: the processor is not in the allowed set, or is gone.
    #[error("the kernel refuses to run this thread on cpu {cpu}")]
    Refused {
        /// Which processor.
        cpu: u32,
    },
    /// The call went through and the thread may still run elsewhere.
    #[error("this thread should run on cpu {cpu} alone, but may run on {allowed}")]
    NotKept {
        /// Where it should run.
        cpu: u32,
        /// Where it may.
        allowed: crate::CpuList,
    },
}

/// Pins the calling thread to one processor and looks whether it is so. The thread runs there when
/// this returns.
///
/// # Errors
/// [`PinError`]; the thread then runs as before.
pub fn pin_current(cpu: u32) -> Result<(), PinError> {
    let id = usize::try_from(cpu).map_err(|_| PinError::Refused { cpu })?;
    if id >= CPUS_OF_A_SET || !core_affinity::set_for_current(CoreId { id }) {
        return Err(PinError::Refused { cpu });
    }
    let allowed = core_affinity::get_core_ids().unwrap_or_default();
    match allowed.as_slice() {
        [only] if only.id == id => Ok(()),
        _ => {
            let allowed = allowed.iter().filter_map(|core| u32::try_from(core.id).ok());
            Err(PinError::NotKept { cpu, allowed: crate::CpuList::new(allowed) })
        }
    }
}

/// Lets the calling thread, and every thread and process it starts from now on, run on these
/// processors only: where cold work belongs.
///
/// # Errors
/// [`PinError::Refused`] with the first of them; the thread then runs as before.
pub fn confine_current(cpus: &[u32]) -> Result<(), PinError> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        let id = usize::try_from(*cpu).ok().filter(|id| *id < CPUS_OF_A_SET);
        set.set(id.ok_or(PinError::Refused { cpu: *cpu })?);
    }
    let first = cpus.first().copied().unwrap_or_default();
    sched_setaffinity(None, &set).map_err(|_| PinError::Refused { cpu: first })
}

/// Processors the C library's set has room for.
const CPUS_OF_A_SET: usize = 1024;

#[cfg(test)]
mod tests;
