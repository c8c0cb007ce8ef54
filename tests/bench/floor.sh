#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What of a challenge's core time nobody can do without who answers beside nginx and by wolfSSL: the handshake alone, the
# engine's half of it, with everything around it in memory and no system call; and what is left to nginx, which accepts the
# connection and finds it reset. The rest is the frames: receiving, sending, and whom they wake.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/bench/peers.sh"

rounds=9 seconds=1 warmup=0.2 alone=250
[ -z "$SHORT" ] || { rounds=3 seconds=0.4 warmup=0.1; }
TURN_MS=100

busy() { result "challenge, TLS $1: busy time of the core [us]" "$2" "$3" "$(jq '.busy_us / .done' <<<"$4")"; }

challenges() {
	local version=$1 round=$2 who said
	local -a contestants=(ualpn alpnxdp 'ualpn (control)') lanes=() lines
	for who in "${contestants[@]}"; do
		lane "${who% (*}" "$DIGEST"
		lanes+=("${LANE[@]}")
	done
	said=$(load challenges -t "$version" -T "$TURN_MS" -s "$seconds" -w "$warmup" "${lanes[@]}") || die "a wrong answer, or none"
	mapfile -t lines <<<"$said"
	for who in "${!contestants[@]}"; do busy "$version" "${contestants[who]}" "$round" "${lines[who]}"; done
}

parts() {
	local version=$1 round=$2 line
	line=$(on_server "$ROOT/build/tests/bench/handshake" "$version" "$alone" timed) || die "in memory: a validation failed"
	busy "$version" 'the handshake alone' "$round" "$line"
	lane nginx
	line=$(load resets -s "$seconds" -w "$warmup" "${LANE[@]}") || die "nginx does not accept"
	busy "$version" 'nginx: accepts, is reset' "$round" "$line"
}

bench_begin floor
peers_up
hook alpnxdp
peer_versions >"$OUT/$VERB.versions"
for ((i = 1; i <= rounds; i++)); do
	note "$VERB: round $i of $rounds"
	for version in 1.3 1.2; do
		challenges "$version" "$i"
		parts "$version" "$i"
	done
done
bench_end
