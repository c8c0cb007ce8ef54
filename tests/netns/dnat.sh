#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The web server is elsewhere: in a container-like namespace behind DNAT. The edge host has no socket of its connections,
# only conntrack's entries; validators are answered by the edge host all the same, and the container's sockets die in
# silence. What is routed without DNAT is not this host's, and passes.
#
#       ca  10.77.1.2 ---- edge0 10.77.1.1  www  10.77.2.1 ---- 10.77.2.2  box (nginx)
#                                  DNAT of port 443 to 10.77.2.2, fd77:2::2
. "$(dirname "$0")/lib.sh"
net_up
net_split

BOX=alpnxdp-$$-box
box() { nsenter --net=/run/netns/"$BOX" "$@"; }

box_down() {
	local pid
	for pid in $(ip netns pids "$BOX" 2>/dev/null); do kill -KILL "$pid"; done
	ip netns del "$BOX" 2>/dev/null
	net_down
}

box_up() {
	trap box_down EXIT
	ip netns add "$BOX" || exit 1
	ip link add box0 netns "$WWW" type veth peer name eth0 netns "$BOX" || exit 1
	www ip addr add 10.77.2.1/24 dev box0
	www ip addr add fd77:2::1/64 dev box0 nodad
	www ip link set box0 up
	box ip link set lo up
	box ip addr add 10.77.2.2/24 dev eth0
	box ip addr add fd77:2::2/64 dev eth0 nodad
	box ip link set eth0 up
	box ip route add default via 10.77.2.1
	box ip -6 route add default via fd77:2::1
	www sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ca ip route add 10.77.2.0/24 via "$WWW4"
	www nft -f - <<-NFT || skip "no nftables NAT in this kernel"
		table inet edge {
			chain pre {
				type nat hook prerouting priority dstnat
				ip daddr $WWW4 tcp dport 443 dnat ip to 10.77.2.2
				ip6 daddr $WWW6 tcp dport 443 dnat ip6 to fd77:2::2
			}
			chain forward {
				type filter hook forward priority filter; policy drop
				ct state invalid drop
				ct state established,related accept
				tcp dport 443 accept
			}
		}
	NFT
}

six() { ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" "$@"; }
box_is_quiet() { [ -z "$(box ss -Htn state established '( sport = :443 )')" ]; }
pieces() {
	tr -d '\n' <"$HELLOS/$1.hex" | fold -w $((2 * $2)) >"$DIR/cut.hex"
	ca "$INTEROP/segments" -a "$WWW4" "$DIR/cut.hex"
}

box_up
WWW=$BOX nginx_up
ok "without alpnxdp: nginx in the box answers" nginx_answers
ok "attach" attach
ok "the program asks conntrack" same "$(alpnxdp status --json | jq -r '.interfaces[0].conntrack')" true
for ident in www.example.org d.example.org "$WWW4" "$WWW6"; do
	ok "add $ident" alpnxdp add "$ident" --digest "$DIGEST"
done

ca tcpdump -U -i ca0 -w "$DIR/wire.pcap" 'tcp src port 443' >/dev/null 2>&1 </dev/null &
disown
retry 5 test -s "$DIR/wire.pcap"
for version in 1.2 1.3; do
	ok "TLS $version, IPv4" validate -i www.example.org -t "$version"
	ok "TLS $version, IPv6" six -i www.example.org -t "$version"
	ok "TLS $version, its address" validate -i "$WWW4" -t "$version"
done
ok "five perspectives at once" validate -i www.example.org -n 5
ok "the hello in segments of 7 bytes" pieces openssl-3.0-s_client 7
ok "the hello in segments of 211 bytes" pieces boulder-va-go1.26 211
ok "the sockets in the box are gone" retry 3 box_is_quiet
ok "none refused to go" same "$(counter unsilenced)" 0
ok "every answer was one" same "$(counter validated)" 11
ok "no RST came out" same "$(tcpdump -nr "$DIR/wire.pcap" 'tcp[tcpflags] & tcp-rst != 0' 2>/dev/null | wc -l)" 0

ok "a hello for another name reaches the box" not validate -i other.example.org -t 1.3
ok "so nginx refuses it" grep -q "no application protocol" "$DIR/nginx/error.log"
ok "nginx in the box serves" nginx_answers
ok "what is routed without DNAT passes" not ca "$INTEROP/strict" -a 10.77.2.2 -d "$DIGEST" -i www.example.org -t 1.3
ok "and is counted" test "$(alpnxdp status --json | jq -r '.interfaces[0].counters["kernel-none"]')" -ge 1
ok "detach" alpnxdp detach edge0
finish
