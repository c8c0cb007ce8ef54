#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The command as people and hooks meet it: every wrong input with its words and exit status, in text and in JSON, and
# the shape of what comes when all is well.
. "$(dirname "$0")/lib.sh"
net_up 2

# Each mistake is made twice: in text, nothing may come on standard output; with --json one object as its schema says.
# refused STATUS WORDS ARGUMENT...: WORDS must be somewhere in what is told.
refused() {
	local status=$1 words=$2 got out
	shift 2
	out=$("$run" "$@" 2>"$DIR/stderr")
	got=$?
	cat "$DIR/stderr"
	same "$got" "$status" && same "$out" "" || return 1
	grep -q '^alpnxdp: .' "$DIR/stderr" || return 1
	grep -qF -- "$words" "$DIR/stderr" || { echo "nothing about: $words"; return 1; }
	out=$("$run" "$@" --json 2>/dev/null)
	got=$?
	echo "$out"
	same "$got" "$status" && same "$(wc -l <<<"$out")" 1 || return 1
	jq -e --argjson status "$status" '.schema == "alpnxdp.error/1" and .ok == false and .code == $status and
		(.error | length > 0) and ((.system // "x") | length > 0) and ((.fix // "x") | length > 0)' <<<"$out"
}

# json FILTER ARGUMENT...: one line of JSON of which the filter holds.
json() {
	local filter=$1 out
	shift
	out=$("$run" "$@" --json) || return 1
	echo "$out"
	same "$(wc -l <<<"$out")" 1 && jq -e "$filter" <<<"$out"
}

# prints WORDS ARGUMENT...: exactly this text, and nothing on standard error.
prints() {
	local words=$1
	shift
	same "$("$run" "$@" 2>&1)" "$words"
}

status_of() { "$@" >/dev/null 2>&1; echo $?; }

# The same command without rights. The binary is copied, since a home directory may be closed to others.
cp "$ALPNXDP" "$DIR/alpnxdp"
nobody() {
	www setpriv --reuid=65534 --regid=65534 --clear-groups "$DIR/alpnxdp" "$@" --socket "$DIR/control.sock"
}
bare() { www "$ALPNXDP" "$@"; } # without --socket

# ------------------------------------------------------------- form
run=alpnxdp
ok "no verb" refused 2 "alpnxdp --help"
ok "unknown verb, the nearest one is named" refused 2 "alpnxdp status" statsu
ok "unknown verb, near to none" refused 2 "there is no verb 'frobnicate'" frobnicate
ok "unknown option" refused 2 "unknown option '--colour'" list --colour
ok "an option of another verb" refused 2 "unknown option '--ttl'" attach edge0 --ttl 1h
ok "a value where none belongs" refused 2 "--all takes no value" detach --all=1
ok "attach without an interface" refused 2 "name of an interface" attach
ok "attach of one interface twice" refused 2 "edge0 is named twice" attach edge0 edge0
ok "detach without an interface" refused 2 "or --all" detach
ok "detach of names and all" refused 2 "or --all" detach edge0 --all
ok "status of two interfaces" refused 2 "one argument too many: 'b'" status a b
ok "add without an identifier" refused 2 "a name or an address" add
ok "add without a digest" refused 2 "--digest, --key-auth and --cert" add a.example
ok "add with two kinds of digest" refused 2 "--digest, --key-auth and --cert" add a.example --digest x --key-auth y
ok "remove without an identifier" refused 2 "a name or an address" remove
ok "config without its word" refused 2 "the word check" config
ok "config of another word" refused 2 "config can only check" config show
ok "completion of no such shell" refused 2 "not for 'tcsh'" completion tcsh
ok "list takes nothing" refused 2 "one argument too many" list a.example

# ----------------------------------------------------------- values
ok "port 0" refused 4 "1 to 65535" attach edge0 --port 0
ok "port 65536" refused 4 "1 to 65535" attach edge0 --port 65536
ok "harvest by name" refused 4 "127.0.0.1:PORT" attach edge0 --harvest localhost:8443
ok "harvest elsewhere" refused 4 "loopback" attach edge0 --harvest 192.0.2.1:8443
ok "an unknown kind of directory" refused 4 "KIND:DIR" attach edge0 --watch lego:/x
ok "a text file that node_exporter does not read" refused 4 ".prom" attach edge0 --metrics-textfile /tmp/x
ok "unknown mode" refused 4 "auto, native and generic" attach edge0 --mode fast
ok "not the name of an interface" refused 4 "'../x' is not the name" attach ../x
ok "lifetime without sense" refused 4 "number with s, m, h or d" add a.example --digest "$DIGEST" --ttl soon
ok "lifetime that is over" refused 4 "expired" add a.example --digest "$DIGEST" --ttl 0
ok "lifetime above 30 days" refused 4 "30 days" add a.example --digest "$DIGEST" --ttl 31d
ok "wildcard" refused 4 "'*.example.org'" add '*.example.org' --digest "$DIGEST"
ok "empty name" refused 4 "''" add '' --digest "$DIGEST"
ok "name with a space" refused 4 "'a b.example'" add 'a b.example' --digest "$DIGEST"
ok "U-label" refused 4 "'münchen.example'" add 'münchen.example' --digest "$DIGEST"
ok "label above 63 characters" refused 4 "" add "$(printf 'a%.0s' {1..64}).example" --digest "$DIGEST"
ok "address with a port" refused 4 "'192.0.2.1:443'" add 192.0.2.1:443 --digest "$DIGEST"
ok "digest too short" refused 4 "'${DIGEST%?}'" add a.example --digest "${DIGEST%?}"
ok "digest that is none" refused 4 "'nonsense'" add a.example --digest nonsense
ok "key authorization without a thumbprint" refused 4 "--key-auth" add a.example --key-auth token
ok "remove of a bad name" refused 4 "'*.a.example'" remove '*.a.example'
ok "remove with a bad digest" refused 4 "'x'" remove a.example --digest x

# -------------------------------------------------------- no daemon
ok "add without a daemon" refused 3 "sudo alpnxdp attach IFACE" add a.example --digest "$DIGEST"
ok "remove without a daemon" refused 3 "sudo alpnxdp attach IFACE" remove a.example
ok "list without a daemon" refused 3 "sudo alpnxdp attach IFACE" list
ok "detach of what is not attached" refused 3 "edge0" detach edge0
ok "detach of all when there is nothing" refused 3 "nothing of ours" detach --all
ok "status without a daemon: exit status" same "$(status_of alpnxdp status)" 3
ok "status without a daemon: text" same "$(alpnxdp status | head -n 1)" "daemon: not running, everything passes"
ok "status without a daemon: JSON" jq -e '.schema == "alpnxdp.status/1" and .ok == false and .code == 3 and
	.daemon == null and .interfaces == []' <<<"$(alpnxdp status --json)"
ok "attach of no such interface" refused 4 "nosuch0" attach nosuch0
ok "detach of no such interface" refused 4 "nosuch0" detach nosuch0
run=nobody
ok "attach by somebody else than root" refused 1 "sudo alpnxdp attach edge0" attach edge0
ok "detach by somebody else than root" refused 1 "only root" detach edge0
ok "detach of all by somebody else than root" refused 1 "only root" detach --all
run=bare
ok "socket path too long" refused 4 "107 bytes" list --socket "$DIR/$(printf 'x%.0s' {1..120})"
ok "socket path two directories deep" refused 1 "mkdir -p" attach edge0 --socket "$DIR/no/such/control.sock"
touch "$DIR/plain"
ok "socket path that is taken by a file" refused 1 "no socket" attach edge0 --socket "$DIR/plain"
run=alpnxdp

# -------------------------------------------------- help and version
ok "help" grep -q '^Usage: alpnxdp VERB' <<<"$(alpnxdp --help)"
for verb in attach detach status add remove list reload config completion version; do
	ok "help of $verb" grep -q "^Usage: alpnxdp $verb" <<<"$(alpnxdp "$verb" --help)"
	ok "$verb is in the help of the program" grep -q "^  $verb " <<<"$(alpnxdp --help)"
done
ok "version" same "$(alpnxdp version)" "$(alpnxdp --version)"
ok "version in JSON" json '.schema == "alpnxdp.version/1" and (.version | length > 0) and .abi > 0' version
ok "output that cannot be written" same "$(alpnxdp --help >/dev/full 2>/dev/null; echo $?)" 1

# --------------------------------------------------------- attached
attach_line=$(alpnxdp attach edge0 2>&1)
ok "attach says one line" grep -qx 'edge0: attached, native mode, 2 queues, program id [0-9]*, port 443' <<<"$attach_line"
ok "attach of the attached" refused 1 "already attached" attach edge0
ok "attach of no such interface through the daemon" refused 4 "nosuch0" attach nosuch0
ok "status of an interface that is not attached" refused 3 "lo" status lo
ok "status of an interface" json '.schema == "alpnxdp.status/1" and .ok and (.interfaces | length) == 1 and
	.interfaces[0].name == "edge0"' status edge0
ok "status" json '.daemon.pid > 0 and .daemon.engine_pid > 0 and (.daemon.version | length > 0) and .challenges == 0 and
	.flows == 0 and (.interfaces[0] | .mode == "native" and .queues == 2 and .port == 443 and .program_id > 0 and
	.heartbeat_age_ms < 1000 and (.counters | length) > 20 and .counters.unarmed >= 0 and .rings.rx_dropped == 0 and
	(.neighbours | any(.ours))) and .outcomes.validated == 0 and .silence.unsilenced == 0 and
	.given_back.failed == 0 and .transmit.failed == 0' status
ok "status in words" grep -q '^edge0: native mode, 2 queues' <<<"$(alpnxdp status)"

# ------------------------------------------------------- challenges
ok "list of nothing" prints "no challenges are pending" list
ok "add" prints "example.org: answering for 1h, digest $DIGEST" add Example.ORG. --digest "$DIGEST"
ok "add again" prints "example.org: answering already, now for 2h, digest $DIGEST" add example.org --digest "$DIGEST" --ttl 2h
ok "add in JSON" json '.schema == "alpnxdp.add/1" and .ok and .identifier == "2001:db8::1" and .expires_s == 90 and
	.digest == "'"$DIGEST"'" and .new' add 2001:0DB8:0::1 --digest "$DIGEST" --ttl 90s
key_auth=token.$(printf 'A%.0s' {1..43})
digest=$(printf %s "$key_auth" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =)
add_from_stdin() { json '.digest == "'"$digest"'"' add b.example --key-auth - <<<"$key_auth"; }
ok "add by key authorization" json '.digest == "'"$digest"'"' add a.example --key-auth "$key_auth"
ok "add by key authorization from standard input" add_from_stdin
ok "list in JSON" json '.schema == "alpnxdp.list/1" and ([.challenges[] | .identifier + " " + .type] == ["example.org dns",
	"2001:db8::1 ip", "a.example dns", "b.example dns"]) and all(.challenges[]; .hits == 0 and .expires_s > 0 and
	.added_s >= 0 and (.digest | length) == 43)' list
