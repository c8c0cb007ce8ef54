#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# alpnxdp explain: what a real CA answers through a real client when a validation fails, why it failed, and the words that
# must come of it; then the text by other ways, and what is no CA's text.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-acme.sh"
net_up
nginx_up
pebble_up
trusting uacme -y -v -a "$ACME_URL" -c "$DIR/uacme" -t EC new >/dev/null 2>&1 || exit 1

# A hook that does what the case is about, instead of adding the challenge. $4: the key authorization.
cat >"$DIR/hook" <<'SH'
#!/bin/sh
[ "$2" = tls-alpn-01 ] || exit 1
[ "$1" = begin ] || exit 0
case $(cat "$HOOK_CASE") in
wrong-digest) exec "$ALPNXDP" --socket "$ALPNXDP_SOCKET" add "$3" --digest "$HOOK_DIGEST" >&2 ;;
esac
SH
chmod +x "$DIR/hook"
export HOOK_CASE=$DIR/case HOOK_DIGEST=$DIGEST

# fails CASE NAME: uacme fails, and what it said is kept.
fails() {
	echo "$1" >"$DIR/case"
	! trusting uacme -v -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h "$DIR/hook" issue "$2" >"$DIR/said" 2>&1
}
explains() { alpnxdp explain --no-dns "$@" >"$DIR/explained" 2>&1; }
# says WORDS: in what was explained, whose lines are joined.
says() {
	tr -s '\n ' ' ' <"$DIR/explained" | grep -qF -- "$1" && return
	cat "$DIR/explained"
	return 1
}
cause() { alpnxdp explain --no-dns --json "$DIR/said" | jq -re '[.findings[].cause] | unique | join(",")'; }

ok "without a daemon: uacme fails" fails nothing a.example.org
ok "it is explained" explains "$DIR/said"
ok "no alpnxdp runs" says "no alpnxdp runs here"
ok "and what could not be compared is said" says "no daemon answers"

ok "attach" attach
ok "nothing pending: uacme fails" fails nothing b.example.org
ok "it is explained" explains "$DIR/said"
ok "by what was pending" says "no challenge is pending for b.example.org"
ok "and by its cause" same "$(cause)" not-pending

ok "another digest pending: uacme fails" fails wrong-digest c.example.org
ok "it is explained" explains - <"$DIR/said"
ok "by the digest" says "the CA wants another digest than $DIGEST, which is pending for c.example.org"
ok "connections of the name are evidence" says "connections for c.example.org:"

listen_no_more() { kill "$(cat "$DIR/nginx/pid")" && retry 5 not nginx_listens; }
nginx_listens() { [ -n "$(www ss -Hltn 'sport = :443')" ]; }
ok "the web server ends" listen_no_more
ok "nothing listens: uacme fails" fails wrong-digest d.example.org
ok "it is explained" explains "$DIR/said"
ok "by who does not listen" says "no flow for d.example.org arrived on any attached interface: nothing listens on port 443"

# The ledger's own words, in a case that the CA would tell of as a timeout.
explain_text() { explains "$1" && says "$2"; }
ok "an address of another host" explain_text "2001:db8::5: Connection refused" \
	"the CA connected to 2001:db8::5, which is no address of this host"
ok "a rate limit" explain_text "urn:ietf:params:acme:error:rateLimited :: too many failed authorizations" \
	"a rate limit of the CA is used up"

# ----------------------------------------------------------------- wrong input
refused() { # STATUS WORDS ARGUMENT...
	local status=$1 words=$2
	shift 2
	alpnxdp explain --no-dns "$@" </dev/null >"$DIR/explained" 2>&1
	same "$?" "$status" && says "$words"
}
ok "text of nobody" refused 1 "no CA's error was found in this text" hello world
ok "nothing at all" refused 1 "no CA's error was found in this text"
ok "a file that is not there" refused 4 "No such file or directory" ./nothing-here
ok "a directory" refused 4 "Is a directory" /
head -c 300000 /dev/zero | tr '\0' x >"$DIR/large"
ok "more than 256 KiB" refused 4 "longer than 256 KiB" "$DIR/large"
escapes() { explains "$(printf '\033[31m192.0.2.1: Connection refused\033]0;x\007')" && ! grep -q "$(printf '\033')" "$DIR/explained"; }
ok "no escape comes through" escapes
ok "detach" alpnxdp detach edge0
finish
