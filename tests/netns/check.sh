#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# alpnxdp check against a gallery of broken responders, each made for the purpose, and against right ones: what it must print, and its
# exit status. It runs as nobody, where no daemon is, but where the text says otherwise.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-acme.sh"
net_up 2
net_split

NAME=d.example.org
ACME=1.3.6.1.5.5.7.1.31
HEX=$(printf test | sha256sum | cut -c1-64)
RIGHT="critical,DER:0420$HEX"
port=5000
AFTER="Timeout after connect (your server may be slow or overloaded)"
CATCH_ALL="Error getting validation data"
WRONG="unauthorized: Incorrect validation certificate for tls-alpn-01 challenge. Requested"

# ------------------------------------------------------------------ checking
# checked OPTION...: as nobody, from the other side. Its output is in $DIR/said, its status in $status.
checked() {
	ca setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" check "$@" --socket "$DIR/none" >"$DIR/said" 2>&1
	status=$?
}

# says STATUS TEXT [MORE...]: the first line, and further text that must be somewhere, whatever the width of a line.
says() {
	local wanted=$1 first=$2 more all
	shift 2
	all=$(tr -s ' \n' ' ' <"$DIR/said")
	[ "$(head -n 1 "$DIR/said")" = "$first" ] && [ "$status" -eq "$wanted" ] || { echo "wanted $wanted: $first"; echo "got $status:"; cat "$DIR/said"; return 1; }
	for more in "$@"; do
		grep -qF -- "$more" <<<"$all" || { echo "not said: $more"; cat "$DIR/said"; return 1; }
	done
	! LC_ALL=C grep -q '[[:cntrl:]]' "$DIR/said" || { echo "control characters"; return 1; }
}
SATISFIED="the CA would be satisfied"

# expect TITLE PORT STATUS TEXT [MORE...]: of $NAME, with $DIGEST, at $WWW4, or with $OPTIONS more.
expect() {
	local title=$1 at=$2 wanted=$3 first=$4
	shift 4
	# shellcheck disable=SC2086 # a list of words
	checked "${IDENT:-$NAME}" --address "$WWW4" --port "$at" --digest "$DIGEST" --timeout 2s ${OPTIONS:-}
	ok "$title" says "$wanted" "$first" "$@"
}
report() { echo "the CA would report: $*"; }

# ---------------------------------------------------------------- responders
# certificate EXTENSIONS...: self-signed, with these extensions and no others; KEY: how it is made.
certificate() {
	{
		printf '[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\n%s\n[ext]\n' "${SUBJECT:-CN=x}"
		printf '%s\n' "$@"
	} >"$DIR/conf"
	# shellcheck disable=SC2086 # lists of words
	openssl req -x509 ${KEY:--newkey ec -pkeyopt ec_paramgen_curve:prime256v1} -nodes -days 2 -config "$DIR/conf" \
		${MORE:-} -keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
}

# served OPTION...: openssl s_server with the certificate, on a port of its own: $port.
served() {
	port=$((port + 1))
	background "$WWW" openssl s_server -accept "$port" -cert "$DIR/cert.pem" -key "$DIR/key.pem" -quiet "$@" >/dev/null 2>&1
	server=$!
	retry 5 www_listens "$port"
}
alpn=(-alpn acme-tls/1)

# one TITLE STATUS TEXT MORE...: with the last certificate, over acme-tls/1.
one() {
	local title=$1
	shift
	served "${alpn[@]}"
	expect "$title" "$port" "$@"
	kill "$server"
}
wrong() { report "$WRONG ${IDENT:-$NAME} from $WWW4:$((port + 1)). $*"; }

background "$WWW" "$ROOT/tests/interop/responders.py" silent:4001 close:4002 reset:4003 shut:4004 http:4005 html:4006 ssh:4007 smtp:4008 \
	garbage:4009 cut-1024:4010:5999 alpn:4011 empty:4012 hang:4013 alert-112:4014 alert-80:4015 alert-40:4016 2>"$DIR/broken.log"
retry 5 www_listens 4016

# ------------------------------------------------------------- no connection
expect "nothing listens" 4000 11 "$(report "connection: $WWW4: Connection refused")" \
	"nothing listens on the port" "start the server that is to answer on this port"