ok "list in words has a line for each" same "$(alpnxdp list | wc -l)" 5
ok "remove by a digest that is not there" json '.removed == 0' remove a.example --digest "$DIGEST"
ok "remove" prints "a.example: 1 challenge removed" remove A.example
ok "remove again is no error" prints "a.example: nothing was pending" remove a.example
ok "remove in JSON" json '.schema == "alpnxdp.remove/1" and .ok and .removed == 1' remove b.example --digest "$digest"

# ----------------------------------------------------------- rights
run=nobody
ok "the socket is closed to others" refused 1 "usermod -aG alpnxdp" list
ok "attach is closed to others" refused 1 "sudo" attach edge0
chmod 666 "$DIR/control.sock"
ok "who may use the socket may list" json '(.challenges | length) == 2' list
ok "but not attach" refused 1 "root" attach lo
ok "and not detach" refused 1 "root" detach edge0
run=alpnxdp

# ------------------------------------------- a daemon that is stopped
kill -STOP "$(engine_pid)"
ok "a stopped engine: add says try again" refused 75 "does not answer" add c.example --digest "$DIGEST"
ok "a stopped engine: status shows what is attached" same "$(alpnxdp status --json | jq -r '"\(.code) \(.interfaces[0].name)"')" "75 edge0"
kill -CONT "$(engine_pid)"

