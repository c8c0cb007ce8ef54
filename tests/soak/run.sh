#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The long runs of tests that make check has short: make soak. Five to ten minutes; SOAK=10 makes them ten times as long.
#
#   impaired  2,000 validations of ours and 2,000 of the kernel's TCP for each weather; at most half a point behind
#   hostile   1,000,000 spoofed segments, 10,000 half hellos
#   restart   200 restarts under 50,000 packets a second
set -u
cd "$(dirname "$0")/../.." || exit 1
SOAK=${SOAK:-1}
failed=0

# soak NAME VARIABLE=VALUE...
soak() {
	local name=$1 begun=$SECONDS
	shift
	echo "---- $name: $*"
	env "$@" "tests/netns/$name.sh" || failed=$((failed + 1))
	echo "---- $name: $((SECONDS - begun)) s"
}

soak impaired COUNT=$((2000 * SOAK)) POINTS=50 SEED=1
soak hostile SEGMENTS=$((1000000 * SOAK)) IDLE=10000
soak restart ROUNDS=$((200 * SOAK)) PACKETS=50000 SEED=1
[ "$failed" -eq 0 ]
