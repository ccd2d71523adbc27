#!/bin/sh
# Asks the doctor every five minutes what it thinks of this node; the label says what it answered last.
# NODE is the node's name; the program lies in the image mounted at /engine.
set -u
label=funding-arb.io/tuned
# Shown by `kubectl logs`; what Prometheus sees comes from the engine's own doctor.
report=${REPORT:-/tmp/report.json}
while true; do
  # 0: as it should be. 1: degraded, or not all to be seen: traders run, and their own doctor says so.
  # Anything else is wrong for a node of one's own, or no answer.
  "${ENGINE:-/engine/funding-arb}" doctor --node --json --strict --profile dedicated-node >"$report" 2>&1
  if [ $? -le 1 ]; then
    kubectl label node "$NODE" "$label=verified" --overwrite
  else
    # Running traders stay: the label only decides where the next one is placed.
    kubectl label node "$NODE" "$label-"
    cat "$report"
  fi
  [ "${ONCE:-}" ] && exit 0
  sleep 300
done
