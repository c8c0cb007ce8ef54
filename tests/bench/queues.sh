#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Two receive queues of a card under load, served by one thread and by two: an emulated machine with two processors
# (tests/vm), whose virtio card has a socket for each queue. Emulation in software makes it slow: only ratios mean
# something, and how the flows were spread.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/vm/lib.sh"

rounds=10 each=400
[ -z "$SHORT" ] || { rounds=6 each=120; }
KERNEL=6.12 AT_ONCE=16
CONTESTANTS=('1 thread' '1 thread (control)' '2 threads')

# Frames of each queue that went to the engine, by the driver's own count.
redirected() { guest "ethtool -S eth0" | sed -nE "s/^ *rx(_queue_)?$1_xdp_redirects: //p"; }

# The smaller queue's share of what came since, in percent.
share() {
	awk -v a="$(($(redirected 0) - $1))" -v b="$(($(redirected 1) - $2))" 'BEGIN { printf "%.0f\n", 100 * (a < b ? a : b) / (a + b) }'
}

measure() {
	local who=$1 round=$2 began first second
	attach --threads "${who%% *}" --self-check no >/dev/null || die "cannot attach"
	alpnxdp add d.example.org --digest "$DIGEST" >/dev/null || die "cannot add"
	first=$(redirected 0) second=$(redirected 1)
	began=$EPOCHREALTIME
	ca "$INTEROP/load" -a "$WWW4" -i d.example.org -d "$DIGEST" -p 443 -n "$each" -j "$AT_ONCE" "${FROMS[@]}" >"$DIR/load" ||
		die "$who: a wrong answer: $(cat "$DIR/load")"
	result "validations per second [1/s]" "$who" "$round" \
		"$(awk -v n="$each" -v t="$EPOCHREALTIME" -v began="$began" 'BEGIN { printf "%.1f\n", n / (t - began) }')"
	result "frames on the less used queue [%]" "$who" "$round" "$(share "$first" "$second")"
	alpnxdp detach --all >/dev/null
}

VERB=queues
mkdir -p "$OUT"
: >"$OUT/$VERB.tsv"
"$ROOT/tests/vm/kernel" trixie "$VM/$KERNEL" >/dev/null && "$ROOT/tests/vm/image" "$VM/$KERNEL" "$VM/$KERNEL/initramfs" >/dev/null ||
	die "no guest with Linux $KERNEL: scripts/setup check"
vm_up "$KERNEL"
guest nginx >/dev/null || die "the guest's nginx does not start"
for ((i = 1; i <= rounds; i++)); do
	note "$VERB: round $i of $rounds"
	for who in "${CONTESTANTS[@]}"; do measure "$who" "$i"; done
done
bench_end
