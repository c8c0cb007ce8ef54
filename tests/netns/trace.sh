#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# trace: a line for each hello, with what the program did and why; nothing is on when nobody asks, also after the client was
# killed; what the program let pass is in the ledger, once for each connection.
. "$(dirname "$0")/lib.sh"

tracing() { alpnxdp status --json | jq .tracing; }
# trace_up FILE [OPTIONS]: its pid is $trace.
trace_up() {
	local file=$1
	shift
	background "$WWW" "$ALPNXDP" trace "$@" --socket "$DIR/control.sock" >"$file" 2>"$file.err"
	trace=$!
	retry 5 is_on
	sleep 0.3
}
is_on() { same "$(tracing)" true; }
is_off() { same "$(tracing)" false; }
trace_down() { kill -"${1:-TERM}" "$trace"; }
seen() { retry 3 grep -qE "$2" "$1" || { cat "$1" "$1.err"; return 1; }; }
hello() { ca timeout 5 openssl s_client -connect "$WWW4:443" -servername "$1" -alpn "$2" </dev/null >/dev/null 2>&1; }
events() { alpnxdp events --json "$@" | jq -rs "map($FILTER) | length"; }

net_up 2
net_split
nginx_up
ok "attach" attach --self-check no
[ "$failed" -eq 0 ] || finish
ok "nothing is traced" is_off

# ---------------------------------------------------------------- what is shown
trace_up "$DIR/all"
ok "it is on" is_on
ok "a page" nginx_answers
ok "a browser's hello, though nothing is pending" seen "$DIR/all" \
	"^[0-9:.]{15}  edge0/[01]  $CA4  www.example.org  .*passed  hello-other: a ClientHello that does not offer acme-tls/1$"
hello other.example acme-tls/1
ok "one that offers acme-tls/1" seen "$DIR/all" "$CA4  other.example  acme-tls/1  passed  not-pending: offers acme-tls/1 for a name"
hello list.example http/1.1,acme-tls/1
ok "its ALPN list" seen "$DIR/all" 'list.example  http/1.1,acme-tls/1  passed'
ok "add" alpnxdp add www.example.org --digest "$DIGEST"
ok "a validation" validate -i www.example.org
ok "is shown as taken" seen "$DIR/all" 'www.example.org  acme-tls/1  taken  offered: '
# shellcheck disable=SC2016 # for the inner shell
ca timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/443" && printf "\026\003\001\002\000\001\000\001\374\003\003" >&3 && sleep 0.2' "$WWW4"
ok "half a hello" seen "$DIR/all" "$CA4  \(no name\)  \(no ALPN\)  passed  hello-undecided: "
ok "nothing was lost" not grep -q 'more came' "$DIR/all.err"
trace_down INT
ok "it ends when it is interrupted" retry 3 not kill -0 "$trace"
ok "off within 3 s" retry 4 is_off

trace_up "$DIR/json" --json
hello json.example acme-tls/1
ok "JSON" seen "$DIR/json" '"identifier":"json.example"'
ok "as its schema says" "$ROOT/tests/netns/schema.py" trace < <(head -n 1 "$DIR/json")
trace_down KILL
ok "killed: off within 3 s" retry 4 is_off
ok "hellos go on" nginx_answers

# ---------------------------------------------------------------- one client
trace_up "$DIR/one" --from 10.77.1.3
hello two.example acme-tls/1
ca curl -sk --interface 10.77.1.3 --max-time 5 "https://$WWW4/" >/dev/null
ok "one client's" seen "$DIR/one" ' 10.77.1.3 '
ok "nobody else's" not grep -q ' 10.77.1.2 ' "$DIR/one"
trace_up "$DIR/other" --from "$CA6"
ca curl -sk --interface "$CA6" --max-time 5 "https://[$WWW6]/" >/dev/null
ca curl -sk --interface 10.77.1.3 --max-time 5 "https://$WWW4/" >/dev/null
ok "two who ask for different ones" seen "$DIR/other" " $CA6 "
ok "each gets its own" not grep -q ' 10.77.1.3 ' "$DIR/other"
twice() { [ "$(grep -c ' 10.77.1.3 ' "$DIR/one")" -ge 2 ]; }
ok "the first one, too" retry 3 twice
trace_down KILL
kill "$(pgrep -f "trace --from 10.77.1.3 --socket $DIR")"
ok "off again" retry 4 is_off

# ---------------------------------------------------------------- refusals
nobody() { www setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" "$@" --socket "$DIR/control.sock" 2>&1; }
chmod 666 "$DIR/control.sock"
ok "only root may" grep -q "only root may trace" <(nobody trace)
ok "and nothing is on" is_off
ok "an address" not alpnxdp trace --from nowhere
ok "another word" grep -q 'IPv4 or IPv6 address is needed' <(alpnxdp trace --from nowhere 2>&1)

# ---------------------------------------------------------------- the ledger
before=$(alpnxdp events --json | wc -l)
hello passed.example acme-tls/1
FILTER='select(.identifier == "passed.example" and .outcome == "not-pending" and .detail == "not-pending")'
ok "what the program let pass is in the ledger" same "$(events)" 1
ok "and only once" same "$(($(alpnxdp events --json | wc -l) - before))" 1
ok "with its offer" same "$(alpnxdp events --json --ident passed.example | jq -r '.hello.alpn[0] + .client')" "acme-tls/1$CA4"
ok "browsers are not" same "$(alpnxdp events --json | jq -rs 'map(select(.hello.alpn | index("acme-tls/1") | not)) | length')" 0
kill -STOP "$(engine_pid)"
sleep 1.3
hello www.example.org acme-tls/1
kill -CONT "$(engine_pid)"
FILTER='select(.identifier == "www.example.org" and .outcome == "taken-back" and .detail == "engine-silent")'
ok "while the engine was silent" same "$(events)" 1
ok "detach" alpnxdp detach edge0
finish
