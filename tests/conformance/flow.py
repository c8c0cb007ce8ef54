# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One connection to the server, played by hand: the peer of every case.

The kernel answers the SYN; the hello asks for acme-tls/1, so from there on alpnxdp answers. TLS is a real one (Python's
ssl over memory), so a case that leaves the connection alive can prove it with lives(): the handshake goes on to its
end, and both sides close. Streams are counted from 0: f.sent bytes of ours so far, f.got in order from the server.

What must hold for every segment is judged for every segment: see arrived_well().
"""
import asyncio
import random
import ssl
import struct
import time

from wire import ACK, FIN, MSS, RST, SACK_OK, STAMPS, SYN, WSCALE, signed

NAME, PORT = "www.example.org", 443
CCS = b"\x14\x03\x03\x00\x01\x01"  # what a TLS 1.3 client sends after its hello, RFC 8446 D.4


class Failure(Exception):
    """The server did not do what the case expects."""


def expect(condition, what, *seen):
    if not condition:
        raise Failure(what + (": " + " ".join(map(str, seen)) if seen else ""))


class Flow:
    def __init__(self, wire, family=4, mss=1460, wscale=7, stamps=True, sack=True, isn=None, tls="1.3", clock=None,
                 port=None):
        self.wire, self.family, self.mss, self.wscale, self.stamps, self.sack = wire, family, mss, wscale, stamps, sack
        self.port = port or wire.new_port()
        self.own = random.getrandbits(32) if isn is None else isn  # number of our byte 0
        self.base = 0  # of the server's
        self.sent = self.got = self.edge = 0
        self.window, self.clock, self.began = 500, random.getrandbits(31) if clock is None else clock, time.time()
        self.echo, self.server_wscale, self.served = 0, 0, b""
        self.inbox = asyncio.Queue()
        self.pending = b""  # the client's second flight
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["acme-tls/1"])
        self.tls_in, self.tls_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.tls_in, self.tls_out, server_hostname=NAME)
        self.hello = self.drive()
        wire.flows[self.port] = self

    def drive(self):
        """TLS as far as it goes; what it wants to send."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.tls_out.read()

    def arrived(self, segment):
        self.inbox.put_nowait(segment)

    # ------------------------------------------------------------ sending

    def tsval(self):
        return (self.clock + int((time.time() - self.began) * 1000)) % 2**32

    def send(self, data=b"", at=None, ack=None, flags=ACK, window=None, stamps=None, options=b"", urgent=0, header=None,
             **frame):
        """at: offset in our stream; where it goes on if not given, and then it counts as sent. stamps: (TSval,
        TSecr), or () for none. header: byte 12, the data offset. Returns the time."""
        begin = self.sent if at is None else at
        if at is None:
            self.sent += len(data) + bool(flags & (FIN | SYN))
        if stamps is None:
            stamps = (self.tsval(), self.echo) if self.stamps else ()
        if stamps:
            options = struct.pack("!BBBBII", 1, 1, STAMPS, 10, stamps[0] % 2**32, stamps[1] % 2**32) + options
        header = (5 + len(options) // 4) << 4 if header is None else header
        acks = 0 if not flags & ACK else (self.base + (self.got if ack is None else ack)) % 2**32
        head = struct.pack("!HHIIBBHHH", self.port, PORT, (self.own + begin) % 2**32, acks, header, flags,
                           self.window if window is None else window, 0, urgent)
        return self.wire.send(self.family, head + options + data, **frame)

    # ---------------------------------------------------------- receiving

    def arrived_well(self, s):
        s.at, s.acks = signed(s.seq - self.base), signed(s.ack - self.own)
        expect(s.sound, "RFC 9293 3.1: the checksum is right", s)
        expect(s.reserved == 0 and not s.flags & 0xC0, "RFC 9293 3.1: reserved bits are zero", s)
        expect(not s.flags & SYN, "no second SYN-ACK", s)
        expect(s.unfragmented, "RFC 6864 4.1: no fragment, and none allowed", s)
        expect(bool(s.stamps) == self.stamps, "RFC 7323 3.2: timestamps in all segments or in none", s)
        if s.flags & RST:
            return
        expect(s.flags & ACK and s.acks <= self.sent, "RFC 9293 3.4: acknowledges what was sent", s)
        edge = s.acks + (s.window << self.server_wscale)
        expect(edge + (1 << self.server_wscale) > self.edge, "RFC 9293 3.8.6: the window's right edge stays", s)
        self.edge = max(edge, self.edge)
        if self.stamps:
            self.echo = s.stamps[0]

    async def next(self, seconds=2.0):
        """The next segment of the server, or None."""
        try:
            segment = await asyncio.wait_for(self.inbox.get(), seconds)
        except asyncio.TimeoutError:
            return None
        self.arrived_well(segment)
        return segment

    async def answer(self, what, seconds=2.0):
        segment = await self.next(seconds)
        expect(segment, what + ", but nothing came")
        expect(not segment.flags & RST, what + ", but a RST came")
        return segment

    async def acked(self, upto, what, seconds=2.0):
        """A pure ACK of our stream up to there."""
        segment = await self.answer(what, seconds)
        expect(segment.acks == upto and not segment.span, f"{what}: an ACK of {upto}", segment)
        return segment

    async def quiet(self, what, seconds=0.15):
        segment = await self.next(seconds)
        expect(not segment, f"{what}: nothing is sent", segment)

    async def burst(self, seconds=0.1):
        """What comes until it is quiet for that long."""
        segments = []
        while segment := await self.next(seconds):
            segments.append(segment)
        return segments

    # ---------------------------------------------------------- a whole one

    async def open(self, ack=True, delay=0.0):
        options = struct.pack("!BBH", MSS, 4, self.mss) if self.mss else b""
        options += bytes([1, WSCALE, 3, self.wscale]) if self.wscale is not None else b""
        options += bytes([1, 1, SACK_OK, 2]) if self.sack else b""
        self.own -= 1
        self.send(flags=SYN, at=0, window=64240, options=options)
        self.own = (self.own + 1) % 2**32
        reply = await asyncio.wait_for(self.inbox.get(), 3)
        expect(reply.flags & (SYN | ACK | RST) == SYN | ACK, "the kernel answers the SYN")
        self.base = (reply.seq + 1) % 2**32
        self.server_wscale = reply.options.get(WSCALE, b"\0")[0]
        self.edge = reply.window
        self.opening = reply
        if self.stamps:
            self.echo = reply.stamps[0]
        await asyncio.sleep(delay)
        if ack:
            self.send()
        return self

    def take(self, segment):
        """Bytes in order become the server's stream."""
        new = segment.data[max(self.got - segment.at, 0):]
        if segment.at <= self.got and new:
            self.served += new
            self.got += len(new)
            self.tls_in.write(new)
            self.pending += self.drive()

    async def flight(self, ack=True):
        """The server's answer to the hello, acknowledged segment by segment if wanted."""
        segments = []
        while not self.pending:
            segment = await self.answer("the server's flight")
            self.take(segment)
            segments.append(segment)
            if ack and segment.data:
                self.send()
        return segments

    async def finish(self):
        """The client's second flight, if it was not sent, until the server's FIN."""
        if self.sent == len(self.hello):
            self.send(self.pending)
        while True:
            segment = await self.answer("the server's FIN", 3)
            self.take(segment)
            if segment.flags & FIN and segment.at + len(segment.data) == self.got:
                self.got += 1
                return
            if segment.data:
                self.send()

    async def lives(self):
        """Nothing that happened has harmed the connection: it can be finished."""
        if not self.pending:
            self.send()
            await self.flight()
        await self.finish()
        self.send(flags=ACK | FIN)
        while True:
            segment = await self.answer("an ACK of our FIN", 3)
            if segment.acks == self.sent:
                return


async def served(wire, **options):
    """A flow whose hello was answered, and the answer acknowledged."""
    flow = await Flow(wire, **options).open()
    flow.send(flow.hello)
    await flow.flight()
    return flow


CASES = []


def case(clause, expectation):
    """Enters a coroutine into the list: the clause that it tests, and what is expected, in one line."""
    def enter(function):
        CASES.append((clause, expectation, function))
        return function
    return enter
