# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RFC 9293: segment sizes, windows, probes and closing. Times are seconds."""
import asyncio

from flow import CCS, Flow, case, expect, served
from wire import ACK, FIN, PSH


@case("RFC 9293 3.7.1 MUST-16", "no segment is larger than the MSS that the peer announced")
async def peer_mss(wire):
    f = await Flow(wire, mss=300).open()
    f.send(f.hello)
    sizes = [len(s.data) for s in await f.flight()]
    expect(max(sizes) == 300 - 12 and len(sizes) > 2, "full segments have 288 bytes", *sizes)
    await f.lives()


@case("RFC 9293 3.7.1 MUST-15", "a peer that announces no MSS gets 536 bytes at most")
async def no_mss(wire):
    f = await Flow(wire, mss=None).open()
    f.send(f.hello)
    sizes = [len(s.data) for s in await f.flight()]
    expect(max(sizes) == 536 - 12, "full segments have 524 bytes", *sizes)
    await f.lives()


@case("RFC 9293 3.7.1 MUST-67", "options are taken off the MSS: without timestamps 12 bytes more go")
async def mss_without_stamps(wire):
    f = await Flow(wire, mss=300, stamps=False).open()
    f.send(f.hello)
    sizes = [len(s.data) for s in await f.flight()]
    expect(max(sizes) == 300, "full segments have 300 bytes", *sizes)


@case("RFC 9293 3.7.1", "the same over IPv6")
async def mss_ipv6(wire):
    f = await Flow(wire, family=6, mss=300).open()
    f.send(f.hello)
    sizes = [len(s.data) for s in await f.flight()]
    expect(max(sizes) == 300 - 12, "full segments have 288 bytes", *sizes)
    await f.lives()


@case("RFC 9293 3.9.1.2 MUST-61", "PSH is set where nothing more is queued, and only there")
async def push(wire):
    f = await Flow(wire, mss=300).open()
    f.send(f.hello)
    flags = [bool(s.flags & PSH) for s in await f.flight() if s.data]
    expect(flags[-1] and not any(flags[:-1]), "PSH on the last segment of the flight", *flags)


@case("RFC 9293 3.8.6", "no more is sent than the window holds, and the rest when an ACK opens it")
async def window(wire):
    f = await Flow(wire).open()
    f.send(f.hello, window=1)
    first = await f.answer("the beginning")
    expect(len(first.data) == 1 << 7, "as many bytes as the window holds", first)
    f.take(first)
    await f.quiet("the window is full", 0.1)
    when = f.send()
    second = await f.answer("the rest")
    expect(second.at == 128 and second.when - when < 0.1, "the rest follows at once", second)


@case("RFC 9293 3.8.6 SHLD-16", "a window that shrinks is borne: nothing new goes past its new edge")
async def shrink(wire):
    f = await Flow(wire, mss=88, wscale=None, sack=False).open()
    f.send(f.hello, window=2000)
    flight = await f.burst(0.05)
    expect(len(flight) == 10, "ten segments of 76 bytes", len(flight))
    f.take(flight[0])
    f.send(window=100)
    again = await f.answer("a repetition", 1)
    expect(again.at == 76 and again.at + len(again.data) <= 76 + 100, "within the new window", again)
    f.send(ack=760, window=2000)
    expect((await f.answer("what was never sent")).at == 760, "it goes on")


@case("RFC 9293 3.8.6 SND.WL1", "an older segment that comes late does not set the window")
async def old_window(wire):
    f = await Flow(wire).open()
    f.send(f.hello, window=1)
    f.take(await f.answer("the beginning"))
    f.send(CCS[1:], at=f.sent + 1, ack=0, window=1)
    f.send(CCS[:1], at=f.sent, ack=0, window=500)
    f.sent += len(CCS)
    expect(all(not s.data for s in await f.burst(0.08)), "no data before the timeout")


@case("RFC 9293 3.8.6.2.1", "a small remainder of the window is left alone while an ACK may open it")
async def silly_sender(wire):
    f = await Flow(wire, mss=300, wscale=None).open()
    f.send(f.hello, window=400)
    expect(len((await f.answer("a segment")).data) == 288, "one full segment")
    await f.quiet("112 bytes of the window are left", 0.1)


@case("RFC 9293 3.8.6.2.2", "the window that we offer moves by full segments, not by single bytes")
async def silly_receiver(wire):
    f = await served(wire)
    edges = set()
    for byte in CCS:
        f.send(bytes([byte]))
        s = await f.answer("an ACK of one byte")
        edges.add(s.acks + (s.window << f.server_wscale) >> f.server_wscale)
    expect(len(edges) <= 2, "one right edge for all, rounding aside", *edges)
    f.send(f.pending[len(CCS):])
    await f.lives()


