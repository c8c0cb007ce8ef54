#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Certificates that others have made are served as they are, with RSA and ECDSA, over TLS 1.2 and 1.3; files that cannot be
# used are each refused with their path and the reason; after a restart the same digest is still answered for.
. "$(dirname "$0")/lib.sh"
net_up
net_split
nginx_up

HEX=9f:86:d0:81:88:4c:7d:65:9a:2f:ea:a0:c5:5a:d0:15:a3:bf:4f:1b:2b:0b:82:2c:d1:5d:6c:15:b0:f0:0a:08
cd "$DIR" || exit 1

# made NAME SAN OPTION...: NAME.crt and NAME.key, by OpenSSL.
made() {
	local name=$1 san=$2
	shift 2
	openssl req -x509 -nodes -days 2 -subj /CN=challenge "$@" -addext "subjectAltName=$san" \
		-addext "1.3.6.1.5.5.7.1.31=critical,DER:04:20:$HEX" -keyout "$name.key" -out "$name.crt" 2>/dev/null
}
p256=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1)
given() { alpnxdp add "$1" --cert "$2.crt" --key "$2.key"; }
# serves KIND: what came over the wire is the very certificate, not one of ours.
serves() {
	ca openssl s_client -connect "$WWW4:443" -servername www.example.org -alpn acme-tls/1 "${@:2}" </dev/null 2>/dev/null |
		openssl x509 -outform der | cmp - "$DIR/$1.der"
}

ok "attach" attach
for kind in rsa2048:rsa:2048 rsa3072:rsa:3072 rsa4096:rsa:4096 p256; do
	name=${kind%%:*}
	options=(-newkey "${kind#*:}")
	[ "$name" != p256 ] || options=("${p256[@]}")
	ok "$name: made" made "$name" DNS:www.example.org "${options[@]}"
	openssl x509 -in "$name.crt" -outform der -out "$name.der"
	ok "$name: taken" given www.example.org "$name"
	for version in 1.2 1.3; do
		ok "$name: TLS $version" validate -i www.example.org -t "$version"
		ok "$name: TLS $version, the certificate itself" serves "$name" "-tls${version/./_}"
	done
	ok "$name: listed as such" same "$(alpnxdp list --json | jq -r '.challenges[] | .source + " " + .digest')" "certificate $DIGEST"
	ok "$name: removed" alpnxdp remove www.example.org
done

# A validator that can verify one kind of signature only gets its answer, or the web server's.
ok "RSA given" given www.example.org rsa2048
ok "RSA is not for who cannot verify it" not serves rsa2048 -tls1_3 -sigalgs ecdsa_secp256r1_sha256
ok "and he was counted" same "$(counter signature)" 1
ok "P-256 in its place, same digest" given www.example.org p256
ok "is for him" serves p256 -tls1_3 -sigalgs ecdsa_secp256r1_sha256
ok "one is pending" same "$(alpnxdp list --json | jq '.challenges | length')" 1

for ident in "$WWW4" "$WWW6"; do
	ok "$ident: made" made address "IP:$ident" "${p256[@]}"
	ok "$ident: taken" given "$ident" address
done
ok "an IPv4 address" validate -i "$WWW4"
ok "an IPv6 address" ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" -i "$WWW6"

# Every form in which clients write keys.
openssl pkey -in rsa2048.key -traditional -out rsa1.key
openssl ecparam -name prime256v1 -genkey -out sec1.key 2>/dev/null
openssl req -x509 -key sec1.key -days 2 -subj /CN=challenge -addext subjectAltName=DNS:www.example.org \
	-addext "1.3.6.1.5.5.7.1.31=critical,DER:04:20:$HEX" -out sec1.crt
openssl pkey -in rsa2048.key -outform der -out rsa.der.key
for pair in rsa2048.crt:rsa1.key rsa2048.der:rsa.der.key sec1.crt:sec1.key rsa2048.der:rsa2048.key; do
	ok "${pair#*:} with ${pair%:*}" alpnxdp add www.example.org --cert "${pair%:*}" --key "${pair#*:}"
	ok "${pair#*:}: served" validate -i www.example.org
done

