#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Interfaces that change while attached: MTU, down and up, name, number of queues; several uplinks; one that vanishes.
. "$(dirname "$0")/lib.sh"
net_up 2
nginx_up

status() { alpnxdp status --json | jq -r ".interfaces[0].$1"; }
becomes() { retry 5 same_status "$1" "$2" || same "$(status "$1")" "$2"; }
same_status() { [ "$(status "$1")" = "$2" ]; }
validates() { retry 3 validate -i www.example.org -t 1.3; }
program() { www bpftool net -j 2>/dev/null | jq -r '.[0].xdp[0].id'; }

# veth wants as many receive queues as its peer sends on.
ca ethtool -L ca0 tx 1
www ethtool -L edge0 rx 1
ok "attach with one queue" attach --mode native
ok "one queue" same "$(status queues)" 1
ok "add" alpnxdp add www.example.org --digest "$DIGEST"
ok "validates" validates
id=$(program)

ok "a second queue" www ethtool -L edge0 rx 2
ok "is served" becomes queues 2
ca ethtool -L ca0 tx 2
# Linux' veth runs no program on a queue that is added while one is attached, until it is opened again; NICs do.
www ip link set edge0 down
www ip link set edge0 up
www ip addr add "$WWW6/64" dev edge0 nodad
ok "validates over both" retry 3 validate -i www.example.org -n 20
ok "no hello found its queue without a socket" same "$(status 'counters["no-socket"]')" 0
ok "the new queue took some" test "$(status 'counters.offered')" -ge 21
ok "the kernel refuses to take a queue from a socket" not www ethtool -L edge0 rx 1
ok "validates" validates

ok "another MTU" www ip link set edge0 mtu 1400
ok "is known" becomes mtu 1400
ok "validates" validates

www ip link set edge0 down
ok "down: still attached" same "$(status queues)" 2
www ip link set edge0 name uplink0
www ip link set uplink0 up
ok "another name" becomes name uplink0
ok "validates" validates
ok "nginx serves" nginx_answers
ok "the program has never left" same "$(program)" "$id"

ok "a second uplink" ip link add edge1 netns "$WWW" type veth peer name ca1 netns "$CA"
www ip addr add 10.77.3.1/24 dev edge1
www ip link set edge1 up
ca ip addr add 10.77.3.2/24 dev ca1
ca ip link set ca1 up
ok "is attached by the running daemon" alpnxdp attach edge1
ok "validates over it" retry 3 ca "$INTEROP/strict" -a 10.77.3.1 -d "$DIGEST" -i www.example.org -t 1.3
ok "and over the first" validates
ok "a validator whose way back is the other uplink passes" ca ip route add "$WWW4/32" via 10.77.3.1
www sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.edge1.rp_filter=0
ok "so nginx answers it" not ca "$INTEROP/strict" -a "$WWW4" -f 10.77.1.3 -d "$DIGEST" -i www.example.org -t 1.3
ok "and is counted" test "$(alpnxdp status --json | jq '[.interfaces[].counters.route] | add')" -ge 1
ca ip route del "$WWW4/32"

ok "the second uplink vanishes" www ip link del edge1
gone() { [ "$(alpnxdp status --json | jq '.interfaces | length')" = 1 ]; }
ok "and is forgotten" retry 5 gone
ok "validates" validates

ok "somebody takes the program off" www ip link set dev uplink0 xdpdrv off
ok "the daemon has nothing left to do and ends" retry 5 not test -e "$DIR/daemon.pid"
finish
