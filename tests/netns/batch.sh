#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The handshake's last ACK and the hello in one batch: the program judges the hello while the kernel still has a request
# socket. To make it happen every time, the interface's packet loop is a thread, and the sender keeps it off its processor
# until all is sent.
. "$(dirname "$0")/lib.sh"
net_up

GHOST=10.77.1.9 # no kernel has this address, so none answers the SYN-ACK
mac() { nsenter --net=/run/netns/"$1" ip -j link show "$2" | jq -r '.[0].address'; }
www ip neigh add "$GHOST" lladdr "$(mac "$CA" ca0)" dev edge0

# The packet loop of edge0 as a thread on the first processor. No other test makes such threads.
thread_napi() {
	local pid
	ip netns exec "$WWW" sh -c 'echo 1 >/sys/class/net/edge0/threaded' || return 1
	for pid in $(pgrep napi/edge0); do taskset -pc 0 "$pid" >/dev/null || return 1; done
	pgrep napi/edge0
}

batch() {
	ca taskset -c 0 chrt -f 50 "$INTEROP/batch" -i ca0 -s "$GHOST" -t "$WWW4" -m "$(mac "$WWW" edge0)" "$HELLOS/$1.hex"
}

# Where the kernel kept the last flow when it was taken over.
from_request_socket() {
	local id
	for id in $(bpftool -j prog show id "$(alpnxdp status --json | jq '.interfaces[0].program_id')" | jq '.map_ids[]'); do
		bpftool -j map show id "$id" | jq -e '.name == "flows"' >/dev/null || continue
		bpftool -j map dump id "$id" | jq -e '[.[].formatted.value.handoff.source] | any(. == 2 or . == "HANDOFF_REQUEST")' && return
	done
	return 1
}

silent_nginx() { not grep -vE 'notice|Connection reset by peer\) while (SSL handshaking|waiting for request)' "$DIR/nginx/error.log"; }
no_sockets_left() { [ -z "$(www ss -Htna 'sport = :443' state established state syn-recv)" ]; }

round() {
	local mode=$1 listen=$2 hello
	local case="$mode, nginx ${listen:-plain}"

	nginx_up "$listen"
	ok "$case: attach" attach --mode "$mode"
	[ "$mode" = native ] || www ethtool -K edge0 gro on
	ok "$case: the packet loop is a thread" thread_napi
	ok "$case: add" alpnxdp add d.example.org --digest "$DIGEST"
	for hello in openssl-3.0-s_client boulder-va-go1.26; do
		ok "$case: $hello is answered" batch "$hello"
		# In generic mode the kernel handles one packet after the other: only "deferred" keeps a request socket.
		[ "$mode$listen" = generic ] || ok "$case: it came from a request socket" from_request_socket
	done
	ok "$case: no RST and no SYN-ACK came" not grep -qE '(reset|flags.* (4|14|12))' <<<"$(batch openssl-3.0-s_client)"
	ok "$case: the kernel's halves are gone" retry 5 no_sockets_left
	ok "$case: none refused to go" same "$(counter unsilenced)" 0
	ok "$case: nginx's log" silent_nginx
	ok "$case: nginx serves" nginx_answers
	ok "$case: detach" alpnxdp detach edge0
	nginx_down
}

round native ""
round native deferred
round generic ""
round generic deferred
finish
