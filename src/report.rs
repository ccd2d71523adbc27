//! The final report: what was earned, what was done, how fast, and how well the machine served.

use base::Money;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use strategy::View;
use telemetry::{Buckets, Counter, Hist, Snapshot};

/// Everything a run came to, as `--report` writes it. Amounts are decimal texts.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// sim, paper or live.
    pub(crate) mode: String,
    /// Seconds the run lasted.
    pub(crate) seconds: f64,
    /// How the run ended.
    pub(crate) ended: String,
    /// Which scenario the venues played, with its seed, if they were simulated.
    pub(crate) scenario: Option<String>,
    /// Market-data messages received.
    pub(crate) messages_in: u64,
    /// Of these and the account messages, those that could not be read.
    pub(crate) messages_refused: u64,
    /// Events lost because a ring was full.
    pub(crate) events_dropped: u64,
    /// Orders the core sent.
    pub(crate) orders_sent: u64,
    /// Orders a venue took.
    pub(crate) orders_acked: u64,
    /// Orders a venue refused.
    pub(crate) orders_rejected: u64,
    /// Fills, each counted once.
    pub(crate) fills: u64,
    /// Pairs of which both legs came to stand.
    pub(crate) pairs_opened: u64,
    /// Pairs closed flat.
    pub(crate) pairs_closed: u64,
    /// Funding payments received.
    pub(crate) funding_settlements: u64,
    /// In the currency of the risk limits.
    pub(crate) pnl: Earned,
    /// By step, nanoseconds.
    pub(crate) latency_ns: BTreeMap<&'static str, Latency>,
    /// Allocations on hot threads after they were sealed.
    pub(crate) hot_allocations: u64,
    /// Which stages shared a thread.
    pub(crate) layout: String,
    /// Hot threads and their CPUs.
    pub(crate) cores: Vec<Core>,
    /// What is less than it should be on this host.
    pub(crate) degraded: Vec<String>,
    /// The core's hash over all inputs and outputs.
    pub(crate) hash: String,
    /// The version of the configuration in force at the end.
    pub(crate) configuration: u32,
    /// Where the journal lies.
    pub(crate) journal: String,
    /// The engine's books against the simulated venues' own, if they were simulated.
    pub(crate) ledger: Option<crate::ledger::Comparison>,
    /// Positions, pairs, accounts, limits at the end.
    pub(crate) view: View,
}

/// Profit and loss by where it came from.
#[derive(Debug, Serialize)]
pub(crate) struct Earned {
    /// Prices: realised and unrealised.
    pub(crate) trading: Money,
    /// Funding settled.
    pub(crate) funding: Money,
    /// Fees; negative were charged.
    pub(crate) fees: Money,
    /// All together.
    pub(crate) total: Money,
}

/// One distribution.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) count: u64,
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) p999: u64,
    pub(crate) max: u64,
}

/// One hot thread.
#[derive(Debug, Serialize)]
pub(crate) struct Core {
    pub(crate) thread: String,
    pub(crate) cpu: Option<u32>,
    /// Share of its time that was spent working.
    pub(crate) busy: f64,
    /// Longest gap of an empty loop on this CPU, measured at start.
    pub(crate) jitter_max_ns: u64,
}

/// What each histogram is called in a report.
#[rustfmt::skip]
const STEPS: &[(&str, Hist)] = &[
    ("tick_to_order",  Hist::TickToOrder),
    ("decode",         Hist::Decode),
    ("strategy",       Hist::Strategy),
    ("encode",         Hist::Encode),
    ("ack_round_trip", Hist::AckRoundTrip),
    ("adoption",       Hist::Adoption),
    ("socket_to_user", Hist::SocketToUser),
];

impl Latency {
    pub(crate) fn of(buckets: &Buckets) -> Self {
        let at = |share| buckets.quantile(share);
        Self {
            count: buckets.count(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: buckets.max,
        }
    }
}

/// Every distribution a report shows.
pub(crate) fn latencies(page: &Snapshot) -> BTreeMap<&'static str, Latency> {
    STEPS.iter().map(|(name, hist)| (*name, Latency::of(&page.merged(*hist)))).collect()
}

/// Messages that could not be read, whoever refused them.
pub(crate) fn refused(page: &Snapshot) -> u64 {
    Counter::ALL
        .iter()
        .filter(|c| {
            matches!(
                c.metric().name,
                "arb_feed_messages_refused_total" | "arb_gateway_messages_refused_total"
            )
        })
        .map(|counter| page.total(*counter))
        .sum()
}

/// The hot threads of a page: the blocks that are no stage of the topology.
pub(crate) fn cores(page: &Snapshot, threads: &[&str]) -> Vec<Core> {
    page.stages
        .iter()
        .filter(|block| threads.contains(&block.name.as_str()))
        .map(|block| Core {
            thread: block.name.clone(),
            cpu: block.cpu,
            busy: busy(&block.regimes),
            jitter_max_ns: page.hist(&block.name, Hist::JitterFloor).map_or(0, |h| h.max),
        })
        .collect()
}

