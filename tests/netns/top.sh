#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# alpnxdp top: frames for scripts, and the live view on a terminal of its own, which is as it was on every way out.
. "$(dirname "$0")/lib.sh"
net_up 2
nginx_up
NAME=www.example.org

frames() { alpnxdp top -b -n "$1" -d 0.3 >"$DIR/frames" 2>"$DIR/frames.errors"; }

# live KEYS-OR-SIGNAL...: pty.py's verdict on the view.
live() { www python3 "$ROOT/tests/netns/top.py" "$ALPNXDP" "$DIR/control.sock" "$@"; }

no_daemon() { frames 1; same "$?" 3; }
ok "without a daemon: exit status 3 in batch" no_daemon
in_a_pipe() {
	alpnxdp top </dev/null >"$DIR/frames" 2>&1
	same "$?" 2 && grep -q 'alpnxdp top --batch' "$DIR/frames"
}
ok "no terminal: what to do is said" in_a_pipe
ok "on a terminal without a daemon: it says so, and waits" live q 'no daemon answers'

ok "attach" attach
ok "add" alpnxdp add "$NAME" --digest "$DIGEST"
two_frames() {
	frames 2 && same "$(grep -c '^alpnxdp ' "$DIR/frames")" 2 && same "$(grep -c '^edge0 ' "$DIR/frames")" 2 &&
		grep -q '^pending 1; flows 0 held' "$DIR/frames" && grep -q '^  queue 1 ' "$DIR/frames" &&
		grep -q '^no validation has been seen' "$DIR/frames"
}
ok "two frames" two_frames
validated_row() {
	ca "$INTEROP/load" -a "$WWW4" -i "$NAME" -d "$DIGEST" -p 443 -n 3 -j 1 >/dev/null && frames 1 &&
		same "$(grep -c "10.77.1.2 *$NAME *validated$" "$DIR/frames")" 3
}
ok "validations and their outcome" retry 10 validated_row
narrow() { awk 'length > 80 { exit 1 }' "$DIR/frames"; }
ok "no line is longer than 80" narrow

ok "q ends it" live q "$NAME"
ok "SIGTERM ends it" live TERM "$NAME"
ok "SIGINT ends it" live INT "$NAME"
ok "stopped and continued" live STOP "$NAME"
ok "--count ends it" live count "$NAME"
bad_delay() { ! alpnxdp top -b -n 1 -d "$1" >/dev/null 2>"$DIR/bad" && grep -q 'seconds from 0.1 to 3600' "$DIR/bad"; }
for delay in 0 0.05 x 1.x 9999 1.2345; do ok "a delay of $delay is refused" bad_delay "$delay"; done
ok "detach" alpnxdp detach edge0
finish
