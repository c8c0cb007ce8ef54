# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RFC 7323: window scale, timestamps, PAWS."""
import asyncio

from flow import CCS, Flow, case, expect, served
from wire import RST, signed


@case("RFC 7323 2.2", "the peer's windows are scaled by its own shift")
async def scale(wire):
    f = await Flow(wire, wscale=4).open()
    f.send(f.hello, window=10)
    expect(len((await f.answer("the beginning")).data) == 160, "10 << 4 bytes")


@case("RFC 7323 2.2", "a peer that offers no scale gets windows without one, and its own are taken as they are")
async def no_scale(wire):
    f = await Flow(wire, wscale=None).open()
    f.send(f.hello, window=200)
    s = await f.answer("the beginning")
    expect(len(s.data) == 200 and s.window >= 4096, "200 bytes, and our whole window in the field", s)


@case("RFC 7323 2.3", "a shift above 14 is used as 14")
async def scale_15(wire):
    f = await Flow(wire, wscale=15).open()
    f.send(f.hello, window=1)
    await f.flight()
    await f.lives()


@case("RFC 7323 2.4", "the kernel's promise is kept, but for what the scale cannot say: the SYN-ACK's right edge")
async def promise(wire):
    f = await Flow(wire, wscale=7).open()
    f.send(f.hello)
    s = await f.answer("the flight")
    unit = 1 << f.server_wscale
    expect(s.acks + s.window * unit > f.opening.window - unit, "the right edge", s, f.opening.window, unit)


@case("RFC 7323 3.2", "where no timestamps were negotiated we send none, and those that come are ignored")
async def not_negotiated(wire):
    f = await served(wire, stamps=False)
    f.send(f.pending, stamps=(1, 2))
    await f.lives()


@case("RFC 7323 3.2", "where they were negotiated a segment without is dropped in silence")
async def stamps_missing(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, stamps=())
    await f.quiet("after data without timestamps")
    await f.lives()


@case("RFC 7323 3.2", "a RST counts without timestamps")
async def rst_without(wire):
    f = await served(wire)
    f.send(at=f.sent, flags=RST, stamps=())
    f.send(f.pending, at=f.sent)
    await f.quiet("after a RST without timestamps", 0.3)


@case("RFC 7323 4.1", "our clock goes on from the SYN-ACK's, a tick per millisecond")
async def clock(wire):
    f = await Flow(wire).open()
    await asyncio.sleep(0.2)
    f.send(f.hello)
    for s in await f.flight():
        ticks = (s.stamps[0] - f.opening.stamps[0]) % 2**32
        expect(abs(ticks - (s.when - f.opening.when) * 1000) < 60, "the clock", ticks, s.when - f.opening.when)
    await asyncio.sleep(0.5)
    f.send(at=f.sent - 1)
    s = await f.answer("an ACK")
    ticks = (s.stamps[0] - f.opening.stamps[0]) % 2**32
    expect(abs(ticks - (s.when - f.opening.when) * 1000) < 60, "the clock half a second later", ticks)


@case("RFC 7323 4.3", "TSecr is the TSval of the last segment that advanced the window")
async def echo(wire):
    f = await Flow(wire).open()
    value = (f.tsval() + 5) % 2**32
    f.send(f.hello, stamps=(value, f.echo))
    expect((await f.answer("the flight")).stamps[1] == value, "the hello's TSval comes back")


@case("RFC 7323 4.3 (2)", "a segment behind a hole does not change TSecr")
async def echo_hole(wire):
    f = await served(wire)
    f.send(at=f.sent - 1)
    before = (await f.answer("an ACK")).stamps[1]
    f.send(CCS[3:], at=f.sent + 3, stamps=(f.tsval() + 400, f.echo))
    expect((await f.answer("a duplicate ACK")).stamps[1] == before, "TSecr stays")


@case("RFC 7323 4.3 (3)", "the segment that fills the hole does")
async def echo_filled(wire):
    f = await served(wire)
    value = f.tsval() + 50
    f.send(CCS[3:], at=f.sent + 3, stamps=(value + 50, f.echo))
    await f.answer("a duplicate ACK")
    f.send(CCS[:3], at=f.sent, stamps=(value, f.echo))
    f.sent += len(CCS)
    s = await f.acked(f.sent, "the hole is filled")
    expect(s.stamps[1] == value % 2**32, "its TSval comes back", s.stamps[1], value)


@case("RFC 7323 5.3 R1", "PAWS: data with an older TSval is dropped and answered with an ACK")
async def paws(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, stamps=(f.tsval() - 10000, f.echo))
    await f.acked(f.sent, "data with an old timestamp")
    await f.lives()


@case("RFC 7323 5.3 R1", "PAWS does not shield from a RST with the right number")
async def paws_rst(wire):
    f = await served(wire)
    f.send(at=f.sent, flags=RST, stamps=(f.tsval() - 10000, f.echo))
    f.send(f.pending, at=f.sent)
    await f.quiet("after a RST with an old timestamp", 0.3)


@case("RFC 7323 5.3 R1", "an equal TSval is not an older one")
async def paws_equal(wire):
    f = await served(wire)
    value = f.tsval()
    for byte in CCS:
        f.send(bytes([byte]), stamps=(value, f.echo))
        await f.acked(f.sent, "a byte with the same timestamp")
    f.send(f.pending[len(CCS):], stamps=(value, f.echo))
    await f.lives()


@case("RFC 7323 5.3 R3", "a high TSval in a segment whose ACK is not acceptable does not poison TSecr")
async def poison(wire):
    f = await served(wire)
    f.send(b"x", at=f.sent, ack=f.got + 2**30, stamps=(f.tsval() + 2**30, f.echo))
    s = await f.acked(f.sent, "a blind segment")
    expect(abs(signed(s.stamps[1] - f.tsval())) < 10000, "TSecr is the peer's own")
    await f.lives()


@case("RFC 7323 5.4", "the peer's clock wraps around zero in the middle of the connection")
async def clock_wraps(wire):
    f = await Flow(wire, clock=2**32 - 100).open()
    f.send(f.hello)
    await f.flight()
    await asyncio.sleep(0.2)
    f.send(f.pending[:6])
    await f.acked(f.sent, "data after the wrap")
    f.send(f.pending[6:])
    await f.lives()
