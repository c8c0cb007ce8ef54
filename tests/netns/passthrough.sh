#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is not for us reaches the web server byte for byte: a recorder stands in its place and keeps what it receives.
# Hellos for names that are not pending pass in the XDP program; hellos for a pending name that no validator would send
# are taken and given back.
. "$(dirname "$0")/lib.sh"
net_up

# A doubled key share of the same group: the gate refuses it, but only when the last segment is in.
spoil() { sed 's/001d0020/11ec0020/' "$HELLOS/$1.hex" >"$DIR/$1-spoiled.hex"; }

# sent FILE: what a hello's segments are when joined.
sent() { tr -d '\n' <"$1" | xxd -r -p | sha256sum; }

# received: the recorder's one file; it is removed, for the next.
received() {
	sha256sum <"$(ls "$DIR"/recorded/*)"
	rm -f "$DIR"/recorded/*
}

# arrives FILE OPTIONS...: the hello is sent in its segments, and the recorder has it whole.
arrives() {
	local file=$1 want
	shift
	want=$(sent "$file")
	ca "$INTEROP/segments" -a "$WWW4" -w 100 "$@" "$file"
	retry 3 test -n "$(ls "$DIR/recorded")"
	same "$(received)" "$want"
}

# Half a megabyte of anything, by a client that speaks no TLS.
bulk_arrives() {
	local want
	head -c 500000 /dev/urandom >"$DIR/bulk"
	want=$(sha256sum <"$DIR/bulk")
	ca bash -c "cat >/dev/tcp/$WWW4/443" <"$DIR/bulk"
	sleep 0.5
	same "$(received)" "$want"
}

round() {
	local mode=$1 wire=$2 name file before
	local case="$mode, $wire"

	ok "$case: attach" attach --mode "$mode"
	ok "$case: add" alpnxdp add other.example.org --digest "$DIGEST"
	for name in boulder-va-go1.26 boulder-va-go1.26-mss536 openssl-3.0-s_client; do
		ok "$case: $name, not pending" arrives "$HELLOS/$name.hex"
	done
	# Browsers put the ALPN list into any segment: those wait to be decided, and must not lose a byte meanwhile.
	for name in chromium-1 chromium-1-4 chromium-2-2 chromium-2-4 curl-7.88-https nss-3.110-tstclnt-permute-grease; do
		ok "$case: $name" arrives "$HELLOS/$name.hex"
	done
	ok "$case: the program let them pass itself" test "$(counter not-pending)" -ge 3
	ok "$case: a stream that is no TLS" bulk_arrives

	ok "$case: add" alpnxdp add d.example.org --digest "$DIGEST"
	for name in boulder-va-go1.26 boulder-va-go1.26-mss536 boulder-va-go1.26-mss216; do
		spoil "$name"
		file=$DIR/$name-spoiled.hex
		before=$(counter declined-gate)
		ok "$case: $name, given back" arrives "$file"
		ok "$case: $name, given back, slowly" arrives "$file" -d 100
		# More bytes of the same connection, long after it was given back.
		printf '%s\n' 1703030003616263 >>"$file"
		ok "$case: $name, given back, and data later" arrives "$file" -d 200
		ok "$case: the engine gave them back" same "$(counter declined-gate)" $((before + 3))
	done
	ok "$case: remove" alpnxdp remove d.example.org
	ok "$case: detach" alpnxdp detach edge0
}

mkdir "$DIR/recorded"
background "$WWW" "$ROOT/tests/interop/recorder.py" "$DIR/recorded"
retry 5 www_listens 443
round native "segments joined"
round generic "segments joined"
net_split
round native "segments split"
round generic "segments split"
finish
