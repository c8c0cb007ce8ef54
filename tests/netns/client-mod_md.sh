#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Apache with mod_md, whose port is another one: its store is watched, and its challenges are answered where the CA comes,
# on 443. mod_md offers tls-alpn-01 only where Protocols has acme-tls/1, though none of these connections comes to Apache.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-air.sh"
. "$ROOT/tests/netns/lib-acme.sh"
MODULES=/usr/lib/apache2/modules
[ -e "$MODULES/mod_md.so" ] || skip "apache2-bin is not installed"
clients_up far
mkdir -p "$DIR/apache/md"
attach --watch "mod_md:$DIR/apache/md" || exit 1

cat >"$DIR/apache/conf" <<-CONF
	ServerRoot $DIR/apache
	DefaultRuntimeDir $DIR/apache
	PidFile $DIR/apache/pid
	ErrorLog $DIR/apache/log
	LogLevel warn md:info
	LoadModule mpm_event_module $MODULES/mod_mpm_event.so
	LoadModule authz_core_module $MODULES/mod_authz_core.so
	LoadModule ssl_module $MODULES/mod_ssl.so
	LoadModule md_module $MODULES/mod_md.so
	User nobody
	Group nogroup
	ServerName md.example.org
	ServerAdmin admin@example.org
	Listen 127.0.0.1:8443
	Protocols acme-tls/1 http/1.1

	MDStoreDir $DIR/apache/md
	MDPortMap http:- https:8443
	MDCAChallenges tls-alpn-01
	MDCertificateAuthority $ACME_URL
	MDCACertificateFile $DIR/pebble/cert.pem
	MDCertificateAgreement accepted
	MDomain md.example.org
	<VirtualHost 127.0.0.1:8443>
		ServerName md.example.org
		SSLEngine on
	</VirtualHost>
CONF
background "$WWW" apache2 -f "$DIR/apache/conf" -DFOREGROUND >"$DIR/apache/log" 2>&1

# A renewed certificate is in staging/ until Apache is restarted.
certificate=$DIR/apache/md/staging/md.example.org/pubcert.pem
wait_for_it() { retry 15 test -s "$certificate" || { cat "$DIR/apache/log"; return 1; }; }
ok "mod_md gets a certificate" wait_for_it
ok "it is the CA's" certified "$certificate" md.example.org
ok "its validations were answered, and nothing is left" answered 1
clients_finish
