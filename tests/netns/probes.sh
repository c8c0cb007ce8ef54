#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Unsolicited probes: who asks for a challenge of a name of ours while none is pending is an event, is counted, logged, and
# the hook is run, with exactly these arguments; not for others' names, not for what is pending or was lately, and not for
# forged packets; a flood runs it once a second at most; one that hangs is killed; one that others may write is refused.
. "$(dirname "$0")/lib.sh"

hello() { ca timeout 5 openssl s_client -connect "${2:-$WWW4}:443" -servername "$1" -alpn acme-tls/1 </dev/null >/dev/null 2>&1; }
runs() { grep -c "^run $1" "$DIR/runs"; }
has_run() { retry 4 grep -qE "^run $1" "$DIR/runs"; }
serves() { same "$(alpnxdp status --json | jq '.interfaces | length')" 1; }
alive() { grep -qE '^State:.*[RSD] ' "/proc/$1/status"; }
unsolicited() { alpnxdp events --json "$@" | jq -rs 'map(select(.unsolicited)) | length'; }
counted() { alpnxdp metrics | awk '$1 == "alpnxdp_unsolicited_probes_total" { print $2 }'; }
at_most() { [ "$1" -le "$2" ] || { printf 'got %s, at most %s expected\n' "$1" "$2"; return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { printf 'got %s, at least %s expected\n' "$1" "$2"; return 1; }; }

net_up 2
net_split
nginx_up
HOOK=$DIR/hook
: >"$DIR/runs"
cat >"$HOOK" <<-SCRIPT
	#!/bin/sh
	{ printf 'run'; printf ' %s' "\$@"; printf '\n'; env | sort; ls -l /proc/self/fd; } >>"$DIR/runs"
	case \$1 in
	hang.*) sleep 30 & echo \$! >"$DIR/left"; sleep 30 ;;
	fail.*) exit 3 ;;
	esac
SCRIPT
chmod 777 "$HOOK"

# ---------------------------------------------------------------- what is refused
ok "a hook that others may write" not attach --own-names example.org --probe-hook "$HOOK"
attach --own-names example.org --probe-hook "$HOOK" >"$DIR/refused"
ok "is refused with the reason" grep -q 'probe-hook: .*others than root may write it' "$DIR/refused"
ok "and the fix" grep -q "chmod go-w $HOOK" "$DIR/refused"
chmod 755 "$HOOK"
chown 65534 "$HOOK"
attach --own-names example.org --probe-hook "$HOOK" >"$DIR/refused"
ok "one that is not root's" grep -q 'it does not belong to root' "$DIR/refused"
chown 0 "$HOOK"
chmod 777 "$DIR"
attach --own-names example.org --probe-hook "$HOOK" >"$DIR/refused"
ok "one in a directory that others may write" grep -q "probe-hook: $DIR: others than root may write it" "$DIR/refused"
chmod 755 "$DIR"
attach --own-names example.org --probe-hook "$DIR/none" >"$DIR/refused"
ok "one that is not there" grep -q 'No such file' "$DIR/refused"
ok "a relative path" grep -q 'absolute path' <(echo 'probe-hook = hook' >"$DIR/conf"; alpnxdp config check "$DIR/conf" 2>&1)
ok "a name that is none" grep -q "own-names" <(echo 'own-names = -x' >"$DIR/conf"; alpnxdp config check "$DIR/conf" 2>&1)

# ---------------------------------------------------------------- probes
cat >"$DIR/conf" <<-CONF
	own-names = example.org, example.net
	own-names = xn--bcher-kva.example 192.0.2.7
	probe-hook = $HOOK
	self-check = no
CONF
background "$WWW" "$ALPNXDP" attach edge0 --config "$DIR/conf" --foreground --socket "$DIR/control.sock" >/dev/null 2>"$DIR/log"
ok "attach" retry 10 serves
[ "$failed" -eq 0 ] || finish
ok "status says that names are watched over" grep -q '^own names: 4, asked for unsolicited 0 times' <(alpnxdp status)
hello www.example.org
ok "a probe runs the hook" has_run www.example.org
ok "with these arguments" grep -qE "^run www.example.org $CA4 $WWW4 edge0 20[0-9-]{8}T[0-9:]{8}Z\$" "$DIR/runs"
ok "with this environment" same "$(grep -E '^[A-Z_]+=' "$DIR/runs" | grep -vE '^(PWD|OLDPWD|SHLVL|_)=')" \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ok "with nothing of ours open" not grep -qE 'socket:|anon_inode|memfd' "$DIR/runs"
ok "an event" same "$(unsolicited --ident www.example.org)" 1
ok "which says what it means" grep -q 'asked for the challenge of this name of yours' <(alpnxdp events --ident www.example.org)
ok "counted" same "$(counted)" 1
ok "logged" grep -q "edge0: unsolicited: $CA4 asked for the challenge of www.example.org" "$DIR/log"
sleep 1
hello example.net "$WWW4"
ok "the suffix itself" has_run example.net
sleep 1
ca timeout 5 openssl s_client -connect "[$WWW6]:443" -servername xn--bcher-kva.example -alpn acme-tls/1 </dev/null >/dev/null 2>&1
ok "over IPv6" has_run "xn--bcher-kva.example fd77::[2-6] $WWW6"
hello 7.2.0.192.in-addr.arpa
ok "an address" has_run 192.0.2.7

