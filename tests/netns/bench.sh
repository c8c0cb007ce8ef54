#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The benches' load generator fails for every kind of wrong answer, and their report prints no ratio within the control's.
. "$(dirname "$0")/lib.sh"
net_up
nginx_up
client() { ca "$ROOT/build/tests/bench/client" "$@" -a "$WWW4" -s 0.3 -j 4; }
SITE=(-n www.example.org) NONE=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

ok "pages" client pages "${SITE[@]}"
ok "pages on new connections" client connections "${SITE[@]}" -f "$CA4" -f 10.77.1.3
ok "handshakes of a browser" client challenges "${SITE[@]}" -t 1.2
ok "another page is wrong" not client pages "${SITE[@]}" -b "hello from nginX"$'\n'
ok "a page that is longer is wrong" not client connections "${SITE[@]}" -b "hello from nginx"
ok "a certificate for another name is wrong" not client challenges -n mail.example.org
ok "the web server's answer to a challenge is wrong" not client challenges "${SITE[@]}" -d "$DIGEST"
ok "no server is wrong" not client pages "${SITE[@]}" -p 444

# Two addresses of one server in turn: a line for each, and wrong is wrong in the second one, too.
www ip addr add 10.77.1.9/24 dev edge0
ok "pages of two servers in turn" client pages "${SITE[@]}" -T 20 -a 10.77.1.9 -f "$CA4"
ok "a line for each" same "$(client connections "${SITE[@]}" -T 20 -a 10.77.1.9 2>/dev/null | jq -s 'map(select(.done > 0 and .wrong == 0)) | length')" 2
ok "no server in its turn is wrong" not client pages "${SITE[@]}" -T 20 -a 10.77.1.10

attach || exit 1
alpnxdp add www.example.org --digest "$DIGEST" >/dev/null
for version in 1.2 1.3; do ok "challenges, TLS $version" client challenges "${SITE[@]}" -d "$DIGEST" -t "$version"; done
ok "another digest is wrong" not client challenges "${SITE[@]}" -d "$NONE"
alpnxdp remove www.example.org >/dev/null
ok "none is wrong" not client challenges "${SITE[@]}" -d "$DIGEST"

# Twice as much, a tenth more, and a control that is a fifth off.
report() {
	printf 'work [us]\t%s\t1\t%s\n' a 100 'a (control)' "$1" b 200 c 110 d 105 >"$DIR/made.tsv"
	BENCH_OUT=$DIR "$ROOT/tests/bench/report.py" made >"$DIR/report"
}
ratio() { sed -n "s/^  $1 .* \\([0-9.]*[0-9]\\|-\\)\\(  .*\\)\\?$/\\1/p" "$DIR/report"; }
ok "a report" report 120
ok "more than the control differs: a ratio" same "$(ratio b)" 2.000
ok "less than that: none" grep -q '^  c .* -  10.0% from a, at most 10.0%; the control differs by 20.0%$' "$DIR/report"
ok "how far it may be off" grep -qF '| d | 105.0 1 ± 5.0 % |' "$DIR/made.md"
ok "a report with a quiet control" report 101
ok "now a ratio" same "$(ratio c)" 1.100
ok "the numbers as JSON" jq -e '.schema == "alpnxdp.bench/1" and .results[0].contestants.b.ratio == 2' "$DIR/made.json"
finish
