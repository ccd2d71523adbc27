//! What the sidecar counts itself, beside the page: the table and its registration.

use crate::plan::About;
use prometheus::{
    Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// Metrics that come from the sidecar and not from the page: name and meaning.
pub const METRICS: &[(&str, &str)] = &[
    ("arb_info", "1; whose engine this is, by the labels of its configuration"),
    ("arb_ring_depth", "Events a ring holds at most, by ring"),
    ("arb_ring_fill", "Events that waited in a ring when its writer last looked"),
    ("arb_ring_fill_max", "The most events seen waiting in a ring"),
    ("arb_ring_full_total", "Pushes that found a ring full"),
    (
        "arb_stage_regime_seconds_total",
        "Time of a pinned thread by what it did; the regimes are exclusive and exhaustive",
    ),
    ("arb_stage_beats_total", "Heartbeats of a pinned thread"),
    ("arb_stage_cpu", "The processor a thread is pinned to"),
    (
        "arb_stage_involuntary_switches_total",
        "Times the kernel took the processor from a pinned thread",
    ),
    (
        "arb_stage_migrations_total",
        "Times a pinned thread changed its processor, where the kernel counts them",
    ),
    (
        "arb_stage_run_delay_seconds_total",
        "Time a pinned thread could have run and waited for its processor",
    ),
    (
        "arb_stage_steal_seconds_total",
        "Time since boot the hypervisor ran somebody else on a pinned thread's processor",
    ),
    ("arb_process_hot_allocations_total", "Allocations of all threads after they were sealed"),
    ("arb_process_throttled_total", "Times a CFS quota stopped this process"),
    ("arb_shadow_lag_records", "Records the shadow core is behind the live one"),
    (
        "arb_shadow_divergences_total",
        "Records in which the shadow core differed from the live one; anything but 0 is an alarm",
    ),
    ("arb_journal_written_index", "The index after the last record appended"),
    ("arb_journal_synced_index", "The index before which everything is durable"),
    ("arb_journal_snapshot_index", "The index of the newest snapshot"),
    (
        "arb_sidecar_faults",
        "What is wrong with journal, shadow, server or processors right now, by code",
    ),
    ("arb_sidecar_log_lines_total", "Lines written to the log"),
    (
        "arb_sidecar_log_suppressed_total",
        "Lines not written because there was one of their code in the same second",
    ),
    ("arb_sidecar_log_failed_total", "Lines the log's target refused"),
    (
        "arb_clock_error_seconds",
        "How far the scaled counter was off CLOCK_MONOTONIC when it was last compared",
    ),
    ("arb_config_version", "The version of the configuration in force"),
    ("arb_config_reloads_total", "Configurations read while running, by what came of it"),
    (
        "arb_config_refused",
        "1 while the configuration that lies there was refused: the version before it stays in force",
    ),
    (
        "arb_degraded",
        "1 for each thing that is less than it should be, at start or since, by reason",
    ),
    ("arb_doctor_check", "1 for the state each host check had at start, by name and state"),
    ("arb_strategy_gate_refusals", "Intents refused, by gate"),
    ("arb_pnl", "Result in the account currency, by kind"),
    ("arb_pairs_open", "Pairs that hold a position or are about to"),
    ("arb_pairs", "Pairs by phase; one that is hedging or stuck stands on one leg"),
    ("arb_limit_used_ratio", "How much of a limit is used, 1 being all of it"),
    (
        "arb_venue_ok",
        "1 while a venue's order session, account stream, books of ours and clock are right",
    ),
    (
        "arb_venue_clock_bound_seconds",
        "The widest error a venue's clock may have; absent while it is not known",
    ),
    (
        "arb_funding_overdue",
        "Funding expected of settlements that passed and not paid yet, in the account currency",
    ),
    (
        "arb_orders_unknown_value",
        "Notional of orders whose outcome is not known, in the account currency",
    ),
    ("arb_equity", "Equity in the account currency; absent while it is not known"),
    (
        "arb_lease_margin_seconds",
        "How long this engine may still send if no renewal goes well from now on",
    ),
    (
        "arb_lease_token",
        "The number of transitions of the Lease this engine holds: its orders begin with it",
    ),
    ("arb_lease_requests_total", "Requests about the Lease, by outcome"),
];

/// The handles of the metrics that are set from the sidecar's loop.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) lag: IntGauge,
    pub(crate) divergences: IntCounter,
    pub(crate) written: IntGauge,
    pub(crate) synced: IntGauge,
    pub(crate) snapshot: IntGauge,
    pub(crate) faults: IntGaugeVec,
    pub(crate) log_lines: IntCounter,
    pub(crate) log_suppressed: IntCounter,
    pub(crate) log_failed: IntCounter,
    pub(crate) clock_error: Gauge,
    pub(crate) info: IntGaugeVec,
    pub(crate) config_version: IntGauge,
    pub(crate) config_reloads: IntCounterVec,
    pub(crate) config_refused: IntGauge,
    pub(crate) degraded: IntGaugeVec,
    pub(crate) doctor: IntGaugeVec,
    pub(crate) gates: IntGaugeVec,
    pub(crate) pnl: GaugeVec,
    pub(crate) pairs: IntGauge,
    pub(crate) phases: IntGaugeVec,
    pub(crate) limits: GaugeVec,
    pub(crate) venues: IntGaugeVec,
    pub(crate) clock_bounds: GaugeVec,
    pub(crate) funding_overdue: Gauge,
    pub(crate) unknown_value: Gauge,
    pub(crate) equity: GaugeVec,
    pub(crate) lease_margin: GaugeVec,
    pub(crate) lease_token: IntGaugeVec,
    pub(crate) lease_requests: IntCounterVec,
}

