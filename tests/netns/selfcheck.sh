#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The self-check that follows every attach: it passes where a validator would be answered, and says why where it cannot
# be done; the web server never sees it, nothing but the kernel's answer to its SYN leaves, and nothing stays behind.
. "$(dirname "$0")/lib.sh"
net_up 2
net_split
SECONDS_FOR_A_CHECK=5

result() { alpnxdp status --json | jq -r '.self_check.edge0 // ""'; }
is_over() { [ "$(result)" != "not over yet" ]; }
passes() { retry "$SECONDS_FOR_A_CHECK" is_over && result | tee /dev/stderr | grep -qE '^passed in [0-9]+\.[0-9] ms$'; }
# says WORDS: how it ended.
says() { retry "$SECONDS_FOR_A_CHECK" is_over && result | tee /dev/stderr | grep -qF "$1"; }

# Connections that the kernel has accepted for a listener, whether or not its owner has noticed.
accepted() { www awk '/^Tcp:/ { if (!n++) { for (i = 1; i <= NF; i++) if ($i == "PassiveOpens") at = i } else print $at }' /proc/net/snmp; }
no_requests() { [ -z "$(www ss -Htn state syn-recv)" ]; }
no_flows() { [ "$(alpnxdp status --json | jq .flows)" = 0 ]; }
unseen() { not grep -vF '[notice]' "$DIR/nginx/error.log"; }
keeps_nothing() { not grep -q self-check "$DIR/challenges"; }

capture_begin() {
	background "$CA" tcpdump -i ca0 -nn -U --immediate-mode -w "$DIR/capture" 'tcp port 443 or tcp port 8443' 2>"$DIR/tcpdump"
	capture=$!
	retry 5 test -s "$DIR/capture"
}
capture_end() {
	sleep 0.2 # for a packet too many
	kill "$capture"
	retry 5 not kill -0 "$capture"
	tcpdump -nn -r "$DIR/capture" 2>/dev/null
	rm -f "$DIR/capture"
}
# One SYN-ACK for each check, and no other packet.
only_syn_acks() { [ "$1" = "$(wc -l <<<"$2")" ] && not grep -vF 'Flags [S.]' <<<"$2"; }

# one NAME ADDRESS OPTION...: a check that passes, and all that must be true of it.
one() {
	local name=$1 address=$2 before seen
	shift 2
	before=$(accepted)
	capture_begin
	ok "$name: attach" attach "$@"
	ok "$name: passes" passes
	ok "$name: the kernel has no request left" no_requests
	ok "$name: nothing is pending" same "$(alpnxdp status --json | jq .challenges)" 0
	ok "$name: the kernel's half was silenced" same "$(counter silenced)" 1
	seen=$(capture_end)
	ok "$name: one packet left, the SYN-ACK" only_syn_acks 1 "$seen"
	ok "$name: to $address" grep -qF "> $address" <<<"$seen"
	ok "$name: no connection was accepted" same "$(accepted)" "$before"
	ok "$name: nginx saw nothing" unseen
	ok "$name: no flow stays" retry 4 no_flows
	ok "$name: nothing was saved" keeps_nothing
	ok "$name: detach" alpnxdp detach edge0
}

# other NAME WORDS OPTION...: a check that does not pass, and says so.
other() {
	local name=$1 words=$2
	shift 2
	ok "$name: attach" attach "$@"
	ok "$name: says why" says "$words"
	ok "$name: no request stays" retry 5 no_requests
	ok "$name: nothing is pending" same "$(alpnxdp status --json | jq .challenges)" 0
	ok "$name: detach" alpnxdp detach edge0
}

# A request that a firewall keeps us from ending goes by itself, here in 3 seconds.
ip netns exec "$WWW" sysctl -qw net.ipv4.tcp_synack_retries=1

# ---- nobody there
other "no server" "no server listens on port 443"

nginx_up
other "no route back" "the kernel did not answer our SYN"
www ip route add default via "$CA4"
www ip -6 route add default via "$CA6"

