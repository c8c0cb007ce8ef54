#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The doctor predicts: on interfaces of every kind that this kernel has, the mode that attaching then takes is the one it
# named; and it finds rules, listeners and names that are in the way. It changes nothing.
#
# No bonding, VLAN devices or VRF in some kernels: unit/doctor has their findings from made facts, and it is said here.
. "$(dirname "$0")/lib.sh"
net_up 2
nginx_up

# Name service, configurations and a BPF file system of its own: nothing of this machine's is seen.
mkdir -p "$DIR/etc/nginx" "$DIR/etc/haproxy" "$DIR/bpf"
printf '%s www.example.org\n%s elsewhere.example.org\n' "$WWW4" 10.77.9.9 >"$DIR/hosts"
printf 'hosts: files\n' >"$DIR/nsswitch.conf"
inside() {
	www unshare -m sh -c '
		dir=$1; shift
		mount --bind "$dir/hosts" /etc/hosts
		mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf
		mount --bind "$dir/etc/nginx" /etc/nginx
		[ ! -d /etc/haproxy ] || mount --bind "$dir/etc/haproxy" /etc/haproxy
		mount -t bpf bpf /sys/fs/bpf
		exec "$@"' sh "$DIR" "$@"
}
[ -d /etc/nginx ] || skip "nginx has no /etc/nginx here"

doctor() { inside "$ALPNXDP" doctor --socket "$DIR/control.sock" "$@"; }

# finds STATUS ID[,ID]... ARGUMENT...: the exit status, every id is there, and the JSON has its form. An id behind "-" is
# not there. What is not ok has a fix.
finds() {
	local status=$1 ids=$2 out got
	shift 2
	out=$(doctor "$@" --json)
	got=$?
	jq -r '.findings[] | "\(.severity)\t\(.id)\t\(.interface // "-")\t\(.text)\t\(.fix // "")"' <<<"$out"
	same "$got" "$status" && same "$(wc -l <<<"$out")" 1 || return 1
	jq -e --arg ids "$ids" --argjson status "$status" '
		([.findings[].id]) as $have
		| .schema == "alpnxdp.doctor/1" and .ok == ($status == 0)
		and ([.findings[] | select((.severity | IN("ok", "info", "warning", "error") | not)
			or (.text | length) == 0 or (.severity != "ok") != has("fix"))] == [])
		and all($ids | split(",")[]; if startswith("-") then (ltrimstr("-") | IN($have[]) | not) else IN($have[]) end)
		' <<<"$out" >/dev/null
}

# predicts IFACE: attaching takes the mode that was named.
predicts() {
	local named mode
	named=$(doctor "$1" --json | jq -r '[.findings[].id | select(startswith("mode-"))] | first // "none" | ltrimstr("mode-")')
	mode=$(inside "$ALPNXDP" attach "$1" --socket "$DIR/control.sock" --json | jq -r '.interfaces[0].mode // "none"')
	alpnxdp detach "$1" >/dev/null 2>&1
	same "$named" "$mode"
}

nft_rules() {
	local rule
	www nft flush ruleset
	for rule; do www nft "$rule" || return 1; done
}
# input RULE...: in a chain of its own.
input() {
	nft_rules "add table inet t" "add chain inet t c { type filter hook input priority 0; }" "${@/#/add rule inet t c }"
}
prerouting() {
	nft_rules "add table ip t" "add chain ip t c { type $1 hook prerouting priority -100; }" "add rule ip t c $2"
}

# What there is in the kernel: programs, links, rules, modules.
state() {
	www ip -details link
	www nft list ruleset
	www sysctl -a 2>/dev/null | grep -E '^net\.(ipv4\.tcp|netfilter)' | grep -v -E 'count|mem'
	cut -d' ' -f1 /proc/modules 2>/dev/null
}

# ----------------------------------------------------------- interfaces
ok "a good machine" finds 0 mode-native,kernel,listener,firewall,-mtu-native edge0
ok "... and its mode" predicts edge0
before=$(state)
ok "... which is as it was" same "$(doctor edge0 >/dev/null; state)" "$before"
ok "no interface named and no default route" finds 2 no-interface
www ip route add default via "$CA4"
ok "the one of the default route" finds 0 mode-native
ok "lo" finds 0 loopback,mode-generic lo
ok "... and its mode" predicts lo
ok "no such interface" same "$(doctor nope0 >/dev/null 2>&1; echo $?)" 4

