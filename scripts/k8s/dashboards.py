"""The Grafana dashboards, as data: a board is a title and rows of panels; scripts/k8s/check writes them as JSON."""

JOB = 'job="funding-arb",instance=~"$instance"'


def quantiles(record, by=""):
    """Three lines of one latency."""
    legend = f"{{{{{by}}}}} " if by else ""
    return [(f"arb:{record}_seconds:{q}{{{JOB}}}", f"{legend}{q}") for q in ("p50", "p99", "p999")]


def rate(metric, legend="{{stage}}", more=""):
    return [(f"rate({metric}{{{JOB}{more}}}[$__rate_interval])", legend)]


def value(metric, legend="{{stage}}", more=""):
    return [(f"{metric}{{{JOB}{more}}}", legend)]


def live(metric, legend="{{stage}}", more=""):
    """Of stages that have something to say."""
    return [(f"{metric}{{{JOB}{more}}} > 0", legend)]


# board: (title, [(panel, unit, kind, [(expression, legend)])])
BOARDS = {
    "trading": ("Trading", [
        ("Result", "currencyUSD", "timeseries", value("arb_pnl", "{{kind}}")),
        ("Equity", "currencyUSD", "timeseries", value("arb_equity", "{{instance}}")),
        ("Armed", "bool", "stat", value("arb_strategy_armed", "armed", ',stage="strategy"')),
        ("Halted", "bool", "stat", value("arb_strategy_halted", "halted", ',stage="strategy"')),
        ("Pairs by phase", "short", "timeseries", value("arb_pairs", "{{phase}}")),
        ("Pairs opened and closed", "short", "timeseries",
         [(f"increase(arb_strategy_pairs_{what}_total{{{JOB},stage=\"strategy\"}}[5m])", what) for what in ("opened", "closed")]),
        ("Orders", "ops", "timeseries",
         [(f"sum by (stage) (rate(arb_gateway_orders_{what}_total{{{JOB},stage=~\"gw-.*\"}}[$__rate_interval]))", "{{stage}} " + what)
          for what in ("sent", "acked", "rejected", "unknown")]),
        ("Fills", "ops", "timeseries", rate("arb_gateway_fills_total", more=',stage=~"gw-.*"')),
        ("Refused before they were sent, by gate", "short", "timeseries", value("arb_strategy_gate_refusals", "{{gate}}")),
        ("Refused by the gateway", "ops", "timeseries", rate("arb_gateway_orders_refused_total", "{{stage}} {{reason}}", ',stage=~"gw-.*"')),
    ]),
    "latency": ("Latency", [
        ("Tick to order", "s", "timeseries", quantiles("tick_to_order")),
        ("Order to acknowledgement", "s", "timeseries", quantiles("order_ack")),
        ("Each step, p99", "s", "timeseries", [(f"arb:stage_seconds:p99{{{JOB}}}", "{{step}}")]),
        ("In the rings", "s", "timeseries", quantiles("ring_wait")),
        ("Kernel to user", "s", "heatmap",
         [(f"sum by (le) (rate(arb_socket_to_user_seconds_bucket{{{JOB}}}[$__rate_interval]))", "{{le}}")]),
        ("Tick to order, all", "s", "heatmap",
         [(f"sum by (le) (rate(arb_tick_to_order_seconds_bucket{{{JOB}}}[$__rate_interval]))", "{{le}}")]),
        ("Rings: most seen waiting, of their depth", "percentunit", "timeseries",
         [(f"arb_ring_fill_max{{{JOB}}} / arb_ring_depth{{{JOB}}}", "{{ring}}")]),
        ("What threads spend their time on", "percentunit", "timeseries", rate("arb_stage_regime_seconds_total", "{{stage}} {{regime}}")),
        ("Turns longer than a millisecond", "ops", "timeseries",
         [(f"rate(arb_stage_long_turn_seconds_count{{{JOB}}}[$__rate_interval])", "{{stage}}")]),
    ]),
    "node": ("Node", [
        ("Degraded", "bool", "stat", value("arb_degraded", "{{reason}}")),
        ("Processor of each thread", "short", "timeseries", value("arb_stage_cpu")),
        ("Migrations", "short", "timeseries", value("arb_stage_migrations_total")),
        ("Processor taken away", "ops", "timeseries", rate("arb_stage_involuntary_switches_total")),
        ("Waiting for the processor", "percentunit", "timeseries", rate("arb_stage_run_delay_seconds_total")),
        ("Stolen by the hypervisor", "percentunit", "timeseries", rate("arb_stage_steal_seconds_total")),
        ("What the doctor found wrong at start", "bool", "stat", live("arb_doctor_check", "{{name}} {{state}}", ',state=~"wrong|degraded"')),
        ("Throttled by a quota", "short", "timeseries", value("arb_process_throttled_total", "{{instance}}")),
        ("Allocations of hot threads", "short", "timeseries", value("arb_process_hot_allocations_total", "{{instance}}")),
        ("Jitter floor at start, p99", "s", "timeseries",
         [(f"histogram_quantile(0.99, sum by (le, stage) (arb_jitter_floor_seconds_bucket{{{JOB}}}))", "{{stage}}")]),
        ("Journal: written, not yet durable", "short", "timeseries",
         [(f"arb_journal_written_index{{{JOB}}} - arb_journal_synced_index{{{JOB}}}", "{{instance}}")]),
        ("Journal: records since the snapshot", "short", "timeseries",
         [(f"arb_journal_written_index{{{JOB}}} - arb_journal_snapshot_index{{{JOB}}}", "{{instance}}")]),
        ("Shadow behind", "short", "timeseries", value("arb_shadow_lag_records", "{{instance}}")),
        ("Faults of the cold side", "bool", "timeseries", value("arb_sidecar_faults", "{{code}}")),
    ]),
    "venues": ("Venues", [
        ("What stands", "bool", "state-timeline", value("arb_venue_ok", "{{venue}} {{what}}")),
        ("Error of their clocks, at most", "s", "timeseries", value("arb_venue_clock_bound_seconds", "{{venue}}")),
        ("Messages", "ops", "timeseries", rate("arb_feed_messages_total", more=',stage=~"feed-.*"')),
        ("Books known, of those followed", "percentunit", "timeseries",
         [(f'arb_feed_books_known{{{JOB},stage=~"feed-.*"}} / arb_feed_books{{{JOB},stage=~"feed-.*"}}', "{{stage}}")]),
        ("Books lost", "ops", "timeseries", rate("arb_feed_books_lost_total", "{{stage}} {{reason}}", ',stage=~"feed-.*"')),
        ("Messages refused", "ops", "timeseries", rate("arb_feed_messages_refused_total", "{{stage}} {{reason}}", ',stage=~"feed-.*"')),
        ("Connections lost", "ops", "timeseries", rate("arb_connection_closed_total")),
        ("Too many requests", "ops", "timeseries",
         rate("arb_gateway_rate_limited_total") + rate("arb_feed_rate_limited_total")),
        ("Reconciliations", "ops", "timeseries", rate("arb_gateway_reconciliations_total", more=',stage=~"gw-.*"')),
        ("Funding payments", "short", "timeseries",
         [(f'increase(arb_gateway_funding_settlements_total{{{JOB},stage=~"gw-.*"}}[8h])', "{{stage}}")]),
    ]),
    "risk": ("Risk", [
        ("Limits, used", "percentunit", "bargauge", value("arb_limit_used_ratio", "{{limit}}")),
        ("Limits over time", "percentunit", "timeseries", value("arb_limit_used_ratio", "{{limit}}")),
        ("On one leg", "short", "timeseries", value("arb_pairs", "{{phase}}", ',phase=~"hedging|stuck"')),
        ("Orders of unknown outcome", "currencyUSD", "timeseries", value("arb_orders_unknown_value", "{{instance}}")),
        ("Funding due and not come", "currencyUSD", "timeseries", value("arb_funding_overdue", "{{instance}}")),
        ("Alarms of the core", "short", "timeseries",
         [(f'increase(arb_strategy_alarms_total{{{JOB},stage="strategy"}}[5m])', "alarms")]),
        ("Refused by limits", "short", "timeseries", value("arb_strategy_gate_refusals", "{{gate}}")),
        ("Accounts not fit to trade", "bool", "stat", live("arb_gateway_accounts_unfit", "{{stage}} {{reason}}")),
        ("Left of the Lease", "s", "timeseries", value("arb_lease_margin_seconds", "{{instance}}")),
        ("Shadow differs", "short", "stat", value("arb_shadow_divergences_total", "records")),
        ("Firing", "short", "timeseries", [('count by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}")]),
    ]),
}

SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT = 12, 8


def panel(number, title, unit, kind, targets):
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}} if kind == "timeseries" else {}
    return {
        "id": number + 1,
        "title": title,
        "type": kind,
        "datasource": SOURCE,
        "gridPos": {"x": number % 2 * WIDTH, "y": number // 2 * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "options": options,
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
             "format": "heatmap" if kind == "heatmap" else "time_series"}
            for at, (expression, legend) in enumerate(targets)
        ],
    }


def boards():
    """Every dashboard by its file's name."""
    instance = {
        "name": "instance", "type": "query", "datasource": SOURCE, "definition": 'label_values(up{job="funding-arb"}, instance)',
        "query": {"query": 'label_values(up{job="funding-arb"}, instance)', "refId": "instance"},
        "includeAll": True, "multi": True, "current": {"text": "All", "value": "$__all"}, "refresh": 2,
    }
    made = {}
    for name, (title, panels) in BOARDS.items():
        made[name] = {
            "uid": f"funding-arb-{name}",
            "title": f"funding-arb: {title}",
            "tags": ["funding-arb"],
            "schemaVersion": 39,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [instance]},
            "links": [{"type": "dashboards", "tags": ["funding-arb"], "title": "funding-arb", "asDropdown": False}],
            "panels": [panel(number, *one) for number, one in enumerate(panels)],
        }
    return made
