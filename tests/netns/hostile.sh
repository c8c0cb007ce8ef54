#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What strangers send brings out nothing, kills nothing and keeps nobody out: spoofed segments of every kind, blind
# segments at flows that are there, thousands of half hellos, hellos for names that are not pending. Bystanders
# lose no packet in any of it, and memory stays within its budget.
#
# SEGMENTS and IDLE: how many; tests/soak/run.sh takes more of both.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-bystander.sh"
SEGMENTS=${SEGMENTS:-200000} IDLE=${IDLE:-10000}
MEMORY_KIB=$((64 * 1024))
net_up
net_split
NGINX_CONNECTIONS=16384 HEADER_TIMEOUT=120s nginx_up
for net in 2 3 4 5 6 7 8 9 10 11; do ca ip addr add "10.77.$net.2/24" dev ca0; done
www ip route add 10.77.0.0/16 dev edge0
www ip route add 198.18.0.0/15 via 10.77.1.2
mac=$(www ip -j link show edge0 | jq -r '.[0].address')

spray() { ca "$INTEROP/spray" -i ca0 -m "$mac" -t "$WWW4" -x "$HELLOS/openssl-3.0-s_client.hex" "$@"; }
engine_sent() { alpnxdp status --json | jq '[.. | objects | .transmit? // empty | .frames] | add'; }
load() { ca "$INTEROP/load" -a "$WWW4" -d "$DIGEST" -p 443 "$@"; }
said() { sed -n "s/^port .*\b$2 \([0-9]*\).*/\1/p" <<<"$1"; }
# Twenty validations, five at a time, none of which may take two seconds.
legitimate() {
	local out
	out=$(load -i www.example.org -n 20 -j 5 -f 10.77.1.3)
	echo "$out" | tee -a "$DIR/legitimate"
	[ "$(said "$out" in-all)" = 20 ] && [ "$(said "$out" longest)" -lt 2000 ]
}

nothing_came_out() {
	local before out
	before=$(engine_sent)
	out=$(spray "$@")
	echo "$out" | tee -a "$DIR/sprayed"
	same "$(engine_sent)" "$before" && grep -q 'back-data 0$' <<<"$out"
}

ok "attach" attach
for ident in www.example.org d.example.org; do ok "add $ident" alpnxdp add "$ident" --digest "$DIGEST"; done
ok "the recorded hello is one that we answer" ca "$INTEROP/segments" -a "$WWW4" "$HELLOS/openssl-3.0-s_client.hex"
# What attaching took is over; from here on the peak of both processes is recorded anew.
for pid in $(keeper_pid) $(engine_pid); do echo 5 >"/proc/$pid/clear_refs"; done
bystanders_begin 5000

# ---- from nowhere
offered=$(counter offered)
ok "$SEGMENTS spoofed segments of every kind bring out nothing" nothing_came_out -n "$SEGMENTS"
www nft 'table inet watch { chain in { type filter hook input priority 0; ct state new counter; }; }'
ok "nor with conntrack, which picks up bare ACKs" nothing_came_out -n 20000 -s 3
www nft delete table inet watch
ok "none of it was offered" same "$(counter offered)" "$offered"

# ---- at flows that are there
ca sysctl -qw net.ipv4.ip_local_port_range="40000 40999"
spray -l -n "$((SEGMENTS / 4))" -r 30000 >"$DIR/aimed" &
attacker=$!
sleep 0.2
load -i www.example.org -n 64 -j 64 -H 6000 -f 10.77.1.4 >"$DIR/held"
wait "$attacker"
cat "$DIR/aimed" "$DIR/held"
ok "blind segments were aimed at 64 flows" test "$(cut -d' ' -f2 "$DIR/aimed")" -ge 64
ok "the flows were held meanwhile" test "$(said "$(cat "$DIR/held")" median)" -ge 6000
ok "the flows outlive them" same "$(said "$(cat "$DIR/held")" finished)" 64
ok "the engine saw them" test "$(counter flow)" -ge 20000
ca sysctl -qw net.ipv4.ip_local_port_range="32768 60999"

# ---- ten thousand who say half of it
background "$CA" "$ROOT/tests/interop/fill.py" "$WWW4" "$HELLOS/boulder-va-go1.26.hex" 1 8 $((IDLE / 10)) \
	10.77.{2..11}.2 >"$DIR/filled"
filler=$!
sleep 2
ok "while half hellos come: a validation" legitimate
ok "$IDLE connections with half a hello are open" retry 30 grep -q "ready $IDLE" "$DIR/filled"
ok "with all of them: a validation" legitimate
kill "$filler"

# ---- names that are not pending
load -i flood.example.org -n 2000 -j 32 -f 10.77.5.2 >/dev/null 2>&1 &
flood=$!
sleep 0.3
ok "while hellos for other names come: a validation" legitimate
wait "$flood"

rss=$(for pid in $(keeper_pid) $(engine_pid); do sed -n 's/^VmHWM:\s*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; done | paste -sd+)
echo "memory at most: $rss KiB of $MEMORY_KIB"
ok "memory stayed within its budget" test $((rss)) -lt $MEMORY_KIB
bystanders_end
ok "bystanders lost no packet" same "$PACKETS_LOST" 0
ok "bystanders lost no request" same "$REQUESTS_FAILED" 0
cat "$DIR/sprayed" "$DIR/legitimate"
ok "detach" alpnxdp detach edge0
finish
