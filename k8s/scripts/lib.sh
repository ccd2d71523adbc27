# shellcheck shell=bash
# What the scripts beside it share. NAME is an overlay: sim, paper, canary, live, k3s.
set -euo pipefail
k8s=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pod=funding-arb-0
state=/var/lib/funding-arb/state

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# Prints the comment at the head of the script.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit "${1:-0}"; }

# Takes the overlay's name from the first argument.
overlay() {
  case ${1:-} in
    '' | -h | --help) usage ;;
  esac
  name=$1
  [ -f "$k8s/overlays/$name/kustomization.yaml" ] || die "no overlay $name; there are: $(cd "$k8s/overlays" && echo *)"
  namespace=funding-arb-$name
}

k() { kubectl --namespace "$namespace" "$@"; }

# Asks the engine for something, in its container: kill, disarm, flatten, arm.
order() { k exec "$pod" -c engine -- /funding-arb "$1" "$state"; }

# The manifests; kustomize where it is installed, else kubectl's own.
render() {
  if command -v kustomize >/dev/null; then kustomize build "$1"; else kubectl kustomize "$1"; fi
}

is_ready() {
  [ "$(k get pod "$pod" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

# Whether it may open pairs; asked before it is disarmed, so that only what was armed is armed again.
is_armed() {
  k exec "$pod" -c engine -- /funding-arb stats "$state" --json 2>/dev/null | grep -q '"arb_strategy_armed":1'
}

# How many pairs hold a position or are about to; nothing where the engine does not say.
pairs() {
  k exec "$pod" -c engine -- /funding-arb stats "$state" --json 2>/dev/null | sed -n 's/.*"arb_strategy_pairs":\([0-9]*\).*/\1/p'
}

# Waits until no pair is left.
wait_flat() {
  local until=$((SECONDS + ${WAIT_SECONDS:-300}))
  while [ "$SECONDS" -lt "$until" ]; do
    if [ "$(pairs)" = 0 ]; then return 0; fi
    sleep "${POLL_SECONDS:-2}"
  done
  return 1
}

# Waits for a pod that is not the one with this uid and is ready.
wait_ready() {
  local old=$1 until=$((SECONDS + ${WAIT_SECONDS:-300}))
  while [ "$SECONDS" -lt "$until" ]; do
    if [ "$(uid)" != "$old" ] && is_ready; then return 0; fi
    sleep "${POLL_SECONDS:-2}"
  done
  return 1
}

uid() { k get pod "$pod" -o 'jsonpath={.metadata.uid}' 2>/dev/null || true; }

# Funding is settled at 00, 08 and 16 o'clock UTC on most pairs: ten minutes around that nothing is restarted.
quiet_time() {
  local minute=$((($(date -u +%s) / 60 + 10) % 480))
  if [ "$minute" -lt 20 ] && [ "${NOW:-}" != 1 ]; then
    die "funding is settled within ten minutes; wait, or say --now"
  fi
}

# Ends the pod in order and waits for its successor.
restart() {
  local old
  old=$(uid)
  k delete pod "$pod" --wait=true >&2
  wait_ready "$old"
}
