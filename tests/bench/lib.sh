# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# What the benches share; to be sourced. The network is that of tests/netns/lib.sh, and so is its end.
#
# A bench VERB.sh calls bench_begin VERB, writes results, and ends with bench_end. In build/bench: VERB.tsv has a
# line per result, "metric TAB contestant TAB round TAB value"; report.py makes a table, VERB.json and VERB.svg of it.
# SHORT=1: what a person waits for.
#
# Server side on one core, client on another. By default a veth pair has no receive path of its own: the core that sends does the
# receiver's part in its softirq. receive_path_own gives each end a thread for that, pinned to the core of its side,
# so that the server's core pays for what it receives, the XDP program included, as it does with a network card.
. "$(dirname "${BASH_SOURCE[0]}")/../netns/lib.sh"

# shellcheck disable=SC2034 # for those who source this
{
SERVER_CPU=1 CLIENT_CPU=0
CLIENT=$ROOT/build/tests/bench/client
NOTHING=$ROOT/build/bench/nothing.o
OUT=${BENCH_OUT:-$ROOT/build/bench}
SHORT=${SHORT:-}
NAME=www.example.org
FROMS=(-f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4 -f 10.77.1.5 -f 10.77.1.6)
receive_path=sender
BUSY_POLL_US=10000
}

die() {
	printf '%s: %s\n' "${VERB:-bench}" "$1" >&2
	exit 1
}

note() { printf '%s\n' "$*" >&2; }

# bench_begin VERB [QUEUES]
bench_begin() {
	VERB=$1
	[ "$(nproc)" -ge 2 ] || die "server and client need a core each"
	mkdir -p "$OUT"
	: >"$OUT/$VERB.tsv"
	net_up "${2:-1}"
	group_up
	# Client ports come from five addresses; a port is used again after a second.
	ca sysctl -qw net.ipv4.ip_local_port_range="1024 65535" net.ipv4.tcp_tw_reuse=1
	www sysctl -qw net.core.somaxconn=4096
	idle_core
}

# A control group of their own counts what the server's processes run, also those that have ended.
group_up() {
	local root
	root=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
	[ -n "$root" ] && mkdir "$root/alpnxdp-bench-$$" 2>/dev/null && GROUP=$root/alpnxdp-bench-$$ ||
		note "$VERB: no control group: CPU time of processes is not measured"
	trap 'net_down; [ -z "$GROUP" ] || retry 5 rmdir "$GROUP"' EXIT
}
GROUP=''

bench_end() { "$ROOT/tests/bench/report.py" "$VERB"; }

# result METRIC CONTESTANT ROUND VALUE: the metric's unit stands in brackets at its end, "memory at rest [MiB]".
result() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$OUT/$VERB.tsv"; }

# A core that is busy before anything was begun makes its own figures worthless: that is said, and counted.
idle_core() {
	local before after
	before=$(core_idle) && sleep 1 && after=$(core_idle)
	busy_before=$((100 - (after - before)))
	[ "$busy_before" -lt 0 ] && busy_before=0
	[ "$busy_before" -le 3 ] || note "$VERB: core $SERVER_CPU is $busy_before % busy with something else: figures of the core include that"
	result "core $SERVER_CPU before the start, busy [%]" machine 0 "$busy_before"
}

# In ticks of 10 ms.
core_idle() { awk -v cpu="cpu$SERVER_CPU" '$1 == cpu { print $5 + $6 }' /proc/stat; }

# on_server COMMAND...: on the server's core; serve: the same in the background.
# shellcheck disable=SC2016 # expanded by the inner shell
join=(sh -c '[ -z "$1" ] || echo $$ >"$1"/cgroup.procs; shift; exec "$@"' sh)
on_server() { www taskset -c "$SERVER_CPU" "${join[@]}" "$GROUP" "$@"; }
serve() { background "$WWW" taskset -c "$SERVER_CPU" "${join[@]}" "$GROUP" "$@"; }

# load VERB OPTIONS: the load generator's lines of JSON, one per lane; a wrong answer is the end of the bench.
load() {
	local -a threads=()
	[ "$receive_path" != own ] || mapfile -t threads < <(receive_threads edge | sed 's/^/-P/')
	ca taskset -c "$CLIENT_CPU" "$CLIENT" "$1" -n "$NAME" -c "$SERVER_CPU" -g "$GROUP/cpu.stat" "${threads[@]}" "${@:2}"
}

# ---------------------------------------------------------------- who receives

# Threads of the kernel that receive for the two interfaces; they come and go with the program on the interface.
receive_pin() {
	local pid
	[ "$receive_path" = own ] || return 0
	for pid in $(receive_threads edge); do taskset -pc "$SERVER_CPU" "$pid" >/dev/null || return 1; done
	for pid in $(receive_threads ca); do taskset -pc "$CLIENT_CPU" "$pid" >/dev/null || return 1; done
}

# receive_threads SIDE: edge or ca. They are napi/IFACE-ID; ids are of the whole machine, and so are names: only those that came
# since are ours.
receive_threads() { pgrep "^napi/$1[0-2]-" | grep -vxFf "$DIR/receive-threads-before"; }

receive_before() { pgrep '^napi/' >"$DIR/receive-threads-before" || echo none >"$DIR/receive-threads-before"; }

# threaded NETNS IFACE 0|1: the file is only in a /sys of that namespace, which ip netns exec mounts.
# shellcheck disable=SC2016 # expanded by the inner shell
threaded() { ip netns exec "$1" sh -c 'echo "$2" >/sys/class/net/"$1"/threaded' sh "$2" "$3"; }

# receive_path_own: after this a receiver's work is on its own side's core. False where the kernel cannot.
receive_path_own() {
	receive_before
	local n
	for n in 0 1 2; do
		ca ethtool -K "ca$n" gro on >/dev/null && threaded "$CA" "ca$n" 1 && threaded "$WWW" "edge$n" 1 || return 1
	done
	receive_path=own
	receive_pin
}

receive_path_sender() {
	local n
	for n in 0 1 2; do
		threaded "$CA" "ca$n" 0
		threaded "$WWW" "edge$n" 0
		ca ethtool -K "ca$n" gro off >/dev/null
	done
	receive_path=sender
}

# ---------------------------------------------------------------- what is on the interface

# hook alpnxdp|busy: on the first interface; busy: looks at its rings all the time.
hook() {
	local -a options=()
	[ "$hooked" != "$1" ] || return 0
	[ -z "$hooked" ] || alpnxdp detach --all >/dev/null || die "cannot take alpnxdp off the interface"
	hooked=''
	[ "$1" = alpnxdp ] || options=(--busy-poll "$BUSY_POLL_US")
	on_server "$ALPNXDP" attach edge0 --socket "$DIR/control.sock" --self-check no "${options[@]}" >/dev/null &&
		alpnxdp add "$NAME" --digest "$DIGEST" >/dev/null || die "cannot put alpnxdp on the interface"
	hooked=$1
	receive_pin || die "cannot pin the receiving threads"
}
hooked=''
