#!/bin/sh
# Asks the doctor every five minutes what it thinks of this node; the label says what it answered last.
# NODE is the node's name; the program lies in the image mounted at /engine.
set -u
label=funding-arb.io/tuned
# Shown by `kubectl logs`; what Prometheus sees comes from the engine's own doctor.
report=${REPORT:-/tmp/report.json}
while true; do
  # 0: as it should be. 1: less than that, or not all to be seen, which is not the same as well: a label of its
  # own, for those who decide to run on it. Anything else is wrong for a node of one's own, or no answer.
  "${ENGINE:-/engine/funding-arb}" doctor --node --json --strict --profile dedicated-node >"$report" 2>&1
  # Running traders stay, whatever it says: the label only decides where the next one is placed.
  case $? in
    0) kubectl label node "$NODE" "$label=verified" --overwrite ;;
    1) kubectl label node "$NODE" "$label=degraded" --overwrite && cat "$report" ;;
    *) kubectl label node "$NODE" "$label-" && cat "$report" ;;
  esac
  [ "${ONCE:-}" ] && exit 0
  sleep 300
done