www ip link set edge0 mtu 9000
ca ip link set ca0 mtu 9000
ok "MTU 9000 on veth" finds 0 mode-native,-mtu-native edge0
ok "... and its mode" predicts edge0
www ip link set edge0 mtu 1500
ca ip link set ca0 mtu 1500

retry 3 www ethtool -L edge0 rx 1 # the sockets of the last attachment are gone a moment after it
ok "fewer receive queues than the other end sends on" finds 1 channels,mode-generic edge0
ok "... and its mode" predicts edge0
www ethtool -L edge0 rx 2

www ip link set edge0 down
ok "down" finds 1 link-down edge0
www ip link set edge0 up
www ip route add default via "$CA4"
www ip addr add "$WWW6/64" dev edge0 nodad # going down has taken it away

# kind NAME TYPE ARGUMENT...: an interface for a moment, or why not.
kind() {
	local name=$1
	shift
	www ip link add "$name" "$@" 2>/dev/null && www ip link set "$name" up && return 0
	printf 'SKIP: %s: this kernel has no such interface; unit/doctor judges made facts\n' "$name"
	return 1
}
if kind br0 type bridge; then
	www ip link set edge0 master br0
	ok "a bridge" finds 0 mode-generic br0
	ok "... and its mode" predicts br0
	ok "a port of a bridge" finds 0 mode-native,bridge-port edge0
	ok "... and its mode" predicts edge0
	www ip link del br0
fi
if kind mv0 link edge0 type macvlan; then
	ok "a macvlan" finds 0 mode-generic mv0
	ok "... and its mode" predicts mv0
	ok "an interface that has one" finds 0 macvlan,mode-native edge0
	www ip link del mv0
fi
if kind bond0 type bond; then
	www ip link set edge0 down
	www ip link set edge0 master bond0
	www ip link set edge0 up
	ok "a bond" finds 2 bond-master bond0
	ok "a port of a bond" finds 1 bond-port edge0
	www ip link set edge0 nomaster
	www ip link del bond0
fi
if kind edge0.10 link edge0 type vlan id 10; then
	ok "tags are taken off" finds 2 rx-vlan edge0
	www ethtool -K edge0 rxvlan off
	ok "tags stay" finds 0 -rx-vlan edge0
	ok "the VLAN itself" finds 0 mode-generic edge0.10
	www ethtool -K edge0 rxvlan on
	www ip link del edge0.10
fi
if kind vrf0 type vrf table 10; then
	www ip link set edge0 master vrf0
	ok "in a VRF" finds 1 vrf edge0
	www ip link del vrf0
fi
www ip tuntap add tap0 mode tap && www ip link set tap0 up
ok "a tap" finds 1 no-carrier,mode-native tap0
ok "... and its mode" predicts tap0
www ip tuntap add tun0 mode tun && www ip link set tun0 up
ok "a tun" finds 2 not-ethernet tun0
www ip link del tun0
www ip link del tap0

# ----------------------------------------------------------- the hook
taken() {
	www ip link set dev edge0 xdpgeneric obj "$1" sec xdp 2>/dev/null || return 1
}
printf '__attribute__((section("xdp"), used)) int pass(void *ctx) { return 2; }\nchar l[] __attribute__((section("license"))) = "GPL";\n' >"$DIR/pass.c"
if clang -target bpf -O2 -c "$DIR/pass.c" -o "$DIR/pass.o" && taken "$DIR/pass.o"; then
	ok "someone else's program" finds 2 attach-refused edge0
	ok "its fix" same "$(doctor edge0 --json | jq -r '.findings[] | select(.id == "attach-refused").fix')" \
		"ip link set dev edge0 xdpgeneric off"
	www ip link set dev edge0 xdpgeneric off
else
	ok "a program to put on the hook" false
fi
ok "attach" attach
ok "attached" finds 0 attached,-mode-native
alpnxdp detach edge0 >/dev/null

