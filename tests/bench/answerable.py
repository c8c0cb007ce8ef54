#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How long it takes until a challenge that is added is answered for.

answerable.py SOCKET ADDRESS COUNT: for each of COUNT new names a connection is opened, the name added over an open
control connection, and the hello sent as soon as the reply is there: it must be answered with a handshake, not an alert.
One line: "median-ms 0.21 longest-ms 0.80 answered 100". Milliseconds from the request line to the reply.
"""
import socket
import ssl
import statistics
import sys
import time

DIGEST = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"
HANDSHAKE = 22


def hello(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["acme-tls/1"])
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError:
        return out.read()
    raise AssertionError("a handshake without a peer")


def main():
    path, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    control = socket.socket(socket.AF_UNIX)
    control.connect(path)
    reader = control.makefile("rb")
    took, answered = [], 0
    for number in range(count):
        name = f"new{number}.example.org"
        said = hello(name)
        with socket.create_connection((address, 443), timeout=5) as conn:
            begun = time.monotonic()
            control.sendall(f"add ident={name} digest={DIGEST} ttl=3600\n".encode())
            reply = reader.readline()
            took.append((time.monotonic() - begun) * 1000)
            if not reply.startswith(b'{"ok":true'):
                sys.exit(f"{name}: {reply.decode()}")
            conn.sendall(said)
            answered += conn.recv(1)[:1] == bytes([HANDSHAKE])
    print(f"median-ms {statistics.median(took):.2f} longest-ms {max(took):.2f} answered {answered}")


if __name__ == "__main__":
    main()
