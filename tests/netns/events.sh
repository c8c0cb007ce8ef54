#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A gallery of broken validators (tests/interop/broken.py), and what `alpnxdp events` says of each; then what list says,
# --follow over a restart of the engine, and that nothing of a stranger's reaches the terminal.
. "$(dirname "$0")/lib.sh"
net_up 2
net_split
nginx_up
seen() { alpnxdp events --json; }
count() { seen | wc -l; }
one_more() { [ "$(count)" -gt "$1" ]; }

# row KIND OUTCOME DETAIL WORDS: the last event after this validator, word by word.
row() {
	local kind=$1 before last
	before=$(count)
	ca python3 "$ROOT/tests/interop/broken.py" "$kind" "$WWW4" www.example.org >/dev/null 2>&1
	retry 5 one_more "$before" || { ok "$kind: an event" false; return; }
	last=$(seen | tail -n 1)
	ok "$kind: $2" same "$(jq -r '[.outcome, .detail] | join(" ")' <<<"$last")" "$2 $3"
	ok "$kind: one event" same "$(count)" $((before + 1))
	ok "$kind: in words" same "$(jq -r .text <<<"$last")" "$4"
}

ok "attach" attach
ok "nothing yet" grep -q 'no validation has been seen' < <(alpnxdp events)
ok "add" alpnxdp add www.example.org --digest "$DIGEST"
background "$CA" python3 "$ROOT/tests/interop/broken.py" silence "$WWW4" www.example.org >/dev/null 2>&1
PASSED=': passed to the web server'
row half-fin closed-before-hello hello "the validator closed, or was reset, in the middle of its hello$PASSED"
row half-silence hello-incomplete "" "the validator sent the beginning of its hello and, for 5 s, not the rest$PASSED"
row fin-1.3 stopped-after-certificate "" "the validator stopped after our certificate without a word: it did not accept it"
row fin-1.2 stopped-after-certificate "" "the validator stopped after our certificate without a word: it did not accept it"
REFUSED="the validator reset the connection after our certificate: it did not accept it, or something on the way did not"
row rst-1.3 reset received "$REFUSED"
row rst-1.2 reset received "$REFUSED"
row alert-42 alert-received "bad_certificate (42)" "the validator refused our certificate"
row alert-48 alert-received "unknown_ca (48)" "the client wants a certificate from a CA that it knows: it checks like a browser, and no validator does"
row alert-50 alert-received "decode_error (50)" "the validator could not read or verify what we sent: something on the way changes it, or it is not us who answered"
row no-ccs no-change-cipher-spec "" "the validator sent its keys (TLS 1.2), never its ChangeCipherSpec, and closed the connection"
FINISHED="the validator sent everything but its last message (Finished), or only a part of that, and closed the connection"
row no-finished-1.2 no-finished "" "$FINISHED"
row no-finished-1.3 no-finished "" "$FINISHED"
WRONG="the validator's last message (Finished) was wrong: it has other keys than we, or something on the way changed it"
row spoilt-1.3 alert-sent "bad_record_mac (20)" "$WRONG"
row spoilt-1.2 alert-sent "bad_record_mac (20)" "$WRONG"
row data-1.3 alert-sent "bad_record_mac (20)" "$WRONG"
row data-1.2 alert-sent "unexpected_message (10)" "what the validator sent was not what comes next in a handshake: we broke off"
row two-alpns gate alpn "the client offers other protocols beside acme-tls/1, which no validator may$PASSED"
row no-signature gate signature "the client cannot verify the signature of the certificate that is pending$PASSED"
row too-large gate too-large "the client's hello is larger than the 4,096 bytes that we take$PASSED"

# ---- the summary
ok "a validation" validate -i www.example.org
ok "the same address is through now" grep -qF '  1 of 1 perspective finished' < <(alpnxdp list)
ca python3 "$ROOT/tests/interop/broken.py" fin-1.3 "$WWW6" www.example.org >/dev/null 2>&1
summary() { alpnxdp list | grep -qE '^  1 of 2 perspectives finished, 1 stopped after our certificate \(fd77::[0-9], IPv6\)$'; }
ok "list says who did not finish" retry 5 summary

# ---- silence, which took its time
timed_out() { seen | jq -e 'select(.outcome == "timed-out" and .detail == "received")' >/dev/null; }
ok "silence: timed-out" retry 30 timed_out

# ---- for people, and followed
ok "no line is wider than 120" not grep -qE '^.{121}' < <(alpnxdp events)
ok "--limit" same "$(alpnxdp events --json --limit 2 | wc -l)" 2
ok "--ident of another name" grep -q 'no validation of this name' < <(alpnxdp events --ident other.example)
ok "--ident that is none" not alpnxdp events --ident 'a b'
background "$WWW" "$ALPNXDP" events --follow --json --socket "$DIR/control.sock" >"$DIR/followed" 2>"$DIR/said"
follower=$!
lines() { [ "$(wc -l <"$DIR/followed")" -ge "$1" ]; }
retry 5 lines 1
all=$(count)
engine=$(engine_pid)
kill -KILL "$engine"
another_engine() { [ -n "$(engine_pid)" ] && [ "$(engine_pid)" != "$engine" ] && alpnxdp status; }
ok "another engine" retry 8 another_engine
ok "a validation after it" retry 5 validate -i www.example.org
ok "followed over the restart" retry 5 lines $((all + 1))
ok "which was said" retry 5 grep -q 'begin again' "$DIR/said"
kill -INT "$follower"
ok "it ends when interrupted" retry 3 not kill -0 "$follower"
ok "detach" alpnxdp detach edge0
finish