/// The share of everything but the first regime, which is "caught up".
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn busy(regimes: &[u64]) -> f64 {
    let whole: u64 = regimes.iter().sum();
    let idle = regimes.first().copied().unwrap_or(0);
    if whole == 0 { 0.0 } else { (whole - idle) as f64 / whole as f64 }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{} after {:.1} s", self.ended, self.seconds)?;
        if let Some(scenario) = &self.scenario {
            writeln!(f, "simulated venues: {scenario}")?;
        }
        if self.mode == "paper" {
            writeln!(f, "paper: every fill is ours alone, no order reached a venue")?;
        }
        let Earned { trading, funding, fees, total } = &self.pnl;
        writeln!(f, "\nearned   {:>16}", short(*total))?;
        writeln!(f, "  trading {:>15}", short(*trading))?;
        writeln!(f, "  funding {:>15}", short(*funding))?;
        writeln!(f, "  fees    {:>15}", short(*fees))?;
        writeln!(
            f,
            "\npairs {} opened, {} closed · orders {} sent, {} taken, {} refused · fills {} · funding \
             settlements {}",
            self.pairs_opened,
            self.pairs_closed,
            self.orders_sent,
            self.orders_acked,
            self.orders_rejected,
            self.fills,
            self.funding_settlements
        )?;
        self.write_pairs(f)?;
        writeln!(
            f,
            "messages {} in, {} refused, {} events dropped",
            self.messages_in, self.messages_refused, self.events_dropped
        )?;
        self.write_latency(f)?;
        self.write_machine(f)?;
        if let Some(ledger) = &self.ledger {
            write!(f, "\n{ledger}")?;
        }
        writeln!(f, "\njournal {} · hash {}", self.journal, self.hash)
    }
}

impl Report {
    /// Pairs that were neither open with both legs nor closed when it ended.
    fn uneven(&self) -> impl Iterator<Item = &strategy::view::PairView> {
        self.view.pairs.iter().filter(|pair| pair.phase != "open")
    }

    /// What is held that no whole pair holds, for the exit code: pairs on their way and orphans.
    pub(crate) fn loose_ends(&self) -> usize {
        let orphans = self.view.positions.iter().filter(|place| place.orphan != "0");
        self.uneven().count() + orphans.count()
    }

    /// Why pairs were closed, and which were left on their way in or out.
    fn write_pairs(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let closed: Vec<_> = closed_by(&self.view.counts)
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(why, count)| format!("{why} {count}"))
            .collect();
        if !closed.is_empty() {
            writeln!(f, "closed by {}", closed.join(", "))?;
        }
        for pair in self.uneven() {
            let strategy::view::PairView { pair, phase, long, long_qty, short, short_qty, .. } =
                pair;
            writeln!(f, "left: pair {pair} is {phase}, {long} {long_qty}, {short} -{short_qty}")?;
        }
        for place in self.view.positions.iter().filter(|place| place.orphan != "0") {
            let strategy::view::PositionView { venue, name, orphan, .. } = place;
            writeln!(f, "left: no pair holds {orphan} of {venue} {name}")?;
        }
        Ok(())
    }

    fn write_latency(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:<16} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "latency", "count", "p50", "p90", "p99", "p99.9", "max"
        )?;
        for (name, _) in STEPS {
            let Some(row) = self.latency_ns.get(name).filter(|row| row.count > 0) else { continue };
            writeln!(
                f,
                "{name:<16} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
                row.count,
                time(row.p50),
                time(row.p90),
                time(row.p99),
                time(row.p999),
                time(row.max)
            )?;
        }
        Ok(())
    }

    fn write_machine(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\nlayout {}", self.layout)?;
        for core in &self.cores {
            let cpu = core.cpu.map_or("not pinned".to_owned(), |cpu| format!("cpu {cpu}"));
            let (busy, jitter) = (core.busy * 100.0, time(core.jitter_max_ns));
            write!(f, " · {} on {cpu}, busy {busy:.0} %, jitter up to {jitter}", core.thread)?;
        }
        writeln!(f, "\nhot allocations {}", self.hot_allocations)?;
        for what in &self.degraded {
            writeln!(f, "degraded: {what}")?;
        }
        Ok(())
    }
}

/// How many pairs were closed for each reason.
fn closed_by(counts: &strategy::Counts) -> [(&'static str, u64); 6] {
    [
        ("take profit", counts.closed_take_profit),
        ("stop loss", counts.closed_stop_loss),
        ("funding", counts.closed_funding),
        ("a limit", counts.closed_risk),
        ("command", counts.closed_command),
        ("a leg that failed", counts.closed_legged),
    ]
}

/// An amount with at most eight decimals.
pub(crate) fn short(amount: Money) -> String {
    amount.round_to(8).to_string()
}

/// A time as people read it: `870 ns`, `12.3 us`, `4.5 ms`.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn time(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} us", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.1} s", ns as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests;
