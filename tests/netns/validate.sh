#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A strict validator gets its answer: both modes, nginx plain and deferred, both families and TLS versions, names and
# addresses, five perspectives at once, recorded hellos of one to eight segments; and nginx never notices.
. "$(dirname "$0")/lib.sh"
net_up

six() { ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" "$@"; }
hello() { ca "$INTEROP/segments" -a "$WWW4" "$HELLOS/$1.hex"; }

# What nginx may say of all this: nothing, or that a connection was reset before its first byte.
nginx_silent() {
	not grep -vE 'notice|Connection reset by peer\) while (SSL handshaking|waiting for request)|closed keepalive' "$DIR/nginx/error.log"
}

# The kernel's halves are gone a moment after the validators are.
no_sockets_left() { [ -z "$(www ss -Htn state established '( sport = :443 )')" ]; }

# Hellos of validators and of tools like them, in the segments in which they came.
recordings=(boulder-va-go1.26 boulder-va-go1.26-mss536 boulder-va-go1.26-mss216 boulder-va-go1.26-nomlkem pebble-va-debian pebble-va-pebble-trixie
	pebble-va-pebble-trixie-tlsmlkem openssl-3.0-s_client openssl-3.0-s_client-tls1_2 openssl-3.5-s_client
	openssl-3.5-s_client-tls1_2 gnutls-cli-3.7 node20-tls python3.11-ssl)

# A hello cut where nobody expects it: tiny segments, and the ALPN list in any but the first.
cut_hello() {
	tr -d '\n' <"$HELLOS/openssl-3.0-s_client.hex" | fold -w $((2 * $1)) >"$DIR/cut.hex"
	ca "$INTEROP/segments" -a "$WWW4" -d "$2" "$DIR/cut.hex"
}

round() {
	local mode=$1 listen=$2
	local case="$mode, nginx ${listen:-plain}"

	nginx_up "$listen"
	ok "$case: attach" attach --mode "$mode"
	ok "$case: says its mode" same "$(alpnxdp status --json | jq -r '.interfaces[0].mode')" "$mode"
	for ident in www.example.org d.example.org "$WWW4" "$WWW6"; do
		ok "$case: add $ident" alpnxdp add "$ident" --digest "$DIGEST"
	done
	for version in 1.2 1.3; do
		ok "$case: TLS $version, IPv4, a name" validate -i www.example.org -t "$version"
		ok "$case: TLS $version, IPv6, a name" six -i www.example.org -t "$version"
		ok "$case: TLS $version, IPv4, its address" validate -i "$WWW4" -t "$version"
		ok "$case: TLS $version, IPv6, its address" six -i "$WWW6" -t "$version"
	done
	ok "$case: a hello retry request" validate -i www.example.org -t 1.3 -g P-384:P-256
	ok "$case: five perspectives at once, ten times" validate -i www.example.org -n 10 \
		-f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4 -f 10.77.1.5 -f 10.77.1.6
	ok "$case: five perspectives at once over IPv6" six -i www.example.org -n 2 \
		-f fd77::2 -f fd77::3 -f fd77::4 -f fd77::5 -f fd77::6
	for recorded in "${recordings[@]}"; do ok "$case: the hello of $recorded" hello "$recorded"; done
	for size in 7 90 205 211 220; do
		ok "$case: a hello in segments of $size bytes" cut_hello "$size" 0
		ok "$case: a hello in segments of $size bytes, slowly" cut_hello "$size" 5
	done
	ok "$case: nginx serves" nginx_answers
	ok "$case: nginx serves over IPv6" nginx_answers "[$WWW6]"
	ok "$case: the kernel's halves are gone" retry 3 no_sockets_left
	ok "$case: none refused to go" same "$(counter unsilenced)" 0
	ok "$case: every answer was one" same "$(counter validated)" 69
	ok "$case: nginx's log" nginx_silent
	ok "$case: detach" alpnxdp detach edge0
	nginx_down
}

net_split
round native ""
round native deferred
round generic ""
round generic deferred
finish
