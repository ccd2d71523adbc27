#!/usr/bin/env bash
# The newest backup, decrypted into memory and replayed: every record, every output, every hash. A backup that was
# never restored is none; this one was, last Sunday.
set -euo pipefail
newest=$(find /backups -name '*.age' | sort | tail -n 1)
[ -n "$newest" ] || { echo "there is no backup" >&2; exit 1; }
age=$((($(date +%s) - $(stat -c %Y "$newest")) / 3600))
[ "$age" -lt 36 ] || { echo "$newest is $age hours old: the backup does not run" >&2; exit 1; }
PROGRAM=/engine/funding-arb bash /scripts/state-archive.sh restore "$newest" /restored/state /identity/identity
