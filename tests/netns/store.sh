#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Many pending challenges: what one costs in memory and time, 10,000 additions and removals without growth, more names than
# the program's map holds, a list in pages, and a restart that takes all of it up again. COUNT=1000000 for all there can be.
. "$(dirname "$0")/lib.sh"
COUNT=${COUNT:-70000}
net_up
nginx_up

"$INTEROP/store" "$COUNT" 200000 | tee "$DIR/store" | sed 's/^/        | /'
ok "memory per challenge is within its budget, and does not grow" same "${PIPESTATUS[0]}" 0

many() { www "$ROOT/tests/interop/pending.py" "$DIR/control.sock" "$@"; }
# timed NAME COMMAND...: as ok, and says what it said.
timed() { ok "$1" "${@:2}" && [ -s "$DIR/said" ] && sed 's/^/        | /' "$DIR/said"; }
said() { many "$@" >"$DIR/said"; }
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(engine_pid)/status"; }
pending() { alpnxdp status --json | jq .challenges; }
saved_lines() { wc -l <"$DIR/challenges"; }
another_engine() { [ -n "$(engine_pid)" ] && [ "$(engine_pid)" != "$1" ]; }
hello_for_another() { validate -i not-pending.example.org; }

ok "attach" attach
ok "a name that is validated" alpnxdp add www.example.org --digest "$DIGEST"
said pairs 0 2000 # what is allocated once
before=$(resident_kb)
timed "10,000 additions and 10,000 removals" said pairs 0 10000
# One client waits for each answer before it asks again; four show what the daemon can do.
four() {
	local begin=$EPOCHREALTIME i pids=()
	for i in 1 2 3 4; do
		many pairs $((i * 10000)) 5000 >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || return 1; done
	awk -v from="$begin" -v to="$EPOCHREALTIME" \
		'BEGIN { printf "four clients: 40000 in %.2f s, %d per second\n", to - from, 40000 / (to - from) }' >"$DIR/said"
}
timed "20,000 additions and 20,000 removals by four clients" four
ok "the engine has not grown" test "$(resident_kb)" -le $((before + 256))
ok "the name is answered" validate -i www.example.org

timed "$COUNT challenges" said add 0 $((COUNT - 1))
ok "all pending" same "$(pending)" "$COUNT"
ok "the name is answered among them" validate -i www.example.org
[ "$COUNT" -le 65536 ] || {
	ok "a name beyond the map's size is answered" alpnxdp remove "n$((COUNT - 2)).sites.example.org"
	ok "and may be added again" alpnxdp add "n$((COUNT - 2)).sites.example.org" --digest "$DIGEST"
	ok "it is validated" validate -i "n$((COUNT - 2)).sites.example.org"
	not_dismissed=$(counter not-pending)
	hello_for_another >/dev/null
	ok "while names are missing none is dismissed by the program" same "$(counter not-pending)" "$not_dismissed"
}
timed "the list, in pages" said list
ok "the command joins them" same "$(alpnxdp list --json | jq '.ok, (.challenges | length)' | xargs)" "true $COUNT"
# Without the lines beneath, of what became of a name's validations.
ok "in text, too" same "$(alpnxdp list | grep -c '^[^ ]')" $((COUNT + 1))
ok "all of them are saved" retry 30 eval '[ "$(saved_lines)" -eq $((COUNT + 1)) ]'

engine=$(engine_pid)
kill -KILL "$engine"
ok "another engine serves" retry 8 another_engine "$engine"
ok "validates while it takes up the rest" retry 10 validate -i www.example.org
ok "has them all" retry 30 eval '[ "$(pending)" = "$COUNT" ]'

timed "all are removed" said remove 0 $((COUNT - 1))
ok "one is left" same "$(pending)" 1
ok "names are dismissed again" retry 5 eval 'old=$(counter not-pending); hello_for_another >/dev/null; [ "$(counter not-pending)" -gt "$old" ]'
ok "the name is still answered" validate -i www.example.org
ok "and alone in the file" retry 10 eval '[ "$(saved_lines)" -eq 2 ]'
ok "detach" alpnxdp detach edge0
finish
