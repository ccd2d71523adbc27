//! `doctor jitter`: the gaps each allowed CPU shows a thread that does nothing but look at the clock.

use crate::cli::{exit, say};
use base::Span;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;
use telemetry::hist::bucket_low;
use telemetry::{Buckets, HostClock};
use tuning::{CpuGaps, CpuList, Host, JitterFloor, survey};

#[derive(Debug, Clone, Args)]
pub(super) struct JitterArguments {
    /// How long each CPU is watched.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Only these of the allowed CPUs, as the kernel writes lists.
    #[arg(long, value_name = "LIST", value_parser = super::cpus)]
    cpus: Option<CpuList>,
    /// One CPU after the other instead of all at once.
    #[arg(long)]
    one_by_one: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// The shares of all gaps that are told.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

pub(super) fn run(arguments: &JitterArguments) -> ExitCode {
    let cpus = match (&arguments.cpus, Host::allowed()) {
        (Some(cpus), _) => cpus.clone(),
        (None, Ok(cpus)) => cpus,
        (None, Err(why)) => return exit::refused(&format!("doctor: {why}")),
    };
    let length = Span::from_secs(u64::from(arguments.seconds));
    let clock = HostClock::start();
    let seen = survey(&clock, cpus.as_slice(), length, !arguments.one_by_one);
    if arguments.json {
        let cpus: Vec<_> = seen.iter().map(as_json).collect();
        say::line(&json!({ "seconds": arguments.seconds, "cpus": cpus }).to_string());
    } else {
        say::line(&table(&seen));
    }
    match seen.iter().find_map(|one| one.seen.as_ref().err()) {
        Some(why) => exit::refused(&format!("doctor: {why}")),
        None => ExitCode::SUCCESS,
    }
}

fn as_json(one: &CpuGaps) -> serde_json::Value {
    let (floor, gaps) = match &one.seen {
        Ok(seen) => seen,
        Err(why) => return json!({ "cpu": one.cpu, "error": why.to_string() }),
    };
    let hdr = gaps.to_hdr();
    let quantiles: serde_json::Map<_, _> = QUANTILES
        .iter()
        .map(|(name, share)| ((*name).to_owned(), json!(hdr.value_at_quantile(*share))))
        .collect();
    let histogram: Vec<_> = steps(gaps).map(|(under, count)| json!([under, count])).collect();
    json!({
        "cpu": one.cpu, "quiet": !floor.is_noisy(), "readings": floor.readings, "gaps_over_1us": floor.gaps,
        "gaps_over_10us": floor.long_gaps, "stolen_ppm": floor.stolen_ppm(), "gap_ns": quantiles,
        "max_ns": floor.max_ns, "histogram_ns_under": histogram,
    })
}

/// Counts by doubling: how many gaps were shorter than so many nanoseconds, and not than half of it.
fn steps(gaps: &Buckets) -> impl Iterator<Item = (u64, u64)> {
    let edges = (4..40).map(|bits| 1_u64 << bits);
    let mut below = 0;
    edges.filter_map(move |edge| {
        let now = if edge > gaps.max { gaps.count() } else { gaps.count_below(edge) };
        let count = now - std::mem::replace(&mut below, now);
        (count > 0).then_some((edge, count))
    })
}

fn table(seen: &[CpuGaps]) -> String {
    let head: String = QUANTILES.iter().map(|(name, _)| format!(" {name:>8}")).collect();
    let mut lines =
        vec![format!("  cpu {head} {:>9} {:>8} {:>8} {:>9}", "max", ">1us/s", ">10us/s", "taken")];
    for one in seen {
        let row = match &one.seen {
            Ok((floor, gaps)) => row(floor, gaps),
            Err(why) => format!(" {why}"),
        };
        lines.push(format!("{:>5} {row}", one.cpu));
    }
    let measured: Vec<_> =
        seen.iter().filter_map(|one| Some((one.cpu, &one.seen.as_ref().ok()?.1))).collect();
    if !measured.is_empty() {
        lines.push(String::new());
        lines.extend(histogram(&measured));
    }
    lines.join("\n")
}

/// A column a CPU, as many rows as the longest gap needs.
fn histogram(measured: &[(u32, &Buckets)]) -> Vec<String> {
    let head: String =
        measured.iter().map(|(cpu, _)| format!(" {:>12}", format!("cpu {cpu}"))).collect();
    let mut lines = vec![format!("{:>9}{head}", "gaps <")];
    let counts: Vec<Vec<_>> = measured.iter().map(|(_, gaps)| steps(gaps).collect()).collect();
    let mut edges: Vec<u64> = counts.iter().flatten().map(|(edge, _)| *edge).collect();
    edges.sort_unstable();
    edges.dedup();
    for edge in edges {
        let cell = |steps: &Vec<(u64, u64)>| {
            let count = steps.iter().find(|(at, _)| *at == edge).map(|(_, count)| *count);
            format!(" {:>12}", count.map_or_else(|| "·".to_owned(), |count| count.to_string()))
        };
        lines.push(format!("{:>9}{}", time(edge), counts.iter().map(cell).collect::<String>()));
    }
    lines
}

fn row(floor: &JitterFloor, gaps: &Buckets) -> String {
    let hdr = gaps.to_hdr();
    let quantiles: String = QUANTILES
        .iter()
        .map(|(_, share)| format!(" {:>8}", time(hdr.value_at_quantile(*share).min(gaps.max))))
        .collect();
    let second = 1_000_000_000_u128;
    let rate = |count: u64| u128::from(count) * second / u128::from(floor.measured_ns.max(1));
    let taken = floor.stolen_ppm();
    format!(
        "{quantiles} {:>9} {:>8} {:>8} {:>7}.{:02}%",
        time(floor.max_ns),
        rate(floor.gaps),
        rate(floor.long_gaps),
        taken / 10_000,
        taken % 10_000 / 100
    )
}

/// Nanoseconds in the largest unit that leaves a digit before the point.
fn time(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns}ns"),
        1_000..1_000_000 => format!("{}.{}us", ns / 1_000, ns % 1_000 / 100),
        _ => format!("{}.{}ms", ns / 1_000_000, ns % 1_000_000 / 100_000),
    }
}

/// The edges lie on the histogram's own, so that the counts are exact.
const _: () = assert!(bucket_low(32) == 32);
