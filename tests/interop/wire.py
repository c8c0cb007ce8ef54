#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Judges a capture from the validator's side: was there anything on the wire but one server's one answer?

wire.py PCAP: a line per connection to port 443; exit 0 when all are right. Of the server's packets there must be one
SYN-ACK; no RST; a stream whose every byte was sent once, in order, and that begins where the SYN-ACK left off; at most
one FIN, right behind the last byte; timestamps that never go back; sound checksums from the first byte of the stream
on. What a kernel would add that still has a half of the connection (a RST, a FIN before any byte, a SYN-ACK again)
breaks one of these.
"""
import struct
import sys

FIN, SYN, RST, ACK = 1, 2, 4, 16
ETH_IP, ETH_IP6, TCP = 0x0800, 0x86DD, 6


class Packet:
    """One TCP segment, read from an Ethernet frame."""

    def __init__(self, frame):
        kind = struct.unpack_from("!H", frame, 12)[0]
        if kind == ETH_IP:
            head = (frame[14] & 15) * 4
            size = struct.unpack_from("!H", frame, 16)[0]
            protocol, self.source, self.target = frame[23], frame[26:30], frame[30:34]
            segment = frame[14 + head:14 + size]
        elif kind == ETH_IP6:
            size = struct.unpack_from("!H", frame, 18)[0]
            protocol, self.source, self.target = frame[20], frame[22:38], frame[38:54]
            segment = frame[54:54 + size]
        else:
            raise ValueError("not IP")
        if protocol != TCP:
            raise ValueError("not TCP")
        self.sport, self.dport, self.seq, self.ack, offset, self.flags = struct.unpack_from("!HHIIBB", segment)
        self.options = segment[20:(offset >> 4) * 4]
        self.len = len(segment) - (offset >> 4) * 4
        self.sound = self.checksum(segment) == 0xFFFF
        self.tsval = self.timestamp()

    def checksum(self, segment):
        pseudo = self.source + self.target + struct.pack("!II", len(segment), TCP)
        data = pseudo + segment + b"\0" * (len(segment) % 2)
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return total

    def timestamp(self):
        at = 0
        while at < len(self.options) and self.options[at] != 0:
            if self.options[at] == 8:
                return struct.unpack_from("!I", self.options, at + 2)[0]
            at += 1 if self.options[at] == 1 else self.options[at + 1]
        return None


def packets(path):
    with open(path, "rb") as pcap:
        pcap.read(24)
        while len(head := pcap.read(16)) == 16:
            try:
                yield Packet(pcap.read(struct.unpack("<IIII", head)[2]))
            except ValueError:
                continue


def after(a, b):
    """a - b as a signed distance in sequence space."""
    return (a - b + 2**31) % 2**32 - 2**31


def judge(answers):
    """What is wrong with the server's packets of one connection; None: nothing."""
    if [p for p in answers if p.flags & RST]:
        return "the server sent a RST"
    opening = [p for p in answers if p.flags & SYN]
    if len(opening) != 1:
        return f"{len(opening)} SYN-ACKs"
    expected, finished, stamp = (opening[0].seq + 1) % 2**32, False, opening[0].tsval
    begin = expected
    for p in answers:
        if p.flags & SYN:
            continue
        if not p.sound:
            return "a wrong checksum"
        if stamp is not None and (p.tsval is None or after(p.tsval, stamp) < 0):
            return f"timestamp {p.tsval} after {stamp}"
        stamp = p.tsval
        if p.seq != expected:
            return f"a segment at {after(p.seq, begin)} of the stream, expected {after(expected, begin)}"
        if finished and (p.len or p.flags & FIN):
            return "something after the FIN"
        expected = (expected + p.len) % 2**32
        if p.flags & FIN:
            if expected == begin:
                return "a FIN before any byte"
            finished, expected = True, (expected + 1) % 2**32
    return None if expected != begin else "no answer at all"


def main():
    flows = {}
    for p in packets(sys.argv[1]):
        if p.dport == 443:
            flows.setdefault((p.source, p.sport), [])
        elif p.sport == 443:
            flows.setdefault((p.target, p.dport), []).append(p)
    wrong = 0
    for (source, port), answers in flows.items():
        why = judge(answers)
        where = ".".join(map(str, source)) if len(source) == 4 else source.hex()
        print(f"{'FAIL' if why else 'ok  '} {where} port {port}: {why or f'{len(answers)} packets, one answer'}")
        wrong += why is not None
    sys.exit(1 if wrong or not flows else 0)


if __name__ == "__main__":
    main()
