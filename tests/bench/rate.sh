#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How much of the server's core a challenge costs, and what bystanders pay: challenges, keep-alive requests, and requests
# on new connections. Within each round contestants take turns of 10 to 100 ms (turns.c); once with the sender's
# core receiving, and once with a receive path of the server's own (see lib.sh).
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/bench/peers.sh"

rounds=9 seconds=1 closer=5 warmup=0.2
[ -z "$SHORT" ] || { rounds=6 seconds=0.4 closer=0.7 warmup=0.1; }
responders=(nginx alpnxdp 'nginx (control)' ualpn)
fronts=(nginx alpnxdp 'nginx (control)' ualpn haproxy 'nginx preread' sslh)
# What is idle is counted in steps of 10 ms; where the core is busy all the time turns may be as short.
declare -A turn_ms=([challenges]=100 [pages]=10 [connections]=10)

# measure LOAD WHAT ROUND VERSION SECONDS CONTESTANT...: WHAT: of what, for the names of the metrics; SECONDS: of each.
measure() {
	local load=$1 what=$2 round=$3 version=$4 seconds=$5 who path='' i said
	local -a lanes=() lines
	shift 5
	for who; do
		[ "$load" = challenges ] && [[ $who != nginx* ]] && lane "$who" "$DIGEST" || lane "$who"
		lanes+=("${LANE[@]}")
	done
	said=$(load "$load" -t "$version" -T "${turn_ms[$load]}" -s "$seconds" -w "$warmup" "${lanes[@]}") || die "$what: a wrong answer, or none"
	mapfile -t lines <<<"$said"
	[ "$receive_path" = sender ] || path=' (own receive path)'
	for ((i = 0; i < $#; i++)); do
		who=${*:i+1:1}
		figures "$what" "$path" "${lines[i]}" | while IFS=$'\t' read -r metric value; do result "$metric" "$who" "$round" "$value"; done
	done
}

figures() {
	jq -r --arg what "$1" --arg path "$2" --arg group "$GROUP" '
		["\($what)\($path): busy time of the core [us]", .busy_us / .done],
		(if $group != "" then ["\($what)\($path): CPU time of the processes [us]", .tasks_us / .done] else empty end),
		["\($what)\($path): per second [1/s]", .done / .seconds] | @tsv' <<<"$3"
}

# bystanders LOAD WHAT ROUND: the fronts; then nginx with and without alpnxdp alone, for longer, since a percent is asked about.
bystanders() {
	measure "$1" "$2" "$3" 1.3 "$seconds" "${fronts[@]}"
	measure "$1" "$2, a closer look" "$3" 1.3 "$closer" nginx alpnxdp 'nginx (control)'
}

run() {
	local version
	note "$VERB: round $1 of $rounds, receiving: $receive_path"
	for version in 1.3 1.2; do measure challenges "challenge, TLS $version" "$1" "$version" "$seconds" "${responders[@]}"; done
	bystanders pages page "$1"
	bystanders connections 'page, new connection' "$1"
}

# A front that lets challenges through to nobody would be no contestant.
fronts_answer() {
	local who
	for who in "${fronts[@]}"; do
		[[ $who != nginx && $who != 'nginx (control)' ]] || continue
		lane "$who" "$DIGEST"
		load challenges -s 0.1 -j 1 "${LANE[@]}" >/dev/null || die "$who does not answer a challenge"
	done
}

bench_begin rate
peers_up
hook alpnxdp
fronts_answer
peer_versions >"$OUT/$VERB.versions"
for ((i = 1; i <= rounds; i++)); do
	run "$i"
	receive_path_own || { note "$VERB: this kernel does not thread veth's receive path: only the plain figures"; receive_path_sender; continue; }
	run "$i"
	receive_path_sender
done
bench_end
