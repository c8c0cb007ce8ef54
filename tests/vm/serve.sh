# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Loading and serving: the verifier's work, both modes, both queues, both families and TLS versions.

# One digest for every name that a test may ask for.
add_names() {
	local ident
	for ident in www.example.org d.example.org "$WWW4" "$WWW6"; do
		alpnxdp add "$ident" --digest "$DIGEST" || return
	done
}

six() { ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" "$@"; }
hello() { ca "$INTEROP/segments" -a "$WWW4" "$HELLOS/$1.hex"; }

# redirected QUEUE: frames of this queue that went to the engine, by the driver's own count (6.1, then newer).
redirected() { guest "ethtool -S eth0" | sed -nE "s/^ *rx(_queue_)?$1_xdp_redirects: //p"; }

# More than one validation on each queue: a flow has 5 to 8 frames.
both_queues_served() {
	local first second
	first=$(redirected 0) second=$(redirected 1)
	echo "queue 0: $first frames, queue 1: $second frames"
	[ "${first:-0}" -gt 30 ] && [ "${second:-0}" -gt 30 ]
}

# within_budget KERNEL: what the verifier walked through for each program, against tests/vm/budget. A program without a
# line there fails, and so does a list without ours.
within_budget() {
	local name type instructions budget over=1
	while read -r name type instructions; do
		budget=$(awk -v key="$1 $name $type" '$1 " " $2 " " $3 == key { print $4 }' "$ROOT/tests/vm/budget")
		echo "$1 $name $type: $instructions of ${budget:-none}"
		[ "$instructions" -le "${budget:-0}" ] || return 1
		[ "$name" != alpnxdp_steer ] || over=0
	done < <(guest verified | grep -v '^xdp_dispatcher ' | grep .)
	return "$over"
}

# Programs, maps, links, pins and processes; the empty directory of libxdp's pins is libxdp's.
nothing_left() {
	local left
	left=$(guest "bpftool prog; bpftool map; bpftool link; find /sys/fs/bpf -type f; pidof alpnxdp")
	echo "$left"
	[ -z "$left" ]
}

serve_mode() {
	local mode=$1 version ident
	ok "$mode: attach" attach --mode "$mode"
	ok "$mode: on every queue" same "$(status '.interfaces[0] | "\(.mode) \(.queues)"')" "$mode 2"
	ok "$mode: add names" add_names
	for version in 1.2 1.3; do
		for ident in www.example.org "$WWW4"; do
			ok "$mode: TLS $version, IPv4, $ident" validate -i "$ident" -t "$version"
		done
		for ident in www.example.org "$WWW6"; do
			ok "$mode: TLS $version, IPv6, $ident" six -i "$ident" -t "$version"
		done
	done
	ok "$mode: five perspectives at once, four times" validate -i d.example.org -n 4 \
		-f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4 -f 10.77.1.5 -f 10.77.1.6
	ok "$mode: five perspectives over IPv6" six -i d.example.org \
		-f fd77::2 -f fd77::3 -f fd77::4 -f fd77::5 -f fd77::6
	ok "$mode: Boulder's hello of two segments" hello boulder-va-go1.26
	ok "$mode: Boulder's hello of three" hello boulder-va-go1.26-mss536
	ok "$mode: every answer was one" same "$(counter validated)" 33
	ok "$mode: a name that is not pending reaches nginx" not validate -i other.example.org
	ok "$mode: nginx serves" nginx_answers
	ok "$mode: nginx serves over IPv6" nginx_answers "[$WWW6]"
	ok "$mode: the kernel's halves are gone" same "$(counter unsilenced)" 0
}

serve() {
	local kernel=$1
	ok "native is possible and comes first" attach
	[ "$failed" -eq 0 ] || finish # the rest would only say so again
	ok "it is native, beside others" same "$(status '.interfaces[0] | "\(.mode) \(.dispatcher)"')" "native true"
	ok "the verifier's work is within its budget" within_budget "$kernel"
	ok "detach" alpnxdp detach eth0
	ok "nothing is left" retry 5 nothing_left
	serve_mode native
	ok "native: flows on both queues" both_queues_served
	ok "native: detach" alpnxdp detach eth0
	serve_mode generic
	ok "generic: detach" alpnxdp detach eth0
	ok "nothing is left of all this" retry 5 nothing_left
}

# A daemon that was killed: its program stays, the next one takes it over, and detach needs none.
takeover() {
	local id
	ok "attach once more" attach
	id=$(status '.interfaces[0].program_id')
	ok "add a name" alpnxdp add d.example.org --digest "$DIGEST"
	ok "the daemon is killed" guest 'kill -9 $(pidof alpnxdp)'
	ok "killed: nginx serves" nginx_answers
	ok "killed: an acme-tls/1 hello is nginx's" not validate -i d.example.org
	ok "attach takes the program over" attach
	ok "it is the same program" same "$(status '.interfaces[0] | "\(.taken_over) \(.program_id)"')" "true $id"
	ok "it answers, for the name that was pending" validate -i d.example.org -f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4
	ok "the daemon is killed again" guest 'kill -9 $(pidof alpnxdp)'
	# As a service with a mount namespace of its own: libxdp's pins are not to be seen.
	ok "detach without a daemon, the pins hidden" guest "unshare -m sh -c 'umount /sys/fs/bpf && alpnxdp detach eth0'"
	ok "nothing is left of the killed" retry 5 nothing_left
}
