#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How much of the server's core a challenge costs, and what bystanders pay: challenges, keep-alive requests, and requests
# on new connections, each contestant in turn, several rounds; once with the sender's core receiving, and once with
# a receive path of the server's own (see lib.sh).
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/bench/peers.sh"

rounds=7 seconds=4 warmup=1
[ -z "$SHORT" ] || { rounds=3 seconds=1 warmup=0.3; }
responders=(nginx 'nginx (control)' alpnxdp ualpn)
fronts=(nginx 'nginx (control)' alpnxdp ualpn haproxy 'nginx preread' sslh)

# measure LOAD WHAT CONTESTANT ROUND OPTIONS: WHAT: of what, for the names of the metrics.
measure() {
	local load=$1 what=$2 who=$3 round=$4 line path=''
	shift 4
	peer "$who"
	line=$(load "$load" -p "$PORT" -s "$seconds" -w "$warmup" "$@") || die "$who: $load: a wrong answer, or none"
	[ "$receive_path" = sender ] || path=' (own receive path)'
	figures "$what" "$path" "$line" | while IFS=$'\t' read -r metric value; do result "$metric" "$who" "$round" "$value"; done
}

challenges() {
	local who version
	local -a acme
	for version in 1.3 1.2; do
		for who in "${responders[@]}"; do
			acme=(-d "$DIGEST")
			[[ $who != nginx* ]] || acme=()
			measure challenges "challenge, TLS $version" "$who" "$1" -t "$version" "${acme[@]}"
		done
	done
}

bystanders() {
	local who
	for who in "${fronts[@]}"; do measure pages page "$who" "$1" -t 1.3; done
	for who in "${fronts[@]}"; do measure connections "page, new connection" "$who" "$1" -t 1.3; done
}

run() {
	note "$VERB: round $1 of $rounds, receiving: $receive_path"
	challenges "$1"
	bystanders "$1"
}

# A front that lets challenges through to nobody would be no contestant.
fronts_answer() {
	local who
	for who in "${fronts[@]}"; do
		[[ $who != nginx && $who != 'nginx (control)' ]] || continue
		peer "$who"
		load challenges -p "$PORT" -s 0.1 -j 1 -d "$DIGEST" >/dev/null || die "$who does not answer a challenge"
	done
}

bench_begin rate
peers_up
fronts_answer
peer_versions >"$OUT/$VERB.versions"
for ((i = 1; i <= rounds; i++)); do
	run "$i"
	receive_path_own || { note "$VERB: this kernel does not thread veth's receive path: only the plain figures"; receive_path_sender; continue; }
	run "$i"
	receive_path_sender
done
bench_end
