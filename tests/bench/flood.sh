#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Hostile acme-tls/1 hellos by the hundred thousand, while bystanders are counted and a validator does its work.
#
#   spoofed     100,000 a second from addresses without a connection, for a name that is pending: the longest way
#               through the program, which asks the kernel each time
#   other       over real connections, as many as the client can open, for a name that is not pending
#   silent      the same for a pending name; who is answered says nothing for a minute
#   resetting   the same; who is answered resets the connection and begins anew
#
# Sender, receiver, web server and engine share the machine's cores, and a veth has the sender's core receive: what is
# bounded is what became of others, not how many hellos came. The web server's queue of connections is as long as busy
# ones have it: when that is full the kernel drops everybody's. SHORT=1: a minute.
#
# The program's time is what the kernel's clock says between its begin and end, interruptions included: so the median of
# many short stretches.
. "$(dirname "$0")/../netns/lib.sh"
. "$ROOT/tests/netns/lib-bystander.sh"
. "$ROOT/tests/bench/bounds.sh"
SECONDS_EACH=20
[ -z "${SHORT:-}" ] || SECONDS_EACH=6
RATE=100000 AT_ONCE=2000 NETS=(2 3 4 5 6 7)
HELLO=$HELLOS/openssl-3.0-s_client.hex NAME=d.example.org

net_up
net_split
NGINX_CONNECTIONS=16384 HEADER_TIMEOUT=10s nginx_up "backlog=16384"
www sysctl -qw net.core.somaxconn=16384 net.ipv4.tcp_max_syn_backlog=16384
for net in "${NETS[@]}"; do ca ip addr add "10.77.$net.2/24" dev ca0; done
ca ip addr add 10.77.2.3/24 dev ca0
www ip route add 10.77.0.0/16 dev edge0
www ip route add 198.18.0.0/15 via 10.77.1.2
mac=$(www ip -j link show edge0 | jq -r '.[0].address')

