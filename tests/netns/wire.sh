#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the validator's wire carries, from its SYN until well after nginx's header timeout: one answer, and not a
# packet of the kernel's half. The capture is filtered by addresses and port only.
. "$(dirname "$0")/lib.sh"
net_up
# Or the kernel's own packets would carry unfinished checksums.
www ethtool -K edge0 tx off >/dev/null

capture_start() {
	background "$CA" tcpdump -q -i ca0 -U -w "$DIR/wire.pcap" "tcp port 443" 2>"$DIR/tcpdump.log"
	tcpdump=$!
	retry 5 grep -q listening "$DIR/tcpdump.log"
}

capture_stop() {
	kill -INT "$tcpdump"
	retry 5 not kill -0 "$tcpdump"
}

# A connection that says nothing until nginx gives up: its FIN must not go unseen.
mute_client() { ca bash -c "exec 3<>/dev/tcp/$WWW4/443; sleep 4"; }

nginx_log_lines() { grep -vc -E 'notice|Connection reset by peer\) while (SSL handshaking|waiting for request)' "$DIR/nginx/error.log"; }

round() {
	local mode=$1 listen=$2
	local case="$mode, nginx ${listen:-plain}"

	HEADER_TIMEOUT=2s nginx_up "$listen"
	ok "$case: attach" attach --mode "$mode"
	ok "$case: add" alpnxdp add www.example.org --digest "$DIGEST"
	capture_start
	for version in 1.2 1.3; do
		ok "$case: TLS $version, three validators" \
			validate -i www.example.org -t "$version" -f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4
		ok "$case: TLS $version, IPv6" ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" -i www.example.org -t "$version"
	done
	# Longer than nginx's timeout, and than the first two repetitions of a SYN-ACK.
	sleep 4
	capture_stop
	ok "$case: one answer each, and nothing else" "$ROOT/tests/interop/wire.py" "$DIR/wire.pcap"
	ok "$case: eight connections were seen" same "$("$ROOT/tests/interop/wire.py" "$DIR/wire.pcap" | grep -c ' port ')" 8
	ok "$case: nginx logged nothing but resets" same "$(nginx_log_lines)" 0
	ok "$case: detach" alpnxdp detach edge0
	nginx_down
}

round native ""
round native deferred
round generic ""
round generic deferred

# The judge can see what it looks for.
HEADER_TIMEOUT=2s nginx_up
capture_start
mute_client
capture_stop
ok "a FIN of the kernel's would be seen" grep -q "FIN before any byte" <<<"$("$ROOT/tests/interop/wire.py" "$DIR/wire.pcap")"
finish
