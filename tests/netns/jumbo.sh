#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Jumbo frames, and the large packets that virtual devices hand over: native mode where a frame takes several buffers,
# generic mode with what GRO has put together. What is large passes; validators are answered as ever.
. "$(dirname "$0")/lib.sh"
net_up
nginx_up
www ip link set edge0 mtu 9000
ca ip link set ca0 mtu 9000
head -c 900000 /dev/urandom >"$DIR/upload"

upload() {
	[ "$(ca curl -sk --max-time 10 -o /dev/null -w '%{http_code}' --data-binary "@$DIR/upload" "https://$WWW4/")" = 200 ]
}
# The hello in one frame of more than 3,368 bytes: a long list of names that nobody has.
large_hello() {
	python3 - "$HELLOS/openssl-3.0-s_client.hex" >"$DIR/large.hex" <<-'PY'
		import sys
		hello = bytearray(bytes.fromhex(open(sys.argv[1]).read()))
		padding = bytes([0, 21]) + (3400).to_bytes(2, "big") + bytes(3400)
		at = 43 + 1 + hello[43]
		at += 2 + int.from_bytes(hello[at:at + 2], "big")
		at += 1 + hello[at]
		length = int.from_bytes(hello[at:at + 2], "big") + len(padding)
		hello[at:at + 2] = length.to_bytes(2, "big")
		hello += padding
		hello[3:5] = (len(hello) - 5).to_bytes(2, "big")
		hello[6:9] = (len(hello) - 9).to_bytes(3, "big")
		print(hello.hex())
	PY
	ca "$INTEROP/segments" -a "$WWW4" "$DIR/large.hex"
}

for mode in native generic; do
	ok "$mode: attach at MTU 9000" attach --mode "$mode"
	for ident in www.example.org d.example.org; do ok "$mode: add $ident" alpnxdp add "$ident" --digest "$DIGEST"; done
	ok "$mode: validates" validate -i www.example.org -t 1.3
	ok "$mode: validates over IPv6" ca "$INTEROP/strict" -a "$WWW6" -d "$DIGEST" -i www.example.org -t 1.2
	ok "$mode: an upload in large packets" upload
	ok "$mode: a hello too large to be given back goes to nginx" not large_hello
	ok "$mode: and is counted" test "$(counter oversize)" -ge 1
	ok "$mode: nginx serves" nginx_answers
	ok "$mode: detach" alpnxdp detach edge0
done
finish
