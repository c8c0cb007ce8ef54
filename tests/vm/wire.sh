# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A wire inside the guest, eth1 to eth2: tagged traffic below a VLAN device, and a bad line by netem in both directions.

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
	ok "the line was bad" [ "$(counter retransmits)" -gt 0 ]
	ok "detach" alpnxdp detach --all
	ok "nothing is left on the wire" retry 5 nothing_left
}

wire() {
	ok "a wire with a VLAN" wire_up
	tagged
	impaired
}
