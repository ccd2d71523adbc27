#!/usr/bin/env bash
# A trader's state as one encrypted file and back. Of an engine that is stopped, or of a snapshot of its volume.
#   state-archive.sh pack DIR OUT.age RECIPIENTS       nothing is ever written in the clear
#   state-archive.sh restore IN.age DIR IDENTITY       into an empty folder, after the checksum was seen
# RECIPIENTS is a file of age public keys, IDENTITY one with a private key. PROGRAM, if set, replays the journal.
set -euo pipefail
umask 077
case ${1:-} in
  pack)
    [ -d "$2/journal" ] || { echo "$2 holds no journal" >&2; exit 1; }
    # Nothing of one process: its page, orders nobody took. What holds a killed engine is kept.
    tar -C "$2" --exclude=./stats.page --exclude='./order*' -cf - . | age -R "$4" >"$3.part"
    sha256sum <"$3.part" >"$3.sha256"
    mv "$3.part" "$3"
    echo "$3: $(wc -c <"$3") bytes"
    ;;
  restore)
    if [ -d "$3" ] && [ -n "$(ls -A "$3")" ]; then
      echo "$3 is not empty: an engine's state is never overwritten" >&2
      exit 1
    fi
    [ "$(sha256sum <"$2")" = "$(cat "$2.sha256")" ] || { echo "$2 is not what was written" >&2; exit 1; }
    mkdir -p "$3"
    # First: what breaks off here must not trade either.
    printf disarm >"$3/hold"
    age -d -i "$4" "$2" | tar -C "$3" -xf -
    # Whoever restores decides when it trades again; what held it before holds it still.
    if [ -n "${PROGRAM:-}" ]; then "$PROGRAM" replay "$3/journal"; fi
    echo "$3: restored, disarmed"
    ;;
  *)
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
