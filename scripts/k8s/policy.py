"""What must hold for our own manifests, beyond any schema: each rule yields its faults as sentences."""

from fractions import Fraction

import yaml

LABEL = "app.kubernetes.io/name"
ENGINE = "funding-arb"
# Seconds a stop takes at most: cancelling (4), then journal and report; measured 4 to 5.
STOP_SECONDS = 10
WORKLOADS = ("StatefulSet", "Deployment", "DaemonSet", "Job", "CronJob", "Pod")
SCALERS = ("HorizontalPodAutoscaler", "VerticalPodAutoscaler", "ScaledObject")
SECRET_WORDS = ("password", "secret_key", "api_key", "passphrase", "private_key", "token")


def name_of(thing):
    return f"{thing['kind']}/{thing['metadata'].get('name', '?')}"


def pod_of(thing):
    """The pod's metadata and spec of whatever makes pods."""
    kind = thing["kind"]
    if kind == "Pod":
        return thing["metadata"], thing["spec"]
    template = thing["spec"]["jobTemplate"]["spec"]["template"] if kind == "CronJob" else thing["spec"]["template"]
    return template.get("metadata", {}), template["spec"]


def workloads(things):
    for thing in things:
        if thing["kind"] in WORKLOADS:
            yield thing, *pod_of(thing)


def containers(spec):
    yield from spec.get("initContainers", [])
    yield from spec.get("containers", [])


def is_privileged_on_purpose(thing):
    return thing["metadata"].get("namespace") == "funding-arb-nodes"


