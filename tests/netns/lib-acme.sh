# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A public CA in miniature beside the namespaces of lib.sh; to be sourced after it.
#
# pebble is Let's Encrypt's own test CA, pebble-challtestsrv its DNS: every name is at $WWW4. uacme is a real ACME
# client and runs where the web server runs.

ACME_URL=https://$CA4:14000/dir

# pebble_up: the CA, with a certificate of its own that only our uacme trusts.
pebble_up() {
	mkdir -p "$DIR/pebble"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=the CA's API" \
		-addext "subjectAltName=IP:$CA4" -keyout "$DIR/pebble/key.pem" -out "$DIR/pebble/cert.pem" 2>/dev/null
	cat >"$DIR/pebble/config.json" <<-JSON
		{ "pebble": {
			"listenAddress": "$CA4:14000", "managementListenAddress": "$CA4:15000",
			"certificate": "$DIR/pebble/cert.pem", "privateKey": "$DIR/pebble/key.pem",
			"httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false
		} }
	JSON
	background "$CA" pebble-challtestsrv -defaultIPv4 "$WWW4" -defaultIPv6 "" -dns01 "$CA4:8053" -management "$CA4:8055" \
		-http01 "" -https01 "" -tlsalpn01 "" >"$DIR/pebble/dns.log" 2>&1
	PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0 \
		background "$CA" pebble -config "$DIR/pebble/config.json" -dnsserver "$CA4:8053" >"$DIR/pebble/ca.log" 2>&1
	retry 10 ca_listens 14000 || { echo "pebble does not start"; cat "$DIR/pebble/ca.log"; exit 1; }
}

ca_listens() { [ -n "$(ca ss -Hltn "sport = :$1")" ]; }

# trusting COMMAND...: where the web server runs, with the CA's API trusted. uacme's libcurl reads only the system's list, so
# the command gets another one in a mount namespace of its own.
trusting() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	ALPNXDP=$ALPNXDP ALPNXDP_SOCKET=$DIR/control.sock www unshare -m sh -c '
		mount --bind "$1" /etc/ssl/certs/ca-certificates.crt && shift && exec "$@"' trusting "$DIR/pebble/cert.pem" "$@"
}

# acme ARGUMENTS...: uacme, with share/hooks/uacme.
acme() { trusting uacme -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$ROOT/share/hooks/uacme" "$@"; }

# issued IDENT: the certificate that uacme got.
issued() { echo "$DIR/uacme/$1/cert.pem"; }

# ---------------------------------------------------------------- for client-*.sh

# clients_up [far]: the CA, and nginx with a client of its own that fetches all the time. attach comes next. A far CA is
# 2 x 10 ms away (lib-air.sh), as none is nearer: for clients that write a file and tell the CA in the same millisecond.
clients_up() {
	if [ "${1:-}" = far ]; then
		air_up
		weather -w 10
	else
		net_up
	fi
	nginx_up
	pebble_up
	background "$CA" "$ROOT/tests/interop/fetch.py" "$WWW4" "$DIR/nginx/cert.pem" www.example.org "$DIR/fetched" 20 20 \
		>"$DIR/fetch.log" 2>&1
	fetcher=$!
	retry 5 test -s "$DIR/fetched" || { cat "$DIR/fetch.log"; exit 1; }
}

# certified FILE IDENT...: the CA's certificate for exactly these.
certified() {
	local file=$1 names
	shift
	names=$(openssl x509 -in "$file" -noout -ext subjectAltName | tail -n +2 | tr -d ' ' | tr ',A-Z' '\na-z' | sed -E 's/^[^:]*://' | sort | paste -sd' ')
	same "$names" "$(printf '%s\n' "$@" | sort | paste -sd' ')" || return 1
	openssl x509 -in "$file" -noout -issuer | grep -q Pebble
}

# answered NUMBER: at least so many validations since this was last asked, by challenges of which nothing is left.
answered_before=0
answered() {
	local now
	now=$(counter validated)
	[ $((now - answered_before)) -ge "$1" ] || { alpnxdp status; return 1; }
	answered_before=$now
	retry 3 nothing_pending || { alpnxdp list; return 1; }
}
nothing_pending() { [ "$(alpnxdp list --json | jq '.challenges | length')" -eq 0 ]; }

# clients_finish: nginx's client has missed nothing.
clients_finish() {
	count() { awk -v name="$1" '{ for (i = 1; i < NF; i += 2) if ($i == name) print $(i + 1) }' "$DIR/fetched"; }
	undisturbed() { cat "$DIR/fetch.log"; same "$(count failed)" 0 && [ "$(count kept)" -gt 5 ] && [ "$(count new)" -gt 5 ]; }
	kill -TERM "$fetcher"
	retry 2 not kill -0 "$fetcher"
	ok "nginx's clients have missed nothing" undisturbed
	finish
}