# ----------------------------------------------------------- detach
back_to_back() {
	local i
	for i in 1 2 3 4 5; do alpnxdp detach edge0 && alpnxdp attach edge0 || return 1; done
}
no_program() { not grep -q 'prog/xdp' <<<"$(www ip link show edge0)"; }
ok "detach" prints "edge0: detached" detach edge0
ok "nothing is left of the daemon" not test -e "$DIR/daemon.pid" -o -e "$DIR/control.sock"
alpnxdp attach edge0 --mode generic >/dev/null
ok "generic mode" json '.interfaces[0].mode == "generic"' status
daemon=$(keeper_pid) engine=$(engine_pid)
kill -STOP "$daemon" "$engine"
ok "detach does not need the daemon" prints "edge0: detached" detach edge0
ok "the program is gone" no_program
kill -CONT "$daemon" "$engine"
ok "the daemon notices and ends" retry 5 not test -e "$DIR/daemon.pid"
ok "attach again" alpnxdp attach edge0
ok "attach and detach, one upon the other" back_to_back
ok "a program is there" not no_program
ok "detach of all in JSON" json '.schema == "alpnxdp.detach/1" and .ok and .detached == ["edge0"]' detach --all

# ------------------------------------- several daemons, odd starts
# With all standard descriptors closed, the first three that are opened must not be taken for them.
started_without_descriptors() {
	alpnxdp attach edge0 <&- >&- 2>&-
	alpnxdp add closed.example --digest "$DIGEST" && alpnxdp detach edge0
}
started_with_umask() {
	(umask 077; bare attach edge0 --socket "$DIR/masked/control.sock" && stat -c %a "$DIR/masked")
	bare detach edge0 --socket "$DIR/masked/control.sock" >/dev/null
}
# Whoever comes second finds the first one's daemon, or hears that it is at work.
started_at_once() {
	local i
	for i in 1 2 3 4; do { alpnxdp attach edge0 >/dev/null 2>&1; echo $? >"$DIR/status.$i"; } & done
	wait
	same "$(cat "$DIR"/status.? | grep -cx 0)" 1 && alpnxdp add once.example --digest "$DIGEST" && alpnxdp detach edge0
}
# In a mount namespace where nothing can be made under /tmp.
started_without_tmp() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m sh -c 'mount --bind "$1" /mnt && cp "$2" /mnt/bin && mount -t tmpfs -o ro none /tmp &&
		nsenter --net=/run/netns/"$3" /mnt/bin attach edge0 --socket /mnt/control.sock' sh "$DIR" "$ALPNXDP" "$WWW" &&
		alpnxdp add tmp.example --digest "$DIGEST" && alpnxdp detach edge0
}
# A terminal that closes tells all its processes, a service manager that stops one, too: the engine leaves it to the keeper.
survives_hangup() {
	local engine
	alpnxdp attach edge0 >/dev/null
	engine=$(engine_pid)
	kill -HUP "$engine" "$(keeper_pid)"
	kill -TERM "$engine"
	sleep 0.3
	same "$(engine_pid)" "$engine" && alpnxdp detach edge0
}
facts() { alpnxdp status --json | jq -c '.interfaces[0] | [.conntrack, .port, .mode, .program_id]'; }
ok "attach with standard descriptors closed" started_without_descriptors
ok "attach under umask 077: the group gets to the socket" same "$(started_with_umask | tail -n 1)" 755
ok "attach with a read-only /tmp" started_without_tmp
ok "a closing terminal does not end the engine" survives_hangup
ok "attach four times at once" started_at_once
nginx_up
alpnxdp attach edge0 >/dev/null
alpnxdp add first.example --digest "$DIGEST" >/dev/null
before=$(facts)
mkdir "$DIR/second"
run=bare
ok "a second daemon is refused" refused 1 "another daemon" attach edge0 --port 444 --socket "$DIR/second/control.sock"
run=alpnxdp
ok "the first one goes on" validate -i first.example
kill -KILL "$(keeper_pid)"
retry 5 not alpnxdp list
ok "status knows the same without the daemon" same "$before" "$(facts)"
alpnxdp detach --all >/dev/null
rm -f "$DIR/challenges"

# A relative path holds for the daemon too, which works elsewhere.
run=bare
cd "$DIR" || exit 1
ok "attach by a relative path" bare attach edge0 --socket relative.sock
ok "its files are beside it" test -e "$DIR/daemon.pid"
ok "detach by a relative path" prints "edge0: detached" detach edge0 --socket relative.sock
ok "and they are gone" not test -e "$DIR/relative.sock" -o -e "$DIR/daemon.pid"

finish
