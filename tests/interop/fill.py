#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Fills tables: opens connections and sends the first segments of a hello on each, and no more.

fill.py ADDRESS HELLO SEGMENTS SECONDS COUNT SOURCE...: COUNT from every source address. Prints "ready N" when all are
open and have been written to.
"""
import resource
import socket
import sys
import time


def main():
    address, hello, segments, seconds, count = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    with open(hello, encoding="ascii") as lines:
        begin = bytes.fromhex("".join(lines.readlines()[:segments]))
    need = count * len(sys.argv[6:]) + 64
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < need:
        sys.exit(f"fill: {need} descriptors are needed")
    held = []
    for source in sys.argv[6:]:
        for _ in range(count):
            held.append(socket.create_connection((address, 443), timeout=5, source_address=(source, 0)))
    for number, conn in enumerate(held):
        conn.sendall(begin)
        if number % 50 == 0:
            time.sleep(0.01)  # more than a ring holds at a time would pass, as it should
    print(f"ready {len(held)}", flush=True)
    time.sleep(seconds)


if __name__ == "__main__":
    main()