UNITS = {"m": Fraction(1, 1000), "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9}


def quantity(text):
    text = str(text)
    for unit in sorted(UNITS, key=len, reverse=True):
        if text.endswith(unit):
            return Fraction(text[: -len(unit)]) * UNITS[unit]
    return Fraction(text)


def selects(selector, labels):
    if selector is None:
        return False
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions", []):
        has, values = labels.get(rule["key"]), rule.get("values", [])
        if not {"In": has in values, "NotIn": has not in values, "Exists": has is not None, "DoesNotExist": has is None}[rule["operator"]]:
            return False
    return True


def guaranteed(things):
    for thing, _, spec in workloads(things):
        for container in containers(spec):
            at = f"{name_of(thing)}: container {container['name']}"
            resources = container.get("resources", {})
            requests, limits = resources.get("requests", {}), resources.get("limits", {})
            for what in ("cpu", "memory"):
                if what not in requests or what not in limits:
                    yield f"{at}: no request or no limit of {what}: the pod is not Guaranteed and nothing is pinned"
                elif quantity(requests[what]) != quantity(limits[what]):
                    yield f"{at}: requests differ from limits in {what}: the pod is Burstable and nothing is pinned"
            if container["name"] == "engine" and quantity(limits.get("cpu", "0.5")).denominator != 1:
                yield f"{at}: {limits.get('cpu')} CPUs are not whole: the static CPU manager pins whole ones only"


def singleton(things):
    for thing in things:
        if thing["kind"] in SCALERS:
            yield f"{name_of(thing)}: nothing here is scaled: a trader's identity is a fence"
        runs_engine = thing["kind"] in WORKLOADS and any(
            c["name"] == "engine" for c in pod_of(thing)[1].get("containers", [])
        )
        if not runs_engine:
            continue
        if thing["kind"] != "StatefulSet":
            yield f"{name_of(thing)}: the engine runs in a StatefulSet: nothing else waits for the old pod's end"
            continue
        if thing["spec"].get("replicas") != 1:
            yield f"{name_of(thing)}: {thing['spec'].get('replicas')} replicas: one identity is one pod"
        if thing["spec"].get("updateStrategy", {}).get("type") != "OnDelete":
            yield f"{name_of(thing)}: updateStrategy is not OnDelete: a change would restart a trader at any moment"
        for claim in thing["spec"].get("volumeClaimTemplates", []):
            if claim["spec"]["accessModes"] != ["ReadWriteOncePod"]:
                yield f"{name_of(thing)}: volume {claim['metadata']['name']} is not ReadWriteOncePod: it is no fence"


def selectors(things):
    pods = [(thing, meta.get("labels", {})) for thing, meta, _ in workloads(things)]
    for thing, labels in pods:
        selector = thing["spec"].get("selector")
        if thing["kind"] in ("StatefulSet", "Deployment", "DaemonSet") and not selects(selector, labels):
            yield f"{name_of(thing)}: its selector does not match its own pods"
    inside = [labels for _, labels in pods]
    for thing in things:
        if thing["kind"] == "Service":
            selector = {"matchLabels": thing["spec"].get("selector") or {"": ""}}
        elif thing["kind"] in ("PodDisruptionBudget", "ServiceMonitor", "PodMonitor"):
            selector = thing["spec"]["selector"]
        elif thing["kind"] in ("NetworkPolicy", "CiliumNetworkPolicy"):
            selector = thing["spec"].get("podSelector") or thing["spec"].get("endpointSelector")
            if not selector:
                continue
        else:
            continue
        if thing["kind"] == "ServiceMonitor":
            services = [t["metadata"].get("labels", {}) for t in things if t["kind"] == "Service"]
            if not any(selects(selector, labels) for labels in services):
                yield f"{name_of(thing)}: its selector matches no Service"
        elif inside and not any(selects(selector, labels) for labels in inside):
            yield f"{name_of(thing)}: its selector matches no pod"


def disruption(things):
    budgets = [t for t in things if t["kind"] == "PodDisruptionBudget"]
    for budget in budgets:
        if budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{name_of(budget)}: a pod that trades nothing would hold its node: AlwaysAllow for the unhealthy"
    for thing, meta, spec in workloads(things):
        if not any(c["name"] == "engine" for c in spec["containers"]):
            continue
        ours = [b for b in budgets if selects(b["spec"]["selector"], meta.get("labels", {}))]
        if len(ours) != 1 or ours[0]["spec"].get("maxUnavailable") != 0:
            yield f"{name_of(thing)}: not exactly one PodDisruptionBudget with maxUnavailable 0 matches it"


def network_ports(things):
    """A port a policy opens is one the chosen pods have; what a Service serves is opened to somebody."""
    ports = {}
    for _, meta, spec in workloads(things):
        for container in containers(spec):
            for port in container.get("ports", []):
                for key in (port.get("name"), port["containerPort"]):
                    ports.setdefault(key, []).append(meta.get("labels", {}))
    opened = set()
    for thing in things:
        if thing["kind"] != "NetworkPolicy":
            continue
        for rule in thing["spec"].get("ingress", []):
            for port in rule.get("ports", []):
                number = port.get("port")
                opened.add(number)
                chosen = ports.get(number, [])
                if not any(selects(thing["spec"]["podSelector"], labels) for labels in chosen):
                    yield f"{name_of(thing)}: lets port {number} in, which no container it selects has"
    for thing in things:
        if thing["kind"] != "Service":
            continue
        for port in thing["spec"].get("ports", []):
            target = port.get("targetPort", port["port"])
            if ports and target not in ports:
                yield f"{name_of(thing)}: targetPort {target} is no port of any container"
            elif ports and opened and target not in opened:
                yield f"{name_of(thing)}: port {target} is served and no NetworkPolicy lets anybody in"
    kinds = {t["kind"] for t in things}
    if "StatefulSet" in kinds and not any(
        t["kind"] == "NetworkPolicy" and t["spec"]["podSelector"] == {} for t in things
    ):
        yield "no NetworkPolicy denies by default"


def egress(things):
    for thing in things:
        if thing["kind"] != "NetworkPolicy":
            continue
        for rule in thing["spec"].get("egress", []):
            for peer in rule.get("to", []):
                block = peer.get("ipBlock", {})
                if block.get("cidr") == "0.0.0.0/0" and "169.254.0.0/16" not in block.get("except", []):
                    yield f"{name_of(thing)}: lets out to everywhere, the cloud's metadata address included"
            if not rule.get("to") or not rule.get("ports"):
                yield f"{name_of(thing)}: an egress rule without peers or without ports lets everything out"


def secrets(things):
    for thing in things:
        if thing["kind"] == "ConfigMap":
            for key, text in thing.get("data", {}).items():
                for line in str(text).splitlines():
                    name, _, value = line.strip().partition(":")
                    value = value.strip().strip("\"'")
                    given = value and not value.startswith(("${", "ENC[", "~", "#"))
                    if given and name.strip().lower() in SECRET_WORDS:
                        yield f"{name_of(thing)}: {key} holds `{name.strip()}` in the clear: secrets are files of a Secret"
                if "PRIVATE KEY-----" in str(text) or "AGE-SECRET-KEY-" in str(text):
                    yield f"{name_of(thing)}: {key} holds a private key"
        if thing["kind"] == "Secret" and "sops" not in thing:
            yield f"{name_of(thing)}: a Secret with its values in the repository"
    for thing, _, spec in workloads(things):
        for container in containers(spec):
            for variable in container.get("env", []):
                if "secretKeyRef" in variable.get("valueFrom", {}):
                    yield f"{name_of(thing)}: {variable['name']} is a secret in the environment: mount it as a file"
            if any("secretRef" in source for source in container.get("envFrom", [])):
                yield f"{name_of(thing)}: a whole Secret in the environment: mount it as files"


def hardened(things):
    for thing, _, spec in workloads(things):
        if is_privileged_on_purpose(thing):
            continue
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name_of(thing)}: gets a token of the API server that it does not use"
        pod = spec.get("securityContext", {})
        if not pod.get("runAsNonRoot") or pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name_of(thing)}: not runAsNonRoot with seccomp RuntimeDefault"
        for container in containers(spec):
            own = container.get("securityContext", {})
            if not own.get("readOnlyRootFilesystem") or own.get("allowPrivilegeEscalation") is not False:
                yield f"{name_of(thing)}: container {container['name']} may write its root or gain privileges"
            if own.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{name_of(thing)}: container {container['name']} keeps capabilities"
            for mount in container.get("volumeMounts", []):
                if "subPath" in mount:
                    yield f"{name_of(thing)}: {mount['mountPath']} is a subPath, which is never renewed"


