#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sockets, maps and injection in the hands of a process without rights, in both modes.
. "$(dirname "$0")/lib.sh"

net_up 2
for mode in native generic; do
	for test in xdp_rings xdp_inject; do
		ok "$test, $mode mode" www env PEER=/run/netns/"$CA" "$ROOT/build/tests/netns/$test" "$mode"
	done
done
finish
