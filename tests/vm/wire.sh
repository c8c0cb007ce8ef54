# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A wire inside the guest, eth1 to eth2: tagged traffic below a VLAN device, a web server behind DNAT, and a
# bad line by netem in both directions.

IMPAIRED=${IMPAIRED:-8} # rounds over the bad line, of AT_ONCE validations
AT_ONCE=8               # more than the emulation can bear would measure the emulation
NETEM='netem limit 10000 delay 4ms loss 5% duplicate 5% reorder 10%'

wire_up() {
	guest "ip netns add far && ip link set eth2 netns far && ip link set eth1 up && ip addr add 10.77.9.1/24 dev eth1 &&
		ip -n far link set eth2 up && ip -n far addr add 10.77.9.2/24 dev eth2 &&
		ip -n far addr add 10.77.9.3/24 dev eth2" || return
	guest "ip link add link eth1 name eth1.7 type vlan id 7 && ip link set eth1.7 up &&
		ip addr add 10.77.7.1/24 dev eth1.7 && ip addr add fd77:7::1/64 dev eth1.7 nodad &&
		ip -n far link add link eth2 name eth2.7 type vlan id 7 && ip -n far link set eth2.7 up &&
		ip -n far addr add 10.77.7.2/24 dev eth2.7 && ip -n far addr add fd77:7::2/64 dev eth2.7 nodad"
}

far_validate() { guest "ip netns exec far strict -d $DIGEST $*"; }

# The program sits on eth1, the connections on eth1.7.
tagged() {
	ok "tagged: attach to the device below" alpnxdp attach eth1
	ok "tagged: add a name" alpnxdp add d.example.org --digest "$DIGEST"
	ok "tagged: IPv4" far_validate -a 10.77.7.1 -i d.example.org -t 1.3 -n 3
	ok "tagged: IPv6" far_validate -a fd77:7::1 -i d.example.org -t 1.2 -n 3
	ok "untagged beside it" far_validate -a 10.77.9.1 -i d.example.org -n 3
	ok "tagged: the engine answered" same "$(counter validated)" 9
	ok "tagged: the kernel's halves are gone" same "$(counter unsilenced)" 0
}

# A web server in a container's place: behind DNAT, known to conntrack only. The functions that ask it are a module's here.
box_up() {
	guest "ip netns add box && ip link add box0 type veth peer name box1 && ip link set box1 netns box &&
		ip link set box0 up && ip addr add 10.77.8.1/24 dev box0 &&
		ip -n box link set box1 up && ip -n box addr add 10.77.8.2/24 dev box1 &&
		ip -n box route add default via 10.77.8.1 && echo 1 >/proc/sys/net/ipv4/ip_forward" || return
	guest "sed 's|/run/nginx|/run/box|' /etc/nginx/nginx.conf >/tmp/box.conf &&
		ip netns exec box nginx -e /run/box-error.log -c /tmp/box.conf" || return
	guest "nft add table ip nat && nft 'add chain ip nat pre { type nat hook prerouting priority dstnat; }' &&
		nft 'add rule ip nat pre iifname eth1 tcp dport 443 dnat to 10.77.8.2:443'"
}

box_is_reached() {
	not far_validate -a 10.77.9.1 -i other.example.org && guest "grep -q 'client: 10.77.9.2' /run/box-error.log"
}

box_sockets_gone() { [ -z "$(guest "ip netns exec box ss -Htn state established")" ]; }

elsewhere() {
	local before
	ok "a web server behind DNAT" box_up
	ok "behind DNAT: it is reached" box_is_reached
	before=$(counter validated)
	ok "behind DNAT: conntrack can be asked" same "$(status '.interfaces[0].conntrack')" true
	ok "behind DNAT: validations pass" far_validate -a 10.77.9.1 -i d.example.org -t 1.3 -n 3
	ok "behind DNAT: the engine answered" same "$(counter validated)" $((before + 3))
	ok "behind DNAT: its sockets are gone" retry 3 box_sockets_gone
	guest "nft delete table ip nat; kill \$(cat /run/box.pid)" >/dev/null
}

# A validator whose own SYNs were lost for ten seconds never came to us.
all_finish() {
	local said total=$((IMPAIRED * AT_ONCE)) lost
	said=$(far_validate -a 10.77.9.1 -i d.example.org -n "$IMPAIRED" "$(printf -- '-f 10.77.9.2 %.0s' $(seq "$AT_ONCE"))")
	lost=$(grep -c 'connect: timeout' <<<"$said")
	echo "$said"
	alpnxdp status
	[ "$(grep -c '^ok ' <<<"$said")" -eq $((total - lost)) ] && [ "$lost" -le $((total / 50 + 1)) ]
}

impaired() {
	ok "netem on both ends" guest "tc qdisc replace dev eth1 root $NETEM && ip netns exec far tc qdisc replace dev eth2 root $NETEM"
	ok "$((IMPAIRED * AT_ONCE)) validations: 5 % loss, 5 % twice, 10 % early, both ways" all_finish
	ok "the line was bad" guest "tc -s qdisc show dev eth1 | grep -q 'dropped [1-9]'"
	ok "detach" alpnxdp detach --all
	ok "nothing is left on the wire" retry 5 nothing_left
}

wire() {
	ok "a wire with a VLAN" wire_up
	tagged
	elsewhere
	impaired
}
