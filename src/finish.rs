//! The end of a run: stop in order, fetch the venues' books, draw up the report.

use crate::engine::Stopped;
use crate::report::{self, Earned, Report};
use crate::start::Started;
use crate::wiring::thread_block;
use crate::{ledger, venues};
use std::time::Duration;
use telemetry::{Counter, alloc};
use thiserror::Error;

/// Why there is no report.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("the sidecar saw no journal to its end: {0}")]
    NoView(String),
}

/// How a run ended.
pub(crate) struct Outcome {
    pub(crate) report: Report,
    /// Whether the core stopped with nothing out.
    pub(crate) stop: Stopped,
    /// Why the venues' books are missing, if they should not be.
    pub(crate) no_ledger: Option<venues::Fault>,
    /// Where live and shadow core differed, if they did.
    pub(crate) divergence: Option<String>,
}

/// Stops everything and reports.
pub(crate) fn finish(started: Started, ended: &str, patience: Duration) -> Result<Outcome, Fault> {
    let Started {
        reloader, engine, placement, venues, scenario, journal, mode, began, tenure, ..
    } = started;
    // Whatever it waits for, the engine does not.
    reloader.stop();
    let seconds = began.elapsed().as_secs_f64();
    let last = engine.stop(patience);
    drop(reloader);
    // Only now, when nothing of ours can leave any more, may another engine begin.
    drop(tenure);
    let faults: Vec<_> = last.sidecar.faults.iter().map(|(_, what)| what.clone()).collect();
    let view = last.sidecar.view.ok_or_else(|| Fault::NoView(faults.join("; ")))?;
    let view = std::sync::Arc::unwrap_or_clone(view);
    // A report without the venues' side is better than none.
    let (ledgers, no_ledger) = match venues.map(venues::Venues::stop).transpose() {
        Ok(ledgers) => (ledgers, None),
        Err(why) => (None, Some(why)),
    };
    let ledger = ledgers.map(|ledgers| ledger::compare(&view, &ledgers, view.counts.fills));
    let blocks: Vec<_> = placement.threads.iter().map(|t| thread_block(t.name)).collect();
    let blocks: Vec<_> = blocks.iter().map(String::as_str).collect();
    let (page, counts, pnl) = (&last.page, view.counts, view.pnl);
    let report = Report {
        mode: format!("{mode:?}").to_lowercase(),
        seconds,
        ended: ended.to_owned(),
        scenario,
        messages_in: page.total(Counter::FeedMessages) + page.total(Counter::GatewayMessages),
        messages_refused: report::refused(page),
        events_dropped: page.total(Counter::FeedDropped),
        orders_sent: page.total(Counter::OrdersSent),
        orders_acked: page.total(Counter::OrdersAcked),
        orders_rejected: page.total(Counter::OrdersRejected),
        fills: counts.fills,
        pairs_opened: counts.pairs_opened,
        pairs_closed: counts.pairs_closed,
        funding_settlements: counts.funding_settlements,
        pnl: Earned {
            trading: pnl.trading,
            funding: pnl.funding,
            fees: pnl.fees,
            total: pnl.total,
        },
        latency_ns: report::latencies(page),
        hot_allocations: alloc::hot_allocations(),
        layout: placement.layout.to_string(),
        cores: report::cores(page, &blocks),
        degraded: placement.degraded.iter().map(ToString::to_string).collect(),
        hash: view.hash.clone(),
        configuration: view.version,
        journal: journal.display().to_string(),
        ledger,
        view,
    };
    let divergence = last.sidecar.divergence.map(|at| at.to_string());
    Ok(Outcome { no_ledger, report, stop: last.stop, divergence })
}