www nft -f - <<-NFT
	table inet check {
		chain input {
			type filter hook input priority 0
			tcp dport 4100 drop
			tcp dport 5998 meta length 80-240 drop
			ip6 daddr $WWW6 tcp dport { 443, 5997 } drop
		}
	}
NFT
expect "the SYN is dropped" 4100 11 "$(report "connection: $WWW4: Timeout during connect (likely firewall problem)")" \
	"a firewall drops it" "open TCP port 443 for everybody"
OPTIONS="--address 10.99.9.9" expect "of two addresses one has no route" 4004 11 "$(report "connection: $WWW4: $CATCH_ALL")" \
	"IPv4 10.99.9.9 answers differently: 10.99.9.9: Network unreachable"
expect "accepts and is silent" 4001 11 "$(report "connection: $WWW4: $AFTER")" "nothing came back for the hello"
# Its FIN, or the RST for a hello that came too late for it: what the CA would see is a matter of microseconds, too.
closed_at_once() { says 11 "$(report "connection: $WWW4: $CATCH_ALL")" "closed before" || says 11 "$(report "connection: $WWW4: Connection reset by peer")"; }
checked "$NAME" --address "$WWW4" --port 4002 --timeout 2s
ok "closes at once" closed_at_once
expect "closes after the hello" 4004 11 "$(report "connection: $WWW4: $CATCH_ALL")" "closed before the handshake was complete"
expect "resets after the hello" 4003 11 "$(report "connection: $WWW4: Connection reset by peer")" "broken off with a reset"
expect "begins, and hangs" 4013 11 "$(report "connection: $WWW4: $AFTER")" "the handshake began, and then nothing came"

# -------------------------------------------------------------------- no TLS
expect "HTTP in plain text" 4005 12 "$(report "malformed: $WWW4: Server only speaks HTTP, not TLS")" \
	"a web server answers in plain HTTP" "the server calls itself: nginx/1.2.3"
expect "HTTP without a status line" 4006 12 "$(report "connection: $WWW4: $CATCH_ALL")" "a web server answers in plain HTTP"
expect "SSH, with a control character" 4007 12 "$(report "connection: $WWW4: $CATCH_ALL")" "an SSH server answers" \
	"what came first: SSH-2.0-OpenSSH_9.2?[31m"
expect "SMTP" 4008 12 "$(report "connection: $WWW4: $CATCH_ALL")" "a mail server answers" "220 mail.example.org ESMTP"
expect "something else" 4009 12 "$(report "connection: $WWW4: $CATCH_ALL")" "does not speak TLS"

# ------------------------------------------------------------ no handshake
expect "alert unrecognized_name" 4014 12 "$(report "tls: $WWW4: remote error: tls: unrecognized name")" "does not know this name"
expect "alert internal_error" 4015 12 "$(report "tls: $WWW4: remote error: tls: internal error")" "refused the handshake"
expect "alert handshake_failure" 4016 12 "$(report "tls: $WWW4: remote error: tls: handshake failure")" "refused the handshake"
expect "a protocol that was not offered" 4011 12 "$(report "connection: $WWW4: $CATCH_ALL")" "a protocol that was not offered"
expect "no certificate" 4012 14 "$(report "connection: $WWW4: $CATCH_ALL")" "no certificate at all"

# ------------------------------------------------------- others that answer
certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
served -alpn h2
expect "a server that refuses acme-tls/1" "$port" 13 "$(report "tls: $WWW4: remote error: tls: no application protocol")" \
	"does not have acme-tls/1"
served
expect "a server without ALPN" "$port" 13 "$(report 'unauthorized: Cannot negotiate ALPN protocol "acme-tls/1" for tls-alpn-01 challenge')" \
	"an ordinary TLS server answered" "its certificate: CN=x, issued by itself, for $NAME"
served "${alpn[@]}" -tls1_1 -cipher DEFAULT@SECLEVEL=0
expect "TLS 1.1 only" "$port" 12 "$(report "tls: $WWW4: remote error: tls: protocol version not supported")" "neither TLS 1.2 nor TLS 1.3"
nginx_up
expect "nginx" 443 13 "$(report "tls: $WWW4: remote error: tls: no application protocol")" \
	"an ordinary web server, or a responder that has no challenge" "the server calls itself: nginx/" \
	"its certificate: CN=www.example.org, issued by itself, for www.example.org"
