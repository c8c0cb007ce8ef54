#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Fetches a page again and again, over one kept connection and over new ones, and counts.

fetch.py ADDRESS CAFILE NAME STATUSFILE [KEPT_PER_SECOND NEW_PER_SECOND]

Ends at SIGTERM. STATUSFILE then has one line "served N failed N kept N new N", and is rewritten every 100 ms while it
runs; failures are printed as they happen. A request fails when anything but the whole expected page comes back, and
when a kept connection ends before its time.
"""
import os
import signal
import socket
import ssl
import sys
import threading
import time

PAGE = b"hello from nginx\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n%s\r\n"


class Counter:
    """Both threads count here."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {"served": 0, "failed": 0, "kept": 0, "new": 0}

    def add(self, *names):
        with self.lock:
            for name in names:
                self.counts[name] += 1

    def line(self):
        with self.lock:
            return " ".join(f"{name} {count}" for name, count in self.counts.items())


def connect(address, context, name):
    return context.wrap_socket(socket.create_connection((address, 443), timeout=5), server_hostname=name)


def exchange(conn, extra):
    conn.sendall(REQUEST % extra)
    reply = b""
    while b"\r\n\r\n" not in reply or not reply.endswith(PAGE):
        more = conn.recv(4096)
        if not more:
            raise ConnectionError("closed in the middle of a page")
        reply += more
    if not reply.startswith(b"HTTP/1.1 200 ") or reply.split(b"\r\n\r\n", 1)[1] != PAGE:
        raise ValueError(f"another page: {reply[:60]!r}")


def fetch_kept(counter, stop, dial, pause):
    conn = None
    while not stop.wait(pause):
        try:
            conn = conn or dial()
            exchange(conn, b"")
            counter.add("served", "kept")
        except (OSError, ValueError) as error:
            print(f"fetch: kept connection: {error}", flush=True)
            counter.add("failed")
            conn = None


def fetch_new(counter, stop, dial, pause):
    while not stop.wait(pause):
        try:
            with dial() as conn:
                exchange(conn, b"Connection: close\r\n")
            counter.add("served", "new")
        except (OSError, ValueError) as error:
            print(f"fetch: new connection: {error}", flush=True)
            counter.add("failed")


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(text + "\n")
    os.replace(path + ".new", path)


def main():
    address, cafile, name, status = sys.argv[1:5]
    rates = [float(r) for r in sys.argv[5:7]] or [100.0, 30.0]
    context = ssl.create_default_context(cafile=cafile)
    counter, stop = Counter(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def dial():
        return connect(address, context, name)

    threads = [threading.Thread(target=fetch, args=(counter, stop, dial, 1 / rate))
               for fetch, rate in zip((fetch_kept, fetch_new), rates)]
    for thread in threads:
        thread.start()
    while not stop.wait(0.1):
        write(status, counter.line())
    for thread in threads:
        thread.join()
    write(status, counter.line())


if __name__ == "__main__":
    main()
