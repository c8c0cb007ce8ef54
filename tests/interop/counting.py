#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""counting.py PORT FILE [hold]: a listener on the loopback that writes to FILE how many connections it has had and how
many there were at once at most. Ends each at once, or with "hold" not before its peer does."""
import selectors
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
listener.setblocking(False)
hold = len(sys.argv) > 3
ready = selectors.DefaultSelector()
ready.register(listener, selectors.EVENT_READ)
total = now = most = 0


def write_down():
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write(f"{total} {most}\n")


def leave(peer):
    global now
    now -= 1
    ready.unregister(peer)
    peer.close()


def serve(peer):
    try:
        if not peer.recv(65536) or not hold:
            leave(peer)
    except OSError:
        leave(peer)


write_down()
while True:
    for key, _ in ready.select():
        if key.fileobj is not listener:
            serve(key.fileobj)
            continue
        client, _ = listener.accept()
        client.setblocking(False)
        ready.register(client, selectors.EVENT_READ)
        total += 1
        now += 1
        most = max(most, now)
        write_down()
