#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The process of the front ends: its cage, its deaths, and reload, which changes it and touches no flow.
. "$(dirname "$0")/lib.sh"

settings() { printf '%s\n' "$@" >"$config"; }
reload() { alpnxdp reload; }
front_pid() { pgrep -P "$(keeper_pid)" -x alpnxdp-front; }
the_engine() { pgrep -P "$(keeper_pid)" -x alpnxdp-engine; }
proc() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

# ualpn LINE...: the replies of the ualpn socket.
ualpn() { printf '%s\n' "$@" | timeout 5 python3 "$ROOT/tests/interop/ask.py" "$DIR/ualpn.sock"; }
ualpn_answers() { [ "$(ualpn "unauth nobody.example.org")" = "ERR not found" ]; }

net_up 2
config=$DIR/alpnxdp.conf
nginx_up
settings "ualpn-socket = $DIR/ualpn.sock" "metrics-socket = $DIR/metrics.sock" "metrics-textfile = $DIR/alpnxdp.prom"
ok "attach with front ends" attach --config "$config"
ok "there is a process of its own" retry 5 front_pid
front=$(front_pid)
ok "it answers" retry 5 ualpn_answers

ok "no root" not grep -q '\b0\b' <<<"$(proc "$front" Uid)"
ok "no capability" same "$(proc "$front" CapEff)$(proc "$front" CapPrm)$(proc "$front" CapBnd | tr -d 0-9a-f)" 00000000000000000000000000000000
ok "no new privileges" same "$(proc "$front" NoNewPrivs)" 1
ok "a system call filter" same "$(proc "$front" Seccomp)" 2
ok "no file system" grep -q deleted <<<"$(readlink "/proc/$front/root")"
descriptors() { find "/proc/$1/fd" -type l -printf '%l\n'; }
ok "nothing of the packet path" not grep -qE 'bpf|XDP' <<<"$(descriptors "$front")"

engine=$(the_engine)
kill -KILL "$front"
another_front() { local now; now=$(front_pid) && [ "$now" != "$front" ]; }
ok "killed: another starts" retry 5 another_front
ok "and answers" retry 5 ualpn_answers
ok "the engine process is the same" same "$(the_engine)" "$engine"
front=$(front_pid)
kill -KILL "$engine"
ok "the engine killed: another front starts with it" retry 5 another_front
ok "and answers" retry 5 ualpn_answers
ok "a challenge by ualpn" same "$(ualpn "auth www.example.org $DIGEST")" OK
ok "is validated" validate -i www.example.org

# ------------------------------------------------------------------ reload
validate_on() {
	for _ in $(seq 60); do validate -i www.example.org || return; done
	touch "$DIR/validated"
}
validate_on >"$DIR/validations" 2>&1 &
for _ in 1 2 3 4 5; do
	settings "ualpn-socket = $DIR/ualpn.sock" "harvest = 127.0.0.1:8443"
	ok "reload: harvest on" reload
	settings "ualpn-socket = $DIR/ualpn.sock" "log-level = debug"
	ok "reload: harvest off" reload
done
ok "no validation noticed" retry 20 test -e "$DIR/validated"
ok "after reload it answers" retry 5 ualpn_answers
ok "the metrics socket is gone" test ! -e "$DIR/metrics.sock"

wrong() {
	local out status
	out=$(reload 2>&1)
	status=$?
	[ "$status" -eq 4 ] && grep -q "$1" <<<"$out"
}
settings "ualpn-socket = $DIR/other.sock" "harvest = 192.0.2.1:443"
ok "a wrong file is refused, with its line" wrong "$config:2: harvest"
ok "and nothing has changed" ualpn_answers
ok "not even the first half" test ! -e "$DIR/other.sock"
settings "ualpn-socket = $DIR/control.sock"
ok "a socket of ours is refused" not reload
settings "ualpn-socket = $DIR/missing/ualpn.sock"
ok "a socket in no directory is refused" not reload
ok "and nothing has changed" ualpn_answers
kill -HUP "$(keeper_pid)"
ok "SIGHUP is a reload, too: refused, and lived through" retry 5 grep -q "keeper: reload: " "$DIR/log"
settings "log-level = info"
ok "reload: no front end" reload
no_front() { ! front_pid; }
ok "no process either" retry 5 no_front
ok "nor a socket" test ! -e "$DIR/ualpn.sock"
ok "still answering" validate -i www.example.org
settings "port = 8443"
ok "a port that is not in force yet is told" grep -q 'not yet mode, port' <<<"$(reload)"
settings "watch = dehydrated:$DIR/missing"
ok "config check warns of a directory that is missing" grep -q "warning: watch: $DIR/missing" <<<"$(alpnxdp config check "$config" 2>&1)"
ok "detach" alpnxdp detach edge0
ok "leaves no socket" same "$(find "$DIR" -maxdepth 1 -type s)" ""

