#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Harvest end to end: a listener as acme.sh starts it is asked for a name that nobody added, and the validator answered
# under a key of our own; and what it costs when strangers ask for names.
. "$(dirname "$0")/lib.sh"

HEX=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 # DIGEST
PORT=8443
NAME=www.example.org

certificate() {
	printf '[req]\ndistinguished_name=dn\n[dn]\n[SAN]\nsubjectAltName=DNS:%s\n1.3.6.1.5.5.7.1.31=critical,DER:04:20:%s\n' \
		"$NAME" "$HEX" >"$DIR/openssl.cnf"
	openssl req -x509 -new -sha256 -nodes -newkey rsa:2048 -keyout "$DIR/key.pem" -out "$DIR/cert.pem" \
		-subj "/CN=tls.validation/" -extensions SAN -config "$DIR/openssl.cnf" 2>/dev/null
}

# As acme.sh does for each name, until it is killed.
listener_up() {
	background "$WWW" openssl s_server -www -cert "$DIR/cert.pem" -key "$DIR/key.pem" -accept "127.0.0.1:$PORT" \
		-alpn acme-tls/1 >"$DIR/s_server" 2>&1
	listener=$!
	retry 5 www_listens "$PORT"
}
counting_up() {
	background "$WWW" "$ROOT/tests/interop/counting.py" "$PORT" "$DIR/counted" "$@"
	listener=$!
	retry 5 www_listens "$PORT"
}
listener_down() {
	kill "$listener"
	retry 5 not www_listens "$PORT"
}

harvest() { alpnxdp status --json | jq ".harvest.$1"; }
front_pid() { pgrep -P "$(keeper_pid)" -x alpnxdp-front; }
# The word of the web server that has no acme-tls/1, and how soon it came.
nginx_declines() {
	local out
	out=$(timeout "$1" nsenter --net=/run/netns/"$CA" "$INTEROP/strict" -a "$WWW4" -d "$DIGEST" -i "$2") && return 1
	grep -q 'no application protocol' <<<"$out" || { printf '%s\n' "$out"; return 1; }
}
# What is harvested is pending for a second.
forget() { retry 5 same 0 "$(alpnxdp list --json | jq '.challenges | length')"; sleep 1.2; }
at_most() { [ "$1" -le "$2" ] || { printf 'got %s, at most %s expected\n' "$1" "$2"; return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { printf 'got %s, at least %s expected\n' "$1" "$2"; return 1; }; }
served_key() {
	ca timeout 5 openssl s_client -connect "$WWW4:443" -servername "$NAME" -alpn acme-tls/1 </dev/null 2>/dev/null |
		openssl x509 -noout -pubkey
}

net_up 2
nginx_up
certificate
ok "attach" attach --harvest "127.0.0.1:$PORT"
[ "$failed" -eq 0 ] || finish
front=$(front_pid)
ok "nobody listens: the web server declines at once" nginx_declines 1 "$NAME"
ok "and serves" nginx_answers
sleep 1.2

listener_up
ok "a validation" validate -i "$NAME"
ok "over IPv6" ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" -i "$NAME"
ok "five perspectives at once" validate -i "$NAME" -f 10.77.1.2 -f 10.77.1.3 -f 10.77.1.4 -f 10.77.1.5 -f 10.77.1.6
for version in 1.2 1.3; do ok "TLS $version, ten in turn" validate -i "$NAME" -t "$version" -n 10; done
key=$(served_key)
ok "there is a key" test -n "$key"
ok "it is not the listener's" not same "$key" "$(openssl pkey -in "$DIR/key.pem" -pubout)"
ok "another name: the web server declines" nginx_declines 2 other.example.org
ok "again within a second: at once" nginx_declines 1 other.example.org
ok "a visitor of the web server" nginx_answers
ok "the listener has seen nothing wrong" not grep -qi error "$DIR/s_server"
ok "it was asked" at_least "$(harvest answered)" 1
listener_down
forget
ok "the listener has gone: declined at once" nginx_declines 1 "$NAME"
sleep 1.2

# ---------------------------------------------------------------- strangers
counting_up
read -r sent heard < <(ca "$ROOT/tests/interop/hellos.py" "$WWW4" 5 1)
read -r counted most <"$DIR/counted"
printf '        one name: %s hellos, %s connections to the listener\n' "$sent" "$counted"
ok "hellos for one name" at_least "$sent" 200
ok "each answered by somebody" same "$heard" "$sent"
ok "one connection a second" at_most "$counted" 7
ok "but not none" at_least "$counted" 3
listener_down

counting_up hold
ca "$ROOT/tests/interop/hellos.py" "$WWW4" 6 5000 >"$DIR/hellos" &
flood=$!
for _ in 1 2 3 4; do
	ok "a visitor meanwhile" nginx_answers
	sleep 1
done
wait "$flood"
read -r sent heard <"$DIR/hellos"
read -r counted most <"$DIR/counted"
printf '        many names, a listener that is silent: %s hellos, %s connections, at most %s at once\n' "$sent" "$counted" "$most"
ok "hellos for many names" at_least "$sent" 300
ok "sixteen at once, and those whose end it has not seen yet" at_most "$most" 20
ok "each 2 s long" at_most "$counted" 80
listener_down

counting_up
read -r sent heard < <(ca "$ROOT/tests/interop/hellos.py" "$WWW4" 5 5000)
read -r counted most <"$DIR/counted"
printf '        many names, a listener that closes: %s hellos, %s connections, at most %s at once\n' "$sent" "$counted" "$most"
ok "at most 256 names a second" at_most "$counted" $((256 * 7))
ok "each hello answered by somebody" same "$heard" "$sent"
listener_down
sleep 2.5
listener_up
ok "after all this, a validation" validate -i "$NAME"
ok "by the same process" same "$(front_pid)" "$front"
listener_down
ok "detach" alpnxdp detach edge0
finish
