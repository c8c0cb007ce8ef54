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
ok "connections that are reset" client resets "${SITE[@]}"
ok "no server to reset is wrong" not client resets "${SITE[@]}" -p 444
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

# Six rounds of: twice as much, a tenth more, and a control that is so much off; what differs from round to round by more than
# it does in the middle is no ratio.
report() {
	local round
	for round in 1 2 3 4 5 6; do
		printf 'work [us]\t%s\t%s\t%s\n' a "$round" 100 'a (control)' "$round" "$1" b "$round" 200 c "$round" 110 \
			d "$round" $((90 + 6 * round))
	done >"$DIR/made.tsv"
	BENCH_OUT=$DIR "$ROOT/tests/bench/report.py" made >"$DIR/report"
}
ratio() { sed -n "s/^  $1 .* \\([0-9.]*[0-9]\\|-\\)\\(  .*\\)\\?$/\\1/p" "$DIR/report"; }
ok "a report" report 120
ok "more than the control differs: a ratio" same "$(ratio b)" 2.000
ok "less than that: none" grep -q '^  c .* -  10.0% from a; the control differs by 20.0%; at most 20.0% from it$' "$DIR/report"
ok "a report with a quiet control" report 101
ok "now a ratio" same "$(ratio c)" 1.100
ok "but none of what may be chance" grep -q '^  d .* -  11.0% from a; ' "$DIR/report"
ok "the numbers as JSON" jq -e '.schema == "alpnxdp.bench/1" and .results[0].contestants.b.ratio == 2' "$DIR/made.json"
ok "a report with a control that is a twentieth off" report 105
sed -i '/\tc\t/s/110/103/' "$DIR/made.tsv"
ok "again" env BENCH_OUT="$DIR" "$ROOT/tests/bench/report.py" made
ok "how far off it may be" grep -qF '| c | 103.0 (103.0 .. 103.0) 1 ± 5.0 % |' "$DIR/made.md"
sed -i '/\t[2-6]\t/d' "$DIR/made.tsv"
ok "a single round" env BENCH_OUT="$DIR" "$ROOT/tests/bench/report.py" made
ok "which tells nothing of that" grep -qF '| c | 103.0 - |' "$DIR/made.md"
finish
