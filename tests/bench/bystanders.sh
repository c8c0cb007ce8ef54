#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the web server's own clients pay while alpnxdp is attached and armed, to within a percent: nginx twice and alpnxdp
# only; rate.sh has the others. Contestants take turns every 20 ms (turns.c), which leaves no time to attach: there are two pairs
# of interfaces to the same nginx, one with alpnxdp and one with the program that lets everything pass.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/bench/peers.sh"

rounds=15 seconds=2.5 warmup=0.3 TURN_MS=20
[ -z "$SHORT" ] || { rounds=6; seconds=1; }
contestants=(nginx alpnxdp 'nginx (control)')

# second_up: the pair of 10.77.2.0/24.
second_up() {
	local i
	ip link add edge1 netns "$WWW" type veth peer name ca1 netns "$CA" || die "no second pair of interfaces"
	www ip link set edge1 up xdp obj "$NOTHING" sec xdp && ca ip link set ca1 up || die "the second pair does not come up"
	www ip addr add 10.77.2.1/24 dev edge1
	for i in 2 3 4 5 6; do ca ip addr add "10.77.2.$i/24" dev ca1; done
}

# measure LOAD WHAT ROUND
measure() {
	local -a lines lanes=() from=("${FROMS[@]/10.77.1./10.77.2.}")
	local i
	for i in "${!contestants[@]}"; do
		[ "${contestants[i]}" = alpnxdp ] && lanes+=(-a "$WWW4" "${FROMS[@]}") || lanes+=(-a 10.77.2.1 "${from[@]}")
	done
	mapfile -t lines < <(ca taskset -c "$CLIENT_CPU" "$CLIENT" "$1" -T "$TURN_MS" "${lanes[@]}" -p 443 -n "$NAME" -t 1.3 \
		-c "$SERVER_CPU" -g "$GROUP/cpu.stat" -s "$seconds" -w "$warmup")
	for i in "${!contestants[@]}"; do
		[[ ${lines[i]:-} == *'"wrong":0,'* ]] || die "${contestants[i]}: $1: a wrong answer, or none"
		figures "$2" '' "${lines[i]}" | grep -v busy |
			while IFS=$'\t' read -r metric value; do result "$metric" "${contestants[i]}" "$3" "$value"; done
	done
}

bench_begin bystanders
second_up
nginx_only_up
hook alpnxdp
for ((round = 1; round <= rounds; round++)); do
	measure pages page "$round"
	measure connections 'page, new connection' "$round"
done
bench_end
