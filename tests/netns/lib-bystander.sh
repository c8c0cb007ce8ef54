# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Bystanders whose every packet is counted, to be sourced after lib.sh: numbered UDP datagrams at an even pace through
# the interface that alpnxdp is attached to, and requests to nginx.

# bystanders_begin PACKETS_PER_SECOND. A queue of 256 frames is all that a veth has, 5 ms at 50,000 a second: a machine
# with other work loses some by itself. A queueing discipline keeps what does not fit, where the kernel's veth can say so.
bystanders_begin() {
	ca tc qdisc replace dev ca0 root pfifo limit 100000
	background "$WWW" "$INTEROP/paced" -r 5000 "$DIR/received"
	receiver=$!
	retry 3 test -e "$DIR/received"
	background "$CA" "$INTEROP/paced" "$WWW4" 5000 "$1" "$DIR/sent"
	sender=$!
	background "$CA" "$ROOT/tests/interop/fetch.py" "$WWW4" "$DIR/nginx/cert.pem" www.example.org "$DIR/fetched" \
		20 5 >"$DIR/fetch.log"
	fetcher=$!
}

# bystanders_end: what they saw is in PACKETS_SENT, PACKETS_LOST, REQUESTS_SERVED and REQUESTS_FAILED.
bystanders_end() {
	kill "$sender" "$fetcher"
	retry 5 test -s "$DIR/sent"
	retry 10 not kill -0 "$fetcher"
	sleep 0.3
	kill "$receiver"
	# shellcheck disable=SC2034 # for those who source this
	{
	PACKETS_SENT=$(cut -d' ' -f2 "$DIR/sent")
	PACKETS_LOST=$((PACKETS_SENT - $(cut -d' ' -f2 "$DIR/received")))
	REQUESTS_SERVED=$(cut -d' ' -f2 "$DIR/fetched")
	REQUESTS_FAILED=$(cut -d' ' -f4 "$DIR/fetched")
	}
	printf 'bystanders: %s packets, %s lost; %s requests, %s failed\n' \
		"$(cat "$DIR/sent")" "$PACKETS_LOST" "$REQUESTS_SERVED" "$REQUESTS_FAILED"
	rm -f "$DIR/sent" "$DIR/received"
}
