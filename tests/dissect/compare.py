#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Three readers of the same hellos must agree: tshark's dissector, the walk of the XDP program, the gate.

compare.py [COUNT [SEED]]: every recorded hello of tests/corpus, and COUNT hellos made from them that are still well
formed: other names, other protocol lists, extensions left out, added and shuffled, other session ids. All of them go
through one tshark and one build/tests/dissect/reads. Prints the first hellos about which they differ; exit 1 then.
"""
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent.parent
SNI, ALPN, MOST = 0, 16, 4000
PROTOCOLS = [b"acme-tls/1", b"h2", b"http/1.1", b"http/1.0", b"acme-tls/2", b"acme-tls/", b"ACME-TLS/1", b"h3", b"x" * 60]
NAMES = [b"d.example.org", b"D.Example.ORG", b"2.0.77.10.in-addr.arpa", b"a-b_c.example", b"xn--mnchen-3ya.example",
         b"a" * 63 + b".example", b"example"]


class Hello:
    """A ClientHello as its parts."""

    def __init__(self, record):
        self.version, body = record[1:3], record[9:]
        self.fixed, at = body[:34], 34
        self.session, at = self.counted(body, at, 1)
        self.suites, at = self.counted(body, at, 2)
        self.compression, at = self.counted(body, at, 1)
        rest, at = self.counted(body, at, 2)
        self.extensions, at = [], 0
        while at < len(rest):
            kind = struct.unpack_from("!H", rest, at)[0]
            content, at = self.counted(rest, at + 2, 2)
            self.extensions.append((kind, content))

    @staticmethod
    def counted(data, at, size):
        end = at + size + int.from_bytes(data[at:at + size], "big")
        return data[at + size:end], end

    def put(self, kind, content):
        """Replaces an extension where it stands, or adds it."""
        kinds = [k for k, _ in self.extensions]
        if kind in kinds:
            self.extensions[kinds.index(kind)] = (kind, content)
        else:
            self.extensions.insert(random.randint(0, len(kinds)), (kind, content))

    def drop(self, kind):
        self.extensions = [e for e in self.extensions if e[0] != kind]

    def record(self):
        rest = b"".join(struct.pack("!HH", k, len(c)) + c for k, c in self.extensions)
        body = self.fixed + bytes([len(self.session)]) + self.session + struct.pack("!H", len(self.suites)) + self.suites
        body += bytes([len(self.compression)]) + self.compression + struct.pack("!H", len(rest)) + rest
        return b"\x16" + self.version + struct.pack("!H", len(body) + 4) + b"\1\0" + struct.pack("!H", len(body)) + body


def change_name(h):
    name = random.choice(NAMES)
    h.put(SNI, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name)


def change_protocols(h):
    chosen = random.choice([[PROTOCOLS[0]], random.sample(PROTOCOLS, random.randint(1, 5))])
    listed = b"".join(bytes([len(p)]) + p for p in chosen)
    h.put(ALPN, struct.pack("!H", len(listed)) + listed)


def add_unknown(h):
    h.put(random.choice([0x0A0A, 0x1A1A, 0xFAFA, 0x7777, 0xFE0D]), random.randbytes(random.randint(0, 300)))


CHANGES = [change_name, change_protocols, add_unknown, lambda h: h.drop(SNI), lambda h: h.drop(ALPN),
           lambda h: random.shuffle(h.extensions), lambda h: setattr(h, "session", random.randbytes(random.choice([0, 32]))),
           lambda h: setattr(h, "version", random.choice([b"\3\1", b"\3\3"]))]


def hellos(count):
    recorded = [bytes.fromhex("".join(path.read_text(encoding="ascii").split()))
                for path in sorted((ROOT / "tests/corpus/clienthello").glob("*.hex"))]
    yield from recorded
    while count:
        h = Hello(random.choice(recorded))
        for change in random.choices(CHANGES, k=random.randint(1, 4)):
            change(h)
        if len(h.record()) <= MOST:
            count -= 1
            yield h.record()


def write_pcap(path, streams):
    """Each in a TCP segment of its own connection; checksums are not looked at."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, stream in enumerate(streams):
            tcp = struct.pack("!HHIIBBHHH", 1024 + number % 60000, 443, 1, 1, 5 << 4, 0x18, 500, 0, 0) + stream
            address = bytes([10, 77, number // 60000, 2])
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, address, bytes([10, 77, 0, 1]))
            out.write(struct.pack("<IIII", 0, number, len(head + tcp), len(head + tcp)) + head + tcp)


def dissect(streams):
    """(name, protocols) of each, by tshark."""
    with tempfile.TemporaryDirectory() as folder:
        write_pcap(folder + "/pcap", streams)
        fields = ["tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str"]
        out = subprocess.run(["tshark", "-n", "-r", folder + "/pcap", "-T", "fields", "-E", "aggregator=|",
                              *[word for field in fields for word in ("-e", field)]],
                             capture_output=True, text=True, check=True).stdout
    return [tuple(line.split("\t")) for line in out.splitlines()]


def read(streams):
    data = b"".join(struct.pack("!H", len(s)) + s for s in streams)
    out = subprocess.run([ROOT / "build/tests/dissect/reads"], input=data, capture_output=True, check=True).stdout
    return [line.split("\t") for line in out.decode().splitlines()]


def difference(tshark, ours):
    """None, or what they do not agree about."""
    name, protocols = tshark
    walk, walk_name, walk_protocols, gate, gate_name = ours
    if walk != ("acme" if "acme-tls/1" in protocols.split("|") else "other"):
        return "whether acme-tls/1 is offered"
    if walk_protocols != protocols:
        return "the protocols"
    if walk == "acme" and walk_name != name:
        return "the name that the walk sees"
    if gate == "accept" and (protocols != "acme-tls/1" or gate_name != name.lower()):
        return "what the gate accepts"
    if (gate == "no-sni" and name) or (gate == "no-alpn" and protocols) or (gate == "alpn" and protocols == "acme-tls/1"):
        return "why the gate rejects"
    return None


def main():
    if not shutil.which("tshark"):
        print("SKIP: tshark is not installed: scripts/setup")
        return 0
    count, seed = (list(map(int, sys.argv[1:])) + [3000, random.getrandbits(32)][len(sys.argv) - 1:])[:2]
    random.seed(seed)
    streams = list(hellos(count))
    theirs, ours = dissect(streams), read(streams)
    if not len(streams) == len(theirs) == len(ours):
        print(f"{len(streams)} hellos, {len(theirs)} seen by tshark, {len(ours)} by us")
        return 1
    wrong = [(s, t, o, why) for s, t, o in zip(streams, theirs, ours) if (why := difference(t, o))]
    for stream, tshark, reads, why in wrong[:5]:
        print(f"they differ about {why}\n  tshark {tshark}\n  ours   {reads}\n  {stream.hex()}")
    kinds = {kind: sum(o[column] == kind for o in ours) for column, kind in ((0, "acme"), (0, "other"), (3, "accept"))}
    print(f"{len(streams)} hellos (seed {seed}), {kinds}: {len(wrong)} differences")
    return 1 if wrong or not all(kinds.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