# refused WORDS ARGUMENTS...: exit status 4, and these words on standard error.
refused() {
	local words=$1 out code=0
	shift
	out=$(alpnxdp add www.example.org "$@" 2>&1) || code=$?
	[ "$code" -eq 4 ] && [[ $out == *"$words"* ]] || { printf '%s: %s\n' "$code" "$out"; return 1; }
}
made other DNS:other.example.org "${p256[@]}"
made two "DNS:www.example.org,DNS:other.example.org" "${p256[@]}"
made upper DNS:WWW.example.org "${p256[@]}"
made signed DNS:www.example.org "${p256[@]}" -subj /CN=leaf -CA p256.crt -CAkey p256.key
made p384 DNS:www.example.org -newkey ec -pkeyopt ec_paramgen_curve:secp384r1
made rsa1024 DNS:www.example.org -newkey rsa:1024
openssl req -x509 "${p256[@]}" -nodes -days 2 -subj /CN=x -addext subjectAltName=DNS:www.example.org -keyout plain.key -out plain.crt 2>/dev/null
openssl req -x509 "${p256[@]}" -nodes -days 2 -subj /CN=x -addext subjectAltName=DNS:www.example.org \
	-addext "1.3.6.1.5.5.7.1.31=DER:04:20:$HEX" -keyout lax.key -out lax.crt 2>/dev/null
openssl pkey -in p256.key -aes128 -passout pass:x -out locked.key
head -c 300 p256.crt >half.crt
head -c 100 p256.key >half.key
head -c 300 p256.der >half.der
head -c 70000 /dev/zero | tr '\0' 'A' >huge
: >empty
mkfifo fifo
printf '\0' | cat p256.der - >longer.der
ok "another name" refused "other.crt: is for other.example.org, not for www.example.org" --cert other.crt --key other.key
ok "two names" refused "two.crt: has more than one subjectAltName" --cert two.crt --key two.key
ok "a name in capitals" refused "upper.crt: has its name not in the form" --cert upper.crt --key upper.key
ok "no acmeIdentifier" refused "plain.crt: has no acmeIdentifier" --cert plain.crt --key plain.key
ok "not critical" refused "lax.crt: has an acmeIdentifier extension that is not critical" --cert lax.crt --key lax.key
ok "signed by another" refused "signed.crt: is not self-signed" --cert signed.crt --key signed.key
ok "P-384" refused "p384.key: is neither RSA" --cert p384.crt --key p384.key
ok "RSA of 1024 bits" refused "rsa1024.key: is neither RSA" --cert rsa1024.crt --key rsa1024.key
ok "somebody else's key" refused "rsa2048.key: does not belong" --cert p256.crt --key rsa2048.key
ok "another key of the kind" refused "sec1.key: does not belong" --cert p256.crt --key sec1.key
ok "exchanged" refused "exchanged" --cert p256.key --key p256.crt
ok "encrypted" refused "locked.key: is encrypted" --cert p256.crt --key locked.key
ok "half a certificate" refused "half.crt: has a PEM block without an end" --cert half.crt --key p256.key
ok "half a key" refused "half.key: has a PEM block without an end" --cert p256.crt --key half.key
ok "half a certificate in DER" refused "half.der: is not a certificate in DER" --cert half.der --key p256.key
ok "a byte too many" refused "longer.der: has bytes behind its end" --cert longer.der --key p256.key
ok "huge" refused "huge: has more than 64 KiB" --cert huge --key p256.key
ok "empty" refused "empty: is empty" --cert p256.crt --key empty
ok "a FIFO keeps nobody waiting" refused "fifo: is not a regular file" --cert fifo --key p256.key
ok "a directory" refused "$DIR: is a directory" --cert p256.crt --key "$DIR"
ok "nothing there" refused "nowhere: cannot be read" --cert nowhere --key p256.key
# The daemon believes nobody: the same certificate over its socket, with a key that is not its own.
b64() { openssl "${@:2}" -in "$1" -outform der | basenc --base64url -w0 | tr -d =; }
over_socket() {
	python3 - "$DIR/control.sock" "add ident=www.example.org cert=$(b64 p256.crt x509) key=$(b64 "$1" pkey)" <<-'PYTHON'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(5)
		s.connect(sys.argv[1])
		s.sendall(sys.argv[2].encode() + b"\n")
		print(s.makefile().readline(), end="")
	PYTHON
}
ok "the daemon looks for itself" same "$(over_socket sec1.key | jq -r '.code, .error')" $'4\n"www.example.org" cannot be answered with this key, which does not belong to the certificate'
ok "and takes what is right" same "$(over_socket p256.key | jq .ok)" true

another_engine() { [ -n "$(engine_pid)" ] && [ "$(engine_pid)" != "$1" ]; }
ok "RSA given once more" given www.example.org rsa4096
engine=$(engine_pid)
sleep 0.2
kill -KILL "$engine"
ok "another engine" retry 8 another_engine "$engine"
ok "still answers for the digest" retry 5 validate -i www.example.org
ok "with a certificate of its own" not serves rsa4096
ok "no key is on the disk" not grep -rqs "PRIVATE\|MII" "$DIR/challenges"
ok "detach" alpnxdp detach edge0
finish
