#!/bin/sh
# Network cards that answer at once: no waiting before an interrupt, no steering of packets by the kernel.
#
#   NIC="eth0 eth1" nic.sh apply|print|undo
#
# Needs ethtool. What a driver does not offer is named and left alone; virtio and ENA refuse some of it.
# More interrupts a second are the price: they land on the processors that keep house (irq-affinity.sh).
set -eu

STATE=${STATE:-/var/lib/funding-arb-tuning}
KEPT=$STATE/nic.undo
ROOT=${ROOT:-}

say() { printf '%s\n' "$*" >&2; }

# A number or word of `ethtool -c`.
coalescing() { ethtool -c "$1" 2>/dev/null | awk -v name="$2" '$1 == name ":" { print $2; exit }'; }

run() {
	if [ "$MODE" = print ]; then
		printf '%s\n' "$*"
	else
		"$@" >/dev/null 2>&1 || say "refused: $*"
	fi
}

tune() {
	card=$1
	usecs=$(coalescing "$card" rx-usecs)
	adaptive=$(ethtool -c "$card" 2>/dev/null | awk '/^Adaptive RX:/ { print $3; exit }')
	if [ -z "$usecs" ]; then
		say "$card does not say how it gathers interrupts"
	else
		[ "$MODE" = apply ] && printf 'coalesce\t%s\t%s\t%s\n' "$card" "$usecs" "${adaptive:-off}" >>"$KEPT"
		case ${adaptive:-} in on | off) run ethtool -C "$card" adaptive-rx off ;; esac
		run ethtool -C "$card" rx-usecs 0
	fi
	for path in "$ROOT/sys/class/net/$card"/queues/rx-*/rps_cpus; do
		[ -e "$path" ] || continue
		former=$(cat "$path")
		[ -z "$(printf '%s' "$former" | tr -d '0,')" ] && continue
		if [ "$MODE" = print ]; then
			printf 'echo 0 > %s  # was %s\n' "$path" "$former"
		else
			printf 'rps\t%s\t%s\t-\n' "$path" "$former" >>"$KEPT"
			(printf '0\n' >"$path") 2>/dev/null || say "refused: $path"
		fi
	done
}

undo() {
	[ -f "$KEPT" ] || { say "nothing to undo"; return 0; }
	tac "$KEPT" | while IFS="$(printf '\t')" read -r kind what value more; do
		case $kind in
		coalesce)
			run ethtool -C "$what" rx-usecs "$value"
			[ "$more" = on ] && run ethtool -C "$what" adaptive-rx on
			;;
		rps)
			case $what in
			"$ROOT"/sys/class/net/*/queues/rx-*/rps_cpus)
				(printf '%s\n' "$value" >"$what") 2>/dev/null || say "refused: $what"
				;;
			*) say "not ours: $what" ;;
			esac
			;;
		*) say "not ours: $kind" ;;
		esac
	done
	rm -f "$KEPT"
}

MODE=${1:-print}
case $MODE in
undo) undo; exit 0 ;;
apply | print) ;;
*) say "usage: NIC=\"eth0\" $0 apply|print|undo"; exit 2 ;;
esac
command -v ethtool >/dev/null || { say "ethtool is not installed"; exit 1; }
if [ "$MODE" = apply ]; then
	[ -f "$KEPT" ] && { say "$KEPT is there: undo first"; exit 1; }
	mkdir -p "$STATE"
fi
for card in ${NIC:-}; do
	if [ -e "$ROOT/sys/class/net/$card" ]; then tune "$card"; else say "no card $card"; fi
done
