#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Adds and removes many challenges over one connection to the control socket, each after the answer to the last.

pending.py SOCKET add FIRST COUNT       pending.py SOCKET remove FIRST COUNT
pending.py SOCKET pairs FIRST COUNT     adds and removes, one name after the other
pending.py SOCKET list                  page by page; every row must be another

One line: how many per second, and the longest that one answer took, in milliseconds. Exit 1 if one was refused.
"""
import json
import socket
import sys
import time

DIGEST = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"


class Daemon:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.reader = self.socket.makefile("rb")
        self.longest = 0.0

    def ask(self, line):
        begun = time.monotonic()
        self.socket.sendall(line.encode() + b"\n")
        reply = self.reader.readline()
        self.longest = max(self.longest, time.monotonic() - begun)
        if not reply.startswith(b'{"ok":true'):
            sys.exit(f"{line}: {reply.decode()}")
        return reply


def name(number):
    return f"n{number}.sites.example.org"


def add(number):
    return f"add ident={name(number)} digest={DIGEST} ttl=86400"


def remove(number):
    return f"remove ident={name(number)}"


def change(daemon, verb, first, count):
    lines = {"add": [add], "remove": [remove], "pairs": [add, remove]}[verb]
    begun = time.monotonic()
    for number in range(first, first + count):
        for line in lines:
            daemon.ask(line(number))
    return count * len(lines), time.monotonic() - begun


def listing(daemon):
    begun, seen, request, rows = time.monotonic(), set(), "list", 0
    while request:
        page = json.loads(daemon.ask(request))
        rows += len(page["challenges"])
        seen.update(row["identifier"] + row["digest"] for row in page["challenges"])
        request = "list from=" + page["next"] if "next" in page else None
    if len(seen) != rows:
        sys.exit(f"{rows} rows, {len(seen)} different ones")
    return rows, time.monotonic() - begun


def main():
    daemon = Daemon(sys.argv[1])
    if sys.argv[2] == "list":
        count, seconds = listing(daemon)
    else:
        count, seconds = change(daemon, sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    print(f"{sys.argv[2]}: {count} in {seconds:.2f} s, {count / max(seconds, 1e-9):.0f} per second, "
          f"the longest answer {daemon.longest * 1000:.1f} ms")


if __name__ == "__main__":
    main()
