#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every state in which alpnxdp cannot answer leaves the port to the web server: dead, hung, full, unarmed. nginx tells
# itself apart: it answers a hello that offers only acme-tls/1 with alert 120 (no_application_protocol).
. "$(dirname "$0")/lib.sh"
net_up
net_split
nginx_up

hello() { ca "$INTEROP/segments" -a "$WWW4" "$@" "$HELLOS/boulder-va-go1.26.hex"; }
from_nginx() { grep -q '^alert 120' <<<"$(hello "$@")"; }
# Slower than one round trip and an initial retransmission timeout: the first copy of the hello was lost.
from_nginx_late() {
	local said
	said=$(hello "$@")
	echo "$said"
	[[ $said =~ ^alert\ 120\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 150 ]
}
answered() { validate -i d.example.org; }
bystanders() { nginx_answers && nginx_answers "[$WWW6]"; }
program_id() { www ip -j link show edge0 | jq '.[0].xdp.prog.id'; }
alive() { kill -0 "$1" && ! grep -q '^State:.Z' "/proc/$1/status"; }
no_flows() { same "$(alpnxdp status --json | jq .flows)" 0; }

ok "attach" attach
id=$(program_id)

ok "no challenge: nginx answers" from_nginx
ok "add" alpnxdp add d.example.org --digest "$DIGEST"
ok "a challenge: we answer" answered
ok "remove" alpnxdp remove d.example.org
ok "removed: nginx answers" from_nginx
ok "add again" alpnxdp add d.example.org --digest "$DIGEST"

# ---- the engine is killed, in the middle of a flow; before that often enough that the next one lets us look at its absence
another_engine() { [ -n "$(engine_pid)" ] && [ "$(engine_pid)" != "$old" ]; }
for _ in 1 2 3; do
	old=$(engine_pid)
	kill -KILL "$old"
	ok "engine killed: another one starts" retry 5 another_engine
	ok "and answers: the challenge is still pending" retry 5 answered
done
old=$(engine_pid)
hello -k 3000 >"$DIR/held" &
retry 3 grep -q server-hello "$DIR/held"
kill -KILL "$old"
ok "engine killed: nginx answers" from_nginx
ok "engine killed: bystanders" bystanders
ok "another engine starts" retry 5 another_engine
ok "and answers: the challenge is still pending" retry 5 answered
ok "it has swept the dead engine's entries" retry 5 no_flows
ok "the program was never off" same "$(program_id)" "$id"
wait

# ---- the engine hangs
engine=$(engine_pid)
kill -STOP "$engine"
ok "engine hung, first second: the hello's retransmission reaches nginx" from_nginx_late
sleep 1
ok "engine hung: nginx answers at once" from_nginx -w 100
ok "engine hung: bystanders" bystanders
kill -CONT "$engine"
ok "it goes on: we answer" retry 5 answered
ok "the given back flow was counted" test "$(counter flow-stale)" -ge 1
ok "and those that passed" test "$(counter engine-silent)" -ge 1
ok "nothing was left unsilenced" same "$(counter unsilenced)" 0

# ---- both hang
kill -STOP "$(keeper_pid)" "$engine"
sleep 1.1
ok "both hung: nginx answers" from_nginx -w 100
ok "both hung: bystanders" bystanders
kill -CONT "$(keeper_pid)" "$engine"
ok "both go on: we answer" retry 5 answered

# ---- the keeper is killed
keeper=$(keeper_pid)
kill -KILL "$keeper"
ok "keeper killed: the engine ends too" retry 5 not alive "$engine"
ok "keeper killed: nginx answers" from_nginx
ok "keeper killed: bystanders" bystanders
ok "keeper killed: the program stays" same "$(program_id)" "$id"
ok "attach again" attach
ok "the program was taken over" same "$(program_id)" "$id"
ok "the challenge is still pending: we answer" answered

# ---- both are killed at once
engine=$(engine_pid)
kill -KILL "$(keeper_pid)" "$engine"
ok "both killed: nginx answers" from_nginx
ok "both killed: bystanders" bystanders
ok "attach again" attach
ok "we answer" answered

# ---- asked to stop
kill -TERM "$(keeper_pid)"
ok "stopped: the socket is gone" retry 5 not test -e "$DIR/control.sock"
ok "stopped: nginx answers" from_nginx
ok "stopped: the program stays" same "$(program_id)" "$id"
ok "attach again" attach
ok "the challenge is still pending: we answer" answered

# ---- full: of one neighbourhood, then altogether. Whole hellos: half ones would make room for others.
fill() { background "$CA" "$ROOT/tests/interop/fill.py" "$WWW4" "$HELLOS/boulder-va-go1.26.hex" 2 "$@" >"$DIR/filled"; filler=$!; }
for net in 2 3 4 5 6; do ca ip addr add "10.77.$net.2/24" dev ca0; done
www ip route add 10.77.0.0/16 dev edge0
flows() { [ "$(alpnxdp status --json | jq .flows)" -ge "$1" ]; }
fill 20 260 10.77.2.2
ok "260 hellos from one /24 that say no more" retry 10 grep -q 'ready 260' "$DIR/filled"
ok "as many are answered as one /24 may have" retry 5 flows 256
ok "its next hello is nginx's" from_nginx -f 10.77.2.2
ok "a hello from elsewhere is ours" answered
kill "$filler"
ok "over the budget was counted" test "$(counter declined-budget)" -ge 1
ok "they end" retry 15 no_flows
# More than there is room for. Of the five who fill the table one more is nginx's; anybody else puts one of them out.
fill 40 250 10.77.2.2 10.77.3.2 10.77.4.2 10.77.5.2 10.77.6.2
ok "1250 hellos from five /24 that say no more" retry 20 grep -q 'ready 1250' "$DIR/filled"
ok "the table is full" retry 5 flows 1020
budget=$(counter declined-budget)
ok "no room: its neighbourhood's hello is nginx's" from_nginx -f 10.77.6.2
ok "no room: bystanders" bystanders
ok "no room: a hello from elsewhere is ours" answered
ok "one of the others was put out for it" test "$(counter put-out)" -ge 1
ok "no room was counted" test "$(counter declined-budget)" -gt "$budget"
kill "$filler"
ok "nothing was left unsilenced" same "$(counter unsilenced)" 0
ok "detach" alpnxdp detach edge0
finish
