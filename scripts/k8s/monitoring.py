"""Rules and dashboards against what the engine exports; and what is generated from one place."""

import json
import re
import shutil
import subprocess

import yaml

import dashboards

# What every metric of a histogram is called on the wire.
SUFFIXES = ("_bucket", "_sum", "_count")
# Prometheus's own.
OTHERS = {"up", "ALERTS"}


def exported(root):
    """The names of both tables: the page's (METRICS.md) and the sidecar's own (own.rs)."""
    names = set()
    for line in (root / "crates/telemetry/METRICS.md").read_text().splitlines():
        row = re.match(r"\| `(arb_\w+)` \| (\w+)", line)
        if row:
            names |= {row[1] + suffix for suffix in SUFFIXES} if row[2] == "histogram" else {row[1]}
    own = (root / "crates/sidecar/src/own.rs").read_text()
    table = own[own.index("METRICS") : own.index("];", own.index("METRICS"))]
    return names | set(re.findall(r'"(arb_\w+)"', table))


def named(expression):
    """The metrics an expression asks for."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    return set(re.findall(r"\barb[_:][\w:]+|\bup\b|\bALERTS\b", bare))


def rules(root):
    for file in sorted((root / "monitoring/rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield file, group, rule


def expressions(root):
    for file in sorted((root / "monitoring/grafana/dashboards").glob("*.json")):
        board = json.loads(file.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield f"{file.name}: {panel['title']}", target["expr"]
        for variable in board.get("templating", {}).get("list", []):
            if variable["type"] == "query":
                yield f"{file.name}: ${variable['name']}", re.sub(r"label_values\((.*), *\w+\)", r"\1", variable["definition"])


def parses(root, work):
    """Whether Prometheus reads every expression of a dashboard: as rules of a file made of them."""
    if not shutil.which("promtool"):
        return
    groups = []
    for number, (place, expression) in enumerate(expressions(root)):
        plain = expression.replace("$__rate_interval", "1m").replace("$__range", "1h")
        plain = re.sub(r"\$\w+", ".*", plain)
        groups.append({"name": f"{number} {place}", "rules": [{"record": "x:y", "expr": plain}]})
    file = work / "dashboards.yml"
    file.write_text(yaml.safe_dump({"groups": groups}))
    result = subprocess.run(["promtool", "check", "rules", "--lint=none", file], capture_output=True, text=True, check=False)
    if result.returncode:
        yield f"a dashboard's expression does not parse:\n{result.stdout}{result.stderr}"


def generated(root, bless):
    """What is made from something else is what would be made now."""
    wanted = {
        root / "monitoring/grafana/dashboards" / f"{name}.json": json.dumps(board, indent=1) + "\n"
        for name, board in dashboards.boards().items()
    }
    groups = []
    for file in sorted((root / "monitoring/rules").glob("*.yml")):
        groups += yaml.safe_load(file.read_text())["groups"]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "funding-arb"},
        "spec": {"groups": groups},
    }
    head = "# Made of monitoring/rules by `scripts/k8s/check metrics --bless`.\n"
    wanted[root / "k8s/components/prometheus-operator/rules.yaml"] = head + yaml.safe_dump(rule, sort_keys=False, width=140)
    for file, text in wanted.items():
        if bless:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        if not file.exists() or file.read_text() != text:
            yield f"{file.relative_to(root)}: not what would be made now; renew it with --bless"


def faults(root, work, bless):
    found = list(generated(root, bless))
    have = exported(root) | OTHERS | {rule["record"] for _, _, rule in rules(root) if "record" in rule}
    for place, expression in expressions(root):
        found += [f"{place}: nobody exports {name}" for name in sorted(named(expression) - have)]
        if not named(expression):
            found.append(f"{place}: names no metric")
    page = (root / "docs/alerts.md").read_text()
    sections = {line.removeprefix("## ").strip() for line in page.splitlines() if line.startswith("## ")}
    tests = {test["name"] for test in yaml.safe_load((root / "monitoring/tests/alerts.yml").read_text())["tests"]}
    alerts = set()
    for file, _, rule in rules(root):
        name = rule.get("alert") or rule["record"]
        found += [f"{file.name}: {name}: nobody exports {metric}" for metric in sorted(named(rule["expr"]) - have)]
        if "alert" not in rule:
            continue
        alerts.add(name)
        if name not in sections:
            found.append(f"{name}: docs/alerts.md has no section for it")
        if not rule["annotations"]["runbook_url"].endswith(f"docs/alerts.md#{name.lower()}"):
            found.append(f"{name}: its runbook_url leads elsewhere")
        if name not in tests:
            found.append(f"{name}: monitoring/tests/alerts.yml has no test of it")
    found += [f"{name}: docs/alerts.md speaks of an alert that is not there" for name in sorted(sections - alerts)]
    return found + list(parses(root, work))
