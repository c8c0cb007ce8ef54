# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A bad network between the namespaces of lib.sh; to be sourced after it.
#
#       www                       air                      ca
#   nginx, alpnxdp  edge0 --- air0 bridge air1 --- ca0   validators
#
# The bridge (tests/interop/bridge.c) loses, doubles, delays and reorders packets of both directions by a seed. The
# control is the same TLS over the kernel's own TCP, on port 444 of the same host: validations of both alternate, so
# that they meet the same network.

AIR=alpnxdp-$$-air
CONTROL_PORT=444
air() { nsenter --net=/run/netns/"$AIR" "$@"; }

# air_up: net_up, and the third namespace in the middle.
air_up() {
	local i
	net_up
	trap air_down EXIT
	ip netns add "$AIR" || exit 1
	ca ip link set ca0 netns "$AIR" name air0 || exit 1
	ip link add ca0 netns "$CA" type veth peer name air1 netns "$AIR" || exit 1
	for i in 2 3 4 5 6; do
		ca ip addr add "10.77.1.$i/24" dev ca0
		ca ip addr add "fd77::$i/64" dev ca0 nodad
	done
	# Frames as on a wire: finished checksums, nothing larger than the MTU.
	www ethtool -K edge0 tx off tso off gso off gro off >/dev/null
	ca ethtool -K ca0 tx off tso off gso off gro off >/dev/null
	air ethtool -K air0 tso off gso off gro off >/dev/null
	air ethtool -K air1 tso off gso off gro off >/dev/null
	air ip link set air0 up
	air ip link set air1 up
	ca ip link set ca0 up
}

# weather OPTIONS: of the bridge; the one before ends.
weather() {
	weather_end
	background "$AIR" "$INTEROP/bridge" -o "$DIR/bridge" "$@" air0 air1
	bridge=$!
}

weather_end() {
	[ -z "${bridge:-}" ] || { kill "$bridge"; retry 3 not kill -0 "$bridge"; }
	bridge=
}

air_down() {
	local pid
	trap '' INT TERM HUP
	if [ -e /run/netns/"$AIR" ]; then
		for pid in $(ip netns pids "$AIR"); do kill -KILL "$pid" 2>/dev/null; done
		ip netns del "$AIR"
	fi
	net_down
}

# control_up IDENT: the control, with a certificate of its own for the same identifier.
control_up() {
	background "$WWW" "$INTEROP/control" "$CONTROL_PORT" "$1" "$DIGEST"
	retry 5 www_listens "$CONTROL_PORT" || { echo "the control does not start"; exit 1; }
}

# compete COUNT OPTIONS: COUNT validations of ours and of the control's in turn; what load says is in $DIR/load.
compete() {
	local count=$1
	shift
	ca "$INTEROP/load" -a "$WWW4" -d "$DIGEST" -i www.example.org -p 443 -p "$CONTROL_PORT" -n "$count" "$@" \
		>"$DIR/load" 2>"$DIR/load.log"
	cat "$DIR/load" >&2
	sort "$DIR/load.log" | uniq -c | sed 's/^/    /' >&2
}

# said PORT WORD: a number of load's.
said() { sed -n "s/^port $1 .*\b$2 \([0-9]*\).*/\1/p" "$DIR/load"; }

# Finished within ten seconds after the connection stood, in hundredths of a percent of the connections.
rate() { echo $((10000 * $(said "$1" finished) / $(said "$1" connected))); }

# no_worse POINTS: our rate is at most so many hundredths of a point below the kernel's.
no_worse() {
	echo "ours $(rate 443), the kernel's $(rate "$CONTROL_PORT") of 10000"
	[ "$(rate 443)" -ge $(($(rate "$CONTROL_PORT") - $1)) ]
}
