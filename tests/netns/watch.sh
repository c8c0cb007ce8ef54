#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Watched directories end to end: files of dehydrated's, certmagic's and mod_md's form, written piece by piece, wrong,
# replaced and removed, in directories that only root can read; each is validated from the other side.
. "$(dirname "$0")/lib.sh"

HEX=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 # DIGEST
OTHER_HEX=${HEX//a/b}

# certificate NAME HEX [SAN]: as dehydrated makes it, to stdout.
certificate() {
	printf '[req]\ndistinguished_name=dn\n[dn]\n[SAN]\nsubjectAltName=%s\n1.3.6.1.5.5.7.1.31=critical,DER:04:20:%s\n' \
		"${3:-DNS:$1}" "$2" >"$DIR/openssl.cnf"
	openssl req -x509 -new -sha256 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout "$DIR/key.pem" \
		-subj "/CN=$1/" -extensions SAN -config "$DIR/openssl.cnf" 2>/dev/null
}

token() {
	printf '{"type":"%s","url":"https://ca/1","status":"pending","token":"%s","keyAuthorization":"%s","identifier":{"type":"dns","value":"%s"}}' \
		"$1" "${3%.*}" "$3" "$2"
}

source_of() { alpnxdp list --json | jq -r --arg name "$1" '.challenges[] | select(.identifier == $name) | .source'; }
pending() { alpnxdp list --json | jq '.challenges | length'; }
is_pending() { [ "$(source_of "$1")" = "$2" ]; }
none_pending() { [ "$(pending)" -eq 0 ]; }
front_pid() { pgrep -P "$(keeper_pid)" -x alpnxdp-front; }
said() { grep -F "$1" "$DIR/log" | grep -qF "$2"; }
times_said() { grep -cF "$1" "$DIR/log"; }

net_up 2
nginx_up
alpn=$DIR/alpn caddy=$DIR/caddy md=$DIR/md
ok "attach with three directories that are not there" attach --watch "dehydrated:$alpn" --watch "certmagic:$caddy" --watch "mod_md:$md"
[ "$failed" -eq 0 ] || finish
for missing in "$alpn" "$caddy" "$md"; do ok "said of $(basename "$missing")" retry 3 said "$missing" "No such file or directory"; done
front=$(front_pid)
mkdir -m 700 "$alpn" "$caddy" "$md"
for found in "$alpn" "$caddy" "$md"; do ok "and when it is: $(basename "$found")" retry 6 said "$found" "is watched now"; done

# -------------------------------------------------------------- dehydrated
certificate www.example.org "$HEX" >"$DIR/whole.pem"
umask 077
head -c 300 "$DIR/whole.pem" >"$alpn/www.example.org.crt.pem"
cp "$DIR/key.pem" "$alpn/www.example.org.key.pem"
sleep 0.3
ok "half a file is not served" not validate -i www.example.org
ok "nor complained of yet" not said www.example.org.crt.pem ": "
tail -c +301 "$DIR/whole.pem" >>"$alpn/www.example.org.crt.pem"
ok "the whole file is pending" retry 2 is_pending www.example.org dehydrated
ok "and validated" validate -i www.example.org
ok "under a key of our own" not grep -q "$(openssl pkey -in "$DIR/key.pem" -pubout 2>/dev/null | sed -n 2p)" \
	<<<"$(ca timeout 5 openssl s_client -connect "$WWW4:443" -servername www.example.org -alpn acme-tls/1 </dev/null 2>/dev/null | openssl x509 -noout -pubkey)"
certificate www.example.org "$OTHER_HEX" >"$alpn/www.example.org.crt.pem"
sleep 0.3
ok "another digest: the old one is served no more" not validate -i www.example.org
certificate www.example.org "$HEX" >"$alpn/www.example.org.crt.pem"
ok "the first again" retry 2 validate -i www.example.org
rm "$alpn"/*.pem
ok "removed: nothing is pending" retry 2 none_pending
ok "and the web server is asked" not validate -i www.example.org
certificate 1.1.77.10.in-addr.arpa "$HEX" >"$alpn/1.1.77.10.in-addr.arpa.crt.pem"
ok "an address by its arpa name" retry 2 is_pending "$WWW4" dehydrated
ok "is validated" validate -i "$WWW4"
certificate c.example.org "$HEX" >"$alpn/d.example.org.crt.pem"
ok "another name than the file's is said" retry 8 said "$alpn/d.example.org.crt.pem" "another name than the file"
mkfifo "$alpn/fifo.example.org.crt.pem"
ok "a FIFO is said" retry 8 said "$alpn/fifo.example.org.crt.pem" "not a regular file"
head -c 70000 /dev/urandom >"$alpn/huge.example.org.crt.pem"
ok "a huge file is said" retry 8 said "$alpn/huge.example.org.crt.pem" "larger than 64 KiB"
printf 'PRIVATE SECRET' >"$alpn/junk.example.org.crt.pem"
ok "junk is said" retry 8 said "$alpn/junk.example.org.crt.pem" ": "
ok "without a word of it" not grep -q SECRET "$DIR/log"
ln -s /etc/passwd "$alpn/link.example.org.crt.pem"
ok "a link that leads out is said" retry 8 said "$alpn/link.example.org.crt.pem" ": "
ok "each once" same "$(times_said d.example.org.crt.pem)" 1
ok "the good one still stands" validate -i "$WWW4"
rm -r "$alpn"
ok "the directory removed: nothing is pending" retry 2 none_pending
ok "and it is said" retry 2 same 2 "$(times_said "$alpn: cannot be watched")"
mkdir "$alpn"
certificate www.example.org "$HEX" >"$alpn/www.example.org.crt.pem"
ok "made again: pending" retry 8 is_pending www.example.org dehydrated
rm "$alpn/www.example.org.crt.pem"

# --------------------------------------------------------------- certmagic
thumbprint=9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI
authorization=evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.$thumbprint
authorized=$(printf %s "$authorization" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d =)
tokens=$caddy/acme/acme-v02.api.letsencrypt.org-directory/challenge_tokens
mkdir -p "$tokens"
token http-01 b.example.org "$authorization" >"$tokens/b.example.org.json"
token tls-alpn-01 a.example.org "$authorization" >"$tokens/.tmp"
mv "$tokens/.tmp" "$tokens/a.example.org.json"
ok "certmagic: pending" retry 2 is_pending a.example.org certmagic
ok "certmagic: validated" validate -i a.example.org -d "$authorized"
ok "certmagic: of other types nothing is pending" same "$(pending)" 1
ok "certmagic: nor said" not said b.example.org.json ": "
rm "$tokens/a.example.org.json"
ok "certmagic: removed" retry 2 none_pending

# ------------------------------------------------------------------ mod_md
mkdir -p "$md/challenges/m.example.org"
for spec in "" .secp256r1; do certificate m.example.org "$HEX" >"$md/challenges/m.example.org/acme-tls-alpn-01-pubcert$spec.pem"; done
ok "mod_md: pending" retry 2 is_pending m.example.org mod_md
ok "mod_md: validated" validate -i m.example.org
rm "$md/challenges/m.example.org/acme-tls-alpn-01-pubcert.pem"
sleep 0.2
ok "mod_md: one of two files removed" validate -i m.example.org
rm -r "$md/challenges/m.example.org"
ok "mod_md: removed" retry 2 none_pending

# ------------------------------------------------------------------ deaths
ok "all this was one process" same "$(front_pid)" "$front"
certificate www.example.org "$HEX" >"$alpn/www.example.org.crt.pem"
ok "pending" retry 2 is_pending www.example.org dehydrated
kill -KILL "$front"
another_front() { local now; now=$(front_pid) && [ "$now" != "$front" ]; }
ok "the front ends' process is killed: another" retry 5 another_front
certificate n.example.org "$HEX" >"$alpn/n.example.org.crt.pem"
ok "which sees a new file" retry 5 is_pending n.example.org dehydrated
rm "$alpn"/*.pem
ok "and forgets what was there before it" retry 5 none_pending
for i in $(seq 2000); do token tls-alpn-01 "n$i.example.org" "$authorization" >"$tokens/n$i.example.org.json"; done
many_pending() { [ "$(pending)" -eq 2000 ]; }
ok "2,000 files" retry 10 many_pending
rm -r "$caddy/acme"
ok "and none" retry 10 none_pending
ok "detach" alpnxdp detach edge0
finish
