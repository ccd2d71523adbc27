"""The steps of scripts/k8s/check. Each returns what is wrong as sentences; Skipped says why it could not run."""

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

import monitoring
import policy

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
TESTS = K8S / "tests"
# Groups of the API server itself, whose schemas kubernetes-validate has; all others are custom resources.
BUILT_IN = re.compile(r"^(v1|(apps|batch|policy|autoscaling)/v\d|[a-z.]+\.k8s\.io/v\w+)$")
NOT_BUILT_IN = ("snapshot.storage.k8s.io/", "kubelet.config.k8s.io/", "kustomize.config.k8s.io/")


class Skipped(Exception):
    """Why a step could not run here."""


def run(command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


def told(result, what):
    """The output of a command that failed, as a fault."""
    return [] if result.returncode == 0 else [f"{what}:\n{(result.stdout + result.stderr).strip()}"]


def need(tool):
    if not shutil.which(tool):
        raise Skipped(f"{tool} could not be had")
    return tool


def tracked(*patterns):
    found = sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})
    return [path for path in found if "target" not in path.relative_to(ROOT).parts[:1]]


def documents(text):
    return [thing for thing in yaml.safe_load_all(text) if thing]


def build(folder):
    """What kustomize makes of a folder, as text; a fault instead of it."""
    tool = ["kustomize", "build"] if shutil.which("kustomize") else [need("kubectl"), "kustomize"]
    result = run([*tool, folder])
    if result.returncode:
        raise ValueError(f"{folder.relative_to(ROOT)}: {result.stderr.strip()}")
    return result.stdout


def folders():
    """Every kustomization that is applied as it stands, and those that combine components for a test."""
    names = [*K8S.glob("overlays/*"), *K8S.glob("data/*"), K8S / "jobs", K8S / "nodes/doctor"]
    names += [*K8S.glob("gitops/*"), *TESTS.glob("compositions/*")]
    return sorted(folder for folder in names if (folder / "kustomization.yaml").is_file())