SUBJECT=$'O=Cloudflare, Inc.\nCN=sni.cloudflaressl.com' certificate "subjectAltName=DNS:sni.cloudflaressl.com,DNS:$NAME"
served
expect "a CDN" "$port" 13 "$(report 'unauthorized: Cannot negotiate ALPN protocol "acme-tls/1" for tls-alpn-01 challenge')" \
	"a CDN terminates TLS" "the CDN is Cloudflare"

# ------------------------------------------------------------- certificates
certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a right one" 0 "$SATISFIED" "every rule for it is kept"
KEY="-newkey rsa:2048" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a right one, RSA" 0 "$SATISFIED"
pss="-newkey rsa:2048 -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen"
# Go takes a salt as long as the hash, and no other.
KEY="$pss:200" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "signed with RSA-PSS and a long salt" 14 "$(wrong "Received certificate which is not self-signed.")"
KEY="$pss:48" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a right one, signed with RSA-PSS" 0 "$SATISFIED"
KEY="-newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -sha384" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a right one, P-384" 0 "$SATISFIED"
KEY="-newkey ec -pkeyopt ec_paramgen_curve:secp521r1 -sha512" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a right one, P-521" 0 "$SATISFIED"
KEY="-newkey ed25519" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a right one, Ed25519" 0 "$SATISFIED"
KEY="-newkey rsa:2048 -sha1" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a SHA-1 signature" 14 "$(wrong "Received certificate which is not self-signed.")" "a SHA-1 signature"
certificate "subjectAltName=DNS:$NAME" "1.3.6.1.5.5.7.1.30.1=$RIGHT"
one "the obsolete OID" 14 "$(wrong 'Received certificate with unexpected extensions: "Required extension OID 1.3.6.1.5.5.7.1.31 is not present"')" \
	"the extension of an early draft" "update the ACME client"
certificate "subjectAltName=DNS:$NAME" "$ACME=DER:0420$HEX"
one "not critical" 14 "$(wrong "Received certificate with acmeValidationV1 extension that is not Critical.")" "not marked critical"
certificate "subjectAltName=DNS:$NAME" "$ACME=critical,DER:0420${HEX/9f86/9f87}"
one "another digest" 15 "$(wrong "Received certificate with acmeValidationV1 extension value ${HEX/9f86/9f87} but expected $HEX.")" \
	"for another key authorization" "wanted: $DIGEST"
certificate "subjectAltName=DNS:D.example.org" "$ACME=$RIGHT"
one "capital letters" 14 "$(wrong "Received certificate with unexpected identifiers (\"d.example.org, x\"): \"SAN extension does not match expected bytes\"")" \
	"the CA compares bytes, in lower case"
certificate "subjectAltName=DNS:$NAME,DNS:e.example.org" "$ACME=$RIGHT"
one "two names" 14 "$(wrong "Received certificate with unexpected identifiers (\"d.example.org, e.example.org, x\"): \"wrong number of identifiers\"")" \
	"not exactly one name"
certificate "subjectAltName=DNS:$NAME,email:a@b.c" "$ACME=$RIGHT"
one "another kind of name beside it" 14 "$(wrong "Received certificate with unexpected identifiers (\"a@b.c, d.example.org, x\"): \"SAN extension does not match expected bytes\"")"
certificate "subjectAltName=DNS:e.example.org" "$ACME=$RIGHT"
one "another name" 14 "$(wrong "Received certificate with unexpected identifiers (\"e.example.org, x\"): \"identifier does not match expected identifier\"")" \
	"the certificate is for another name"
certificate "subjectAltName=DNS:$WWW4" "$ACME=$RIGHT"
IDENT=$WWW4 one "an address as a name" 14 "$(IDENT=$WWW4 wrong "Received certificate with unexpected identifiers (\"$WWW4, x\"): \"wrong number of identifiers\"")" \
	"an address has to be an iPAddress"
