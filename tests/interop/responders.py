#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Broken responders, one per port: responders.py MODE:PORT...

silent accepts and says nothing; close closes at once; reset resets after the hello; shut closes after the hello; http, ssh and smtp
speak these; html is a web server that begins without a status line; garbage says anything; cut-1024:PORT:BACKEND hands on the first 1,024 bytes
of a connection and drops what else comes before the answer; alpn answers with TLS 1.2 and a protocol that was not offered; empty shows no
certificate; hang sends a ServerHello and no more; alert-N sends that alert.
"""
import select
import socket
import struct
import sys
import threading

BANNERS = {
    "http": b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.2.3\r\nConnection: close\r\n\r\n",
    "html": b"<html><head><title>400</title></head></html>\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\x1b[31m\r\n",
    "smtp": b"220 mail.example.org ESMTP\r\n",
    "garbage": bytes(range(200, 240)),
}


def record(kind, body):
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(extensions=b""):
    body = b"\x03\x03" + b"\x07" * 32 + b"\x00" + b"\xc0\x2b" + b"\x00"
    return record(22, message(2, body + struct.pack("!H", len(extensions)) + extensions))


def alpn(name):
    return struct.pack("!HHHB", 16, len(name) + 3, len(name) + 1, len(name)) + name


def linger(sock):
    """Until the other side closes."""
    try:
        while sock.recv(65536):
            pass
    except OSError:
        pass


def cut(sock, backend):
    other = socket.create_connection(("127.0.0.1", int(backend)))
    passed = 0
    other.settimeout(20)
    while True:
        ready, _, _ = select.select([sock, other], [], [], 20)
        if not ready:
            break
        if other in ready:
            data = other.recv(65536)
            if not data:
                break
            sock.sendall(data)
            passed = -1 << 30
        if sock in ready:
            data = sock.recv(65536)
            if not data:
                break
            keep = data[: max(0, 1024 - passed)]
            passed += len(data)
            other.sendall(keep)
    other.close()


def serve(mode, arguments, sock):
    try:
        if mode == "silent":
            linger(sock)
        elif mode in ("ssh", "smtp"):
            sock.sendall(BANNERS[mode])
            linger(sock)
        elif mode in BANNERS:
            sock.recv(65536)
            sock.sendall(BANNERS[mode])
        elif mode == "reset":
            sock.recv(1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif mode == "shut":
            sock.recv(65536)
        elif mode == "cut-1024":
            cut(sock, arguments[0])
        elif mode == "hang":
            sock.recv(65536)
            sock.sendall(server_hello(alpn(b"acme-tls/1")))
            linger(sock)
        elif mode == "alpn":
            sock.recv(65536)
            sock.sendall(server_hello(alpn(b"h2")))
            linger(sock)
        elif mode == "empty":
            sock.recv(65536)
            sock.sendall(server_hello(alpn(b"acme-tls/1")) + record(22, message(11, b"\0\0\0")))
            linger(sock)
        elif mode.startswith("alert-"):
            sock.recv(65536)
            sock.sendall(record(21, bytes([2, int(mode[6:])])))
            linger(sock)
    except OSError:
        pass
    sock.close()


def listen(word):
    mode, port, *arguments = word.split(":")
    listener = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(mode, arguments, sock), daemon=True).start()


for word in sys.argv[2:]:
    threading.Thread(target=listen, args=(word,), daemon=True).start()
listen(sys.argv[1])
