#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Hellos cut at random, repeated, overlapped and reordered on a real wire: validators' are answered, by us; everything else
# is at the web server byte for byte, also when it comes while the engine is giving its flow back. A recorder stands in
# the web server's place. COUNT: connections of each kind, family and mode. SEED: of the cuts.
. "$(dirname "$0")/lib.sh"
COUNT=${COUNT:-60}
SEED=${SEED:-8737}
net_up

# No kernel has these addresses, so none answers the SYN-ACKs.
declare -A target=([4]=$WWW4 [6]=$WWW6) ghost=([4]=10.77.1.9 [6]=fd77::9)
mac() { nsenter --net=/run/netns/"$1" ip -j link show "$2" | jq -r '.[0].address'; }
for family in 4 6; do www ip neigh add "${ghost[$family]}" lladdr "$(mac "$CA" ca0)" dev edge0; done

validators=(boulder-va-go1.26 boulder-va-go1.26-ipident openssl-3.0-s_client
	openssl-3.0-s_client-tls1_2 openssl-3.5-s_client-tls1_2 gnutls-cli-3.7 node20-tls pebble-va-pebble-trixie-tlsmlkem)
browsers=(chromium-1 chromium-1-4 chromium-1-6 chromium-2-2 chromium-2-4 curl-7.88-https nss-3.110-tstclnt-permute-grease)

validators=("${validators[@]/#/$HELLOS/}") browsers=("${browsers[@]/#/$HELLOS/}")
validators=("${validators[@]/%/.hex}") browsers=("${browsers[@]/%/.hex}")

# What the gate refuses though the program offers it: h2c beside acme-tls/1 (in the room of an empty extension), and a
# doubled key share.
make_refused() {
	sed 's/002300000010000d000b0a61636d652d746c732f31/00100011000f0a61636d652d746c732f3103683263/' \
		"$HELLOS/openssl-3.0-s_client.hex" >"$DIR/two-protocols.hex"
	sed 's/001d0020/11ec0020/' "$HELLOS/boulder-va-go1.26.hex" >"$DIR/doubled-share.hex"
}

# two_records BYTES: a hello over two TLS records, the first of that size. The program reads the first one only.
two_records() {
	local body
	body=$(tr -d '\n' <"$HELLOS/openssl-3.0-s_client.hex")
	body=${body:10}
	printf '160301%04x%s\n160301%04x%s\n' "$1" "${body:0:2*$1}" $((${#body} / 2 - $1)) "${body:2*$1}"
}

# cuts FAMILY OPTIONS... HELLO...: from the other side; what is sent is kept in $DIR/sent, what arrives in $DIR/recorded.
cuts() {
	local family=$1
	shift
	rm -rf "$DIR"/sent "$DIR"/recorded/*
	mkdir "$DIR/sent"
	ca "$INTEROP/cuts" -i ca0 -m "$(mac "$WWW" edge0)" -s "${ghost[$family]}" -t "${target[$family]}" \
		-n "$COUNT" -r "$SEED" -o "$DIR/sent" "$@" | tee "$DIR/said"
	return "${PIPESTATUS[0]}"
}

# How many of the last run's connections did what.
said() { grep -oP "\d+(?= $1)" "$DIR/said"; }

# Every connection's bytes are there, and no more.
arrived() { diff -r "$DIR/sent" "$DIR/recorded" && same "$(ls "$DIR/sent" | wc -l)" "$COUNT"; }

# Of what we answered, the web server had no byte but those that passed before, and they were the client's.
only_beginnings() {
	local file
	for file in "$DIR"/recorded/*; do
		cmp -n "$(stat -c %s "$file")" "$file" "$DIR/sent/${file##*/}" || return 1
	done
}

round() {
	local mode=$1 family case before
	attach --mode "$mode" || exit 1
	for ident in d.example.org 10.77.0.2; do alpnxdp add "$ident" --digest "$DIGEST" >/dev/null; done
	for family in 4 6; do
		case="$mode, IPv$family"
		ok "$case: $COUNT validators are answered" cuts "$family" "${validators[@]}"
		ok "$case: by us, and the web server saw only beginnings" only_beginnings
		ok "$case: with both versions" test "$(said "answered with TLS 1.2")" -gt 0 -a "$(said "with 1.3")" -gt 0
		ok "$case: little was sent again" test "$(said "sent again")" -le $((COUNT / 10))

		before=$(counter offered)
		ok "$case: $COUNT bystanders, and data behind their hellos" cuts "$family" -b 3000 "${browsers[@]}"
		ok "$case: arrive byte for byte" retry 3 arrived
		ok "$case: without a loss" same "$(said "sent again")" 0
		ok "$case: untouched" same "$(counter offered)" "$before"

		before=$(counter declined-gate)
		ok "$case: $COUNT that are given back, and data behind their hellos" cuts "$family" -b 3000 \
			"$DIR/two-protocols.hex" "$DIR/doubled-share.hex"
		ok "$case: arrive byte for byte" retry 3 arrived
		# The engine's TCP keeps one island of what comes out of order; a second one is sent again by the client.
		ok "$case: little was sent again" test "$(said "sent again")" -le $((COUNT / 5))
		ok "$case: the engine gave them back" same "$(counter declined-gate)" $((before + COUNT))
	done
	ok "$mode: nothing was left unsilenced" same "$(counter unsilenced)" 0
	ok "$mode: detach" alpnxdp detach edge0
}

mkdir "$DIR/recorded"
make_refused
two_records 250 >"$DIR/list-in-first.hex"
two_records 150 >"$DIR/list-in-second.hex"
validators+=("$DIR/list-in-first.hex")
browsers+=("$DIR/list-in-second.hex")
background "$WWW" "$ROOT/tests/interop/recorder.py" "$DIR/recorded"
retry 5 www_listens 443
round native
round generic
finish
