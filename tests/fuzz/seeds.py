#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Writes what the fuzz targets start from: seeds.py FOLDER makes FOLDER/TARGET/... for each target.

Hellos are the recorded ones of tests/corpus; frames carry them behind every kind of header. tests/fuzz/seeds/TARGET/
holds inputs that once broke something.
"""
import base64
import pathlib
import struct
import sys

CORPUS = pathlib.Path(__file__).parent.parent / "corpus" / "clienthello"
DIGEST = bytes(range(32))
NAME = b"d.example.org"


def hellos():
    for path in sorted(CORPUS.glob("*.hex")):
        yield path.stem, bytes.fromhex("".join(path.read_text(encoding="ascii").split()))


def two_records(hello):
    """The same handshake message, cut over two TLS records."""
    head, body = hello[:3], hello[5:]
    half = len(body) // 2
    return b"".join(head + struct.pack("!H", len(part)) + part for part in (body[:half], body[half:]))


def tcp(data, options=b""):
    return struct.pack("!HHIIBBHHH", 40000, 443, 1, 1, (5 + len(options) // 4) << 4, 0x18, 500, 0, 0) + options + data


def ipv4(payload, options=b"", fragment=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), 1, fragment, 64,
                       6, 0, bytes([10, 77, 1, 2]), bytes([10, 77, 1, 1]))
    return head + options + payload


def ipv6(payload, following=6):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), following, 64, b"\xfd" * 16, b"\xfe" * 16) + payload


def frames():
    stamps = struct.pack("!BBBBII", 1, 1, 8, 10, 1, 2)
    segment = tcp(dict(hellos())["openssl-3.0-s_client"], stamps)
    macs = bytes(range(12))
    yield "ipv4", macs + b"\x08\x00" + ipv4(segment)
    yield "ipv4-options", macs + b"\x08\x00" + ipv4(segment, b"\x01" * 8)
    yield "ipv4-fragment", macs + b"\x08\x00" + ipv4(segment, fragment=0x2000)
    yield "ipv6", macs + b"\x86\xdd" + ipv6(segment)
    yield "ipv6-extensions", macs + b"\x86\xdd" + ipv6(b"\x2b\0" + bytes(6) + b"\x3c\0" + bytes(6) + b"\6\0" + bytes(6)
                                                        + segment, 0)
    yield "vlan", macs + b"\x81\x00\x00\x05\x08\x00" + ipv4(tcp(b""))
    yield "qinq", macs + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd" + ipv6(tcp(b"x"))
    yield "padding", macs + b"\x08\x00" + ipv4(tcp(b"")) + bytes(6)


def lines():
    yield "add", b"add ident=example.org digest=" + base64.urlsafe_b64encode(DIGEST).rstrip(b"=") + b" ttl=60"
    yield "list", b"list"
    yield "attach", b"attach iface=eth0 mode=auto port=443"
    yield "encoded", b"add ident=%C3%A9.example"


def texts():
    digest = base64.urlsafe_b64encode(DIGEST).rstrip(b"=")
    yield "name", b"\0Example.ORG."
    yield "ipv4", b"\x0010.77.0.2"
    yield "ipv6", b"\0fd77::2"
    yield "arpa", b"\x002.0.77.10.in-addr.arpa"
    yield "arpa6", b"\0" + b"2." + b"0." * 27 + b"7.7.d.f.ip6.arpa"
    yield "base64url", b"\1" + digest
    yield "hex", b"\1" + DIGEST.hex().encode()
    yield "colons", b"\1" + DIGEST.hex(":").encode()
    yield "der", b"\1critical,DER:04:20:" + DIGEST.hex(":").encode()
    yield "key-authorization", b"\2token_token_token_token." + digest
    yield "store", b"\3alpnxdp challenges 1\n" + NAME + b" " + digest + b" 5 200000000 3\n10.0.0.1 " + digest + b" 6 300000000 0\n"


def der(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    return bytes([tag, 0x81, size]) + content if size < 256 else bytes([tag, 0x82, size >> 8, size & 255]) + content


def certificate(alt_name):
    """A challenge certificate of which everything but its name and digest is empty."""
    acme = der(0x30, bytes.fromhex("06082b0601050507011f0101ff") + der(4, der(4, DIGEST)))
    san = der(0x30, bytes.fromhex("0603551d11") + der(4, der(0x30, alt_name)))
    fields = bytes.fromhex("a003020102" "020101" "3000" "3000" "3000" "3000" "3000")
    return der(0x30, der(0x30, fields + der(0xa3, der(0x30, san + acme))) + bytes.fromhex("3000" "03020055"))


def certificates():
    yield "name", b"\0" + certificate(der(0x82, NAME))
    yield "long-name", b"\0" + certificate(der(0x82, b".".join([b"a" * 63] * 3)))
    yield "ipv4", b"\0" + certificate(der(0x87, bytes([10, 77, 0, 1])))
    yield "ipv6", b"\0" + certificate(der(0x87, b"\xfd" + bytes(15)))
    text = base64.encodebytes(certificate(der(0x82, NAME)))
    yield "pem", b"\1-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"
    yield "pem-cut", b"\1-----BEGIN CERTIFICATE-----\n" + text[:90]


def connections():
    """A handoff, then steps: see adopt() and make_segment() in tcp.c. Small numbers are 128 more than they say."""
    handoff = bytes([8, 1, 2, 0xFF, 0xFF, 0xFF, 0xFF, 9, 5, 0xB4, 7, 7, 0xFF, 0xFF, 100, 128, 128])
    data = bytes([0, 0, 0, 128, 128, 0xFF, 0xFF, 100, 129, 129])
    hole = bytes([0, 0, 0, 178, 128, 0xFF, 0xFF, 60, 129, 129])
    fin = bytes([0, 0, 1, 128, 128, 0xFF, 0xFF, 0, 129, 129])
    write, read, close, deadline = bytes([6, 40]), bytes([7, 255]), bytes([8]), bytes([5])
    yield "exchange", handoff + data + write + data + read + close + fin
    yield "holes", handoff + hole + data + hole + read + fin
    yield "timeouts", handoff + write + deadline * 5 + data
    yield "stamps", bytes([9]) + handoff[1:] + data + write + deadline + data
    yield "reset", handoff + write + bytes([9, 1])


def flows():
    """Steps of engine.c: a challenge, offers, segments, time."""
    challenge, rest, tick, deadline = bytes([6, 1]), bytes([1, 0, 1, 255]), bytes([4, 200, 200]), bytes([5])
    whole, part, second = bytes([0, 0, 0, 0, 255, 180]), bytes([0, 0, 0, 0, 20, 180]), bytes([0, 0, 100, 1, 255, 180, 0])
    yield "answered", challenge + whole + rest + deadline * 4
    yield "in-pieces", challenge + part + bytes([1, 0, 0, 100]) * 2 + deadline + rest + tick
    yield "remembered", challenge + second + rest + deadline
    yield "remembered-with-a-hole", challenge + second[:-1] + bytes([16]) + rest + deadline
    yield "declined", whole + rest + deadline
    yield "reset", challenge + whole + bytes([1, 0, 4, 0, 4]) + deadline
    ask, answered, reset = bytes([8, 1, 0]), bytes([8, 1, 1]), bytes([1, 0, 4, 0, 4])
    yield "waits", ask + whole + rest + challenge + answered + rest + deadline * 4
    yield "waits-in-vain", ask + whole + bytes([1, 0, 3, 100, 0]) + deadline * 4
    yield "waits-and-leaves", ask + whole + deadline + reset + answered + whole + answered
    yield "waits-twice", ask + whole + bytes([0, 1, 0, 0, 255, 180]) + challenge + answered + deadline * 4
    yield "taken-back", challenge + part + bytes([7, 0]) + rest


def files():
    yield "empty", b""
    yield "all", (b"interface = eth0\ninterface = eth1 # second\nmode = native\nport = 8443\nsocket = /run/a\n"
                  b"ualpn-socket = /run/u\nwatch = dehydrated:/d\nwatch = certmagic:/c\nwatch = mod_md:/m\n"
                  b"harvest = [::1]:8443\nmetrics-socket = /run/m\nmetrics-textfile = /m.prom\nlog-format = json\n"
                  b"log-level = debug\nself-check = no\n")
    yield "windows", b"\xef\xbb\xbfharvest = 127.0.0.1:1 ; x\r\n; y\r\n"
    yield "wrong", b"[x]\nport = 0\n port = 1\nPort = 2\nport: 3\nsocket = \"/x\"\nwatch = x:/y\nport = 1\nport = 2\n"
    yield "long", b"watch = mod_md:/" + b"x" * 400 + b"\nport = 5\0"


def watched():
    thumbprint = base64.urlsafe_b64encode(DIGEST).rstrip(b"=")
    pem = b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(
        certificate(der(0x82, b"a.example")))
    challenge = (b'{"type":"%s","url":"https://ca/1","status":"pending","token":"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ",'
                 b'"keyAuthorization":"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ.%s","identifier":{"type":"%s","value":"%s"}}')
    yield "dehydrated", b"\0" + pem
    yield "dehydrated-elsewhere", b"\x81" + pem
    yield "certmagic", b"\1" + challenge % (b"tls-alpn-01", thumbprint, b"dns", b"a.example")
    yield "certmagic-ip", b"\1" + challenge % (b"tls-alpn-01", thumbprint, b"ip", b"192.0.2.1")
    yield "certmagic-http", b"\1" + challenge % (b"http-01", thumbprint, b"dns", b"a.example")
    yield "mod_md", b"\2" + pem


def requests():
    digest = base64.urlsafe_b64encode(DIGEST).rstrip(b"=")
    yield "auth", b"\0auth Example.ORG. " + digest
    yield "auth-more", b"\0auth\t 192.0.2.7\t" + digest + b" more"
    yield "unauth", b"\0unauth fd77::2"
    yield "unauth-more", b"\0unauth 2.0.77.10.in-addr.arpa x"
    yield "get", b"\1GET /metrics?x HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
    yield "get-absolute", b"\1GET http://x/ HTTP/1.0\n\n"
    yield "head", b"\1HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
    yield "http2", b"\1PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def main():
    root = pathlib.Path(sys.argv[1])
    plain = list(hellos())
    cut = [(name + "-records", two_records(hello)) for name, hello in plain]
    seeds = {"hello": plain, "gate": plain + cut, "frame": frames(), "control": lines(), "challenge": texts(),
             "certificate": certificates(), "tcp": connections(), "engine": flows(), "settings": files(),
             "watch": watched(), "front": requests()}
    for target, inputs in seeds.items():
        folder = root / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in inputs:
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