certificate "subjectAltName=IP:$WWW4" "$ACME=$RIGHT"
IDENT=$WWW4 one "an address as it should be" 0 "$SATISFIED"
certificate "subjectAltName=DNS:$NAME" "$ACME=critical,DER:0421$HEX"
one "a malformed extension" 14 "$(wrong "Received certificate with malformed acmeValidationV1 extension value.")" "OCTET STRING of 32 bytes"
certificate "subjectAltName=DNS:$NAME"
one "no extension" 14 "$(wrong 'Received certificate with unexpected extensions: "Required extension OID 1.3.6.1.5.5.7.1.31 is not present"')" \
	"it has no acmeIdentifier extension"
certificate "$ACME=$RIGHT"
one "no alternative name" 14 "$(wrong 'Received certificate with unexpected extensions: "Required extension OID 2.5.29.17 is not present"')"
MORE="-set_serial -5" certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
one "a negative serial number" 14 "$(report "connection: $WWW4: $CATCH_ALL")" "negative serial numbers"
certificate "subjectAltName=DER:3003820000ff" "$ACME=$RIGHT"
one "alternative names in bad DER" 14 "$(report "connection: $WWW4: $CATCH_ALL")" "malformed alternative names"
certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
openssl req -new -key "$DIR/key.pem" -subj /CN=y -out "$DIR/csr" 2>/dev/null
mv "$DIR/cert.pem" "$DIR/issuer.pem"
printf 'subjectAltName=DNS:%s\n%s=%s\n' "$NAME" "$ACME" "$RIGHT" >"$DIR/ext"
openssl x509 -req -in "$DIR/csr" -CA "$DIR/issuer.pem" -CAkey "$DIR/key.pem" -CAcreateserial -days 2 \
	-extfile "$DIR/ext" -out "$DIR/cert.pem" 2>/dev/null
one "not self-signed" 14 "$(wrong "Received certificate which is not self-signed.")" "its certificate: CN=y, issued by CN=x, for $NAME"

# --------------------------------------------------------- middleboxes, IPv6
certificate "subjectAltName=DNS:$NAME" "$ACME=$RIGHT"
for port in 5996 5997 5998 5999; do
	background "$WWW" openssl s_server -accept "$port" -cert "$DIR/cert.pem" -key "$DIR/key.pem" -quiet "${alpn[@]}" >/dev/null 2>&1
	retry 5 www_listens "$port"
done
expect "a proxy that takes 1,024 bytes" 4010 11 "$(report "connection: $WWW4: $AFTER")" \
	"a small hello is answered, and one as large as the CA's is not" "hellos of several packets" "was not (timeout)"
expect "the second segment is lost" 5998 11 "$(report "connection: $WWW4: $AFTER")" \
	"a small hello is answered, and one as large as the CA's is not"
OPTIONS="--address $WWW6" expect "IPv6 leads nowhere" 5997 0 "$SATISFIED" \
	"the CA tries IPv6 first, fails there, and goes on with IPv4 only after 10 s" "IPv6 $WWW6 answers differently: $WWW6: Timeout during connect"
checked "$NAME" --address "$WWW6" --port 443 --digest "$DIGEST" --timeout 1s
ok "only IPv6, and that fails" says 11 "$(report "malformed: Unable to contact \"$NAME\" at \"$WWW6\", no IPv4 addresses to try as fallback")"
background "$WWW" openssl s_server -accept "[$WWW6]:5995" -cert "$DIR/nginx/cert.pem" -key "$DIR/nginx/key.pem" -quiet "${alpn[@]}" >/dev/null 2>&1
background "$WWW" openssl s_server -accept "$WWW4:5995" -cert "$DIR/cert.pem" -key "$DIR/key.pem" -quiet "${alpn[@]}" >/dev/null 2>&1
retry 5 www_listens 5995
sleep 0.2
OPTIONS="--address $WWW6" expect "IPv6 answers differently: no fallback" 5995 14 \
	"$(report "$WRONG $NAME from [$WWW6]:5995. Received certificate with unexpected extensions: \"Required extension OID 1.3.6.1.5.5.7.1.31 is not present\"")" \
	"IPv4 $WWW4 answers differently: all is right there"

