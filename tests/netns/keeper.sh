#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The daemon at the wrong moment: asked twice at once, asked while its engine is being replaced, stopped and then killed,
# and met by a second daemon on the same interface.
. "$(dirname "$0")/lib.sh"
net_up
nginx_up
ip link add edge1 netns "$WWW" type veth peer name ca1 netns "$CA"
www ip link set edge1 up
ca ip link set ca1 up

answered() { validate -i d.example.org; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }
interfaces() { alpnxdp status --json | jq -c '[.interfaces[].name]'; }
# Milliseconds that a command takes.
took() {
	local from
	from=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - from) / 1000000))
}

ok "attach" attach
ok "add" alpnxdp add d.example.org --digest "$DIGEST"
ok "we answer" answered

# ---- a detach in the middle of an attach
at_once() {
	local i jobs
	for ((i = 0; i < 5; i++)); do
		alpnxdp attach edge1 >/dev/null 2>&1 &
		jobs=$!
		for _ in 1 2 3 4 5; do
			alpnxdp detach edge1 >/dev/null 2>&1 &
			jobs="$jobs $!"
		done
		# shellcheck disable=SC2086 # one word per job
		wait $jobs
		alpnxdp detach edge1 >/dev/null 2>&1
		same "$(interfaces)" '["edge0"]' || return 1
	done
}
ok "attach and detach of one interface at once, five times: the other stays" at_once
ok "we answer" answered

# ---- an attach while the engine is being replaced
engine=$(engine_pid)
kill -KILL "$engine"
ok "engine killed, attach at once: done" retry 5 alpnxdp attach edge1
ok "and we answer without a pause of seconds" test "$(took retry 5 answered)" -lt 2500
ok "detach" alpnxdp detach edge1

# ---- the keeper dies while the engine is stopped
keeper=$(keeper_pid)
engine=$(engine_pid)
kill -STOP "$engine"
kill -KILL "$keeper"
ok "engine stopped, keeper killed: the engine ends too" retry 3 gone "$engine"
ok "nginx serves" nginx_answers
ok "attach again" attach
ok "we answer" answered

# ---- the engine hangs for so long that nothing more fits between it and the keeper
engine=$(engine_pid)
kill -STOP "$engine"
changes() {
	local i
	for ((i = 0; i < 600; i++)); do
		www ip link set edge0 mtu $((1400 + i % 2))
		# One message a look: the keeper must see each of them.
		sleep 0.002
		gone "$engine" && return 0
	done
	retry 4 gone "$engine"
}
ok "engine stopped, and told more than fits: it is ended" changes
ok "another one answers" retry 5 answered

# ---- another daemon for the same interface
second() { www "$ALPNXDP" attach edge0 --socket "$DIR/second/control.sock" 2>"$DIR/said"; }
ok "a second daemon is refused" not second
ok "and told why" grep -q 'another daemon' "$DIR/said"
ok "the first has lost nothing" answered
ok "nor its challenge" same "$(alpnxdp status --json | jq .challenges)" 1
kill -KILL "$(keeper_pid)" "$(engine_pid)"
ok "both dead: the second takes over" second
www "$ALPNXDP" detach edge0 --socket "$DIR/second/control.sock" >/dev/null
finish
