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

# acme ARGUMENTS...: uacme, with share/hooks/uacme. Its libcurl reads only the system's list of trusted CAs, so it gets
# another one in a mount namespace of its own.
acme() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	ALPNXDP=$ALPNXDP ALPNXDP_SOCKET=$DIR/control.sock www unshare -m sh -c '
		mount --bind "$1" /etc/ssl/certs/ca-certificates.crt && shift && exec uacme "$@"' acme \
		"$DIR/pebble/cert.pem" -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$ROOT/share/hooks/uacme" "$@"
}

# issued IDENT: the certificate that uacme got.
issued() { echo "$DIR/uacme/$1/cert.pem"; }
