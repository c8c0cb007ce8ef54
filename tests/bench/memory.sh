#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What it takes: memory at rest, per flow and per pending challenge, and the time until it answers.
#
# At rest is all that is there because of alpnxdp: what is resident of both processes, pages of several (libraries) by
# their share; all maps of the program at full size, the store of undecided hellos among them; the frames of the queue. Per
# flow is what the engine grows by when hundreds are open: its heap, TLS included, and its table. SHORT=1: half a minute.
. "$(dirname "$0")/../netns/lib.sh"
. "$ROOT/tests/bench/bounds.sh"
CHALLENGES=1000000 TIMES=9 NAMES=200
[ -z "${SHORT:-}" ] || CHALLENGES=200000 TIMES=5 NAMES=50
FLOWS=900 NETS=(2 3 4 5)

net_up
net_split
NGINX_CONNECTIONS=16384 HEADER_TIMEOUT=60s nginx_up "backlog=4096"
froms=()
for net in "${NETS[@]}"; do ca ip addr add "10.77.$net.2/24" dev ca0 && froms+=("10.77.$net.2"); done
www ip route add 10.77.0.0/16 dev edge0

# In KiB. The program's maps are counted by themselves, the frames by their size: the kernel holds all of them.
of_processes() {
	local pid
	for pid in $(keeper_pid) $(engine_pid); do cat "/proc/$pid/smaps"; done | awk '
		/^[0-9a-f]+-[0-9a-f]+ / { kind = /bpf-map/ ? "map" : /umem/ ? "frames" : "own" }
		/^Pss:/ && kind == "own" { sum += $2 }
		/^Size:/ && kind == "frames" { sum += $2 }
		END { print sum }'
}
of_maps() {
	local id program
	program=$(www ip -j link show edge0 | jq '.[0].xdp.prog.id')
	for id in $(bpftool -j prog show id "$program" | jq '.map_ids[]'); do bpftool -j map show id "$id" | jq .bytes_memlock; done |
		awk '{ sum += $1 } END { print int(sum / 1024) }'
}
engine_kib() { awk '/^RssAnon/ { print $2 }' "/proc/$(engine_pid)/status"; }
flows() { [ "$(alpnxdp status --json | jq .flows_by_state."$1")" -ge "$2" ]; }
mib() { awk -v kib="$1" 'BEGIN { printf "%.1f", kib / 1024 }'; }

# per_flow PHASE COMMAND...: of a new engine, whose memory no flow has touched. COMMAND keeps FLOWS open and is ended.
per_flow() {
	local phase=$1 before count
	shift
	attach --self-check no || exit 1
	alpnxdp add d.example.org --digest "$DIGEST" >/dev/null || exit 1
	# One flow: what is allocated once.
	validate -i d.example.org >/dev/null || exit 1
	before=$(engine_kib)
	background "$CA" "$@" >"$DIR/held"
	retry 20 flows "$phase" $((FLOWS * 9 / 10)) || echo "memory: fewer flows than there should be: $(cat "$DIR/held")"
	count=$(alpnxdp status --json | jq .flows_by_state."$phase")
	bound "per flow, $phase, of $count [KiB]" \
		"$(awk -v kib=$(($(engine_kib) - before)) -v n="$count" 'BEGIN { printf "%.1f", kib / n }')" '<' 24
	kill $!
	alpnxdp detach edge0 >/dev/null
}

bounds_begin memory

# ---- the time until it answers, and what it is then
for ((i = 0; i < TIMES; i++)); do
	begun=$EPOCHREALTIME
	attach --self-check no || exit 1
	echo "$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))"
	[ "$i" -eq $((TIMES - 1)) ] || alpnxdp detach edge0 >/dev/null
done | sort -n >"$DIR/attached"
figure "attach to ready, median of $TIMES [ms]" "$(sed -n "$((TIMES / 2 + 1))p" "$DIR/attached")"
bound "attach to ready, best of $TIMES [ms]" "$(head -n 1 "$DIR/attached")" '<' 300
sleep 1
processes=$(of_processes) maps=$(of_maps)
figure "at rest, both processes and the frames of a queue [MiB]" "$(mib "$processes")"
figure "at rest, the program's maps [MiB]" "$(mib "$maps")"
bound "at rest in all [MiB]" "$(mib $((processes + maps)))" '<' 40

ca "$ROOT/tests/bench/answerable.py" "$DIR/control.sock" "$WWW4" "$NAMES" >"$DIR/answerable"
read -r _ median _ longest _ answered <"$DIR/answerable"
bound "add to answerable, median of $NAMES [ms]" "$median" '<' 2
figure "add to answerable, longest of $NAMES [ms]" "$longest"
bound "hellos right after the reply answered of $NAMES" "$answered" = "$NAMES"
alpnxdp detach edge0 >/dev/null

# ---- flows
per_flow held "$ROOT/tests/interop/fill.py" "$WWW4" "$HELLOS/boulder-va-go1.26.hex" 1 30 $((FLOWS / 4)) "${froms[@]}"
per_flow served "$INTEROP/flood" -a "$WWW4" -x "$HELLOS/openssl-3.0-s_client.hex" -s 30 -k 30000 -c "$FLOWS" "${froms[@]/#/-f}"
per_flow lingering "$INTEROP/flood" -a "$WWW4" -x "$HELLOS/openssl-3.0-s_client.hex" -s 30 -c 100 "${froms[@]/#/-f}"

# ---- challenges
"$INTEROP/store" "$CHALLENGES" >"$DIR/store"
bound "per challenge, of $CHALLENGES pending [bytes]" "$(sed -n 's/^memory: \([0-9]*\) .*/\1/p' "$DIR/store")" '<' 256
bounds_end