@case("RFC 9293 3.8.6.1 MUST-36", "a closed window is probed with one byte after the RTO")
async def probe(wire):
    f = await Flow(wire).open()
    when = f.send(f.hello, window=0)
    segments = [await f.answer("an ACK or a probe")]
    if not segments[0].data:
        segments.append(await f.answer("a probe"))
    s = segments[-1]
    expect(len(s.data) == 1 and s.at == 0, "one byte of the flight", s)
    expect(0.19 < s.when - when < 0.45, "after 200 ms", s.when - when)


@case("RFC 9293 3.8.6.1 MUST-37", "the time between probes grows exponentially")
async def probe_backoff(wire):
    f = await Flow(wire).open()
    f.send(f.hello, window=0)
    times = []
    while len(times) < 4:
        s = await f.answer("a probe", 3)
        if s.data:
            times.append(s.when)
            f.send(window=0)
    gaps = [b - a for a, b in zip(times, times[1:])]
    expect(all(b > 1.6 * a for a, b in zip(gaps, gaps[1:])), "each gap is twice the one before", *gaps)


@case("RFC 9293 3.8.6.1 MUST-35", "a peer that answers probes may keep its window closed beyond the time to give up")
async def closed_for_long(wire):
    f = await Flow(wire).open()
    begin = f.send(f.hello, window=0)
    while True:
        s = await f.answer("a probe", 8)
        f.send(window=0)
        if s.when - begin > 11:
            break
    f.send()
    expect(len((await f.answer("the flight")).data) > 500, "the whole flight when the window opens")


@case("RFC 9293 3.8.6.3 MUST-40", "half a hello is acknowledged within half a second")
async def delayed_ack(wire):
    f = await Flow(wire).open()
    cut = f.hello.find(b"acme-tls/1") + 10
    when = f.send(f.hello[:cut])
    s = await f.acked(cut, "half a hello")
    expect(s.when - when < 0.5, "in time", s.when - when)
    f.send(f.hello[cut:])
    await f.flight()
    await f.lives()


@case("RFC 9293 3.8.3", "without any ACK it gives up after 10 s, and nothing more is sent")
async def give_up(wire):
    f = await Flow(wire).open()
    begin = f.send(f.hello)
    last = begin
    while s := await f.next(7):
        last = s.when
    expect(5 < last - begin < 10.2, "the last repetition comes before 10 s", last - begin)


@case("RFC 9293 3.6", "the server's FIN is repeated until it is acknowledged")
async def repeat_fin(wire):
    f = await served(wire)
    await f.finish()
    f.got -= 1
    f.send(ack=f.got)
    again = await f.answer("the FIN again")
    expect(again.flags & FIN and again.at + len(again.data) == f.got, "the FIN alone or on its data", again)
    f.got += 1
    f.send()
    await f.quiet("after the FIN's ACK", 0.6)


@case("RFC 9293 3.6", "both close at once: each FIN is acknowledged by itself")
async def both_close(wire):
    f = await served(wire)
    await f.finish()
    f.send(flags=ACK | FIN, ack=f.got - 1)
    await f.acked(f.sent, "our FIN, though it did not acknowledge the server's")
    f.send()
    await f.quiet("after both FINs", 0.6)


@case("RFC 9293 3.6.1", "after the peer's FIN what is not acknowledged is still repeated")
async def half_closed(wire):
    f = await Flow(wire).open()
    f.send(f.hello)
    flight = await f.burst(0.05)
    f.send(flags=ACK | FIN, ack=0)
    again = [s for s in await f.burst(0.4) if s.data and s.at == 0]
    expect(flight and again, "the flight comes again behind our FIN")


@case("RFC 9293 3.10.7.4 TIME-WAIT", "a repeated FIN is acknowledged again after both have closed")
async def late_fin(wire):
    f = await served(wire)
    await f.lives()
    f.send()
    await asyncio.sleep(0.3)
    f.send(at=f.sent - 1, flags=ACK | FIN)
    await f.acked(f.sent, "the FIN again")


@case("RFC 9293 3.8", "a lost last ACK of the peer's data is made good when the data comes again")
async def lost_ack(wire):
    f = await served(wire)
    await f.finish()
    f.send(f.pending, at=len(f.hello))
    await f.acked(f.sent, "the second flight again")
    f.send(flags=ACK | FIN)
    await f.acked(f.sent, "our FIN")
