#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# TCP on the wire, clause by clause: the cases of tests/conformance against an attached alpnxdp. conformance.sh [WORD]...
# runs those whose line has the words. The peer's addresses belong to nobody, so no kernel speaks for it.
. "$(dirname "$0")/lib.sh"
net_up
# Or the SYN-ACK would carry an unfinished checksum.
www ethtool -K edge0 tx off >/dev/null
edge=$(www ip -o link show edge0 | sed -E 's|.*link/ether ([0-9a-f:]+).*|\1|')
peer=$(ca ip -o link show ca0 | sed -E 's|.*link/ether ([0-9a-f:]+).*|\1|')
www ip neigh replace 10.77.1.200 lladdr "$peer" dev edge0 nud permanent
www ip neigh replace fd77::200 lladdr "$peer" dev edge0 nud permanent
nginx_up
attach || exit 1
alpnxdp add www.example.org --digest "$DIGEST" >/dev/null || exit 1
ca "$ROOT/tests/conformance/run.py" ca0 "$edge" "$WWW4" 10.77.1.200 "$WWW6" fd77::200 "$@"
