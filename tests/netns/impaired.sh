#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Over a network that loses, doubles and reorders: as many validations finish within the CA's ten seconds as with the
# kernel's own TCP under the same TLS, in the same run, 64 in flight.
#
# COUNT validations of each; ours may be POINTS hundredths of a percentage point behind. The few of the short run
# allow three failures more than the kernel's, which chance brings once in thousands of runs; tests/soak/run.sh has
# the numbers that matter.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-air.sh"
COUNT=${COUNT:-150} POINTS=${POINTS:-200} SEED=${SEED:-7}
air_up
nginx_up
control_up www.example.org
ok "attach" attach
ok "add" alpnxdp add www.example.org --digest "$DIGEST"

round() {
	local name=$1
	shift
	weather -s "$SEED" -w 5 "$@"
	# shellcheck disable=SC2086 # options
	compete "$COUNT" -j 64 $LOAD
	ok "$name: nobody is answered wrongly" same "$(said 443 wrong)" 0
	ok "$name: as many in ten seconds as with the kernel's TCP" no_worse "$POINTS"
}

LOAD=''
round "5 % lost, 5 % doubled, 10 % reordered" -l 5 -d 5 -r 10
round "20 % lost" -l 20
# Hellos of two segments, flights of five.
LOAD='-m 200'
round "small segments, 5 % lost, 5 % doubled, 10 % reordered" -l 5 -d 5 -r 10
weather -w 5
ok "the weather has cleared: answered" validate -i www.example.org
ok "detach" alpnxdp detach edge0
finish
