#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""broken.py KIND ADDRESS NAME: a validator that is broken in one way, made for the ledger to name it. --list: the kinds.

OpenSSL makes the messages, in memory; what of them is sent, and how it ends, is the table's."""
import socket, ssl, struct, sys, time


class Validator:
    def __init__(self, address, name, version=ssl.TLSVersion.TLSv1_3, alpn=("acme-tls/1",), verify=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_hostname=name)
        self.hello = self.think()
        self.socket = socket.create_connection((address, 443), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def think(self):
        """What OpenSSL says next."""
        try:
            self.tls.do_handshake()
        except ssl.SSLError:
            pass
        return self.output.read()

    def flight(self):
        """Sends the hello; the answer to what comes, as records."""
        self.socket.sendall(self.hello)
        answer = b""
        while not answer:
            self.input.write(self.socket.recv(65536))
            answer = self.think()
        records = []
        while answer:
            length = 5 + int.from_bytes(answer[3:5], "big")
            records.append(answer[:length])
            answer = answer[length:]
        return records

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def fin(self):
        """Closes, and waits for the other side to do so."""
        self.socket.shutdown(socket.SHUT_WR)
        self.drain(5)

    def rst(self):
        time.sleep(0.1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def drain(self, seconds):
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass


TLS12 = ssl.TLSVersion.TLSv1_2


def alert(number):
    return bytes((21, 3, 3, 0, 2, 2, number))


def spoilt(record):
    return record[:-1] + bytes((record[-1] ^ 1,))


def half_silence(*to):
    v = Validator(*to)
    v.send(v.hello[:-20])
    v.drain(8)


def half_fin(*to):
    v = Validator(*to)
    v.send(v.hello[:-20])
    v.fin()


def silence(*to):
    v = Validator(*to)
    v.flight()
    v.drain(40)


def records(count, leave="fin", extra=lambda r: b"", **more):
    """The first `count` records of its answer, and what `extra` makes of them."""

    def run(*to):
        v = Validator(*to, **more)
        answer = v.flight()
        v.send(*answer[:count], extra(answer))
        getattr(v, leave)()

    return run


def hello(change=lambda h: h, **more):
    """A hello and nothing else: the web server's to answer."""

    def run(*to):
        v = Validator(*to, **more)
        v.send(change(v.hello))
        v.socket.recv(100)
        v.fin()

    return run


def patched(kind, body):
    """An extension with another body; all lengths follow."""

    def change(h):
        at = 5 + 4 + 2 + 32
        at += 1 + h[at]
        at += 2 + int.from_bytes(h[at : at + 2], "big")
        at += 1 + h[at]
        extensions, at = b"", at + 2
        while at < len(h):
            number, length = struct.unpack(">HH", h[at : at + 4])
            old = h[at + 4 : at + 4 + length]
            new = body if number == kind else old
            extensions += struct.pack(">HH", number, len(new)) + new
            at += 4 + length
        if kind == 21:
            extensions += struct.pack(">HH", 21, len(body)) + body
        start = h[9 : 9 + 34 + 1 + h[43]]
        rest = h[9 + len(start) :]
        suites = 2 + int.from_bytes(rest[:2], "big")
        start += rest[: suites + 2]
        whole = start + struct.pack(">H", len(extensions)) + extensions
        return b"\x16\x03\x01" + struct.pack(">H", len(whole) + 4) + b"\x01" + len(whole).to_bytes(3, "big") + whole

    return change


KINDS = {
    "half-silence": half_silence,
    "half-fin": half_fin,
    "silence": silence,
    "fin-1.3": records(0),
    "fin-1.2": records(0, version=TLS12),
    "rst-1.3": records(0, leave="rst"),
    "rst-1.2": records(0, leave="rst", version=TLS12),
    "alert-42": records(0, extra=lambda r: alert(42), version=TLS12),
    "alert-48": records(9, verify=True),
    "alert-50": records(0, extra=lambda r: alert(50), version=TLS12),
    "no-ccs": records(1, version=TLS12),
    "no-finished-1.2": records(2, version=TLS12),
    "no-finished-1.3": records(1),
    "spoilt-1.3": records(1, extra=lambda r: spoilt(r[1])),
    "spoilt-1.2": records(2, extra=lambda r: spoilt(r[2]), version=TLS12),
    "data-1.3": records(1, extra=lambda r: b"\x17\x03\x03\x00\x20" + bytes(32)),
    "data-1.2": records(1, extra=lambda r: b"\x17\x03\x03\x00\x20" + bytes(32), version=TLS12),
    "two-alpns": hello(alpn=("acme-tls/1", "http/1.1")),
    "no-signature": hello(patched(13, b"\x00\x02\x08\x09")),
    "too-large": hello(patched(21, bytes(4200))),
}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(KINDS))
    else:
        KINDS[sys.argv[1]](*sys.argv[2:])
