//! The jitter of many processors: what `doctor jitter` measures.

use crate::jitter::{self, JitterFloor};
use crate::pin::{PinError, pin_current};
use base::{Clock, Span};
use std::thread::{self, ScopedJoinHandle};
use telemetry::Buckets;
use telemetry::hist::{BUCKETS, bucket_of};

/// What one processor showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuGaps {
    /// Which.
    pub cpu: u32,
    /// The gaps of its loop, summed up and as a distribution.
    pub seen: Result<(JitterFloor, Buckets), Unmeasured>,
}

/// Why a processor was not measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmeasured {
    /// No thread may run there.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(String),
}

/// Watches these processors, each for `length`: all of them at once, as an engine would keep them busy, or
/// one after the other.
pub fn survey<C: Clock + Clone + Send>(
    clock: &C,
    cpus: &[u32],
    length: Span,
    at_once: bool,
) -> Vec<CpuGaps> {
    let many = if at_once { cpus.len().max(1) } else { 1 };
    let groups = cpus.chunks(many);
    groups.flat_map(|group| watch(clock, group, length)).collect()
}

fn watch<C: Clock + Clone + Send>(clock: &C, cpus: &[u32], length: Span) -> Vec<CpuGaps> {
    thread::scope(|scope| {
        let start = |cpu: u32| {
            let clock = clock.clone();
            let builder = thread::Builder::new().name(format!("jitter-{cpu}"));
            (cpu, builder.spawn_scoped(scope, move || measure(&clock, cpu, length)))
        };
        let threads: Vec<_> = cpus.iter().map(|cpu| start(*cpu)).collect();
        let seen = |started: std::io::Result<ScopedJoinHandle<'_, _>>| {
            let thread = started.map_err(|why| Unmeasured::Thread(why.to_string()))?;
            thread.join().unwrap_or_else(|_| Err(Unmeasured::Thread("it panicked".to_owned())))
        };
        threads.into_iter().map(|(cpu, started)| CpuGaps { cpu, seen: seen(started) }).collect()
    })
}

fn measure(
    clock: &impl Clock,
    cpu: u32,
    length: Span,
) -> Result<(JitterFloor, Buckets), Unmeasured> {
    pin_current(cpu)?;
    let mut gaps = Buckets { counts: vec![0; BUCKETS], ..Buckets::default() };
    let floor = jitter::measure(clock, length, |gap| {
        if let Some(count) = gaps.counts.get_mut(bucket_of(gap)) {
            *count += 1;
        }
        gaps.sum += gap;
        gaps.max = gaps.max.max(gap);
    });
    Ok((floor, gaps))
}

#[cfg(test)]
mod tests;
