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
# peers_up starts all; they wait in epoll and cost nothing while another is measured. alpnxdp is on the first pair of interfaces;
# on two others is the program that lets everything pass: 10.77.3.0/24 for nginx' control, 10.77.2.0/24 for all others. So
# they can take turns without being put on and off (turns.c), and the control tells one pair from another, too.

OTHERS4=10.77.2.1

# lane NAME [DIGEST]: sets LANE, the load generator's options for it; "nginx (control)" is nginx. DIGEST: of a challenge.
lane() {
	local port=443
	case $1 in
	nginx* | alpnxdp*) ;;
	ualpn) port=1443 ;;
	haproxy) port=2443 ;;
	sslh) port=4443 ;;
	esac
	[ "$1" != 'nginx preread' ] || port=3443
	case $1 in
	alpnxdp*) LANE=(-a "$WWW4" "${FROMS[@]}") ;;
	*control*) LANE=(-a 10.77.3.1 "${FROMS[@]/10.77.1./10.77.3.}") ;;
	*) LANE=(-a "$OTHERS4" "${FROMS[@]/10.77.1./10.77.2.}") ;;
	esac
	LANE+=(-p "$port")
	[ -z "${2:-}" ] || LANE+=(-d "$2")
}

# pair_up NUMBER: edge1 and ca1 are 10.77.2.0/24, as edge0 and ca0 but for what is on the interface.
pair_up() {
	local net=10.77.$(($1 + 1)) i
	ip link add "edge$1" netns "$WWW" numrxqueues 1 numtxqueues 1 type veth \
		peer name "ca$1" netns "$CA" numrxqueues 1 numtxqueues 1 || die "no other pair of interfaces"
	www ip link set "edge$1" up xdp obj "$NOTHING" sec xdp && ca ip link set "ca$1" up || die "edge$1 does not come up"
	www ip addr add "$net.1/24" dev "edge$1"
	for i in 2 3 4 5 6; do ca ip addr add "$net.$i/24" dev "ca$1"; done
}

peers_up() {
	local port
	pair_up 1
	pair_up 2
	nginx_up
	kill "$(cat "$DIR/nginx/pid")" # for its certificate only: what follows logs nothing, and listens to more
	retry 5 not www_listens 443
	nginx_bench_up
	ualpn_up
	haproxy_up
	preread_up
	sslh_up
	for port in 443 8443 8444 1443 2443 3443 4443; do
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
	serve ualpn -4 -b "$OTHERS4@1443" -c 127.0.0.1@8443 -P 1 -n 1 -s "$DIR/ualpn.sock" -p "$DIR/ualpn.pid" -u nobody:nogroup \
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
			bind $OTHERS4:2443
			tcp-request inspect-delay 5s
			tcp-request content accept if { req.ssl_hello_type 1 }
			use_backend acme if { req.ssl_alpn acme-tls/1 }
			default_backend web
		backend acme
			server acme $OTHERS4:1443
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
				proxy_pass $OTHERS4:1443;
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
		listen: ( { host: "$OTHERS4"; port: "4443"; } );
		protocols: (
			{ name: "tls"; host: "$OTHERS4"; port: "1443"; alpn_protocols: [ "acme-tls/1" ]; log_level: 0; },
			{ name: "tls"; host: "127.0.0.1"; port: "8444"; log_level: 0; }
		);
	CONF
	serve sslh -F"$DIR/sslh.cfg" >"$DIR/sslh.log" 2>&1
}

peer_versions() {
	printf 'nginx\t%s\n' "$(nginx -v 2>&1 | sed 's|.*/||')"
	printf 'haproxy\t%s\n' "$(haproxy -v | sed -n '1s/.*version \([^ ]*\).*/\1/p')"
	printf 'ualpn\t%s\n' "$(ualpn -V 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1)"
	printf 'sslh\t%s\n' "$(sslh -V 2>&1 | sed 's/^sslh-[a-z]* //')"
	printf 'alpnxdp\t%s\n' "$("$ALPNXDP" version | head -n 1 | awk '{ print $NF }')"
}
