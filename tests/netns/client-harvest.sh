#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Clients that can only listen themselves do so on another port: lego, and the command that acme.sh answers with. Nobody
# adds a challenge: the listener is asked when the CA comes.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-acme.sh"
command -v lego >/dev/null || skip "lego is not installed"
HARVEST=127.0.0.1:10443
clients_up
attach --harvest "$HARVEST" || exit 1

# ------------------------------------------------------------------ lego
lego() {
	LEGO_CA_CERTIFICATES=$DIR/pebble/cert.pem www lego --server "$ACME_URL" --path "$DIR/lego" --accept-tos \
		--email admin@example.org --tls --tls.port "$HARVEST" "$@" run
}
ok "lego: two names" lego --domains lego.example.org --domains www.lego.example.org
ok "the certificate is there" certified "$DIR/lego/certificates/lego.example.org.crt" lego.example.org www.lego.example.org
ok "its validations were answered, and nothing is left" answered 2

# --------------------------------------------------------------- acme.sh
# acme.sh is not in Debian. With --alpn --tlsport PORT it makes a certificate with openssl req and runs this s_server; here
# uacme gives it the order.
cat >"$DIR/acme.sh" <<-'HOOK'
	#!/bin/bash
	[ "$2" = tls-alpn-01 ] || exit 1
	cd "$DIR" || exit 1
	case $1 in
	begin)
		hex=$(base64 -d <<<"$(tr -- -_ +/ <<<"$5")=" | od -An -tx1 | tr -d '\n' | tr ' ' : | cut -c2-)
		case $3 in *[!0-9.]*) san=DNS:$3 ;; *) san=IP:$3 ;; esac
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tls.validation -addext "subjectAltName=$san" \
			-addext "1.3.6.1.5.5.7.1.31=critical,DER:04:20:$hex" \
			-keyout tls.validation.key -out tls.validation.cert 2>/dev/null
		openssl s_server -www -cert tls.validation.cert -key tls.validation.key -accept "$HARVEST" \
			-alpn acme-tls/1 >s_server.log 2>&1 </dev/null &
		echo $! >s_server.pid
		sleep 1
		;;
	*) kill "$(cat s_server.pid)" ;;
	esac
HOOK
chmod +x "$DIR/acme.sh"
export DIR HARVEST
acme_sh() { trusting uacme -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$DIR/acme.sh" "$@"; }
ok "acme.sh's listener: an account" acme_sh -y new
ok "acme.sh's listener: a name" acme_sh issue acme.example.org
ok "the certificate is there" certified "$(issued acme.example.org)" acme.example.org
ok "its validations were answered, and nothing is left" answered 1
ok "acme.sh's listener: an address" acme_sh issue "$WWW4"
ok "the certificate is there" certified "$(issued "$WWW4")" "$WWW4"
ok "its validations were answered, and nothing is left" answered 1

# Nobody listens: the CA gets what nginx says to it.
printf '#!/bin/sh\n[ "$2" = tls-alpn-01 ]\n' >"$DIR/true.sh"
chmod +x "$DIR/true.sh"
ok "without a listener the validation fails" \
	not trusting uacme -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$DIR/true.sh" issue nobody.example.org
ok "nothing is left" nothing_pending
clients_finish