# ---- where it passes
one "native" 192.0.2.
one "generic" 192.0.2. --mode generic
www ip addr del "$WWW4/24" dev edge0
www ip -6 route replace default via "$CA6"
one "IPv6 alone" 100::
one "IPv6 alone, generic" 100:: --mode generic
www ip addr add "$WWW4/24" dev edge0
www ip route add default via "$CA4"
www ip addr del "$WWW6/64" dev edge0
one "IPv4 alone" 192.0.2.
www ip addr add "$WWW6/64" dev edge0 nodad
www ip -6 route replace default via "$CA6"

# ---- what keeps it away
www nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in ip saddr 192.0.2.0/24 drop; add rule inet t in ip6 saddr 100::/64 drop'
other "a firewall" "the kernel did not answer our SYN"
www nft delete table inet t
www nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in ip saddr 192.0.2.0/24 drop'
one "a firewall for IPv4 alone" 100::
www nft delete table inet t
www nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in tcp flags rst drop'
other "a firewall against RSTs" "but the kernel's half of the connection is still there"
www nft delete table inet t
ip netns exec "$WWW" sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.edge0.rp_filter=1
www ip route del default
www ip -6 route del default
other "rp_filter and no default route" "the kernel did not answer our SYN"
ip netns exec "$WWW" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.edge0.rp_filter=0
www ip route add default via "$CA4"
www ip -6 route add default via "$CA6"

# ---- no self-check
ok "self-check = no: attach" attach --self-check no
ok "self-check = no: there is none" same "$(result)" ""
ok "self-check = no: detach" alpnxdp detach edge0

# ---- a new engine checks again, with challenges pending
ok "attach" attach
ok "passes" passes
ok "add" alpnxdp add www.example.org --digest "$DIGEST"
ok "a validation" validate -i www.example.org
retry 4 no_flows
engine=$(engine_pid)
kill -KILL "$engine"
another_engine() { [ -n "$(engine_pid)" ] && [ "$(engine_pid)" != "$engine" ] && [ -n "$(result)" ]; }
ok "another engine" retry 8 another_engine
ok "passes again" passes
ok "the challenge is still there, alone" same "$(alpnxdp list --json | jq -r '[.challenges[].identifier] | join(" ")')" www.example.org
ok "a validation after it" validate -i www.example.org
# While others are validated it waits; it does not keep them from being answered.
busy() {
	local round
	kill -KILL "$(engine_pid)"
	retry 8 another_engine
	for round in 1 2 3 4 5 6 7 8; do
		echo "$round"
		validate -i www.example.org || return 1
		sleep 0.2
	done
}
engine=$(engine_pid)
ok "validations while it waits" busy
ok "it gives up, or passes after them" retry 5 is_over
ok "remove" alpnxdp remove www.example.org
ok "detach" alpnxdp detach edge0
nginx_down

# ---- another port, and a server that does not listen here
sed -i 's/:443 ssl/:8443 ssl/; s/listen 443/listen 8443/' "$DIR/nginx/nginx.conf"
background "$WWW" "$(command -v nginx)" -e "$DIR/nginx/error.log" -c "$DIR/nginx/nginx.conf" -g 'daemon off;'
retry 5 www_listens 8443
other "another port" "no server listens on port 443"
one "port 8443" 192.0.2. --port 8443
kill "$(cat "$DIR/nginx/pid")"
retry 5 not www_listens 8443
sed -i 's/listen \[::\]:8443/listen [::1]:443/; s/listen 8443/listen 127.0.0.1:443/' "$DIR/nginx/nginx.conf"
background "$WWW" "$(command -v nginx)" -e "$DIR/nginx/error.log" -c "$DIR/nginx/nginx.conf" -g 'daemon off;'
retry 5 www_listens 443
other "a server on another address" "no server listens on port 443"
kill "$(cat "$DIR/nginx/pid")"
retry 5 not www_listens 443
finish