# ----------------------------------------------------------- firewall
input "ct state invalid counter drop"
ok "invalid is dropped" finds 0 firewall-invalid edge0
input "tcp flags rst drop"
ok "RSTs are dropped" finds 1 firewall-rst edge0
www sh -c "$(doctor edge0 --json | jq -r '.findings[] | select(.id == "firewall-rst").fix' | sed 's/^sudo //')"
ok "the fix comes before the rule" same "$(www nft list chain inet t c | grep -v hook | grep -oE 'accept|drop' | paste -sd' ')" "accept drop"
input "tcp dport 443 drop" "tcp dport 80 drop"
ok "the port is closed" finds 1 firewall-port edge0
input "ip saddr 10.77.1.9 tcp dport 443 drop" "tcp dport { 80, 8080 } drop" "udp dport 443 drop"
ok "rules that do not matter" finds 0 firewall edge0
prerouting filter "tcp dport 443 tproxy to :50443"
ok "TPROXY" finds 0 tproxy edge0
input "tcp dport 443 ct state untracked synproxy mss 1460 wscale 7"
ok "SYNPROXY" finds 2 synproxy edge0
prerouting nat "tcp dport { 80, 443 } dnat to 10.0.0.7:8443"
ok "DNAT" same "$(doctor edge0 --json | jq -r '[.findings[].id] | any(. == "dnat" or . == "dnat-unseen")')" true
if nft_rules "add table netdev t" "add chain netdev t c { type filter hook ingress device edge0 priority 0; }" \
	"add rule netdev t c tcp dport 443 dup to lo" "add rule netdev t c tcp dport 443 fwd to lo"; then
	ok "dup and fwd" finds 1 nft-dup,nft-fwd edge0
fi
www nft flush ruleset

# ----------------------------------------------------------- web server
ok "nobody listens" finds 2 no-listener edge0 --port 444
printf 'server {\n\tlisten 443 ssl proxy_protocol;\n}\n' >"$DIR/etc/nginx/site"
ok "PROXY protocol in nginx's configuration" finds 1 proxy-protocol edge0
ok "... where" same "$(doctor edge0 --json | jq -r '.findings[] | select(.id == "proxy-protocol").text' | cut -d' ' -f1)" /etc/nginx/site:2
rm "$DIR/etc/nginx/site"
background "$WWW" python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); s.bind(("0.0.0.0", 4433)); s.listen()
t = socket.socket(); t.bind(("127.0.0.1", 4434)); t.listen(); time.sleep(60)'
if retry 3 www_listens 4434; then
	ok "MPTCP" finds 0 listener-mptcp,listener edge0 --port 4433
	ok "listening to itself only" finds 1 listener-local edge0 --port 4434
fi

# ----------------------------------------------------------- names
ok "attach again" attach
alpnxdp add www.example.org --digest "$DIGEST" >/dev/null
alpnxdp add "$WWW6" --digest "$DIGEST" >/dev/null
ok "names that point here" finds 0 names,-name-elsewhere
alpnxdp add elsewhere.example.org --digest "$DIGEST" >/dev/null
ok "a name that points elsewhere" finds 1 names,name-elsewhere
alpnxdp remove elsewhere.example.org >/dev/null
alpnxdp add nowhere.example.org --digest "$DIGEST" >/dev/null
ok "a name that points nowhere" finds 1 name-unresolved
alpnxdp remove nowhere.example.org >/dev/null
alpnxdp add 8.8.8.8 --digest "$DIGEST" >/dev/null
ok "an address of the world, behind a router" finds 0 name-translated
www ip link add other0 type veth peer name other1
www ip addr add 10.77.2.1/24 dev other0
alpnxdp add 10.77.2.1 --digest "$DIGEST" >/dev/null
ok "an address of another interface" finds 1 name-interface
kill -STOP "$(engine_pid)"
ok "a daemon that does not answer" finds 0 names-unchecked
kill -CONT "$(engine_pid)"
alpnxdp detach edge0 >/dev/null

# ----------------------------------------------------------- rights, and the words
cp "$ALPNXDP" "$DIR/alpnxdp"
nobody() { www setpriv --reuid=65534 --regid=65534 --clear-groups "$DIR/alpnxdp" doctor edge0 --socket "$DIR/none.sock" "$@"; }
ok "without rights" same "$(nobody --json | jq -r '[.findings[].id] | [any(. == "not-root"), any(. == "firewall-unchecked"), any(. == "mode-native")] | all')" true
ok "... as status" same "$(nobody >/dev/null; echo $?)" 1
words=$(doctor edge0)
ok "text has the interface, this host, and the sum" same "$(grep -cE '^(edge0|this host|0 errors, 0 warnings)$' <<<"$words")" 3
ok "text is not wider than a terminal of 100" same "$(grep -v fix: <<<"$words" | awk 'length > 100' | wc -l)" 0
finish
