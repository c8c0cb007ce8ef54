#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Several packet loops: each has queues of its own and answers, while names, interfaces and requests come and go; frames that
# come by another's queue find their flow; one that hangs takes only its own queues along; all of them are caged.
. "$(dirname "$0")/lib.sh"
net_up 4
nginx_up
NAME=www.example.org
PORT=8443

threads() { ps -L -o lwp= -p "$(engine_pid)" | wc -l; }
# Of status: a number per thread, its sum, its least.
each() { alpnxdp status --json | jq -c "[.threads[].$1]"; }
sum() { each "$1" | jq add; }
least() { each "$1" | jq min; }
at_least() { [ "$1" -ge "$2" ] || { printf 'got %s, at least %s expected\n' "$1" "$2"; return 1; }; }
# load COUNT [OPTION...]: all are answered, and rightly.
load() {
	local out count=$1
	shift
	out=$(ca "$INTEROP/load" -a "$WWW4" -i "$NAME" -d "$DIGEST" -p 443 -n "$count" -j 16 -f 10.77.1.2 -f 10.77.1.3 \
		-f 10.77.1.4 -f 10.77.1.5 -f 10.77.1.6 "$@")
	grep -q " finished $count .* wrong 0 " <<<"$out" || { printf '%s\n' "$out"; return 1; }
}
# caged FIELD VALUE: in the status of every thread.
caged() { same "$2" "$(sed -n "s/^$1:[[:space:]]*//p" /proc/"$(engine_pid)"/task/*/status | sort -u)"; }
not_clean() { alpnxdp status --json | jq -e '.strays + .stale_offers + .outcomes["declined-budget"] + .silence.unsilenced > 0'; }

# ----------------------------------------------------------------- answers

ok "attach" attach --mode native --threads 2
[ "$failed" -eq 0 ] || finish
ok "two threads" same "$(threads)" 2
for field in "Seccomp 2" "NoNewPrivs 1" "CapEff 0000000000000000" "CapPrm 0000000000000000" "Uid 65534	65534	65534	65534"; do
	ok "each is caged: ${field%% *}" caged "${field%% *}" "${field#* }"
done
ok "no more of them" grep -Eq '^Max processes +0 +0 ' /proc/"$(engine_pid)"/limits
ok "add" alpnxdp add "$NAME" --digest "$DIGEST"
ok "validations" load 200
ok "both have answered" at_least "$(least completed)" 40
ok "together as many as were counted" same "$(sum completed)" "$(alpnxdp status --json | jq .outcomes.validated)"
ok "status shows them" grep -qx "threads: 2, with validations: $(each completed | jq -r 'map(tostring) | join(" ")')" <<<"$(alpnxdp status)"
ok "frames that came by the other's queue found their flow" at_least "$(sum passed_on)" 1
ok "nothing was lost or odd" not not_clean

# ------------------------------------------------------------------- churn

churn() {
	local n=0 end=$((SECONDS + 30))
	while [ -e "$DIR/churn" ] && [ "$SECONDS" -lt "$end" ]; do
		n=$((n + 1))
		alpnxdp add "$NAME" --digest "$DIGEST" --ttl 5m
		alpnxdp add "n$((n % 7)).example.org" --digest "$DIGEST" --ttl 1s
		alpnxdp remove "n$(((n + 3) % 7)).example.org"
		# The newest digest is what is served: another one must not stay.
		alpnxdp status --json
	done >/dev/null 2>&1
}
touch "$DIR/churn"
churn &
churning=$!
ok "an uplink more" ip link add edge1 netns "$WWW" numrxqueues 2 numtxqueues 2 type veth peer name ca1 netns "$CA" numrxqueues 2 numtxqueues 2
www ip link set edge1 up
ca ip link set ca1 up
comes_and_goes() { for _ in 1 2 3 4 5; do alpnxdp attach edge1 && alpnxdp detach edge1 || return 1; done; }
comes_and_goes >"$DIR/came" 2>&1 &
coming=$!
ok "validations while names come and go" load 300
wait "$coming"
ok "an interface that came and went meanwhile" same $? 0
rm "$DIR/churn"
wait "$churning"
ok "the threads were the same all the time" at_least "$(sum completed)" 500
ok "together as many as were counted" same "$(sum completed)" "$(alpnxdp status --json | jq .outcomes.validated)"
ok "nothing was lost or odd" not not_clean
ok "nginx serves" nginx_answers

# -------------------------------------------------------------- one hangs

second() { ps -L -o lwp= -p "$(engine_pid)" | tail -n 1 | tr -d ' '; }
# How many of 24 are answered: those that come by a queue of a thread that turns.
answered() { ca "$INTEROP/load" -a "$WWW4" -i "$NAME" -d "$DIGEST" -p 443 -n 24 -j 1 | sed 's/.* finished \([0-9]*\) .*/\1/'; }
some() {
	local n
	n=$(answered)
	[ "$n" -eq 0 ] || [ "$n" -eq 24 ] || return 0
	printf '%s of 24\n' "$n"
	return 1
}
mkfifo "$DIR/stop"
# Until go_on; false when it cannot be.
stop_second() {
	"$ROOT/tests/interop/stop.py" "$(second)" <"$DIR/stop" >"$DIR/stopped" 2>&1 &
	stopping=$!
	exec 9>"$DIR/stop"
	retry 5 grep -qx stopped "$DIR/stopped"
}
go_on() {
	exec 9>&-
	wait "$stopping"
}
if stop_second; then
	sleep 1.2
	ok "a thread that hangs: its queues pass, the others answer" some
	ok "status shows it" at_least "$(alpnxdp status --json | jq '.interfaces[0].heartbeat_age_ms')" 1000
	ok "nginx serves" nginx_answers
	go_on
	sleep 0.3
	ok "it turns again: all are answered" load 100
	can_stop=yes
else
	echo "note    no thread can be stopped here: $(cat "$DIR/stopped")"
	go_on
fi

# --------------------------------------------------------------- one dies

engine=$(engine_pid)
kill -KILL "$engine"
reborn() { [ "$(engine_pid)" != "$engine" ] && [ "$(threads)" = 2 ] && alpnxdp status; }
ok "another engine process has as many" retry 5 reborn
ok "which answer" load 100
ok "detach" alpnxdp detach --all
ok "nothing of it is left" same "$(www bpftool net -j | jq '.[0].xdp | length')" 0
ok "nor a process" retry 5 not pgrep -f "$DIR/control.sock"

# In the middle of a turn, which busy polling makes long. Whoever has to wait for it ends the process.
hung() { grep -qx 'engine: thread 1 hangs' "$DIR/log"; }
hangs_in_its_turn() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		ca "$INTEROP/load" -a "$WWW4" -i "$NAME" -d "$DIGEST" -p 443 -n 500 -j 4 >/dev/null 2>&1 &
		local loading=$!
		stop_second
		alpnxdp status >/dev/null 2>&1 &
		local asking=$!
		retry 4 hung
		go_on
		wait "$loading" "$asking"
		hung && return
	done
	return 1
}
if [ -n "${can_stop:-}" ]; then
	ok "attach, with turns of 10 ms" attach --threads 2 --busy-poll 10000
	ok "a thread that hangs in its turn is noticed when it is needed" hangs_in_its_turn
	engine=0
	ok "another engine process serves" retry 10 reborn
	ok "all are answered" retry 3 load 20
	ok "detach" alpnxdp detach --all
