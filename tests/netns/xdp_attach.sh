#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attach, find, take over and detach: build/tests/netns/xdp_attach in a namespace of its own, on a veth with two queues.
# And what an older version has left attached. Once as `nsenter --net` leaves it, where /sys is the host's, and once as `ip netns exec` does, where pins are hidden.
. "$(dirname "$0")/lib.sh"

net_up 2
ok "by nsenter" www "$ROOT/build/tests/netns/xdp_attach" edge0
ok "by ip netns exec" ip netns exec "$WWW" "$ROOT/build/tests/netns/xdp_attach" edge0
ok "what an older version has left" www "$ROOT/build/tests/netns/xdp_older" edge0
finish