# The kernel keeps account of the time in programs when it is told to; that is told for the whole machine.
accounts=$(sysctl -n kernel.bpf_stats_enabled)
trap 'sysctl -qw kernel.bpf_stats_enabled="$accounts"; net_down' EXIT
sysctl -qw kernel.bpf_stats_enabled=1
attach || exit 1
program=$(www ip -j link show edge0 | jq '.[0].xdp.prog.id')
account() { echo "$EPOCHREALTIME $(bpftool -j prog show id "$program" | jq -r '"\(.run_time_ns // 0) \(.run_cnt // 0)"')"; }
accounting() { while account; do sleep 0.3; done >"$DIR/accounts"; }
# Sets share, in percent of a core, and per_run in nanoseconds.
accounts_read() {
	read -r share per_run < <(awk '
		NR > 1 && $3 > runs { share[++n] = ($2 - ns) / ($1 - at) / 1e7; each[n] = ($2 - ns) / ($3 - runs) }
		{ at = $1; ns = $2; runs = $3 }
		function median(list, n,    i, j, t) {
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
			return list[int((n + 1) / 2)]
		}
		END { printf "%.2f %.0f\n", median(share, n), median(each, n) }' "$DIR/accounts")
}

# After a word of a program's line comes its number.
said() { sed -n "s/.*\b$2 \([0-9.]*\).*/\1/p" "$1"; }
peak_mib() {
	local pid
	for pid in $(keeper_pid) $(engine_pid); do sed -n 's/^VmHWM:\s*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; done |
		awk '{ sum += $1 } END { printf "%.1f", sum / 1024 }'
}

# From the middle of the flood: twenty validations, five at a time, half of them from a neighbourhood that floods.
validations() {
	ca "$INTEROP/load" -a "$WWW4" -d "$DIGEST" -p 443 -i "$NAME" -n 20 -j 5 -f 10.77.1.3 -f 10.77.2.3 >"$DIR/load" 2>>"$DIR/load.errors"
	validated=$(said "$DIR/load" in-all) longest=$(said "$DIR/load" longest)
}

spoof() {
	ca "$INTEROP/spray" -w -i ca0 -m "$mac" -t "$WWW4" -x "$HELLO" -n $((RATE * SECONDS_EACH)) -r "$RATE" >"$DIR/flood"
}

connect() {
	local froms=() net
	for net in "${NETS[@]}"; do froms+=(-f "10.77.$net.2"); done
	ca "$INTEROP/flood" -a "$WWW4" -x "$HELLO" -s "$SECONDS_EACH" -c "$AT_ONCE" "${froms[@]}" "$@" >"$DIR/flood"
}

# under COMMAND...: a flood with everybody else in it; sets took, share, per_run, validated, longest and the bystanders' figures.
under() {
	local begun pid accountant
	for pid in $(keeper_pid) $(engine_pid); do echo 5 >"/proc/$pid/clear_refs"; done
	bystanders_begin 5000 >/dev/null
	begun=$EPOCHREALTIME
	"$@" &
	pid=$!
	accounting &
	accountant=$!
	sleep $((SECONDS_EACH / 3))
	validations
	wait "$pid"
	took=$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	kill "$accountant"
	accounts_read
	bystanders_end >>"$DIR/bystanders"
}

# verdict NAME: what is asked of every flood.
verdict() {
	bound "$1: bystanders' packets lost of $PACKETS_SENT" "$PACKETS_LOST" = 0
	bound "$1: bystanders' requests failed of $((REQUESTS_SERVED + REQUESTS_FAILED))" "$REQUESTS_FAILED" = 0
	bound "$1: keeper and engine at most [MiB]" "$(peak_mib)" '<' 64
}

bounds_begin flood
alpnxdp add "$NAME" --digest "$DIGEST" >/dev/null || exit 1

offered=$(counter offered)
under spoof
bound "spoofed: hellos a second" "$(awk -v n="$(said "$DIR/flood" sent)" -v s="$took" 'BEGIN { print int(n / s) }')" \
	'>' $((RATE * 9 / 10))
bound "spoofed: the program's share of a core [%]" "$share" '<' 5
figure "spoofed: the program per packet [ns]" "$per_run"
bound "spoofed: answered with data" "$(said "$DIR/flood" back-data)" = 0
bound "spoofed: validations of 20" "$validated" = 20
bound "spoofed: the longest validation [ms]" "$longest" '<' 2000
bound "spoofed: offered to the engine" "$(($(counter offered) - offered - 20))" '<' 1
verdict spoofed

alpnxdp remove "$NAME" >/dev/null
NAME=www.example.org
alpnxdp add "$NAME" --digest "$DIGEST" >/dev/null
under connect
figure "other name: the program's share of a core [%]" "$share"
figure "other name: hellos a second" "$(said "$DIR/flood" per-second)"
bound "other name: answered by the engine" "$(said "$DIR/flood" handshake)" = 0
bound "other name: validations of 20" "$validated" = 20
bound "other name: the longest validation [ms]" "$longest" '<' 2000
verdict "other name"

alpnxdp remove "$NAME" >/dev/null
NAME=d.example.org
alpnxdp add "$NAME" --digest "$DIGEST" >/dev/null
for kind in silent resetting; do
	if [ "$kind" = silent ]; then under connect -k 60000; else under connect; fi
	figure "$kind: the program's share of a core [%]" "$share"
	figure "$kind: hellos a second" "$(said "$DIR/flood" per-second)"
	figure "$kind: of these answered by the engine" "$(said "$DIR/flood" handshake)"
	bound "$kind: of these passed to the web server" "$(said "$DIR/flood" alert)" '>' 0
	bound "$kind: validations of 20" "$validated" '>' 18
	bound "$kind: the longest validation [ms]" "$longest" '<' 10000
	verdict "$kind"
done
bound "kernel's halves left after all" "$(counter unsilenced)" = 0
alpnxdp detach edge0 >/dev/null
bounds_end
