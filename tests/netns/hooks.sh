#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The hooks of share/hooks as clients call them, with the daemon there and without. The clients themselves: client-*.sh.
. "$(dirname "$0")/lib.sh"
net_up
nginx_up

# As installed: the program is found from where the hook is, in the bare environment of a cron job.
mkdir -p "$DIR/prefix/bin" "$DIR/prefix/share/alpnxdp"
cp "$ALPNXDP" "$DIR/prefix/bin/alpnxdp"
cp -r "$ROOT/share/hooks" "$DIR/prefix/share/alpnxdp/hooks"
bare() {
	local hook=$1
	shift
	www env -i PATH=/usr/bin:/bin ALPNXDP_SOCKET="$DIR/control.sock" ${TYPE:+CHALLENGETYPE="$TYPE"} \
		"$DIR/prefix/share/alpnxdp/hooks/$hook" "$@"
}

# silent STATUS HOOK ARGUMENT...: this status, and not a word on either output.
silent() {
	local status=$1 out
	shift
	out=$(bare "$@" 2>&1)
	same "$?" "$status" && same "$out" ""
}

# told STATUS WORDS HOOK ARGUMENT...: this status, the words on standard error, nothing on standard output.
told() {
	local status=$1 words=$2 got out
	shift 2
	out=$(bare "$@" 2>"$DIR/stderr")
	got=$?
	cat "$DIR/stderr"
	same "$got" "$status" && same "$out" "" && grep -qF -- "$words" "$DIR/stderr"
}

pending() { same "$(alpnxdp list --json | jq -r '[.challenges[].identifier] | sort | join(" ")')" "$1"; }
nothing_pending() { pending ""; }

COLON=9f:86:d0:81:88:4c:7d:65:9a:2f:ea:a0:c5:5a:d0:15:a3:bf:4f:1b:2b:0b:82:2c:d1:5d:6c:15:b0:f0:0a:08
V6=1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa
TYPE=
UNKNOWN=this_hookscript_is_broken__dehydrated_is_working_fine__please_ignore_unknown_hooks_in_your_script

# ------------------------------------------------------------- no daemon
ok "uacme, no daemon: declined, with the way out" told 3 "sudo alpnxdp attach" uacme begin tls-alpn-01 a.example t "$DIGEST"
ok "uacme, no daemon: another type is declined in silence" silent 1 uacme begin dns-01 a.example t "$DIGEST"
ok "dehydrated, no daemon: deploy fails" told 3 "no daemon runs" dehydrated deploy_challenge a.example t "$COLON"
ok "dehydrated, no daemon: cleaning is no failure" told 0 "no daemon runs" dehydrated clean_challenge a.example t "$COLON"
ok "dehydrated, no daemon: other verbs" silent 0 dehydrated startup_hook

attach || exit 1

# ----------------------------------------------------------------- uacme
ok "uacme begin" silent 0 uacme begin tls-alpn-01 WWW.Example.org token "$DIGEST"
ok "it is answered" validate -i www.example.org
ok "uacme begin, an address" silent 0 uacme begin tls-alpn-01 "$WWW4" token "$DIGEST"
ok "it is answered" validate -i "$WWW4"
ok "list says that a hook added it" jq -e '.challenges | map(.source) == ["hook", "hook"]' <(alpnxdp list --json)
ok "uacme done" silent 0 uacme "done" tls-alpn-01 www.example.org token "$DIGEST"
ok "uacme failed" silent 0 uacme failed tls-alpn-01 "$WWW4" token "$DIGEST"
ok "nothing is pending" nothing_pending
ok "uacme done, nothing was pending" silent 0 uacme "done" tls-alpn-01 www.example.org token "$DIGEST"
ok "uacme, four arguments" told 2 "METHOD TYPE IDENT TOKEN AUTH" uacme begin tls-alpn-01 a.example t
ok "uacme, a wildcard" told 4 "'*.example.org'" uacme begin tls-alpn-01 '*.example.org' t "$DIGEST"

# ------------------------------------------------------------ dehydrated
ok "dehydrated deploy, HOOK_CHAIN=yes" silent 0 dehydrated deploy_challenge a.example t "$COLON" b.example t "$COLON" "$V6" t "$COLON"
ok "all are pending" pending "a.example b.example $WWW6"
ok "dehydrated clean, one" silent 0 dehydrated clean_challenge a.example t "$COLON"
ok "the others stay" pending "b.example $WWW6"
ok "dehydrated invalid" silent 0 dehydrated invalid_challenge b.example '{"status": 403, "detail": "no --json here"}'
ok "it is gone" pending "$WWW6"
ok "dehydrated clean, all" silent 0 dehydrated clean_challenge a.example t "$COLON" b.example t "$COLON" "$V6" t "$COLON"
ok "nothing is pending" nothing_pending
ok "dehydrated deploy, one of three is wrong" told 4 "'b..example'" \
	dehydrated deploy_challenge a.example t "$COLON" b..example t "$COLON" c.example t "$COLON"
ok "none of them is pending" nothing_pending
ok "dehydrated, a verb that nobody knows" silent 0 dehydrated "$UNKNOWN"
ok "dehydrated generate_csr" silent 0 dehydrated generate_csr a.example "$DIR" "a.example b.example"
ok "dehydrated request_failure, options among its words" silent 0 dehydrated request_failure 400 --help --json "HTTP/1.1 400"
TYPE=dns-01
ok "dehydrated deploy, another type" told 0 "left alone" dehydrated deploy_challenge a.example t "$DIGEST"
ok "dehydrated clean, another type" silent 0 dehydrated clean_challenge a.example t "$DIGEST"
TYPE=
ok "nothing is pending" nothing_pending

# ----------------------------------------------------------------- acmed
# The arguments of share/hooks/acmed.toml with its templates filled in: RAW_PROOF (or an old acmed's PROOF), IDENTIFIER.
acmed() {
	local type=$1 identifier=$2 proof=$3 word words=()
	while read -r word; do
		case $word in
		"{{ identifier }}") words+=("$identifier") ;;
		"{{ raw_proof }}") words+=("$proof") ;;
		*) words+=("$word") ;;
		esac
	done < <(sed -n "/^type = \\[\"$type\"\\]/,/^args/p" "$ROOT/share/hooks/acmed.toml" | sed -n 's/^args = \(.*\)/\1/p' | jq -r '.[]')
	[ "${#words[@]}" -eq 5 ] || return 1
	ALPNXDP_SOCKET=$DIR/control.sock www "$ALPNXDP" "${words[@]}"
}
ok "acmed add" acmed challenge-tls-alpn-01 www.example.org "$DIGEST"
ok "it is answered" validate -i www.example.org
ok "acmed remove" acmed challenge-tls-alpn-01-clean www.example.org "$DIGEST"
ok "acmed add, tacd's form and an arpa name" acmed challenge-tls-alpn-01 "$V6" "1.3.6.1.5.5.7.1.31=critical,DER:04:20:$COLON"
ok "it is pending" pending "$WWW6"
ok "acmed remove" acmed challenge-tls-alpn-01-clean "$WWW6" "$DIGEST"
ok "nothing is pending" nothing_pending

ok "nginx goes on" nginx_answers
finish
