#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# dehydrated gets certificates with share/hooks/dehydrated, HOOK_CHAIN=no and yes, and without any hook from its directory
# of certificates that is watched. (Version 0.7.0 cannot ask for an address: it orders names only.)
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-acme.sh"
command -v dehydrated >/dev/null || skip "dehydrated is not installed"

# dehydrated MODE ARGUMENT...: with the configuration for this mode, which /etc/dehydrated/config would have.
dehydrated() {
	TMPDIR=$DIR ALPNXDP=$ALPNXDP ALPNXDP_SOCKET=$DIR/control.sock www dehydrated --config "$DIR/dehydrated/$1" "${@:2}"
}
configure() {
	cat >"$DIR/dehydrated/$1" <<-CONF
		BASEDIR=$DIR/dehydrated
		CERTDIR=$DIR/dehydrated/certs-$1
		ALPNCERTDIR=$DIR/dehydrated/alpn-certs
		CA=$ACME_URL
		CURL_OPTS="--cacert $DIR/pebble/cert.pem"
		KEY_ALGO=prime256v1
		KEYSIZE=2048
		CHALLENGETYPE=tls-alpn-01
		$2
	CONF
}
certificate() { echo "$DIR/dehydrated/certs-$1/$2/cert.pem"; }

clients_up
mkdir -p "$DIR/dehydrated/alpn-certs"
attach --watch "dehydrated:$DIR/dehydrated/alpn-certs" || exit 1
configure hook "HOOK=$ROOT/share/hooks/dehydrated"
configure chain "HOOK=$ROOT/share/hooks/dehydrated; HOOK_CHAIN=yes"
ok "dehydrated: an account" dehydrated hook --register --accept-terms
for mode in hook chain; do
	ok "dehydrated, $mode: two names" dehydrated "$mode" --cron --domain "$mode.example.org www.$mode.example.org"
	ok "the certificate is there" certified "$(certificate "$mode" "$mode.example.org")" "$mode.example.org" "www.$mode.example.org"
	ok "its validations were answered, and nothing is left" answered 2
done


# Without a hook: what it writes is enough.
configure nohook ""
ok "dehydrated, no hook: a name" dehydrated nohook --cron --domain nohook.example.org
ok "the certificate is there" certified "$(certificate nohook nohook.example.org)" nohook.example.org
ok "its validations were answered, and nothing is left" answered 1

# The CA looks for this name elsewhere, where nobody listens: dehydrated calls invalid_challenge, and fails.
elsewhere() {
	ca curl -sS --max-time 5 -d '{"host": "lost.example.org", "addresses": ["'"${CA4%.*}"'.3"]}' "http://$CA4:8055/add-a"
	dehydrated hook --cron --domain lost.example.org
}
ok "dehydrated: a validation that fails" not elsewhere
ok "nothing is left of it" nothing_pending
clients_finish
