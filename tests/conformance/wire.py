# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP segments on an interface, byte by byte, and the one socket that all flows share.

The kernel of this namespace has no part in it: the address is not its own, so it drops what comes back in silence.
"""
import asyncio
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MSS, WSCALE, SACK_OK, SACK, STAMPS = 2, 3, 4, 5, 8
SO_TIMESTAMPNS, PACKET_OUTGOING, ETH_P_ALL = 35, 4, 3


def checksum(data):
    """RFC 1071, not inverted."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def signed(number):
    """A difference of sequence numbers."""
    return (number + 2**31) % 2**32 - 2**31


class Segment:
    """What the server sent. at and acks count bytes of the streams from 0; the flow fills them in."""

    def __init__(self, frame, when):
        self.when, self.at, self.acks = when, 0, 0
        kind = struct.unpack_from("!H", frame, 12)[0]
        if kind == 0x0800:
            size = struct.unpack_from("!H", frame, 16)[0]
            head, self.protocol, addresses = 20, frame[23], frame[26:34]
            self.unfragmented = frame[20:22] == b"\x40\0"
        elif kind == 0x86DD:
            size = 40 + struct.unpack_from("!H", frame, 18)[0]
            head, self.protocol, addresses, self.unfragmented = 40, frame[20], frame[22:54], True
        else:
            raise ValueError("not IP")
        if self.protocol != 6:
            raise ValueError("not TCP")
        tcp = frame[14 + head:14 + size]
        (self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window, _,
         self.urgent) = struct.unpack_from("!HHIIBBHHH", tcp)
        self.reserved = offset & 15
        self.options = dict(self.parse(tcp[20:(offset >> 4) * 4]))
        self.data = tcp[(offset >> 4) * 4:]
        self.sound = checksum(addresses + struct.pack("!II", len(tcp), 6) + tcp) == 0xFFFF

    @staticmethod
    def parse(options):
        while options and options[0]:
            if options[0] == 1:
                options = options[1:]
                continue
            yield options[0], options[2:options[1]]
            options = options[options[1]:]

    @property
    def stamps(self):
        """TSval and TSecr, or None."""
        return struct.unpack("!II", self.options[STAMPS]) if STAMPS in self.options else None

    @property
    def span(self):
        return len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def __str__(self):
        names = "".join(n for n, bit in zip("FSRPAU", (FIN, SYN, RST, PSH, ACK, URG)) if self.flags & bit)
        return f"[{names} {self.at}+{len(self.data)} ack {self.acks} window {self.window}]"


class Wire:
    """One interface: sends frames, hands what comes back to the flow of its port."""

    def __init__(self, interface, server_mac, server4, client4, server6, client6):
        self.addresses = {4: (socket.inet_pton(socket.AF_INET, client4), socket.inet_pton(socket.AF_INET, server4)),
                          6: (socket.inet_pton(socket.AF_INET6, client6), socket.inet_pton(socket.AF_INET6, server6))}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.setblocking(False)
        self.macs = bytes.fromhex(server_mac.replace(":", "")) + self.socket.getsockname()[4]
        self.flows, self.next_port = {}, 20000
        asyncio.get_running_loop().add_reader(self.socket, self.receive)

    def new_port(self):
        self.next_port += 1
        return self.next_port

    def receive(self):
        while True:
            try:
                frame, extra, _, address = self.socket.recvmsg(4096, 256)
            except BlockingIOError:
                return
            if address[2] == PACKET_OUTGOING:
                continue
            seconds, nanoseconds = struct.unpack("qq", extra[0][2])
            try:
                segment = Segment(frame, seconds + nanoseconds / 1e9)
            except ValueError:
                continue
            if segment.dport in self.flows:
                self.flows[segment.dport].arrived(segment)

    def send(self, family, tcp, ip_options=b"", padding=b"", wrong_checksum=False):
        """tcp: header with a checksum of zero, options, data. ip_options: of IPv4, or extension headers of IPv6."""
        source, target = self.addresses[family]
        total = ~checksum(source + target + struct.pack("!II", len(tcp), 6) + tcp) & 0xFFFF
        tcp = tcp[:16] + struct.pack("!H", total ^ (0x5555 if wrong_checksum else 0)) + tcp[18:]
        if family == 4:
            head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(ip_options) // 4, 0, 20 + len(ip_options) + len(tcp), 0,
                               0x4000, 64, 6, 0, source, target) + ip_options
            head = head[:10] + struct.pack("!H", ~checksum(head) & 0xFFFF) + head[12:]
        else:
            following = 60 if ip_options else 6 # destination options
            head = struct.pack("!IHBB16s16s", 6 << 28, len(ip_options) + len(tcp), following, 64, source, target)
            head += ip_options
        self.socket.send(self.macs + (b"\x08\0" if family == 4 else b"\x86\xdd") + head + tcp + padding)
        return time.time()
