#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How long a validator waits on a machine that has nothing else to do: one validation at a time, from SYN to the end of
# the handshake. "in memory" is what of it is no network: both sides' TLS and our TCP at the same pace in one process, the client's
# side OpenSSL's as it is the load generator's.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/bench/peers.sh"

rounds=6 seconds=2.5 paced=125
[ -z "$SHORT" ] || { rounds=3 seconds=1 paced=50; }
PER_SECOND=120 # so that who polls for 10 ms is found polling

measure() {
	local version=$1 who=$2 round=$3 line
	[[ $who = nginx* ]] && lane "$who" || lane "$who" "$DIGEST"
	# One that polls must not take the core of those who are measured behind it.
	if [ "$who" = 'alpnxdp, busy polling' ]; then hook busy; else hook alpnxdp; fi
	line=$(load challenges -s "$seconds" -w 0.2 -j 1 -r "$PER_SECOND" -t "$version" "${LANE[@]}") ||
		die "$who: a wrong answer, or none"
	result "validation, TLS $version: median [us]" "$who" "$round" "$(jq .median_us <<<"$line")"
	result "validation, TLS $version: p99 [us]" "$who" "$round" "$(jq .p99_us <<<"$line")"
}

in_memory() {
	local version=$1 round=$2 line
	line=$(on_server "$ROOT/build/tests/bench/handshake" "$version" "$paced" "$PER_SECOND") || die "in memory: a validation failed"
	result "validation, TLS $version: median [us]" "in memory" "$round" "$(jq .median_us <<<"$line")"
	result "validation, TLS $version: p99 [us]" "in memory" "$round" "$(jq .p99_us <<<"$line")"
}

bench_begin latency
peers_up
peer_versions >"$OUT/$VERB.versions"
for ((i = 1; i <= rounds; i++)); do
	for version in 1.3 1.2; do
		for who in nginx 'nginx (control)' alpnxdp 'alpnxdp, busy polling' ualpn; do measure "$version" "$who" "$i"; done
		in_memory "$version" "$i"
	done
done
bench_end