before=$(counted)
hello other.example
hello notexample.org
ca curl -s --cacert "$DIR/nginx/cert.pem" --resolve "www.example.org:443:$WWW4" https://www.example.org/ >/dev/null
ok "not for others' names, nor for visitors" same "$(counted)" "$before"
ok "which are events all the same" same "$(alpnxdp events --json --ident notexample.org | jq .unsolicited)" false

# ---------------------------------------------------------------- what is asked for
ok "add" alpnxdp add mine.example.org --digest "$DIGEST"
ok "a validation" validate -i mine.example.org
ok "is not unsolicited" same "$(unsolicited --ident mine.example.org)" 0
ok "remove" alpnxdp remove mine.example.org
hello mine.example.org
ok "nor is a late one" same "$(counted)" "$before"
ok "the hook was not run" same "$(runs mine.example.org)" 0

# ---------------------------------------------------------------- another engine
kill -KILL "$(engine_pid)"
watches() { same "$(alpnxdp status --json | jq '.probes.own_names * (.interfaces | length)')" 4; }
ok "another engine watches over the same names" retry 5 watches
hello again.example.org
ok "and tells of them" has_run again.example.org

# ---------------------------------------------------------------- hooks that do not do well
sleep 1
hello fail.example.org
ok "one that fails" has_run fail.example.org
ok "is logged" retry 3 grep -q 'fail.example.org failed: exit status 3' "$DIR/log"
sleep 1
hello hang.example.org
ok "one that hangs" has_run hang.example.org
hello hang.example.org
ok "pages meanwhile" nginx_answers
ok "and is killed after 10 s" retry 12 grep -q 'hang.example.org took longer than 10 s and was killed' "$DIR/log"
ok "with what it started" retry 2 not alive "$(cat "$DIR/left")"
ok "only one was run for the name" same "$(runs hang.example.org)" 1

# ---------------------------------------------------------------- a flood
before=$(counted)
start=$SECONDS runs=$(runs)
while [ $((SECONDS - start)) -lt 5 ]; do
	for i in 1 2 3 4; do hello "flood$i.example.org" & done
	wait %2 %3 %4 %5 2>/dev/null || wait -n 2>/dev/null
done
sleep 1
flood=$(($(counted) - before))
printf '        %s probes in 5 s, %s runs\n' "$flood" "$(($(runs) - runs))"
ok "a flood of probes is counted" at_least "$flood" 20
ok "and runs the hook at most once a second" at_most "$(($(runs) - runs))" 8
ok "but runs it" at_least "$(($(runs) - runs))" 4
ok "as seldom as that, the log" at_most "$(grep -c 'unsolicited: .*flood' "$DIR/log")" 8

# ---------------------------------------------------------------- forged packets
before=$(counted)
mac=$(www ip -j link show edge0 | jq -r '.[0].address')
ca "$INTEROP/spray" -w -i ca0 -m "$mac" -t "$WWW4" -x "$HELLOS/boulder-va-go1.26-nomlkem.hex" -n 2000 -r 20000
sleep 0.5
ok "forged packets raise no alarm" same "$(counted)" "$before"
ok "they are in the ledger" at_least "$(alpnxdp events --json --ident d.example.org | wc -l)" 1
ok "and the rest is counted as lost" at_least "$(alpnxdp status --json | jq .notes_lost)" 1

# ---------------------------------------------------------------- harvest: the engine is asked, and then somebody else
printf 'self-check = no\nown-names = example.org\nharvest = 127.0.0.1:844\n' >"$DIR/conf"
ok "reload with harvest, where nobody listens" alpnxdp reload
before=$(counted)
hello asked.example.org
counted_one() { same "$(counted)" $((before + 1)); }
ok "a probe that the engine declined" retry 4 counted_one
ok "is an event like others" same "$(unsolicited --ident asked.example.org)" 1

# ---------------------------------------------------------------- reload
printf 'self-check = no\n' >"$DIR/conf"
ok "reload without names" alpnxdp reload
before=$(counted)
hello www.example.org
ok "nobody watches" same "$(counted)" "$before"
ok "and nothing is looked at" same "$(alpnxdp status --json | jq .probes.own_names)" 0
ok "detach" alpnxdp detach edge0
finish
