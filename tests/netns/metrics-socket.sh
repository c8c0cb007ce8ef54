#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The metrics as they are scraped: the UNIX socket by curl and by clients that do not behave, and the text file.
. "$(dirname "$0")/lib.sh"
# Debian's modules belong to Debian's python3, which need not be the first in the path.
python() { PATH=/usr/bin:$PATH python3 "$@"; }

scrape() { curl -sS --max-time 5 --unix-socket "$DIR/metrics.sock" "$@" http://localhost/metrics; }
ask() { printf '%b' "$1" | timeout 15 python3 "$ROOT/tests/interop/ask.py" "$DIR/metrics.sock"; }
first_line() { same "$(ask "$1" | head -n 1 | tr -d '\r')" "$2"; }
child() { pgrep -P "$(keeper_pid)" -x "alpnxdp-$1"; }
parses() {
	python -c 'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as p
sys.exit(len(list(p(sys.stdin.read()))) < 20)'
}

net_up 2
nginx_up
mkdir "$DIR/textfile"
attach --metrics-socket "$DIR/metrics.sock" --metrics-textfile "$DIR/textfile/alpnxdp.prom" || exit 1
retry 5 child front
# Its result is one more line, which must not come between two looks that are compared.
checked() { alpnxdp metrics | grep -q '^alpnxdp_self_check_passed'; }
ok "the self-check is over" retry 5 checked
front=$(child front)

# ----------------------------------------------------------------- socket
scrape -D "$DIR/head" >"$DIR/page"
ok "a scrape" grep -q '^HTTP/1.1 200 OK' "$DIR/head"
ok "has the type of OpenMetrics" grep -qix 'content-type: application/openmetrics-text; version=1.0.0; charset=utf-8.' "$DIR/head"
ok "its length" grep -qix "content-length: $(stat -c %s "$DIR/page")." "$DIR/head"
ok "and its end" same "$(tail -n 1 "$DIR/page")" "# EOF"
ok "is what Prometheus' parser takes" parses <"$DIR/page"
ok "has what the verb says" same "$(sed -E 's/[ ][^ ]+$//' "$DIR/page" | sort)" "$(alpnxdp metrics | sed -E 's/[ ][^ ]+$//' | sort)"
ok "HTTP/1.0" same "$(scrape --http1.0 | tail -n 1)" "# EOF"
ok "a request without Host" first_line 'GET /metrics HTTP/1.1\r\n\r\n' "HTTP/1.1 400 Bad Request"
ok "HEAD" same "$(ask 'HEAD /metrics HTTP/1.0\r\n\r\n' | sed -n '1p;$p' | tr -d '\r' | paste -sd,)" "HTTP/1.1 405 Method Not Allowed,"
ok "POST" same "$(scrape -o "$DIR/null" -w '%{http_code}' -d x)" 405
ok "another page" same "$(curl -sS --unix-socket "$DIR/metrics.sock" -o "$DIR/null" -w '%{http_code}' http://localhost/other)" 404
ok "TLS" first_line '\x16\x03\x01\x02\x00\n\n' "HTTP/1.1 400 Bad Request"
ok "a head without end" first_line "$(printf 'x%.0s' $(seq 9000))" "HTTP/1.1 431 Request Header Fields Too Large"
# Eight that say nothing are all there is place for: the ninth waits until they are sent away.
crowd() {
	local pids=() i
	for i in 1 2 3 4 5 6 7 8; do
		timeout 20 python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"GET "); s.recv(100)' "$DIR/metrics.sock" &
		pids+=($!)
	done
	sleep 1
	same "$(curl -sS --max-time 20 --unix-socket "$DIR/metrics.sock" http://localhost/metrics | tail -n 1)" "# EOF"
	local status=$?
	wait "${pids[@]}"
	return "$status"
}
ok "silent scrapers do not keep others away" crowd
many() {
	for _ in $(seq 100); do
		[ "$(scrape | tail -n 1)" = "# EOF" ] || return 1
	done
}
ok "100 scrapes" many
ok "the process is the same" same "$(child front)" "$front"

# --------------------------------------------------------------- text file
file=$DIR/textfile/alpnxdp.prom
ok "the text file is there" retry 5 test -s "$file"
ok "for all to read" same "$(stat -c %a "$file")" 644
ok "and nothing beside it" same "$(ls "$DIR/textfile")" alpnxdp.prom
ok "without the end that node_exporter does not know" not grep -q '# EOF' "$file"
alpnxdp add pending.example.org --digest "$DIGEST" >/dev/null
counted() { grep -qE '^alpnxdp_challenges\{source="control"\} 1$' "$file"; }
ok "it follows within 15 seconds" retry 17 counted
mv "$DIR/textfile" "$DIR/elsewhere"
ok "a directory that is gone is told" retry 17 grep -q "$file: not written: No such file" "$DIR/log"
mv "$DIR/elsewhere" "$DIR/textfile"
ok "and when it is back" retry 17 grep -q "$file: written again" "$DIR/log"
ok "the process is the same" same "$(child front)" "$front"
finish
