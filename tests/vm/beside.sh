# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Beside other XDP programs: through libxdp's dispatcher with xdp-filter, before and after us; and refused where only
# one program is possible and the place is taken.

BLOCKED=10.77.1.6
FILTER=/usr/lib/x86_64-linux-gnu/bpf/xdpfilt_alw_all.o

# The filter's verdict: no page for this source, and none for a validator there.
blocked() { not ca curl -sk --connect-timeout 1 --interface "$BLOCKED" -o /dev/null "https://$WWW4/"; }
filter_block() { guest "xdp-filter ip $BLOCKED -m src"; }
filter_forget() { guest "xdp-loader unload eth0 --all; rm -rf /sys/fs/bpf/xdp-filter" >/dev/null; }
order() { status '.interfaces[0].neighbours | map(.name) | join(" ")'; }

both_keep_their_word() {
	ok "$1: what the filter blocks is blocked" blocked
	ok "$1: nginx serves the others" nginx_answers
	ok "$1: validations pass" validate -i d.example.org -f 10.77.1.2 -f 10.77.1.3
}

filter_alone() {
	ok "$1: the filter is still there" guest "xdp-loader status eth0 | grep -q xdpfilt_alw_all"
	ok "$1: and blocks" blocked
	ok "$1: nginx serves the others" nginx_answers
}

# It was there first; we come and go.
join_and_leave() {
	ok "the filter first" guest "xdp-filter load eth0 -m native"
	ok "it blocks one source" filter_block
	ok "we join it" attach
	ok "add a name" alpnxdp add d.example.org --digest "$DIGEST"
	ok "we run first" same "$(order)" "alpnxdp_steer xdpfilt_alw_all"
	both_keep_their_word "joined"
	ok "we leave" alpnxdp detach eth0
	filter_alone "after us"
}

# We are there first; it comes and goes, while the daemon goes on.
be_joined_and_left() {
	local id
	ok "we come back" attach
	id=$(status '.interfaces[0].program_id')
	ok "the filter leaves" guest "xdp-filter unload eth0"
	ok "alone: validations pass" validate -i d.example.org -f 10.77.1.2 -f "$BLOCKED"
	ok "the filter joins" guest "xdp-filter load eth0 -m native"
	ok "it blocks again" filter_block
	both_keep_their_word "joined by it"
	ok "our program was not touched" same "$(status '.interfaces[0].program_id')" "$id"
	ok "somebody unloads everything" guest "xdp-loader unload eth0 --all"
	ok "the daemon ends by itself" retry 5 not guest "pidof alpnxdp"
	ok "nginx serves" nginx_answers
	filter_forget
}

# By a smaller number it runs before us, so its verdict on a hello comes first, too.
run_after() {
	ok "a filter of higher priority" guest \
		"xdp-loader load eth0 -m native -P 5 -p /sys/fs/bpf/xdp-filter -n xdpfilt_alw_all $FILTER && xdp-filter ip $BLOCKED -m src"
	ok "we join" attach
	ok "it runs first" same "$(order)" "xdpfilt_alw_all alpnxdp_steer"
	both_keep_their_word "behind it"
	ok "a killed daemon" guest 'kill -9 $(pidof alpnxdp)'
	ok "is removed from beside it, the pins hidden" guest \
		"unshare -m sh -c 'umount /sys/fs/bpf && alpnxdp detach eth0'"
	filter_alone "without us"
	filter_forget
}

# Their mode is the only one there is.
generic_neighbour() {
	ok "a filter in generic mode" guest "xdp-filter load eth0 -m skb"
	ok "native mode is refused" not attach --mode native
	ok "we join it in its mode" attach
	ok "which is generic" same "$(status '.interfaces[0].mode')" generic
	ok "generic: it blocks" filter_block
	both_keep_their_word "generic"
	ok "generic: we leave" alpnxdp detach eth0
	filter_alone "generic, after us"
	filter_forget
}

# refused MODE: in whatever mode we ask, it is named with its own; the command that removes it is kept in $DIR/fix.
refused() {
	local mode out
	for mode in auto native generic; do
		out=$(alpnxdp attach eth0 --mode "$mode" --json "2>/dev/null") && return 1
		echo "$out"
		grep -q "stranger (id [0-9]*), $1 mode" <<<"$out" || return 1
	done
	jq -r '.fix' <<<"$out" >"$DIR/fix"
}

stranger_id() { guest "bpftool -j net show dev eth0" | jq '[.[].xdp[].id] | add'; }

single_program() {
	local mode option id
	for mode in native generic; do
		option=xdpdrv
		[ $mode = native ] || option=xdpgeneric
		ok "a $mode program without a dispatcher" guest "bpftool prog load /root/stranger.o /sys/fs/bpf/stranger type xdp &&
			bpftool net attach $option pinned /sys/fs/bpf/stranger dev eth0"
		id=$(stranger_id)
		ok "it is named, and we are refused" refused $mode
		ok "it was not touched" same "$(stranger_id)" "$id"
		ok "the command that we print removes it" guest "$(cat "$DIR/fix")"
		ok "then we attach" attach
		ok "and detach" alpnxdp detach eth0
		guest "rm /sys/fs/bpf/stranger" >/dev/null
	done
	ok "nothing of all these is left" retry 5 nothing_left
}

beside() {
	join_and_leave
	be_joined_and_left
	run_after
	generic_neighbour
	single_program
}
