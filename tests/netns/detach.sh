#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# detach leaves no program, map, pin, process or socket: with its daemon, after its daemon was killed, and from another
# mount namespace than attach (ip netns exec gives each call a /sys of its own, nsenter does not).
. "$(dirname "$0")/lib.sh"
net_up
nginx_up

# exec_www COMMAND...: as people do it, with a fresh /sys.
exec_www() { ip netns exec "$WWW" "$@" --socket "$DIR/control.sock"; }

# Ids of every program and map that the daemon holds or that hangs on edge0: "prog 12", "map 7".
held() {
	local pid id map
	for pid in $(keeper_pid) $(engine_pid); do
		sed -nE 's/^(prog|map)_id:\t/\1 /p' /proc/"$pid"/fdinfo/*
	done
	for id in $(www bpftool net show dev edge0 | sed -nE 's/.*id ([0-9]+).*/\1/p'); do
		echo "prog $id"
		for map in $(bpftool -j prog show id "$id" | jq '.map_ids[]?'); do echo "map $map"; done
	done
}

# Those of them that exist still. The kernel frees them a moment after the last holder is gone.
left() {
	local kind id
	while read -r kind id; do
		! bpftool "$kind" show id "$id" >/dev/null 2>&1 || echo "$kind $id"
	done <"$DIR/held"
}
nothing_left() { same "$(left)" ""; }

# pins: everything under any bpffs that one of our programs could have left.
pins() { find /sys/fs/bpf -mindepth 1 \( -name '*alpnxdp*' -o -name "dispatch-*-$1" \) 2>/dev/null; }
no_program() { not grep -q prog/xdp <<<"$(www ip link show edge0)"; }
no_process() { same "$(for pid in $(ip netns pids "$WWW"); do cat "/proc/$pid/comm"; done | grep -c alpnxdp)" 0; }

# gone NAME: what every way of detaching must have reached.
gone() {
	ok "$1: no program on the interface" no_program
	ok "$1: no program or map is left of $(sort -u "$DIR/held" | wc -l)" retry 5 nothing_left
	ok "$1: no pin" same "$(pins "$id")" ""
	ok "$1: no process" retry 5 no_process
	ok "$1: no file but what is pending" same "$(cd "$DIR" && echo control.sock* daemon.pid* log* challenges*)" \
		"control.sock* daemon.pid* log* challenges"
	ok "$1: nginx serves" nginx_answers
}

# attached COMMAND...: attach, answer once, note what there is.
attached() {
	ok "$name: attach" "$@"
	ok "$name: add" alpnxdp add d.example.org --digest "$DIGEST"
	ok "$name: we answer" validate -i d.example.org
	held >"$DIR/held"
	ok "$name: what is pending is in a file of root's" same "$(stat -c %a "$DIR/challenges")" 600
	id=$(alpnxdp status --json | jq '.interfaces[0].program_id')
	ok "$name: something was noted" test "$(wc -l <"$DIR/held")" -ge 8
}

for mode in native generic; do
	name="$mode, with its daemon"
	attached attach --mode "$mode"
	ok "$name: detach" alpnxdp detach edge0
	gone "$name"

	name="$mode, daemon killed"
	attached attach --mode "$mode"
	kill -KILL "$(keeper_pid)"
	retry 5 no_process
	ok "$name: detach --all" alpnxdp detach --all
	gone "$name"
done

name="attached under ip netns exec"
attached exec_www "$ALPNXDP" attach edge0
ok "$name: detached outside of it" alpnxdp detach edge0
gone "$name"

name="attached under ip netns exec, daemon killed"
attached exec_www "$ALPNXDP" attach edge0
kill -KILL "$(keeper_pid)"
retry 5 no_process
ok "$name: detached under another" exec_www "$ALPNXDP" detach edge0
rm -f "$DIR/control.sock"
gone "$name"

name="hung daemon"
attached attach
mapfile -t hung < <(keeper_pid; engine_pid)
kill -STOP "${hung[@]}"
ok "$name: detach" alpnxdp detach edge0
ok "$name: no program on the interface" no_program
kill -CONT "${hung[@]}"
ok "$name: it notices and ends" retry 10 no_process
gone "$name"

name="interface removed"
attached attach
www ip link del edge0
ok "$name: no program or map is left" retry 10 nothing_left
ok "$name: the daemon ends" retry 10 no_process
finish
