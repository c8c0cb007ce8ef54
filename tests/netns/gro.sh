#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A card that is told to gather packets for longer (gro_flush_timeout, as for busy polling): segments of a hello that have
# passed still wait in GRO when the kernel's half is to be silenced. It must not answer them with a RST.
. "$(dirname "$0")/lib.sh"
net_up
net_split
nginx_up
www ip route replace 10.77.1.0/24 dev edge0 src "$WWW4" advmss 216

# gather NANOSECONDS: /sys of the namespace is seen only where it is mounted.
gather() {
	www unshare -m sh -c "mount -t sysfs none /sys && echo $1 >/sys/class/net/edge0/gro_flush_timeout &&
		echo 10 >/sys/class/net/edge0/napi_defer_hard_irqs"
}
resets_sent() { www nstat -az TcpOutRsts | awk '$1 == "TcpOutRsts" { print $2 }'; }

ok "attach" attach
gather 200000 || skip "no sysfs in the namespace"
ok "GRO is on" www ethtool -K edge0 gro on
ok "add" alpnxdp add d.example.org --digest "$DIGEST"
for nanoseconds in 0 20000 200000 2000000; do
	ok "gathers for $nanoseconds ns" gather "$nanoseconds"
	ok "60 hellos in segments of 216 bytes are answered" validate -i d.example.org -n 60
done
ok "they took several segments" test "$(counter hello-undecided)" -ge 240
ok "all were silenced" same "$(counter silenced)" 240
ok "no RST on the wire" same "$(resets_sent)" 0
ok "nginx serves" nginx_answers
finish
