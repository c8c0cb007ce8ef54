#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What Prometheus would read of a live daemon: by the parsers of its own client library, the strict one for OpenMetrics; that
# counters count what happens; which series there are, with names of interfaces that would break out of a label; and how
# long it takes with ten thousand challenges.
. "$(dirname "$0")/lib.sh"
# Debian's modules belong to Debian's python3, which need not be the first in the path.
python() { PATH=/usr/bin:$PATH python3 "$@"; }
python -c 'import prometheus_client.openmetrics.parser' 2>/dev/null || skip "python3-prometheus-client is missing: scripts/setup check"
net_up 2

# What is no text for Prometheus is not read. get NAME [LABEL=VALUE...]: one sample's value.
read_metrics() {
	alpnxdp metrics >"$DIR/metrics" || return 1
	python - "$DIR/metrics" "$@" <<-'PYTHON'
	import sys
	from prometheus_client.openmetrics.parser import text_string_to_metric_families
	name, labels = sys.argv[2] if sys.argv[2:] else None, dict(l.split("=", 1) for l in sys.argv[3:])
	families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
	samples = [s for f in families for s in f.samples]
	if name == "--count":
	    print(len(samples))
	elif name:
	    found = [s for s in samples if s.name == name and s.labels == labels]
	    print(int(found[0].value) if len(found) == 1 else f"{len(found)} samples")
	PYTHON
}
get() { read_metrics "$@"; }
parses() { read_metrics && grep -c . "$DIR/metrics"; }
is() { local value=$1; shift; same "$(get "$@")" "$value"; }
at_most() { echo "$1 of $2"; [ "$1" -le "$2" ]; }

# milliseconds COMMAND...: the best of five: the machine may be doing something else.
milliseconds() {
	local from best=100000 took
	for _ in 1 2 3 4 5; do
		from=$(date +%s%N)
		"$@" >/dev/null || return
		took=$((($(date +%s%N) - from) / 1000000))
		[ "$took" -ge "$best" ] || best=$took
	done
	echo "$best"
}

status_of() { "$@" >/dev/null 2>&1; echo $?; }

ok "without a daemon: exit status 3" same "$(status_of alpnxdp metrics)" 3
ok "and nothing on standard output" same "$(alpnxdp metrics 2>/dev/null)" ""

nginx_up
ok "attach" attach --self-check no --metrics-textfile "$DIR/alpnxdp.prom"
ok "the strict parser reads it" parses
ok "nothing has happened yet" is 0 alpnxdp_handshakes_total outcome=validated
ok "no challenge" is 0 alpnxdp_challenges source=control
ok "add" alpnxdp add a.example --digest "$DIGEST"
ok "a challenge" is 1 alpnxdp_challenges source=control
ok "validate" validate -i a.example
ok "it lingers" is 1 alpnxdp_flows state=lingering
ok "one validated" is 1 alpnxdp_handshakes_total outcome=validated
ok "one handshake was timed" is 1 alpnxdp_handshake_duration_seconds_count
ok "in a bucket" is 1 alpnxdp_handshake_duration_seconds_bucket le=+Inf
ok "one offered" is 1 alpnxdp_packets_total iface=edge0 verdict=redirect reason=offered
ok "and counted among the hellos" is 1 alpnxdp_clienthello_total result=offered
ok "the kernel's half is silent" is 1 alpnxdp_neutralise_total method=rst outcome=silenced
ok "nginx answers" nginx_answers
ok "a browser's hello is one" is 1 alpnxdp_clienthello_total result=other-protocol
ok "nothing failed open" same "$(get >/dev/null; grep '^alpnxdp_failopen_total' "$DIR/metrics" | grep -vc ' 0$')" 0
has() { alpnxdp status --json | jq -e "$1"; }
ok "status has flows by state" has '.flows_by_state | keys == ["held", "lingering", "served", "waiting"]'
ok "and challenges by source" has '(.challenges_by_source | length == 8 and add == 1) and .oldest_challenge_s < 60'
ok "and durations, each bucket with those before it" has '.handshake_seconds | .count == 1 and .sum_us > 0 and
	(.buckets | length == 14 and .[-1].count == 1 and ([.[].count] == ([.[].count] | sort)) and
	([.[].le_us] == ([.[].le_us] | unique)))'
ok "and since when" has "(now - .daemon.started_unix) | . >= 0 and . < 60"
# The older format, by the parser for it; the same series.
older() {
	python - "$DIR/alpnxdp.prom" <<-'PYTHON'
	import sys
	from prometheus_client.parser import text_string_to_metric_families
	print(sum(len(f.samples) for f in text_string_to_metric_families(open(sys.argv[1]).read())))
	PYTHON
}
ok "the text file is there" retry 20 test -s "$DIR/alpnxdp.prom"
ok "and has the same series" same "$(older)" "$(get --count)"
ok "--json has the same text" same "$(alpnxdp metrics --json | jq -r '.schema + " " + (.text | split("\n")[-2])')" \
	"alpnxdp.metrics/1 # EOF"

# ------------------------------------------------------------- hostile interfaces
# Any byte but '/', ':' and white space may be in a name.
for name in 'a"}' 'b\' 'c",x="' '\"'; do
	www ip link add "$name" type veth peer name peer0 && www ip link set "$name" up && www ip link set peer0 up
	ok "attach $name" alpnxdp attach "$name"
	ok "and its label is its name" is 1 alpnxdp_interface_info "iface=$name" mode=native
	ok "detach it" alpnxdp detach "$name"
	www ip link del "$name"
done

# ------------------------------------------------------------- self-check
unchecked() { read_metrics && not grep '^alpnxdp_self_check_passed' "$DIR/metrics"; }
ok "none was done" unchecked
ok "detach" alpnxdp detach edge0
www ip route add default via "$CA4"
www ip -6 route add default via "$CA6"
ok "attach with a self-check" attach
ok "it passed" retry 5 is 1 alpnxdp_self_check_passed iface=edge0

# ------------------------------------------------------------- many
for ((i = 0; i < 10000; i++)); do echo "add ident=n$i.example digest=$DIGEST"; done >"$DIR/adds"
fill() {
	python - "$DIR/control.sock" "$DIR/adds" <<-'PYTHON'
	import socket, sys
	with socket.socket(socket.AF_UNIX) as s:
	    s.connect(sys.argv[1])
	    replies = s.makefile()
	    for line in open(sys.argv[2]):
	        s.sendall(line.encode())
	        assert '"ok":true' in replies.readline()
	PYTHON
}
ok "10,000 challenges" fill
ok "are counted" is 10001 alpnxdp_challenges source=control
ok "status within 50 ms" at_most "$(milliseconds alpnxdp status --json)" 50
ok "metrics within 50 ms" at_most "$(milliseconds alpnxdp metrics)" 50
ok "no more than 300 series" at_most "$(get --count)" 300
printf 'status %s ms, metrics %s ms, of which starting a process %s ms; %s series\n' "$(milliseconds alpnxdp status --json)" \
	"$(milliseconds alpnxdp metrics)" "$(milliseconds alpnxdp version)" "$(get --count)"
finish
