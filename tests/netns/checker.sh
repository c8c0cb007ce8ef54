#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The strict checker can fail: OpenSSL serves one right certificate and one for every rule broken.
. "$(dirname "$0")/lib.sh"
net_up

ACME=1.3.6.1.5.5.7.1.31
HEX=$(printf test | sha256sum | cut -c1-64)
RIGHT="critical,DER:0420$HEX"
port=4430

# certificate EXTENSIONS...: self-signed, with these extensions and no others.
certificate() {
	{
		printf '[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nCN=x\n[ext]\n'
		printf '%s\n' "$@"
	} >"$DIR/conf"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -config "$DIR/conf" \
		-keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
}

# judged OPTIONS...: what the checker says of the certificate, served with these options of s_server.
judged() {
	port=$((port + 1))
	www openssl s_server -accept "$port" -cert "$DIR/cert.pem" -key "$DIR/key.pem" -quiet -naccept 1 "$@" \
		</dev/null >/dev/null 2>&1 &
	retry 5 www_listens "$port"
	validate -i "${IDENT:-d.example.org}" -p "$port"
}

# expect NAME PATTERN OPTIONS...
expect() {
	local name=$1 pattern=$2 said
	shift 2
	said=$(judged "$@")
	ok "$name" grep -q "$pattern" <<<"$said"
}

alpn="-alpn acme-tls/1"
certificate "subjectAltName=DNS:d.example.org" "$ACME=$RIGHT"
# shellcheck disable=SC2086 # the option and its value are two words
{
expect "a right certificate" "^ok .*certificate is right" $alpn
expect "TLS without ALPN" "cannot negotiate ALPN"
expect "a chain of two" "exactly one certificate" $alpn -cert_chain "$DIR/cert.pem"
certificate "subjectAltName=DNS:d.example.org"
expect "no acmeIdentifier" "1.31 is not present" $alpn
certificate "$ACME=$RIGHT"
expect "no SAN" "2.5.29.17 is not present" $alpn
certificate "subjectAltName=DNS:d.example.org,DNS:e.example.org" "$ACME=$RIGHT"
expect "two names" "number of identifiers" $alpn
certificate "subjectAltName=DNS:D.example.org" "$ACME=$RIGHT"
expect "a name not in lower case" "expected bytes" $alpn
certificate "subjectAltName=DNS:d.example.org" "$ACME=DER:0420$HEX"
expect "acmeIdentifier not critical" "not critical" $alpn
certificate "subjectAltName=DNS:d.example.org" "$ACME=critical,DER:0421$HEX"
expect "a malformed value" "malformed" $alpn
certificate "subjectAltName=DNS:d.example.org" "$ACME=critical,DER:0420${HEX/9f86/9f87}"
expect "another digest" "expected digest" $alpn
certificate "subjectAltName=IP:10.77.1.1" "$ACME=$RIGHT"
IDENT=10.77.1.1 expect "a right certificate of an address" "certificate is right" $alpn
certificate "subjectAltName=DNS:10.77.1.1" "$ACME=$RIGHT"
IDENT=10.77.1.1 expect "an address as a name" "expected bytes" $alpn
certificate "subjectAltName=DNS:d.example.org" "$ACME=$RIGHT"
openssl req -new -key "$DIR/key.pem" -subj /CN=y -out "$DIR/csr" 2>/dev/null
mv "$DIR/cert.pem" "$DIR/issuer.pem"
printf 'subjectAltName=DNS:d.example.org\n%s=%s\n' "$ACME" "$RIGHT" >"$DIR/ext"
openssl x509 -req -in "$DIR/csr" -CA "$DIR/issuer.pem" -CAkey "$DIR/key.pem" -CAcreateserial -days 2 \
	-extfile "$DIR/ext" -out "$DIR/cert.pem" 2>/dev/null
expect "an issuer other than the subject" "not self-signed" $alpn
}
ok "nobody listens" grep -q refused <<<"$(validate -i d.example.org -p 4)"
finish
