#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every --json output, and the log, is as share/schema says, member by member; and what has once been promised there is
# promised still: members are added, never taken away, renamed or of another type.
. "$(dirname "$0")/lib.sh"
schema=$ROOT/tests/netns/schema.py
python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"
net_up 2
nginx_up

# valid SCHEMAS ARGUMENT...: what this prints with --json. Its exit status is another test's concern.
valid() {
	local schemas=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	{ alpnxdp --json "$@" 2>/dev/null || true; } | "$schema" $schemas
}
nobody() { www setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" --json "$@" --socket "$DIR/control.sock" 2>/dev/null; }

ok "the schemas are schemas" "$schema" verify
ok "a missing member is noticed" not "$schema" remove <<<'{"schema":"alpnxdp.remove/1","ok":true,"identifier":"a"}'
ok "one of another type, too" not "$schema" remove <<<'{"schema":"alpnxdp.remove/1","ok":true,"identifier":"a","removed":"1"}'
ok "and one that is not described" not "$schema" remove \
	<<<'{"schema":"alpnxdp.remove/1","ok":true,"identifier":"a","removed":1,"colour":"red"}'

# What was promised: to renew after adding members, tests/golden/renew.
gone=$(comm -23 <(sort "$ROOT/tests/golden/schema.txt") <("$schema" members | sort))
ok "nothing promised is gone" same "$gone" ""
ok "and all that is promised is written down" diff "$ROOT/tests/golden/schema.txt" <("$schema" members)

ok "status without a daemon" valid status status
ok "an error" valid error list
ok "an error of form" valid error frobnicate
ok "an error of a file" valid error config check "$DIR"
ok "version" valid version version
echo "watch = dehydrated:$DIR" >"$DIR/conf"
ok "config check" valid config config check "$DIR/conf"
ok "attach" valid attach attach edge0 --log-format json --log-level debug
ok "add" valid add add a.example --digest "$DIGEST"
ok "add again" valid add add a.example --digest "$DIGEST"
ok "add an address" valid add add 2001:db8::1 --digest "$DIGEST"
hooked() { www "$ALPNXDP" --json --socket "$DIR/control.sock" hook uacme begin tls-alpn-01 b.example token "$DIGEST"; }
ok "hook" "$schema" hook < <(hooked)
ok "list" valid list list
ok "a validation" validate -i a.example
ok "a name that is not pending" not validate -i other.example
ok "status" valid status status
ok "an event" valid event events --limit 1
ok "list, with what became of them" valid list list
ok "status of an interface" valid status status edge0
chmod 666 "$DIR/control.sock"
ok "status for somebody else than root" "$schema" status < <(nobody status)
ok "metrics" valid metrics metrics
ok "doctor" valid doctor doctor
ok "check" valid check check a.example --address "$WWW4" --timeout 1s
ok "check of a port where nobody listens" valid check check a.example --address "$WWW4" --port 4 --timeout 1s
ok "check of a name that is nowhere" valid check check nowhere.invalid --timeout 1s
ok "reload" valid reload reload
ok "remove" valid remove remove a.example
ok "remove of nothing" valid remove remove a.example
ok "the log" "$schema" log <"$DIR/log"
ok "it was told of libbpf's work at this level" test "$(grep -c '"level":"debug"' "$DIR/log")" -gt 0
kill -KILL "$(keeper_pid)"
retry 5 not alpnxdp list
ok "status of what a dead daemon has left" valid status status
ok "detach" valid detach detach --all
ok "detach of nothing" valid error detach edge0

ok "explain" valid explain explain --no-dns "192.0.2.1: Connection refused"
ok "explain of nothing known" valid error explain --no-dns nothing
# Every verb that prints JSON has its schema; top is for people, and says where the same is.
for verb in $(awk '/^$/ { blank++ } blank == 1 && /^  / { print $1 }' <<<"$(alpnxdp --help)"); do
	[ "$verb" != events ] || verb=event # an object for each
	[[ $verb == completion || $verb == top ]] || ok "there is a schema for $verb" test -r "$ROOT/share/schema/$verb.json"
done

finish
