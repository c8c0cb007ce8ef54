#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""hellos.py ADDRESS SECONDS NAMES: hellos of validators for n0.example.org to n<NAMES - 1>.example.org in turn, each over
a connection of its own, as many as go in SECONDS. Prints how many, and how many got a byte in return."""
import collections
import socket
import ssl
import sys
import time

ADDRESS, SECONDS, NAMES = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
CONTEXT = ssl.create_default_context()
CONTEXT.set_alpn_protocols(["acme-tls/1"])
CONNECTIONS = 200


def hello(name):
    out = ssl.MemoryBIO()
    shake = CONTEXT.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        shake.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def answered(peer):
    peer.settimeout(3)
    try:
        return len(peer.recv(1)) > 0
    except OSError:
        return False


end = time.monotonic() + SECONDS
peers = collections.deque()
sent = heard = 0
while time.monotonic() < end:
    connection = socket.create_connection((ADDRESS, 443), timeout=5)
    connection.sendall(hello(f"n{sent % NAMES}.example.org"))
    peers.append(connection)
    sent += 1
    if len(peers) == CONNECTIONS:
        heard += answered(peers[0])
        peers.popleft().close()
for connection in peers:
    heard += answered(connection)
    connection.close()
print(sent, heard)