impl Own {
    /// Makes them and registers them.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        fn keep<M: prometheus::core::Collector + Clone + 'static>(
            registry: &Registry,
            metric: M,
        ) -> Result<M, prometheus::Error> {
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        }
        let amount = |name| keep(registry, Gauge::with_opts(opts(name))?);
        let amounts = |name, labels: &[&str]| keep(registry, GaugeVec::new(opts(name), labels)?);
        let gauge = |name| keep(registry, IntGauge::with_opts(opts(name))?);
        let gauges = |name, label| keep(registry, IntGaugeVec::new(opts(name), &[label])?);
        let counter = |name| keep(registry, IntCounter::with_opts(opts(name))?);
        Ok(Self {
            lag: gauge("arb_shadow_lag_records")?,
            divergences: counter("arb_shadow_divergences_total")?,
            written: gauge("arb_journal_written_index")?,
            synced: gauge("arb_journal_synced_index")?,
            snapshot: gauge("arb_journal_snapshot_index")?,
            faults: gauges("arb_sidecar_faults", "code")?,
            log_lines: counter("arb_sidecar_log_lines_total")?,
            log_suppressed: counter("arb_sidecar_log_suppressed_total")?,
            log_failed: counter("arb_sidecar_log_failed_total")?,
            clock_error: amount("arb_clock_error_seconds")?,
            info: keep(registry, IntGaugeVec::new(opts("arb_info"), &About::LABELS)?)?,
            config_version: gauge("arb_config_version")?,
            config_reloads: keep(
                registry,
                IntCounterVec::new(opts("arb_config_reloads_total"), &["outcome"])?,
            )?,
            config_refused: gauge("arb_config_refused")?,
            degraded: gauges("arb_degraded", "reason")?,
            doctor: keep(
                registry,
                IntGaugeVec::new(opts("arb_doctor_check"), &["name", "state"])?,
            )?,
            gates: gauges("arb_strategy_gate_refusals", "gate")?,
            pnl: amounts("arb_pnl", &["kind"])?,
            pairs: gauge("arb_pairs_open")?,
            phases: gauges("arb_pairs", "phase")?,
            limits: amounts("arb_limit_used_ratio", &["limit"])?,
            venues: keep(registry, IntGaugeVec::new(opts("arb_venue_ok"), &["venue", "what"])?)?,
            clock_bounds: amounts("arb_venue_clock_bound_seconds", &["venue"])?,
            funding_overdue: amount("arb_funding_overdue")?,
            unknown_value: amount("arb_orders_unknown_value")?,
            // No label: a vector, because a single gauge cannot be absent.
            equity: amounts("arb_equity", &[])?,
            lease_margin: amounts("arb_lease_margin_seconds", &[])?,
            lease_token: keep(registry, IntGaugeVec::new(opts("arb_lease_token"), &[])?)?,
            lease_requests: keep(
                registry,
                IntCounterVec::new(opts("arb_lease_requests_total"), &["outcome"])?,
            )?,
        })
    }
}

/// What a metric of the table means.
pub(crate) fn help(name: &str) -> &'static str {
    METRICS.iter().find(|(have, _)| *have == name).map_or("", |(_, help)| help)
}

fn opts(name: &str) -> Opts {
    Opts::new(name, help(name))
}

/// An index as a gauge shows it.
pub(crate) fn shown(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