# -------------------------------------------------------------------- names
checked nowhere.invalid --timeout 1s
ok "a name that is not there" says 10 "$(report "dns: no valid A records found for nowhere.invalid; no valid AAAA records found for nowhere.invalid")"
# with_dns OPTION...: DNS is that of the CA in miniature. PUBLIC4 and PUBLIC6 are public addresses that www has here.
PUBLIC4=11.77.1.1 PUBLIC6=2a77::1
www ip addr add "$PUBLIC4/32" dev edge0
www ip addr add "$PUBLIC6/128" dev edge0 nodad
ca ip route add "$PUBLIC4" via "$WWW4"
ca ip route add "$PUBLIC6" via "$WWW6"
echo "nameserver $CA4" >"$DIR/resolv.conf"
with_dns() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	ca unshare -m sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' sh \
		"$DIR/resolv.conf" "$ALPNXDP" check "$@" --timeout 1s --socket "$DIR/none" >"$DIR/said" 2>&1
	status=$?
}
# dns A AAAA: the answer for every name.
dns() {
	[ -z "${dns:-}" ] || { kill "$dns"; retry 5 not ca_answers; }
	background "$CA" pebble-challtestsrv -defaultIPv4 "$1" -defaultIPv6 "$2" -dns01 "$CA4:53" -management "$CA4:8056" -http01 "" \
		-https01 "" -tlsalpn01 "" >"$DIR/dns.log" 2>&1
	dns=$!
	retry 5 ca_answers
}
ca_answers() { [ -n "$(ca ss -Hlun "sport = :53")" ]; }
dns "$WWW4" "$WWW6"
with_dns "$NAME"
ok "a name that leads to private addresses" says 10 "$(report "dns: no valid A records found for $NAME; no valid AAAA records found for $NAME")" \
	"private or reserved addresses"
dns "$PUBLIC4" "$PUBLIC6"
with_dns "$NAME" --port 5996 --digest "$DIGEST"
ok "a name that leads here" says 0 "$SATISFIED" "$PUBLIC6"
kill "$dns"
# glibc would wait for ten seconds and more.
ca nft -f - <<-NFT
	table ip silence { chain in { type filter hook input priority 0; udp dport 53 drop; }; }
NFT
began=$EPOCHSECONDS
with_dns "$NAME"
ok "a resolver that says nothing" says 10 "$(report "dns: no valid A records found for $NAME; no valid AAAA records found for $NAME")" \
	"the resolver of this machine has not answered in 1 s"
ok "is not waited for" test $((EPOCHSECONDS - began)) -le 5
ca nft delete table ip silence
checked "bad name"
ok "what is no name" same "$status" 4
checked a.example --address here
ok "what is no address" same "$status" 4
checked a.example --timeout 0
ok "no time" same "$status" 4

# --------------------------------------------------------------- our own
OTHER=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU # of nothing
www nft delete table inet check
attach
ours() { ca "$ALPNXDP" check "$@" --socket "$DIR/control.sock" --timeout 2s >"$DIR/said" 2>&1; status=$?; }
ok "add" alpnxdp add "$NAME" --digest "$DIGEST"
expect "our own responder" 443 0 "$SATISFIED"
# From the host itself the same responder is never met: that has to be said, or it would be looked for where it is not.
from_itself() {
	www "$ALPNXDP" check "$NAME" --address "$WWW4" >"$DIR/itself"
	[ $? = 13 ] && tr -s '\n ' ' ' <"$DIR/itself" | grep -q "$WWW4 is this machine's own address: .* run this on another machine"
}
ok "from the host itself: run it elsewhere" from_itself
OPTIONS="--address $WWW6" expect "and over IPv6" 443 0 "$SATISFIED"
ok "with both versions, and the large hello" grep -qE "^$WWW4 +TLS 1.3, .* TLS 1.2, .* answered$" "$DIR/said"
checked "$NAME" --address "$WWW4" --timeout 2s
ok "without a digest" says 0 "$SATISFIED, if the digest it expects is $DIGEST" "no digest to compare with was given"
ours "$NAME" --address "$WWW4"
ok "the digest of the daemon" says 0 "$SATISFIED"
ok "another one" alpnxdp add "$NAME" --digest "$OTHER"
ours "$NAME" --address "$WWW4" --digest "$DIGEST"
ok "two orders for one name" says 15 "$(report "$WRONG $NAME from $WWW4:443. Received certificate with acmeValidationV1 extension value e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 but expected $HEX.")" \
	"for another order: its digest is pending here"