# ------------------------------------- interfaces of the file come and go with it
ip link add edge1 netns "$WWW" type veth peer name ca1 netns "$CA"
www ip link set edge1 up
interfaces() { alpnxdp status --json | jq -r '[.interfaces[].name] | sort | join(" ")'; }
settings "interface = edge0"
ok "attach what the file says" alpnxdp attach --config "$config"
settings "interface = edge0" "interface = edge1" "interface = missing0"
ok "reload with two more, one of them missing: it is said" not reload
ok "one is attached" same "$(interfaces)" "edge0 edge1"
ok "the other is told in the log" grep -q missing0 "$DIR/log"
settings "interface = edge1"
ok "reload with one less" reload
ok "it is detached" same "$(interfaces)" edge1
ok "and its program gone" not grep -q prog/xdp <<<"$(www ip link show edge0)"
ok "detach all" alpnxdp detach --all

# ------------------------------------------- a front's socket that cannot be
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(60)' "$DIR/taken.sock" &
taken=$!
disown
retry 5 test -S "$DIR/taken.sock"
# refused WORDS PATH [OPTION]: attach says why, and is no daemon.
refused() {
	local out status
	out=$(www timeout 10 "$ALPNXDP" attach edge0 --socket "$DIR/control.sock" --ualpn-socket "$2" "${@:3}" 2>&1)
	status=$?
	echo "$status: $out"
	[ "$status" -eq 1 ] && grep -q "$2: cannot listen there" <<<"$out" && grep -q "fix: $1" <<<"$out"
}
for way in "" --foreground; do
	ok "ualpn runs already: attach $way says so" refused "another program" "$DIR/taken.sock" ${way:+"$way"}
	ok "its directory is missing: attach $way says so" refused "its directory is missing" "$DIR/missing/u.sock" ${way:+"$way"}
done
kill "$taken"

# --------------------------------------------------------- service manager
background "$WWW" "$ROOT/tests/interop/notified.py" "$DIR/notify.sock" "$DIR/notified"
retry 5 test -S "$DIR/notify.sock"
settings "metrics-socket = $DIR/metrics.sock"
NOTIFY_SOCKET=$DIR/notify.sock background "$WWW" "$ALPNXDP" attach edge0 --foreground --socket "$DIR/control.sock" \
	--config "$config" >"$DIR/out" 2>"$DIR/err"
told() { grep -qE "^[0-9.]+ $1" "$DIR/notified"; }
times() { grep -cE "^[0-9.]+ $1" "$DIR/notified"; }
ok "ready is told" retry 10 told READY=1
ok "the watchdog is fed" retry 10 told WATCHDOG=1
ok "with a status" retry 5 told 'STATUS=edge0: native, 2 queues; [0-9] pending, 0 flows'
alpnxdp add shop.example.org --digest "$DIGEST" >/dev/null
ok "that follows" retry 5 told 'STATUS=.*; 2 pending'
ok "reload is told" reload
ok "its begin" told 'RELOADING=1 MONOTONIC_USEC=[0-9]+$'
ok "and its end" same "$(times READY=1)" 2
kill -STOP "$(the_engine)"
sleep 1.5
fed=$(times WATCHDOG=1)
sleep 2.5
ok "a packet loop that hangs feeds no watchdog" same "$(times WATCHDOG=1)" "$fed"
kill -CONT "$(the_engine)"
ok "one that runs again does" retry 5 told WATCHDOG=1
kill -TERM "$(keeper_pid)"
ok "stopping is told" retry 5 told STOPPING=1
ok "the program stays" retry 5 grep -q prog/xdp <<<"$(www ip link show edge0)"
ok "detach without a daemon" alpnxdp detach edge0
finish