def images(things):
    for thing, _, spec in workloads(things):
        for container in containers(spec):
            _, _, tag = container["image"].rpartition("/")[2].partition(":")
            if not tag or tag == "latest":
                yield f"{name_of(thing)}: container {container['name']}: image {container['image']} has no version"


def probes(things):
    for thing, _, spec in workloads(things):
        for container in spec["containers"]:
            if container["name"] != "engine":
                continue
            at = name_of(thing)
            wanted = {"startupProbe": "/health", "readinessProbe": "/ready", "livenessProbe": "/health"}
            for probe, path in wanted.items():
                seen = container.get(probe, {}).get("httpGet", {}).get("path")
                if seen != path:
                    yield f"{at}: {probe} asks {seen} and not {path}"
            live = container.get("livenessProbe", {})
            if live.get("periodSeconds", 10) * live.get("failureThreshold", 3) < 15:
                yield f"{at}: the livenessProbe restarts after less than 15 s, the time a slow disk may take"
            grace = spec.get("terminationGracePeriodSeconds", 30)
            if grace < 2 * STOP_SECONDS:
                yield f"{at}: terminationGracePeriodSeconds {grace}: a stop takes up to {STOP_SECONDS} s, killed before it is in order"
            if "lifecycle" in container:
                yield f"{at}: a lifecycle hook takes time from the stop sequence, which SIGTERM begins"


def placement(things):
    """Where money is real, the node is known to be tuned and the CPUs to be ours."""
    text = "\n".join(str(v) for t in things if t["kind"] == "ConfigMap" for v in t.get("data", {}).values())
    if "mode: live" not in text:
        return
    if "require_exclusive: true" not in text:
        yield "mode live without nodes.require_exclusive: true"
    for thing, _, spec in workloads(things):
        if not any(c["name"] == "engine" for c in spec["containers"]):
            continue
        node = spec.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", {})
        keys = {e["key"] for term in node.get("nodeSelectorTerms", []) for e in term.get("matchExpressions", [])}
        if not {"funding-arb.io/pool", "funding-arb.io/tuned"} <= keys:
            yield f"{name_of(thing)}: mode live may be placed on a node that nobody verified"
    yield from fenced(things)


def fenced(things):
    """A live engine wants the Lease that is there, and may renew just that one."""
    nodes = [yaml.safe_load(t["data"]["nodes.yaml"]) for t in things if "nodes.yaml" in t.get("data", {})]
    for node in nodes:
        wanted = f"funding-arb-{node['system']['instance'].lower()}"
        if not node.get("nodes", {}).get("lease", {}).get("enabled"):
            yield f"mode live without nodes.lease.enabled: two engines could send ({wanted})"
        named = {t["metadata"]["name"] for t in things if t["kind"] == "Lease"}
        if named != {wanted}:
            yield f"mode live: the instance's Lease is {wanted}, there is {sorted(named) or 'none'}"
        rules = [r for t in things if t["kind"] == "Role" for r in t["rules"] if "leases" in r["resources"]]
        if [r.get("resourceNames") for r in rules] != [[wanted]]:
            yield f"mode live: a Role must let the engine renew {wanted} and no other Lease"


RULES = (guaranteed, singleton, selectors, disruption, network_ports, egress, secrets, hardened, images, probes, placement)


def faults(things):
    for rule in RULES:
        yield from rule(things)
