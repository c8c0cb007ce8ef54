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
ok "a page" nginx_answers
sleep 0.5
capture_down INT
K=$DIR/keys
ok "how much it was" same "$(jq -c '[.flows, .lost, .keys, .full]' "$K.out")" '[2,0,5,false]'
ok "as its schema says" "$ROOT/tests/netns/schema.py" capture <"$K.out"
ok "it has as many packets" same "$(count "$K" frame)" "$(jq .packets "$K.out")"
ok "two hellos came" same "$(count "$K" 'tls.handshake.type == 1 && frame.packet_flags_direction == 1')" 2
ok "two were answered" same "$(count "$K" 'tls.handshake.type == 2 && frame.packet_flags_direction == 2')" 2
ok "the interface" same "$(shark "$K" frame frame.interface_name | sort -u)" edge0
ok "the comment" same "$(shark "$K" 'tls.handshake.type == 1' frame.comment | sort -u)" "hello of a flow that was offered"
ok "the verdict" same "$(count "$K" 'frame.verdict.ebpf_xdp == 4')" "$(count "$K" 'frame.packet_flags_direction == 1')"
ok "both certificates" same "$(count "$K" 'tls.handshake.type == 11')" 2
ok "all four Finished" same "$(shark "$K" 'tls.handshake.type == 20' tls.handshake.type | tr ',' '\n' | grep -c '^20$')" 4
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
ok "given back" test "$(count "$DIR/back" 'frame.comment == "given back to the kernel" && frame.packet_flags_direction == 0')" -ge 1

# ---------------------------------------------------------------- refusals
nobody() { www setpriv --reuid=65534 --regid=65534 --clear-groups "$ALPNXDP" "$@" --socket "$DIR/control.sock" 2>&1; }
chmod 666 "$DIR/control.sock"
mkdir -m 777 "$DIR/open"
ok "only root may" grep -q "only root may capture" <(nobody capture -w "$DIR/open/nobody")
ok "and has no file" not test -e "$DIR/open/nobody"
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
