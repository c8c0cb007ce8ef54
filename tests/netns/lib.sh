# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# What the namespace tests and the demo share; to be sourced.
#
# Two network namespaces joined by one veth pair, made and removed by whoever sources this:
#
#       www                                       ca
#   nginx, alpnxdp  edge0 ---------------- ca0    validators, ACME server, clients
#                   10.77.1.1              10.77.1.2 .. .6
#                   fd77::1                fd77::2 .. ::6
#
# Everything is named after this shell's process id, lives under one temporary directory, and is removed by a trap
# however the shell ends. Nothing outside the two namespaces is touched.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ALPNXDP=${ALPNXDP:-$ROOT/build/alpnxdp}
# shellcheck disable=SC2034 # for those who source this
{
INTEROP=$ROOT/build/tests/interop
HELLOS=$ROOT/tests/corpus/clienthello
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

WWW=alpnxdp-$$-www
CA=alpnxdp-$$-ca
WWW4=10.77.1.1 CA4=10.77.1.2 WWW6=fd77::1 CA6=fd77::2
# A digest like any other: SHA-256 of "test".
DIGEST=n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg
passed=0 failed=0
}

www() { nsenter --net=/run/netns/"$WWW" "$@"; }
ca() { nsenter --net=/run/netns/"$CA" "$@"; }
alpnxdp() { www "$ALPNXDP" "$@" --socket "$DIR/control.sock"; }

# ---------------------------------------------------------------- results

# ok NAME COMMAND...: one test, passed when the command succeeds; its output is shown when it does not.
ok() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		printf 'ok      %s\n' "$name"
		passed=$((passed + 1))
	else
		printf 'not ok  %s\n        %s\n' "$name" "$*"
		[ -z "$out" ] || printf '%s\n' "$out" | tail -n 30 | sed 's/^/        | /'
		failed=$((failed + 1))
	fi
}

finish() {
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ]
	exit
}

# What cannot be tested here is said, not left out: scripts/check shows and counts it.
skip() {
	printf 'SKIP: %s\n' "$1"
	exit 0
}

# retry SECONDS COMMAND...: until it succeeds.
retry() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

not() { ! "$@"; }

# background NAMESPACE COMMAND...: its pid is $! afterwards; net_down ends it at the latest.
background() {
	local ns=$1
	shift
	nsenter --net=/run/netns/"$ns" "$@" </dev/null &
	disown
}

# same A B: for ok.
same() {
	[ "$1" = "$2" ] || {
		printf 'got %s, expected %s\n' "$1" "$2"
		return 1
	}
}

# ---------------------------------------------------------------- network

