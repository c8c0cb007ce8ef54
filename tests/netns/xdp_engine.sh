#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sockets, maps and injection in the hands of a process without rights: build/tests/netns/xdp_engine, in both modes.
. "$(dirname "$0")/lib.sh"

net_up 2
for mode in native generic; do
	ok "$mode mode" www env PEER=/run/netns/"$CA" "$ROOT/build/tests/netns/xdp_engine" "$mode"
done
finish
