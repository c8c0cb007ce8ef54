#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Killed, stopped, restarted and attached again, in an order drawn by chance, under load: the program stays, the link
# never flaps, bystanders lose nothing, and the next validation or its first retry succeeds.
#
# The same stream without any of it is the control: what this machine loses by itself. PACKETS a second (halved twice at
# the most, if the control loses some), ROUNDS and SEED: tests/soak/run.sh takes more.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-bystander.sh"
PACKETS=${PACKETS:-50000} ROUNDS=${ROUNDS:-20} SEED=${SEED:-$RANDOM}
RANDOM=$SEED
net_up
net_split
nginx_up

program_id() { www ip -j link show edge0 | jq '.[0].xdp.prog.id'; }
carrier_changes() { ip netns exec "$WWW" cat /sys/class/net/edge0/carrier_changes; }
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status"; }
another_engine() { [ -n "$(engine_pid)" ] && [ "$(engine_pid)" != "$1" ]; }
# A CA that was not answered asks once more.
validated() { validate -i www.example.org || { sleep 1 && retried=$((retried + 1)) && validate -i www.example.org; }; }
gone() { not alive "$1"; }

# Asked in the moment in which an engine outlives its keeper, the engine says so: try again.
begin_again() {
	local code=0
	alpnxdp attach edge0 || code=$?
	[ "$code" -ne 75 ] || { sleep 0.3 && code=0 && alpnxdp attach edge0 || code=$?; }
	return "$code"
}

kill_both() {
	local keeper engine
	keeper=$(keeper_pid) engine=$(engine_pid)
	kill -KILL "$keeper" "$engine"
	retry 3 gone "$keeper"
	begin_again
}
kill_keeper() {
	local keeper
	keeper=$(keeper_pid)
	kill -KILL "$keeper"
	retry 3 gone "$keeper"
	begin_again
}
kill_engine() {
	local engine
	engine=$(engine_pid)
	kill -KILL "$engine"
	retry 8 another_engine "$engine"
}
stop_for_a_while() {
	local pids
	pids="$(keeper_pid) $(engine_pid)"
	# shellcheck disable=SC2086 # two numbers
	kill -STOP $pids
	sleep "0.$((RANDOM % 10))"
	# shellcheck disable=SC2086
	kill -CONT $pids
}
end_and_begin() {
	local keeper
	keeper=$(keeper_pid)
	kill -TERM "$keeper"
	retry 3 gone "$keeper"
	begin_again
}
# Refused, since it is attached.
attach_again() { not attach; }

ok "attach" attach
ok "add" alpnxdp add www.example.org --digest "$DIGEST"
id=$(program_id)
changes=$(carrier_changes)

# ---- the control: the same stream alone, at the pace at which this machine loses nothing by itself
for PACKETS in "$PACKETS" $((PACKETS / 2)) $((PACKETS / 4)); do
	bystanders_begin "$PACKETS"
	sleep 3
	bystanders_end
	alone=$PACKETS_LOST
	[ "$alone" -gt 0 ] || break
done

# ---- and now with it
events=(kill_both kill_keeper kill_engine stop_for_a_while end_and_begin attach_again)
retried=0
bystanders_begin "$PACKETS"
for ((round = 1; round <= ROUNDS; round++)); do
	event=${events[RANDOM % ${#events[@]}]}
	ok "$round: $event" "$event"
	ok "$round: a validation, or its first retry" validated
done
bystanders_end
echo "seed $SEED, $PACKETS packets a second, $retried validations retried"
ok "the stream alone lost nothing" same "$alone" 0
ok "bystanders lost no packet" same "$PACKETS_LOST" 0
ok "bystanders lost no request" same "$REQUESTS_FAILED" 0
ok "the program was never off" same "$(program_id)" "$id"
ok "the carrier never changed" same "$(carrier_changes)" "$changes"
ok "detach" alpnxdp detach edge0
finish
