#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# capture: both directions of our flows, as tshark reads them, decrypted when the secrets were asked for; only for root, in a file
# that nobody else reads; nothing is on when nobody asks, also after the client was killed.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "tshark is missing"

# capture_up FILE [OPTIONS]: its pid is $capture.
capture_up() {
	local file=$1
	shift
	background "$WWW" "$ALPNXDP" capture -w "$file" "$@" --socket "$DIR/control.sock" >"$file.out" 2>"$file.err"
	capture=$!
	retry 5 test -s "$file"
	sleep 0.3
}
capture_down() {
	kill -"${1:-TERM}" "$capture"
	retry 5 not kill -0 "$capture"
}
# shark FILE FILTER FIELD: the field's values in packets that pass, a line each.
shark() { timeout 60 tshark -n -r "$1" -Y "$2" -T fields -e "$3" 2>/dev/null; }
count() { timeout 60 tshark -n -r "$1" -Y "$2" 2>/dev/null | wc -l; }
mode() { stat -c %a "$1"; }
validate6() { ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" -i www.example.org "$@"; }
# finished FILE FILTER: how many Finished messages there are.
finished() { shark "$1" "$2 && tls.handshake.type == 20" tls.handshake.type | tr ',' '\n' | grep -c '^20$'; }

net_up 2
net_split
nginx_up
ok "attach" attach --self-check no
[ "$failed" -eq 0 ] || finish
ok "add" alpnxdp add www.example.org --digest "$DIGEST"

# ---------------------------------------------------------------- with secrets
touch "$DIR/keys"
chmod 644 "$DIR/keys"
capture_up "$DIR/keys" --keys --json
ok "only its owner may read it" same "$(mode "$DIR/keys")" 600
ok "TLS 1.3" validate -i www.example.org -t 1.3
ok "TLS 1.2" validate -i www.example.org -t 1.2
ok "TLS 1.3 over IPv6" validate6 -t 1.3
ok "TLS 1.2 over IPv6" validate6 -t 1.2
ok "a page" nginx_answers
sleep 0.5
capture_down INT
K=$DIR/keys
ok "how much it was" same "$(jq -c '[.flows, .lost, .keys, .full]' "$K.out")" '[4,0,10,false]'
ok "as its schema says" "$ROOT/tests/netns/schema.py" capture <"$K.out"
ok "it has as many packets" same "$(count "$K" frame)" "$(jq .packets "$K.out")"
ok "four hellos came" same "$(count "$K" 'tls.handshake.type == 1 && frame.packet_flags_direction == 1')" 4
ok "four were answered" same "$(count "$K" 'tls.handshake.type == 2 && frame.packet_flags_direction == 2')" 4
ok "the interface" same "$(shark "$K" frame frame.interface_name | sort -u)" edge0
ok "the comment" same "$(shark "$K" 'tls.handshake.type == 1' frame.comment | sort -u)" "hello; offered by the program"
ok "and of an answer" same "$(shark "$K" 'tls.handshake.type == 2' frame.comment | sort -u)" "handshake; ours"
ok "the ACK that is not there is told of" test "$(count "$K" 'frame.comment contains "an ACK that is not here"')" -ge 1
ok "a queue for each that was on the wire" same "$(shark "$K" 'frame.interface_queue in {0,1}' frame | wc -l)" "$(jq .packets "$K.out")"
# veth takes the sender's word for the queue of what comes in.
queues() { shark "$K" "$1" tcp.stream | paste - <(shark "$K" "$1" frame.interface_queue) | sort -u; }
ok "answers leave by the queue of their hello" same "$(queues 'frame.packet_flags_direction == 2')" "$(queues 'tls.handshake.type == 1')"
ok "nothing lost, nothing begun before" same "$(jq -c '[.keys_lost, .begun_before]' "$K.out")" '[0,0]'
ok "the verdict" same "$(count "$K" 'frame.verdict.ebpf_xdp == 4')" "$(count "$K" 'frame.packet_flags_direction == 1')"
ok "all certificates" same "$(count "$K" 'tls.handshake.type == 11')" 4
ok "all Finished over IPv4" same "$(finished "$K" ip)" 4
ok "all Finished over IPv6" same "$(finished "$K" ipv6)" 4
ok "no browser's" same "$(count "$K" 'http')" 0
ok "checksums are right" same "$(timeout 60 tshark -n -o tcp.check_checksum:TRUE -r "$K" -Y 'tcp.checksum.status == 0 && frame.packet_flags_direction == 2' 2>/dev/null | wc -l)" 0

# ---------------------------------------------------------------- without
capture_up "$DIR/plain"
ok "TLS 1.3 again" validate -i www.example.org -t 1.3
sleep 0.4
capture_down
ok "it says how much" grep -qE '[0-9]+ packets of 1 flows; 0 were lost; 0 secrets$' "$DIR/plain.err"
ok "it has the hello" same "$(count "$DIR/plain" 'tls.handshake.type == 1')" 1
ok "but no certificate" same "$(count "$DIR/plain" 'tls.handshake.type == 11')" 0
ok "there are no secrets in it" not grep -aq TRAFFIC_SECRET "$DIR/plain"

# ---------------------------------------------------------------- ends
capture_up "$DIR/counted" -n 3
ok "three packets" validate -i www.example.org
ok "then it ends" retry 5 not kill -0 "$capture"
ok "with three" same "$(count "$DIR/counted" frame)" 3
capture_up "$DIR/small" --max-size 1K
ok "a small file" validate -i www.example.org
ok "it ends before it is larger" retry 5 not kill -0 "$capture"
ok "no larger" test "$(stat -c %s "$DIR/small")" -le 1024
ok "says so" grep -q 'the file is full' "$DIR/small.err"
ok "it can be read" test "$(count "$DIR/small" frame)" -ge 1
capturing() { alpnxdp status --json | jq .capturing; }
off() { same "$(capturing)" false; }
capture_up "$DIR/killed" --keys
ok "it is on" same "$(capturing)" true
capture_down KILL
ok "killed: off within 3 s" retry 4 off
ok "validations go on" validate -i www.example.org

# ---------------------------------------------------------------- given back
capture_up "$DIR/back"
ca timeout 5 openssl s_client -connect "$WWW4:443" -servername www.example.org -alpn acme-tls/1,http/1.1 </dev/null >/dev/null 2>&1
ca timeout 5 openssl s_client -connect "$WWW4:443" -servername www.example.org -alpn acme-tls/1 -sigalgs ed25519 </dev/null >/dev/null 2>&1
sleep 0.4
capture_down
back='frame.comment contains "given back to the kernel; the web server" && frame.packet_flags_direction == 0'
ok "given back" test "$(count "$DIR/back" "$back")" -ge 1
ok "by no queue" same "$(count "$DIR/back" "$back && frame.interface_queue")" 0

# ---------------------------------------------------------------- begun before, and too many secrets
# A validator that waits between its hello and its Finished.
cat >"$DIR/slow.py" <<'PY'
import socket, ssl, sys, time
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_alpn_protocols(["acme-tls/1"])
came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(came, goes, server_hostname="www.example.org")
wire = socket.create_connection((sys.argv[1], 443), 5)
pause = 3
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        wire.sendall(goes.read())
        time.sleep(pause)
        pause = 0
        came.write(wire.recv(16384))
wire.sendall(goes.read())
PY
ca timeout 10 python3 "$DIR/slow.py" "$WWW4" &
begun=$!
is_served() { same "$(alpnxdp status --json | jq .flows_by_state.served)" 1; }
ok "it waits" retry 5 is_served
capture_up "$DIR/begun" --keys
wait "$begun"
slow=$?
ok "one that had said hello before" same "$slow" 0
ok "another, whole" validate -i www.example.org -t 1.3
sleep 0.4
capture_down
ok "one of two had begun before" grep -q '1 of the flows had begun before: they stay encrypted' "$DIR/begun.err"
ok "the other has its secrets" grep -qE 'of 2 flows; 0 were lost; 4 secrets$' "$DIR/begun.err"
# 66 handshakes have 264 secrets, and 256 find room.
many() { seq 66 | ca xargs -P 4 -I{} "$INTEROP/strict" -a "$WWW4" -d "$DIGEST" -i www.example.org -t 1.3 >/dev/null; }
capture_up "$DIR/many" --keys
kill -STOP "$capture"
before=$EPOCHREALTIME
ok "66 validations while it sleeps" many
took=$((${EPOCHREALTIME/./} - ${before/./}))
kill -CONT "$capture"
sleep 0.5
capture_down
if [ "$took" -lt 2500000 ]; then
	ok "secrets that found no room are told of" grep -q '8 secrets were lost: some handshakes stay encrypted' "$DIR/many.err"
	ok "the others are there" grep -qE 'of 66 flows; 0 were lost; 256 secrets$' "$DIR/many.err"
else
	echo "        they took $took us, too long for a lease: how many secrets are lost is not looked at"
fi

# ---------------------------------------------------------------- refusals
nobody() { www timeout 5 setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" "$@" --socket "$DIR/control.sock" 2>&1; }
chmod 666 "$DIR/control.sock"
mkdir -m 777 "$DIR/open"
ok "only root may" grep -q "only root may capture" <(nobody capture -w "$DIR/open/nobody")
ok "and has no file" not test -e "$DIR/open/nobody"
member() { www timeout 5 setpriv --reuid=65534 --regid=65534 --groups 4711 "$ALPNXDP" "$@" --socket "$DIR/control.sock" 2>&1; }
chgrp 4711 "$DIR/control.sock"
chmod 660 "$DIR/control.sock"
ok "a member of the socket's group may list" grep -q www.example.org <(member list)
ok "but not capture" grep -q "only root may capture" <(member capture -w "$DIR/open/member" --keys)
ok "and has no file either" not test -e "$DIR/open/member"
ln -s "$DIR/target" "$DIR/link"
ok "a symbolic link" grep -q "it is a symbolic link" <(alpnxdp capture -w "$DIR/link" 2>&1)
ok "leads nowhere" not test -e "$DIR/target"
mkfifo "$DIR/fifo"
ok "a pipe" not alpnxdp capture -w "$DIR/fifo"
ok "a device" grep -q "it is no regular file" <(alpnxdp capture -w /dev/null 2>&1)
setpriv --reuid=65534 --clear-groups touch "$DIR/open/theirs"
ok "somebody else's file" grep -q "somebody else's" <(alpnxdp capture -w "$DIR/open/theirs" 2>&1)
ok "no file" grep -q "this needs -w FILE" <(alpnxdp capture 2>&1)
ok "a size" grep -q "as in 500K" <(alpnxdp capture -w "$DIR/x" --max-size many 2>&1)
piped() { alpnxdp capture -w - -n 2 2>/dev/null >"$DIR/piped"; }
piped &
sleep 0.5
ok "to standard output" validate -i www.example.org
wait $!
ok "two packets" same "$(count "$DIR/piped" frame)" 2
ok "detach" alpnxdp detach edge0

# ---------------------------------------------------------------- several threads
several() {
	local version
	for version in 1.2 1.3 1.2 1.3 1.2 1.3 1.2 1.3; do validate -i www.example.org -t $version || return 1; done
}
ok "two threads" attach --self-check no --threads 2
ok "add again" alpnxdp add www.example.org --digest "$DIGEST"
capture_up "$DIR/two" --keys
ok "eight validations" several
sleep 0.4
capture_down
ok "eight flows" grep -qE ' packets of 8 flows; 0 were lost; 20 secrets$' "$DIR/two.err"
ok "all Finished, in one pass" same "$(shark "$DIR/two" 'tls.handshake.type == 20' tls.handshake.type | tr ',' '\n' | grep -c '^20$')" 16
ok "detach again" alpnxdp detach edge0
finish