class Checks:
    def __init__(self, work, bless):
        self.work, self.bless = work, bless
        self.renders = {}

    def render(self):
        """Every kustomization builds."""
        faults = []
        for folder in folders():
            try:
                self.renders[folder] = build(folder)
            except ValueError as why:
                faults.append(str(why))
        # What scripts apply by themselves.
        for file in tracked("k8s/jobs/pack.yaml", "k8s/jobs/restore-pod.yaml"):
            self.renders[file.with_suffix("")] = file.read_text().replace("@ID@", "now")
        return faults

    def golden(self):
        """What the overlays make is what was looked at when it was last changed (--bless renews it)."""
        faults = []
        for folder, text in self.renders.items():
            if folder.parent.name != "overlays":
                continue
            kept = TESTS / "golden" / f"{folder.name}.yaml"
            if self.bless:
                kept.parent.mkdir(exist_ok=True)
                kept.write_text(text)
            before = kept.read_text() if kept.exists() else ""
            if before != text:
                lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "kept", "made", lineterm="", n=1)
                faults.append(f"{folder.name}: differs from its golden render\n" + "\n".join(list(lines)[:40]))
        return faults

    def schema(self):
        """Every document has the form its kind has: Kubernetes 1.36, strictly; custom ones by their own."""
        files = {}
        for folder, text in self.renders.items():
            files[str(folder.relative_to(K8S)).replace("/", "-")] = documents(text)
        files["kubelet"] = documents("---\n".join(p.read_text() for p in tracked("k8s/nodes/*.yaml", "k8s/nodes/k3s/*.d/*.conf")))
        return schema_faults(files, self.work / "schema")

    def policy(self):
        """Our own rules (scripts/k8s/policy.py)."""
        faults = []
        for folder, text in self.renders.items():
            faults += [f"{folder.relative_to(K8S)}: {fault}" for fault in policy.faults(documents(text))]
        return faults

    def must_fail(self):
        """Each mistake in k8s/tests/must-fail is found, with the words its first line expects."""
        faults = []
        cases = sorted(TESTS.glob("must-fail/*/kustomization.yaml"))
        for case in cases:
            expected = case.read_text().splitlines()[0].removeprefix("# expect: ")
            try:
                things = documents(build(case.parent))
                found = [*schema_faults({case.parent.name: things}, self.work / "must-fail"), *policy.faults(things)]
            except ValueError as why:
                found = [str(why)]
            if not any(expected in fault for fault in found):
                faults.append(f"{case.parent.name}: expected {expected!r}, found {found}")
        return faults if cases else ["no case in k8s/tests/must-fail"]

    def configuration(self):
        """The engine itself finds the configuration of every overlay sound."""
        program = os.environ.get("FUNDING_ARB", "")
        if not os.access(program, os.X_OK):
            raise Skipped(f"no program at {program}")
        faults = []
        for folder, text in self.renders.items():
            things = documents(text)
            maps = [t for t in things if t["kind"] == "ConfigMap" and t["metadata"]["name"].startswith("funding-arb-")]
            if not maps or folder.parent.name not in ("overlays", "compositions"):
                continue
            with tempfile.TemporaryDirectory() as dir:
                keys, config = Path(dir, "keys"), Path(dir, "config")
                config.mkdir()
                for name, content in [item for one in maps for item in one["data"].items()]:
                    files = set(re.findall(r"/run/secrets/venues/[\w-]+", content))
                    for file in files:
                        keys.mkdir(exist_ok=True)
                        key = keys / Path(file).name
                        key.write_text("k" * 64)
                        key.chmod(0o400)
                        content = content.replace(file, str(key))
                    (config / name).write_text(content)
                result = run([program, "config", "check", "--config", config], env={"PATH": os.environ["PATH"]})
            faults += told(result, f"{folder.name}")
        return faults

    def checkov(self):
        """Checkov on everything rendered; what it may not say stands in k8s/tests/checkov.yaml with the reason."""
        need("checkov")
        waived = yaml.safe_load((TESTS / "checkov.yaml").read_text())
        dir = self.work / "checkov"
        shutil.rmtree(dir, ignore_errors=True)
        dir.mkdir(parents=True)
        for folder, text in self.renders.items():
            if folder.parent.name == "overlays" or folder.name in ("jobs", "doctor", "pack", "restore-pod"):
                (dir / f"{folder.name}.yaml").write_text(text)
        shutil.copy(ROOT / "Dockerfile", dir / "Dockerfile")
        command = ["checkov", "-d", dir, "--framework", "kubernetes", "dockerfile", "--compact", "--quiet"]
        command += ["--skip-download", "--output", "json"]
        result = run(command, env={**os.environ, "LOG_LEVEL": "ERROR"})
        try:
            reports = json.loads(result.stdout)
        except json.JSONDecodeError:
            return [f"checkov: {result.stderr.strip() or result.stdout.strip()}"]
        reports = reports if isinstance(reports, list) else [reports]
        failed = [one for report in reports for one in report.get("results", {}).get("failed_checks", [])]
        faults, used = [], set()
        for one in failed:
            check, file = one["check_id"], Path(one["file_path"]).stem
            place = next((place for place in ("*", file) if place in waived.get(check, {})), None)
            if place:
                used.add((check, place))
            else:
                faults.append(f"{check} {one['check_name']}: {file} {one['resource']}")
        for check, places in waived.items():
            for place, why in places.items():
                if not why or (check, place) not in used:
                    faults.append(f"{check}: waived for {place} without a reason or without need")
        return faults

    def yamllint(self):
        """Every YAML file is tidy."""
        files = tracked("k8s/**/*.yaml", "monitoring/**/*.y*ml", ".github/**/*.y*ml", "docker-compose.yml", "deploy/**/*.y*ml")
        files = [path for path in files if "golden" not in path.parts]
        return told(run([need("yamllint"), "--strict", "-c", TESTS / "yamllint.yaml", *files]), "yamllint")

    def shellcheck(self):
        """Every shell script."""
        files = [p for p in tracked("k8s/scripts/*", "k8s/jobs/*.sh", "k8s/nodes/**/*.sh", "scripts/*/*") if is_shell(p)]
        return told(run([need("shellcheck"), "-x", "-P", "SCRIPTDIR", *files]), "shellcheck")

    def image(self):
        """The Dockerfile."""
        return told(run([need("hadolint"), "--failure-threshold", "style", ROOT / "Dockerfile", K8S / "jobs/Dockerfile"]), "hadolint")

    def scripts(self):
        """The scripts of k8s/scripts against a stub of the cluster; a backup that is really restored."""
        return told(run([ROOT / "scripts/k8s/scripts-test"]), "scripts-test")

    def workflows(self):
        """GitHub's workflows and the compose file have the form their readers expect."""
        tool = need("check-jsonschema")
        faults = told(run([tool, "--builtin-schema", "vendor.github-workflows", *tracked(".github/workflows/*.yml")]), "workflows")
        return faults + told(run([tool, "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"]), "compose")

    def promtool(self):
        """Rules parse, their tests pass, Prometheus reads its configuration."""
        tool, faults = need("promtool"), []
        rules = tracked("monitoring/rules/*.yml")
        faults += told(run([tool, "check", "rules", *rules]), "promtool check rules")
        faults += told(run([tool, "test", "rules", *tracked("monitoring/tests/*.yml")]), "promtool test rules")
        faults += told(run([tool, "check", "config", "--syntax-only", ROOT / "monitoring/prometheus.yml"]), "promtool check config")
        return faults

    def amtool(self):
        """Alertmanager reads its configuration and sends each alert where it belongs."""
        tool, config = need("amtool"), ROOT / "monitoring/alertmanager.yml"
        faults = told(run([tool, "check-config", config]), "amtool check-config")
        for line in (ROOT / "monitoring/tests/routes.txt").read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                receivers, labels = line.split(None, 1)
                command = [tool, "config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receivers}"]
                faults += told(run([*command, *labels.split()]), f"route of {labels}")
        return faults

    def metrics(self):
        """Rules and dashboards name only metrics that the engine exports, and every alert has test and page."""
        return monitoring.faults(ROOT, self.work, self.bless)

    def links(self):
        """Pages refer to files that are there."""
        faults = []
        for page in tracked("docs/**/*.md", "k8s/**/*.md", "monitoring/**/*.md"):
            for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
                if "://" not in target and not (page.parent / target).exists():
                    faults.append(f"{page.relative_to(ROOT)}: {target} is not there")
        return faults


