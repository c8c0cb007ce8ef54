#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Speaks ualpn's protocol to a socket, and says what is not answered as it should be.

ualpn.py corpus SOCKET CORPUS theirs|ours   every line of tests/corpus/ualpn.txt, each in a connection of its own
ualpn.py certbot SOCKET IDENT               perform() and cleanup() of certbot's ualpn plugin, as they use the socket
ualpn.py pipeline SOCKET COUNT              COUNT challenges added and removed in one write
ualpn.py slow SOCKET                        one byte at a time
ualpn.py half SOCKET                        a client that closes its half before it reads
ualpn.py gone SOCKET                        a client that leaves at once: its commands are done all the same
ualpn.py garbage SOCKET BYTES               random bytes; afterwards a command is answered
ualpn.py crowd SOCKET COUNT                 idle clients, and one that wants something

Exit status 0: all is as it should be.
"""
import random
import re
import select
import socket
import sys
import time

DIGEST = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"
OTHER = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"
SILENCE = 0.15  # how long nothing has to come for "-"
PATIENCE = 8.0


def connect(path):
    conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    conn.settimeout(PATIENCE)
    conn.connect(path)
    return conn


def read_for(conn, expected):
    """As many bytes as are expected; more if they are there, and b"." behind when the connection is closed."""
    got = b""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        enough = len(got) >= len(expected)
        if not select.select([conn], [], [], SILENCE if enough else 0.5)[0]:
            if enough:
                break
            continue
        try:
            more = conn.recv(65536)
        except ConnectionResetError:
            return got + b"<reset>"
        if not more:
            return got + b"."
        got += more
    return got


def exchange(path, sent, expected):
    with connect(path) as conn:
        conn.sendall(sent)
        return read_for(conn, expected)


def unescape(text):
    text = text.replace("$T", DIGEST)
    text = re.sub(r"\{(.*?)\*(\d+)\}", lambda m: m.group(1) * int(m.group(2)), text)
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def load(name):
    """The replies by name, and the rows: what is sent, their answer, ours, each as bytes; None: it is not to be sent."""
    words, rows = {}, []

    def answer(text):
        if text == "CRASH":
            return None
        closed = text.endswith(".")
        parts = [] if text == "-" else text.rstrip(".").split(" ")
        return b"".join(words[part] + b"\n" for part in parts) + (b"." if closed else b"")

    with open(name, encoding="ascii") as lines:
        for line in lines:
            line = line.rstrip("\n")
            named = re.match(r"#   ([A-Z_]+) +(.*)", line)
            if named:
                words[named.group(1)] = named.group(2).encode()
            elif line and not line.startswith("#"):
                sent, theirs, ours = (line.split("\t") + ["="])[:3]
                rows.append((sent, answer(theirs), answer(theirs if ours == "=" else ours)))
    return rows


def corpus(path, name, whose):
    wrong = 0
    rows = load(name)
    for text, theirs, ours in rows:
        expected = theirs if whose == "theirs" else ours
        if expected is None:
            continue
        got = exchange(path, unescape(text), expected)
        if got != expected:
            wrong += 1
            print(f"{text[:100]}: expected {expected}, got {got}")
        if wrong == 5:
            break
    print(f"{len(rows)} lines, {wrong} answered otherwise")
    return wrong == 0


def certbot(path, ident):
    """The plugin reads once, strips, and looks for OK at the beginning; each command has a connection of its own."""
    for message in (f"auth {ident} {DIGEST}\n", f"unauth {ident}\n"):
        with connect(path) as conn:
            conn.sendall(message.encode())
            response = conn.recv(1024).decode().strip()
        if response != "OK":
            print(f"{message!r}: {response!r}")
            return False
    return True


def pipeline(path, count):
    count = int(count)
    sent = "".join(f"auth p{n}.example {DIGEST}\n" for n in range(count))
    sent += "".join(f"unauth P{n}.Example.\n" for n in range(count))
    start = time.monotonic()
    got = exchange(path, sent.encode(), b"OK\n" * 2 * count)
    print(f"{2 * count} commands in {time.monotonic() - start - SILENCE:.3f} s")
    return got == b"OK\n" * 2 * count or print(f"got {got[:200]}...")


def slow(path):
    with connect(path) as conn:
        for byte in f"auth slow.example {DIGEST}\nunauth slow.example\n".encode():
            conn.sendall(bytes([byte]))
            time.sleep(0.005)
        got = read_for(conn, b"OK\nOK\n")
    return got == b"OK\nOK\n" or print(f"got {got}")


def half(path):
    with connect(path) as conn:
        conn.sendall(f"auth half.example {DIGEST}\nunauth half.example\nunauth half.example\nunauth half".encode())
        conn.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        got = read_for(conn, b"OK\nOK\nERR not found\n.")
    return got == b"OK\nOK\nERR not found\n." or print(f"got {got}")


def gone(path):
    with connect(path) as conn:
        conn.sendall(f"auth gone1.example {DIGEST}\nauth gone2.example {DIGEST}\n".encode())
    time.sleep(0.3)
    got = exchange(path, b"unauth gone1.example\nunauth gone2.example\n", b"OK\nOK\n")
    return got == b"OK\nOK\n" or print(f"got {got}")


def garbage(path, count):
    rng = random.Random(4)
    for _ in range(20):
        with connect(path) as conn:
            try:
                conn.sendall(rng.randbytes(int(count)))
                conn.shutdown(socket.SHUT_WR)
                while conn.recv(65536):
                    pass
            except OSError:
                pass  # "too long" closes the connection in the middle
    return certbot(path, "after.example")


def crowd(path, count):
    idle = [connect(path) for _ in range(int(count))]
    start = time.monotonic()
    fine = certbot(path, "crowd.example")
    print(f"served after {time.monotonic() - start:.1f} s")
    for conn in idle:
        conn.close()
    return fine


def main():
    modes = {f.__name__: f for f in (corpus, certbot, pipeline, slow, half, gone, garbage, crowd)}
    sys.exit(0 if modes[sys.argv[1]](*sys.argv[2:]) else 1)


if __name__ == "__main__":
    main()
