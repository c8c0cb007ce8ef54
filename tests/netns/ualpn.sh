#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# ualpn's socket: the dialogue byte for byte against a live daemon and, the same corpus, against ualpn itself; certbot's
# plugin's dialogue; Debian's ualpn as our client; and clients as they should not be. (Issuance: client-ualpn.sh.)
. "$(dirname "$0")/lib.sh"
corpus=$ROOT/tests/corpus/ualpn.txt
command -v ualpn >/dev/null || skip "ualpn is missing (Debian's uacme): scripts/setup demo"

# says MODE [ARGUMENT...]: see tests/interop/ualpn.py.
says() { local mode=$1; shift; "$ROOT/tests/interop/ualpn.py" "$mode" "$DIR/ualpn.sock" "$@"; }
# line TEXT REPLY: through Debian's ualpn as the client that ualpn.sh runs.
line() { same "$(echo "$1" | timeout 5 ualpn -s "$DIR/ualpn.sock")" "$2"; }
nothing_left() { alpnxdp list --json | jq -e '.challenges == []'; }
listed() { alpnxdp list --json | jq -c '.challenges[] | [.identifier, .type, .source, .expires_s > 3500]' | paste -sd' '; }
child() { pgrep -P "$(keeper_pid)" -x "alpnxdp-$1"; }

net_up 2
nginx_up

# ------------------------------------------------------------ the original
# It listens in the other namespace, so that it takes no port of the web server's.
background "$CA" ualpn -b 127.0.0.1@4430 -c 127.0.0.1@8443 -s "$DIR/original.sock" -S 666 2>"$DIR/original.log"
retry 5 test -S "$DIR/original.sock"
ok "ualpn itself answers the corpus as it says" \
	"$ROOT/tests/interop/ualpn.py" corpus "$DIR/original.sock" "$corpus" theirs

# --------------------------------------------------------------- dialogue
attach --ualpn-socket "$DIR/ualpn.sock" || exit 1
retry 5 child front
front=$(child front)
ok "we answer it as the corpus says" says corpus "$corpus" ours
ok "and nothing is left" nothing_left
ok "certbot's plugin" says certbot plugin.example.org
ok "certbot's plugin: a name written large, with a dot" says certbot Plugin.Example.Org.
ok "certbot's plugin: an address" says certbot 192.0.2.7
ok "100 adds and 100 removes in one write" says pipeline 100
ok "2,000 of each" says pipeline 2000
ok "one byte at a time" says slow
ok "a client that closes its half" says half
ok "a client that leaves" says gone
ok "garbage" says garbage 100000
ok "40 idle clients: the next is served when their 5 seconds are over" says crowd 40
ok "ualpn as our client: auth" line "auth client.example.org $DIGEST" OK
ok "once more" line "auth client.example.org $DIGEST" "ERR already inserted"
ok "unauth" line "unauth client.example.org" OK
ok "unauth again" line "unauth client.example.org" "ERR not found"
ok "nothing is left" nothing_left
ok "the process is the same" same "$(child front)" "$front"

# ------------------------------------------------------------- validations
line "auth UP.Example.Org. $DIGEST" OK
line "auth 1.1.77.10.in-addr.arpa $DIGEST" OK
ok "a name written large and an arpa name are a name and an address, for an hour" \
	same "$(listed)" '["up.example.org","dns","ualpn",true] ["10.77.1.1","ip","ualpn",true]'
ok "the name is validated" validate -i up.example.org
ok "the address is validated" validate -i "$WWW4"
ok "two digests of a name" line "auth up.example.org LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ" OK
ok "are removed by one unauth" line "unauth UP.example.org" OK
ok "so that the web server has the name again" not validate -i up.example.org
line "unauth $WWW4" OK

line "auth kept.example.org $DIGEST" OK
kill -KILL "$(child engine)"
another_front() { local now; now=$(child front) && [ "$now" != "$front" ]; }
retry 5 another_front
ok "when the engine has been killed, its challenges are still there" \
	retry 5 line "auth kept.example.org $DIGEST" "ERR already inserted"
ok "and can be removed" line "unauth kept.example.org" OK
ok "nothing is left" nothing_left
finish
