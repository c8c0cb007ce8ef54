# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# The programs that alpnxdp is compared with, as Debian has them, each with one worker on the server's core; to be
# sourced after lib.sh. Each is configured as its manual says for this job, and forwards to the same nginx.
#
#    443  nginx                          1443  ualpn             PROXY protocol to nginx
#   8443  nginx, PROXY protocol          2443  HAProxy           tcp mode, ALPN inspected, PROXY protocol
#   8444  nginx for sslh                 3443  nginx ssl_preread ALPN map, PROXY protocol
#                                        4443  sslh              ALPN probe, a process per connection
#
# peers_up starts all; they wait in epoll and cost nothing while another is measured. peer NAME sets PORT, and puts on the
# interface what belongs there: alpnxdp, or for all others the program that lets everything pass.

# shellcheck disable=SC2034 # for those who source this
PORT=''

nginx_only_up() {
	nginx_up
	kill "$(cat "$DIR/nginx/pid")" # for its certificate only: what follows logs nothing, and listens to more
	retry 5 not www_listens 443
	nginx_bench_up
	retry 5 www_listens 443 || die "nobody listens on port 443"
}

peers_up() {
	nginx_only_up
	ualpn_up
	haproxy_up
	preread_up
	sslh_up
	local port
	for port in 8443 8444 1443 2443 3443 4443; do
		retry 5 www_listens "$port" || die "nobody listens on port $port"
	done
}

nginx_bench_up() {
	local listen server=''
	for listen in '443 ssl' '127.0.0.1:8443 ssl proxy_protocol' '127.0.0.1:8444 ssl'; do
		server+="server { listen $listen; location / { return 200 \"hello from nginx\\n\"; } }
		"
	done
	sed -e 's|access_log .*|access_log off;|' -e '/^[[:space:]]*server {/,$d' "$DIR/nginx/nginx.conf" >"$DIR/nginx/bench.conf"
	cat >>"$DIR/nginx/bench.conf" <<-CONF
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_certificate $DIR/nginx/cert.pem;
		ssl_certificate_key $DIR/nginx/key.pem;
		$server}
	CONF
	serve nginx -e "$DIR/nginx/error.log" -c "$DIR/nginx/bench.conf" -g 'daemon off;'
}

# Its two workers would share one core; -n 1 is kinder to it.
ualpn_up() {
	serve ualpn -4 -b "$WWW4@1443" -c 127.0.0.1@8443 -P 1 -n 1 -s "$DIR/ualpn.sock" -p "$DIR/ualpn.pid" -u nobody:nogroup \
		2>"$DIR/ualpn.log"
	retry 5 test -S "$DIR/ualpn.sock" || die "ualpn does not start: $(tail -n 3 "$DIR/ualpn.log")"
	[[ $(echo "auth $NAME $DIGEST" | www ualpn -s "$DIR/ualpn.sock") == OK* ]] || die "ualpn does not take the challenge"
}

haproxy_up() {
	cat >"$DIR/haproxy.cfg" <<-CONF
		global
			nbthread 1
			maxconn 4096
		defaults
			mode tcp
			timeout connect 5s
			timeout client 60s
			timeout server 60s
		frontend tls
			bind $WWW4:2443
			tcp-request inspect-delay 5s
			tcp-request content accept if { req.ssl_hello_type 1 }
			use_backend acme if { req.ssl_alpn acme-tls/1 }
			default_backend web
		backend acme
			server acme $WWW4:1443
		backend web
			server web 127.0.0.1:8443 send-proxy
	CONF
	serve haproxy -q -f "$DIR/haproxy.cfg" 2>"$DIR/haproxy.log"
}

preread_up() {
	mkdir -p "$DIR/preread"
	cat >"$DIR/preread/nginx.conf" <<-CONF
		load_module /usr/lib/nginx/modules/ngx_stream_module.so;
		user nobody nogroup;
		worker_processes 1;
		pid $DIR/preread/pid;
		error_log $DIR/preread/error.log;
		events { worker_connections 8192; }
		stream {
			map \$ssl_preread_alpn_protocols \$behind {
				~\\bacme-tls/1\\b 127.0.0.1:3444;
				default 127.0.0.1:8443;
			}
			server {
				listen 3443;
				ssl_preread on;
				proxy_protocol on;
				proxy_pass \$behind;
			}
			server {
				listen 127.0.0.1:3444 proxy_protocol; # whose header ualpn does not take
				proxy_pass $WWW4:1443;
			}
		}
	CONF
	serve nginx -e "$DIR/preread/error.log" -c "$DIR/preread/nginx.conf" -g 'daemon off;'
}

# Without PROXY protocol, which it has not: nginx sees sslh's address only.
sslh_up() {
	cat >"$DIR/sslh.cfg" <<-CONF
		foreground: true;
		inetd: false;
		numeric: true;
		timeout: 5;
		user: "nobody";
		pidfile: "$DIR/sslh.pid";
		listen: ( { host: "$WWW4"; port: "4443"; } );
		protocols: (
			{ name: "tls"; host: "$WWW4"; port: "1443"; alpn_protocols: [ "acme-tls/1" ]; log_level: 0; },
			{ name: "tls"; host: "127.0.0.1"; port: "8444"; log_level: 0; }
		);
	CONF
	serve sslh -F"$DIR/sslh.cfg" >"$DIR/sslh.log" 2>&1
}

# peer NAME: "nginx (control)" is nginx.
peer() {
	local own=443
	case $1 in
	nginx | 'nginx (control)' | alpnxdp | 'alpnxdp, busy polling') ;;
	ualpn) own=1443 ;;
	haproxy) own=2443 ;;
	'nginx preread') own=3443 ;;
	sslh) own=4443 ;;
	*) die "no contestant is called $1" ;;
	esac
	# shellcheck disable=SC2034
	PORT=$own
	case $1 in
	alpnxdp) hook alpnxdp ;;
	alpnxdp*) hook busy ;;
	*) hook nothing ;;
	esac
}

peer_versions() {
	printf 'nginx\t%s\n' "$(nginx -v 2>&1 | sed 's|.*/||')"
	printf 'haproxy\t%s\n' "$(haproxy -v | sed -n '1s/.*version \([^ ]*\).*/\1/p')"
	printf 'ualpn\t%s\n' "$(ualpn -V 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1)"
	printf 'sslh\t%s\n' "$(sslh -V 2>&1 | sed 's/^sslh-[a-z]* //')"
	printf 'alpnxdp\t%s\n' "$("$ALPNXDP" version | head -n 1 | awk '{ print $NF }')"
}