ok "an address" alpnxdp add "$WWW6" --digest "$DIGEST"
checked "$WWW6" --digest "$DIGEST" --timeout 2s
ok "is asked for at itself" says 0 "$SATISFIED"
checked other.example.org --address "$WWW4" --digest "$DIGEST" --timeout 2s
ok "a name that is not pending: nginx" says 13 "$(report "tls: $WWW4: remote error: tls: no application protocol")"
background "$WWW" ualpn -b "$WWW4@4430" -c 127.0.0.1@8443 -s "$DIR/ualpn.sock" -S 666 2>/dev/null
ualpn=$!
retry 5 test -S "$DIR/ualpn.sock"
retry 5 pgrep -P "$ualpn"
sleep 0.5 # its workers take connections only now
echo "auth $NAME $DIGEST" | timeout 5 ualpn -s "$DIR/ualpn.sock" >/dev/null
expect "ualpn" 4430 0 "$SATISFIED"

# ------------------------------------------------------------------- a CA
# The CA's test server agrees: a hook checks before the CA does, once with the right digest and once with another.
cat >"$DIR/hook" <<-HOOK
	#!/bin/sh
	[ "\$2" = tls-alpn-01 ] || exit 1
	[ "\$1" = begin ] || exit 0
	digest=\$5
	case \$3 in wrong*) digest=$OTHER ;; esac
	$ALPNXDP add "\$3" --digest "\$digest" --socket $DIR/control.sock >/dev/null || exit 1
	nsenter --net=/run/netns/$CA $ALPNXDP check "\$3" --address $WWW4 --digest "\$5" --timeout 2s --socket $DIR/none >/dev/null
	echo \$? >$DIR/checked.\$3
	exit 0
HOOK
chmod 755 "$DIR/hook"
pebble_up
hooked() { trusting uacme -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$DIR/hook" "$@"; }
ok "an account" hooked -y new
ok "the CA issues" hooked issue right.example.org
ok "and check had been satisfied" same "$(cat "$DIR/checked.right.example.org")" 0
ok "the CA refuses" not hooked issue wrong.example.org
ok "and check had said so" same "$(cat "$DIR/checked.wrong.example.org")" 15
# Where it is laxer than the CAs, check is not: the same name written large, which only a comparison byte by byte refuses. The
# connections go to that responder by a redirection, past the program, for the name is not pending.
cat >"$DIR/lax" <<-HOOK
	#!/bin/bash
	[ "\$2" = tls-alpn-01 ] || exit 1
	[ "\$1" = begin ] || exit 0
	hex=\$(tr '_-' '/+' <<<"\$5=" | openssl base64 -d -A | xxd -p -c 64)
	printf '[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nCN=x\n[ext]\nsubjectAltName=DNS:%s\n$ACME=critical,DER:0420%s\n' \
		"\${3^^}" "\$hex" >$DIR/lax.conf
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -config $DIR/lax.conf \
		-keyout $DIR/lax.key -out $DIR/lax.pem 2>/dev/null
	nsenter --net=/run/netns/$WWW openssl s_server -accept 4431 -cert $DIR/lax.pem -key $DIR/lax.key -www -alpn acme-tls/1 \
		>/dev/null 2>&1 </dev/null &
	echo \$! >$DIR/lax.pid
	sleep 1
	nsenter --net=/run/netns/$CA $ALPNXDP check "\$3" --address $WWW4 --digest "\$5" --timeout 2s --socket $DIR/none >$DIR/lax.said
	echo \$? >$DIR/checked.\$3
	exit 0
HOOK
chmod 755 "$DIR/lax"
www nft -f - <<-NFT
	table ip lax { chain in { type nat hook prerouting priority -100; tcp dport 443 redirect to :4431; }; }
NFT
lax() { trusting uacme -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$DIR/lax" issue lax.example.org; }
ok "the CA's test server takes a name written large" lax
ok "check does not" same "$(cat "$DIR/checked.lax.example.org")" 14
ok "and says why" grep -q 'SAN extension does not match expected bytes' "$DIR/lax.said"
kill "$(cat "$DIR/lax.pid")"
www nft delete table ip lax
finish
