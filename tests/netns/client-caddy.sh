#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Caddy, whose port is another one: its storage is watched, and its challenges are answered where the CA comes, on 443.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-air.sh"
. "$ROOT/tests/netns/lib-acme.sh"
command -v caddy >/dev/null || skip "caddy is not installed"
clients_up far
mkdir -p "$DIR/caddy/storage"
attach --watch "certmagic:$DIR/caddy/storage" || exit 1

cat >"$DIR/caddy/Caddyfile" <<-CONF
	{
		admin off
		https_port 8443
		auto_https disable_redirects
		storage file_system $DIR/caddy/storage
		acme_ca $ACME_URL
		acme_ca_root $DIR/pebble/cert.pem
	}
	caddy.example.org {
		tls {
			issuer acme {
				disable_http_challenge
			}
		}
		respond "hello from caddy"
	}
CONF
HOME=$DIR/caddy background "$WWW" caddy run --config "$DIR/caddy/Caddyfile" >"$DIR/caddy/log" 2>&1

certificate() { find "$DIR/caddy/storage/certificates" -name caddy.example.org.crt; }
has_certificate() { [ -s "$(certificate)" ]; }
wait_for_it() { retry 15 has_certificate || { cat "$DIR/caddy/log"; return 1; }; }
ok "caddy gets a certificate" wait_for_it
ok "it is the CA's" certified "$(certificate)" caddy.example.org
ok "its validations were answered, and nothing is left" answered 1
clients_finish
