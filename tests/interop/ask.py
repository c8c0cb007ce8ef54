#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""ask.py SOCKET: sends standard input to a UNIX stream socket, closes its half, prints what comes back."""
import socket
import sys

peer = socket.socket(socket.AF_UNIX)
peer.settimeout(5)
peer.connect(sys.argv[1])
peer.sendall(sys.stdin.buffer.read())
peer.shutdown(socket.SHUT_WR)
while True:
    got = peer.recv(65536)
    if not got:
        break
    sys.stdout.write(got.decode(errors="replace"))
