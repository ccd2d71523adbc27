#!/usr/bin/env bash
# A snapshot of the trader's volume, packed and encrypted by a job that mounts a copy of it; then retention. The
# engine's own volume is never mounted: it is ReadWriteOncePod, and the engine goes on meanwhile. What a snapshot
# cuts off is what a crash would have: the journal's torn tail, repaired when it is opened.
set -euo pipefail
id=$(date -u +%Y%m%dT%H%M%SZ | tr '[:upper:]' '[:lower:]')
k() { kubectl --namespace "$NAMESPACE" "$@"; }
made() { sed "s/@ID@/$id/g" /scripts/pack.yaml | k "$@" -f -; }
trap 'k delete job "pack-$id" --ignore-not-found --wait=true; k delete pvc "pack-$id" --ignore-not-found --wait=false' EXIT
made create
k wait --for=jsonpath='{.status.readyToUse}'=true --timeout=600s "volumesnapshot/state-$id"
k wait --for=condition=complete --timeout=900s "job/pack-$id"
[ -s "/backups/$id.age" ] && [ -s "/backups/$id.age.sha256" ]
# Old ones go only once a new one is there.
find /backups -name '*.age*' -mtime "+$KEEP_DAYS" -print -delete
k get volumesnapshot -l app.kubernetes.io/name=backup --sort-by=.metadata.creationTimestamp -o name | head -n -3 |
  while read -r old; do k delete "$old" --wait=false; done
echo "backed up: $id.age"