# net_up [QUEUES]: both namespaces and the wire between them, in the shell's directory $DIR.
net_up() {
	local queues=${1:-1} i
	[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
	ulimit -Sn 16384 2>/dev/null || ulimit -Sn "$(ulimit -Hn)" # a shell under sudo has 1,024
	DIR=$(mktemp -d /tmp/alpnxdp.XXXXXX) || exit 1
	chmod 755 "$DIR"
	trap net_down EXIT
	trap 'exit 130' INT TERM HUP PIPE
	ip netns add "$WWW" && ip netns add "$CA" || exit 1
	ip link add edge0 netns "$WWW" numrxqueues "$queues" numtxqueues "$queues" type veth \
		peer name ca0 netns "$CA" numrxqueues "$queues" numtxqueues "$queues" || exit 1
	www ip link set lo up
	ca ip link set lo up
	www ip link set edge0 up
	ca ip link set ca0 up
	www ip addr add "$WWW4/24" dev edge0
	www ip addr add "$WWW6/64" dev edge0 nodad
	for i in 2 3 4 5 6; do
		ca ip addr add "10.77.1.$i/24" dev ca0
		ca ip addr add "fd77::$i/64" dev ca0 nodad
	done
}

# Segments as a network card sees them: nothing larger than the MTU leaves the client.
net_split() { ca ethtool -K ca0 tso off gso off gro off >/dev/null; }

net_down() {
	local ns pid
	trap '' INT TERM HUP
	set +e
	if [ -x "$ALPNXDP" ] && [ -e /run/netns/"$WWW" ]; then
		# Stopped processes would not hear of it.
		for pid in $(ip netns pids "$WWW" 2>/dev/null); do kill -CONT "$pid" 2>/dev/null; done
		alpnxdp detach --all >/dev/null 2>&1
	fi
	for ns in "$WWW" "$CA"; do
		[ -e /run/netns/"$ns" ] || continue
		for pid in $(ip netns pids "$ns"); do kill -KILL "$pid" 2>/dev/null; done
		ip netns del "$ns"
	done
	rm -rf "$DIR"
}

# ---------------------------------------------------------------- nginx

# nginx_up [OPTION OF LISTEN]: HTTPS on 443, both families, "deferred" for instance. HEADER_TIMEOUT, NGINX_CONNECTIONS: of nginx.
nginx_up() {
	local nginx
	nginx=$(command -v nginx) || { echo "nginx is not installed: scripts/setup"; exit 1; }
	mkdir -p "$DIR/nginx"
	[ -e "$DIR/nginx/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 2 -subj /CN=www.example.org -addext "subjectAltName=DNS:www.example.org" \
		-keyout "$DIR/nginx/key.pem" -out "$DIR/nginx/cert.pem" 2>/dev/null || exit 1
	cat >"$DIR/nginx/nginx.conf" <<-CONF
		user nobody nogroup;
		worker_processes 1;
		pid $DIR/nginx/pid;
		error_log $DIR/nginx/error.log info;
		worker_rlimit_nofile ${NGINX_CONNECTIONS:-2048};
		events { worker_connections ${NGINX_CONNECTIONS:-2048}; }
		http {
			log_format one '\$remote_addr \$remote_port \$status \$ssl_server_name';
			access_log $DIR/nginx/access.log one;
			client_body_temp_path $DIR/nginx/body;
			proxy_temp_path $DIR/nginx/proxy;
			fastcgi_temp_path $DIR/nginx/fastcgi;
			uwsgi_temp_path $DIR/nginx/uwsgi;
			scgi_temp_path $DIR/nginx/scgi;
			client_header_timeout ${HEADER_TIMEOUT:-60s};
			keepalive_timeout 60s;
			keepalive_requests 1000000;
			server {
				listen 443 ssl ${1:-};
				listen [::]:443 ssl ${1:-};
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_certificate $DIR/nginx/cert.pem;
				ssl_certificate_key $DIR/nginx/key.pem;
				location / { return 200 "hello from nginx\n"; }
			}
		}
	CONF
	background "$WWW" "$nginx" -e "$DIR/nginx/error.log" -c "$DIR/nginx/nginx.conf" -g 'daemon off;'
	retry 5 www_listens 443 || { echo "nginx does not start"; cat "$DIR/nginx/error.log"; exit 1; }
}

nginx_down() {
	kill "$(cat "$DIR/nginx/pid")"
	retry 5 not www_listens 443
	rm -f "$DIR/nginx/error.log" "$DIR/nginx/access.log"
}

www_listens() { [ -n "$(www ss -Hltn "sport = :$1")" ]; }

# nginx_answers [NAME]: a page over a new connection.
nginx_answers() {
	[ "$(ca curl -sS --max-time 5 --cacert "$DIR/nginx/cert.pem" --resolve "www.example.org:443:${1:-$WWW4}" \
		https://www.example.org/)" = "hello from nginx" ]
}

# ---------------------------------------------------------------- alpnxdp

# attach [OPTIONS]: edge0, and nothing said if all is well.
attach() {
	local out
	[ -x "$ALPNXDP" ] || { echo "$ALPNXDP is missing: make"; exit 1; }
	out=$(alpnxdp attach edge0 "$@" 2>&1) || { printf 'attach: %s\n' "$out"; return 1; }
}

# The processes of the daemon: the keeper first, the engine is its child.
keeper_pid() { cat "$DIR/daemon.pid"; }
engine_pid() { pgrep -P "$(keeper_pid)"; }

# counter NAME: from status, of the XDP program or of the engine, wherever it occurs; 0 where it does not.
counter() {
	alpnxdp status --json | jq --arg name "$1" '[.. | objects | select(has($name)) | .[$name] | numbers] | add // 0'
}

# validate OPTIONS: the strict checker from the other side, see tests/interop/strict.c.
validate() { ca "$INTEROP/strict" -a "$WWW4" -d "$DIGEST" "$@"; }