STEPS = ("yamllint", "shellcheck", "image", "workflows", "scripts", "render", "golden", "schema", "policy", "must_fail", "configuration", "checkov",
         "promtool", "amtool", "metrics", "links")
NEEDS_RENDER = {"golden", "schema", "policy", "configuration", "checkov"}


def is_shell(path):
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"sh" in first


def schema_faults(files, dir):
    """What is wrong with documents, by the name of their file."""
    shutil.rmtree(dir, ignore_errors=True)
    dir.mkdir(parents=True)
    own = yaml.safe_load((TESTS / "schemas.yaml").read_text())
    faults, plain = [], []
    for name, things in files.items():
        built_in = []
        for thing in things:
            version, kind = thing.get("apiVersion", ""), thing.get("kind", "")
            if BUILT_IN.match(version) and not version.startswith(NOT_BUILT_IN):
                built_in.append({key: value for key, value in thing.items() if key != "sops"})
                continue
            schema = own.get(f"{version} {kind}")
            if schema is None:
                faults.append(f"{name}: no schema for {version} {kind}")
                continue
            checker = Draft202012Validator({**schema, "$defs": own.get("$defs", {})})
            for fault in checker.iter_errors(thing):
                where = ".".join(map(str, fault.absolute_path))
                faults.append(f"{name}: {kind}/{thing.get('metadata', {}).get('name', '')}: {where}: {fault.message}")
        if built_in:
            plain.append(dir / f"{name}.yaml")
            plain[-1].write_text(yaml.safe_dump_all(built_in, sort_keys=False))
    result = run(["kubernetes-validate", "-k", "1.36", "--strict", "--quiet", *plain]) if plain else None
    return faults + (told(result, "kubernetes-validate") if result else [])


def main():
    reader = argparse.ArgumentParser(prog="scripts/k8s/check", description="Checks everything that is applied and not compiled.")
    reader.add_argument("steps", nargs="*", help="only these")
    reader.add_argument("--list", action="store_true", help="name the steps")
    reader.add_argument("--bless", action="store_true", help="renew golden renders and generated files")
    reader.add_argument("--work", type=Path, required=True, help=argparse.SUPPRESS)
    asked = reader.parse_args()
    checks = Checks(asked.work, asked.bless)
    if asked.list:
        for step in STEPS:
            print(f"{step:14} {getattr(checks, step).__doc__}")
        return 0
    wanted = asked.steps or STEPS
    if NEEDS_RENDER & set(wanted) and "render" not in wanted:
        wanted = ["render", *wanted]
    failed, skipped, began = [], [], time.monotonic()
    for step in wanted:
        start = time.monotonic()
        try:
            faults = getattr(checks, step)()
        except Skipped as why:
            skipped.append(step)
            print(f"skip  {step:14} {why}")
            continue
        took = time.monotonic() - start
        print(f"{'FAIL' if faults else 'ok':5} {step:14} {took:5.1f} s", flush=True)
        for fault in faults:
            print("      " + fault.replace("\n", "\n      "), flush=True)
        if faults:
            failed.append(step)
    print(f"\n{len(wanted) - len(failed) - len(skipped)} of {len(wanted)} steps passed in {time.monotonic() - began:.0f} s"
          f"; failed: {', '.join(failed) or 'none'}; skipped: {', '.join(skipped) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
