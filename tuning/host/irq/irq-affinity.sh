#!/bin/sh
# Keeps interrupts and unbound kernel work off the processors in HOT (a list: 2-7).
#
#   HOT=2-7 irq-affinity.sh apply|print|undo
#
# `print` says what `apply` would write. Former values are kept in STATE and put back by `undo`. Interrupts
# a driver manages itself refuse: they are named and left alone (isolcpus=managed_irq at boot moves them).
set -eu

STATE=${STATE:-/var/lib/funding-arb-tuning}
KEPT=$STATE/irq.undo
ROOT=${ROOT:-}

say() { printf '%s\n' "$*" >&2; }

# Numbers of a list, one a line.
expand() {
	printf '%s\n' "$1" | tr ',' '\n' | while IFS=- read -r from to; do
		seq "$from" "${to:-$from}"
	done
}

# The processors that are online and not in HOT, as a list.
housekeeping() {
	expand "$(cat "$ROOT/sys/devices/system/cpu/online")" | while read -r cpu; do
		expand "$HOT" | grep -qx "$cpu" || printf '%s\n' "$cpu"
	done | paste -sd, -
}

# A list as the mask the kernel takes: hexadecimal words of 32 bits, the highest first.
mask() {
	expand "$1" | awk '
		BEGIN { top = 0 }
		{ group = int($1 / 32); bits[group] += 2 ^ ($1 % 32); if (group > top) top = group }
		END {
			text = sprintf("%x", bits[top])
			for (group = top - 1; group >= 0; group--) text = text sprintf(",%08x", bits[group])
			print text
		}'
}

# Whether two lists have a processor in common.
meets() {
	expand "$1" | while read -r cpu; do
		expand "$2" | grep -qx "$cpu" && { printf 'yes\n'; break; }
	done | grep -q yes
}

# Writes a value where another is, and keeps the former one.
put() {
	path=$1 value=$2
	[ -e "$path" ] || return 0
	former=$(cat "$path")
	[ "$former" = "$value" ] && return 0
	if [ "$MODE" = print ]; then
		printf 'echo %s > %s  # was %s\n' "$value" "$path" "$former"
		return 0
	fi
	printf '%s\t%s\n' "$path" "$former" >>"$KEPT"
	(printf '%s\n' "$value" >"$path") 2>/dev/null || say "refused: $path (managed by its driver?)"
}

undo() {
	[ -f "$KEPT" ] || { say "nothing to undo"; return 0; }
	tac "$KEPT" | while IFS="$(printf '\t')" read -r path former; do
		case $path in
		"$ROOT"/proc/irq/*/smp_affinity_list | "$ROOT"/proc/irq/default_smp_affinity | \
			"$ROOT"/sys/devices/virtual/workqueue/cpumask) ;;
		*) say "not ours: $path"; continue ;;
		esac
		(printf '%s\n' "$former" >"$path") 2>/dev/null || say "refused: $path"
	done
	rm -f "$KEPT"
}

MODE=${1:-print}
case $MODE in
undo) undo; exit 0 ;;
apply | print) ;;
*) say "usage: HOT=LIST $0 apply|print|undo"; exit 2 ;;
esac
[ -n "${HOT:-}" ] || { say "say which processors are hot: HOT=2-7"; exit 2; }
QUIET=$(housekeeping)
[ -n "$QUIET" ] || { say "all processors are hot: leave one to the system"; exit 2; }
if [ "$MODE" = apply ]; then
	[ -f "$KEPT" ] && { say "$KEPT is there: undo first"; exit 1; }
	mkdir -p "$STATE"
fi

for dir in "$ROOT"/proc/irq/[0-9]*; do
	[ -r "$dir/smp_affinity_list" ] || continue
	now=$(cat "$dir/smp_affinity_list")
	[ -n "$now" ] && meets "$now" "$HOT" && put "$dir/smp_affinity_list" "$QUIET"
done
put "$ROOT/proc/irq/default_smp_affinity" "$(mask "$QUIET")"
put "$ROOT/sys/devices/virtual/workqueue/cpumask" "$(mask "$QUIET")"
