//! `funding-arb stats`: a page as a person reads it.

use crate::hist::Buckets;
use crate::reader::{Snapshot, StageState, StageView};
use crate::schema::Row;
use core::fmt;

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "process {}", self.pid)?;
        for stage in &self.stages {
            self.write_stage(f, stage)?;
        }
        if !self.rings.is_empty() {
            writeln!(
                f,
                "\n{:<15} {:>8} {:>8} {:>8} {:>10}",
                "ring", "depth", "fill", "most", "full"
            )?;
        }
        for ring in &self.rings {
            let (name, depth) = (&ring.name, ring.depth);
            let (fill, most, refused) = (ring.fill, ring.fill_max, ring.refused);
            writeln!(f, "{name:<15} {depth:>8} {fill:>8} {most:>8} {refused:>10}")?;
        }
        Ok(())
    }
}

impl Snapshot {
    fn write_stage(&self, f: &mut fmt::Formatter<'_>, stage: &StageView) -> fmt::Result {
        write!(f, "\n{}", stage.name)?;
        match stage.state {
            // A stage that shares a thread: the thread's own block says where it runs.
            StageState::Waiting => writeln!(f)?,
            StageState::Running => write!(f, ": running")?,
            StageState::Ended => write!(f, ": ended")?,
        }
        if stage.state != StageState::Waiting {
            match stage.cpu {
                Some(cpu) => write!(f, ", pinned to cpu {cpu}")?,
                None => f.write_str(", not pinned")?,
            }
            writeln!(f, ", {} heartbeats", stage.beats)?;
        }
        let whole: u64 = stage.regimes.iter().sum();
        if whole > 0 {
            f.write_str("  time")?;
            for (name, ns) in self.schema.regimes.iter().zip(&stage.regimes) {
                let share = u128::from(*ns) * 1000 / u128::from(whole);
                write!(f, "  {name} {}.{}%", share / 10, share % 10)?;
            }
            writeln!(f)?;
        }
        for (row, value) in self.schema.counters.iter().zip(&stage.counters) {
            if *value > 0 {
                writeln!(f, "  {:<58} {value}", row.to_string())?;
            }
        }
        for (row, buckets) in self.schema.hists.iter().zip(&stage.hists) {
            write_hist(f, row, buckets)?;
        }
        Ok(())
    }
}

fn write_hist(f: &mut fmt::Formatter<'_>, row: &Row, buckets: &Buckets) -> fmt::Result {
    let hdr = buckets.to_hdr();
    if hdr.is_empty() {
        return Ok(());
    }
    write!(f, "  {:<58} n {}", row.to_string(), hdr.len())?;
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
        write!(f, "  {name} {}", hdr.value_at_quantile(quantile).min(buckets.max))?;
    }
    writeln!(f, "  max {} ns", buckets.max)
}

#[cfg(test)]
mod tests;
