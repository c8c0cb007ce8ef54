# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RFC 5681, 6582, 6928: congestion; RFC 2018: selective acknowledgements; RFC 4821: black holes."""
from flow import CCS, Flow, case, expect, served
from wire import SACK


def blocks(segment):
    """SACK blocks as numbers of the wire."""
    body = segment.options.get(SACK, b"")
    return [(int.from_bytes(body[i:i + 4], "big"), int.from_bytes(body[i + 4:i + 8], "big"))
            for i in range(0, len(body), 8)]


async def begun(wire, **options):
    """A flow whose hello was answered by several segments, none of them acknowledged. No SACK: no tail loss probe."""
    f = await Flow(wire, sack=False, **options).open()
    f.send(f.hello)
    return f, [await f.answer("the flight")] + await f.burst(0.04)


@case("RFC 6928 2", "the initial window is ten segments")
async def initial_window(wire):
    f, flight = await begun(wire, mss=88)
    expect(len(flight) == 10 and all(len(s.data) == 76 for s in flight), "ten full segments", len(flight))


@case("RFC 5681 3.1", "an ACK in slow start lets out what it acknowledged and one segment more")
async def slow_start(wire):
    f, flight = await begun(wire, mss=88)
    f.send(ack=76)
    expect([s.at for s in await f.burst(0.05)][:1] == [760], "the eleventh segment follows")
    expect(len(flight) == 10, "after ten")


@case("RFC 5681 3.1 (timeout)", "after a timeout one segment goes, and two when it is acknowledged")
async def loss_window(wire):
    f, _ = await begun(wire, mss=200)
    again = [await f.answer("a retransmission")] + await f.burst(0.05)
    expect([s.at for s in again] == [0], "one segment", *again)
    f.send(ack=188)
    more = await f.burst(0.05)
    expect([s.at for s in more] == [188, 376], "two segments", *more)


@case("RFC 5681 3.2", "three duplicate ACKs bring out the missing segment before the timeout")
async def fast_retransmit(wire):
    f, _ = await begun(wire, mss=200)
    for _ in range(3):
        when = f.send(ack=0)
    again = await f.answer("a retransmission")
    expect(again.at == 0 and again.when - when < 0.08, "the first segment, at once", again.when - when)


@case("RFC 5681 3.2", "two duplicate ACKs do not")
async def two_duplicates(wire):
    f, _ = await begun(wire, mss=200)
    for _ in range(2):
        f.send(ack=0)
    await f.quiet("after two duplicate ACKs", 0.06)


@case("RFC 5681 2 (e)", "an ACK that changes the window is no duplicate")
async def window_change(wire):
    f, _ = await begun(wire, mss=200)
    for number in range(3):
        f.send(ack=0, window=600 + number)
    await f.quiet("after three window updates", 0.06)


@case("RFC 6582 3.2 (3)", "a partial ACK in recovery brings out the next missing segment at once")
async def partial_ack(wire):
    f, flight = await begun(wire, mss=200)
    expect(len(flight) >= 4, "a flight of at least four segments")
    for _ in range(3):
        f.send(ack=0)
    await f.answer("the first segment again")
    when = f.send(ack=188)
    again = await f.answer("the second segment again")
    expect(again.at == 188 and again.when - when < 0.08, "at once", again, again.when - when)


@case("RFC 5681 4.2", "data behind a hole brings out a duplicate ACK at once, one per segment")
async def duplicate_acks(wire):
    f = await served(wire)
    for at in (2, 3, 4, 5):
        when = f.send(CCS[at:at + 1], at=f.sent + at)
        s = await f.acked(f.sent, "a byte behind a hole")
        expect(s.when - when < 0.1, "at once", s.when - when)


@case("RFC 5681 4.2", "a segment that fills a hole is acknowledged at once")
async def filled(wire):
    f = await served(wire)
    f.send(CCS[1:], at=f.sent + 1)
    await f.acked(f.sent, "bytes behind a hole")
    when = f.send(CCS[:1], at=f.sent)
    f.sent += len(CCS)
    s = await f.acked(f.sent, "the hole is filled")
    expect(s.when - when < 0.1, "at once", s.when - when)


@case("RFC 2018 3", "the bytes behind a hole are named by a SACK block")
async def sack(wire):
    f = await served(wire)
    f.send(CCS[2:5], at=f.sent + 2)
    s = await f.answer("a duplicate ACK")
    expect(blocks(s) == [((f.own + f.sent + 2) % 2**32, (f.own + f.sent + 5) % 2**32)], "one block", *blocks(s))


@case("RFC 2018 4", "the block grows with what it holds, and is gone when the hole is filled")
async def sack_grows(wire):
    f = await served(wire)
    f.send(CCS[3:5], at=f.sent + 3)
    await f.answer("a duplicate ACK")
    f.send(CCS[5:6], at=f.sent + 5)
    s = await f.answer("a duplicate ACK")
    expect(blocks(s) == [((f.own + f.sent + 3) % 2**32, (f.own + f.sent + 6) % 2**32)], "a larger block", *blocks(s))
    f.send(CCS[:3], at=f.sent)
    f.sent += len(CCS)
    expect(not blocks(await f.acked(f.sent, "all bytes")), "no block")


@case("RFC 2018 2", "where SACK was not permitted none is sent")
async def no_sack(wire):
    f = await served(wire, sack=False)
    f.send(CCS[2:5], at=f.sent + 2)
    expect(SACK not in (await f.answer("a duplicate ACK")).options, "no SACK option")


@case("RFC 4821 7.7", "after two timeouts segments shrink to 536 bytes: perhaps only large ones are lost")
async def black_hole(wire):
    f = await Flow(wire, sack=False).open()
    f.send(f.hello)
    sizes = []
    while len(sizes) < 3:
        s = await f.answer("the flight, or it again")
        if s.at == 0 and s.data:
            sizes.append(len(s.data))
    expect(sizes[0] == sizes[1] > 536 and sizes[2] == 524, "large twice, then 524", *sizes)