fi

# ----------------------------------------------------------------- harvest

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x -addext "subjectAltName=DNS:$NAME" \
	-addext "1.3.6.1.5.5.7.1.31=critical,DER:04:20:$(printf test | sha256sum | cut -c1-64)" \
	-keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
background "$WWW" openssl s_server -quiet -cert "$DIR/cert.pem" -key "$DIR/key.pem" -accept "127.0.0.1:$PORT" -alpn acme-tls/1
retry 5 www_listens "$PORT"
ok "attach with harvest and as many threads as queues" attach --threads 4 --harvest "127.0.0.1:$PORT"
alpnxdp remove "$NAME" >/dev/null
ok "a name that nobody added, asked of all threads at once" load 12 -j 12
ok "the listener was asked once or twice" test "$(alpnxdp status --json | jq .harvest.asked)" -le 2
ok "several threads waited for it" at_least "$(each completed | jq 'map(select(. > 0)) | length')" 2
ok "detach" alpnxdp detach --all

# --------------------------------------------------- more threads than queues

for args in "--threads 16" "--threads 1 --busy-poll 200" "--threads 2 --busy-poll 200" "--threads 2 --mode generic"; do
	# shellcheck disable=SC2086 # a list of words
	ok "attach $args" attach $args
	alpnxdp add "$NAME" --digest "$DIGEST" >/dev/null
	ok "validations" load 60
	ok "detach" alpnxdp detach --all
done

# ------------------------------------------------------------------ settings

refused() { # STATUS WORDS COMMAND...
	local status=$1 words=$2 out got
	shift 2
	out=$("$@" 2>&1) && got=0 || got=$?
	[ "$got" != "$status" ] || ! grep -qF -e "$words" <<<"$out" || return 0
	printf 'exit %s\n%s\n' "$got" "$out"
	return 1
}
for value in 0 17 -1 2x ''; do
	ok "--threads '$value'" refused 4 "a number from 1 to 16 is needed" alpnxdp attach edge0 "--threads=$value"
done
for value in 10001 -1 fast; do
	ok "--busy-poll '$value'" refused 4 "microseconds are needed, from 0 (off) to 10000" alpnxdp attach edge0 "--busy-poll=$value"
done
printf 'interface = edge0\nsocket = %s\nthreads = 2\n' "$DIR/control.sock" >"$DIR/alpnxdp.conf"
ok "attach by the file" www "$ALPNXDP" attach --config "$DIR/alpnxdp.conf"
ok "two threads" same "$(threads)" 2
ok "attach to a daemon that runs cannot change them" refused 1 "fix: sudo alpnxdp detach --all, then attach with --threads" \
	alpnxdp attach edge1 --threads 3
printf 'interface = edge0\nsocket = %s\nthreads = 3\n' "$DIR/control.sock" >"$DIR/alpnxdp.conf"
ok "nor can reload, and says so" refused 0 "threads, busy-poll: change with the next start" alpnxdp reload
ok "two threads" same "$(threads)" 2
ok "validations" load 60
finish
