# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RFC 6298: the retransmission timer, and RFC 8985 7: the probe that comes before it.

The handshake on this wire takes no time, so the RTO is its floor, 200 ms. Without SACK there is no probe: so here, but
for the last cases.
"""
import asyncio

from flow import Flow, case, expect
from wire import ACK, PSH

FLOOR = 0.2
EARLY, LATE = 0.015, 0.25  # clocks tick in milliseconds; the machine has other things to do


def around(what, is_, wanted):
    expect(wanted - EARLY < is_ < wanted + LATE, what, f"{is_:.3f} s, expected {wanted:.3f} s")


async def begun(wire, **options):
    """A flow whose hello was answered and not acknowledged, and the answer."""
    f = await Flow(wire, **{"sack": False, **options}).open()
    f.send(f.hello)
    return f, [await f.answer("the flight")] + await f.burst(0.05)


@case("RFC 6298 2.4", "the RTO has a floor, and the round trip of the handshake counts: 200 ms here")
async def floor(wire):
    f, flight = await begun(wire)
    again = await f.answer("a retransmission")
    expect(again.at == 0 and again.data, "the first byte again", again)
    around("the first retransmission", again.when - flight[-1].when, FLOOR)


@case("RFC 6298 2.1", "with no round trip measured (the hello is the handshake's last ACK, no timestamps) the RTO is 1 s")
async def initial(wire):
    f = await Flow(wire, sack=False, stamps=False).open(ack=False)
    f.send(f.hello)
    first = await f.answer("the flight")
    again = await f.answer("a retransmission")
    around("the first retransmission", again.when - first.when, 1.0)


@case("RFC 7323 4.1", "the echo in such a hello is the first sample: the RTO is the floor")
async def first_sample(wire):
    f = await Flow(wire, sack=False).open(ack=False)
    f.send(f.hello)
    first = await f.answer("the flight")
    again = await f.answer("a retransmission")
    around("the first retransmission", again.when - first.when, FLOOR)


@case("RFC 6298 2.2", "RTO = SRTT + 4 RTTVAR: a handshake of 200 ms makes it 600 ms")
async def slow_path(wire):
    f = await Flow(wire, sack=False).open(delay=0.2)
    f.send(f.hello)
    first = await f.answer("the flight")
    again = await f.answer("a retransmission")
    around("the first retransmission", again.when - first.when, 0.6)


@case("RFC 6298 2.3", "a second sample counts 1/8 in SRTT, 1/4 in RTTVAR: 200 ms, then nothing, make 675 ms")
async def second_sample(wire):
    f = await Flow(wire, mss=300, sack=False).open(delay=0.2)
    f.send(f.hello)
    first = await f.answer("the flight")
    when = f.send(ack=len(first.data))
    await f.burst(0.05)
    again = await f.answer("a retransmission")
    expect(again.at == len(first.data), "of what is not acknowledged", again)
    around("the retransmission", again.when - when, 0.675)


@case("RFC 6298 5.1", "nothing is repeated before its time")
async def not_early(wire):
    f, _ = await begun(wire)
    await f.quiet("before the timeout", FLOOR - 0.08)


@case("RFC 6298 5.2", "when all is acknowledged the timer is off")
async def off(wire):
    f, _ = await begun(wire)
    f.send(ack=sum(len(s.data) for s in _))
    await f.quiet("all is acknowledged", 0.8)


@case("RFC 6298 5.3", "an ACK of new data starts the timer anew")
async def restart(wire):
    f, flight = await begun(wire, mss=300)
    await asyncio.sleep(0.08)
    when = f.send(ack=len(flight[0].data))
    again = await f.answer("a retransmission")
    expect(again.at == len(flight[0].data), "of what is not acknowledged", again)
    around("after the ACK", again.when - when, FLOOR)


@case("RFC 6298 5.4", "only the earliest segment is repeated on a timeout")
async def earliest(wire):
    f, flight = await begun(wire, mss=300)
    expect(len(flight) > 2, "a flight of several segments")
    again = await f.answer("a retransmission")
    expect(again.at == 0 and len(again.data) == 288, "the first segment", again)
    await f.quiet("one segment on a timeout", 0.2)


@case("RFC 6298 5.5", "each timeout doubles the next")
async def backoff(wire):
    f, flight = await begun(wire)
    times = [flight[-1].when]
    while len(times) < 5:
        s = await f.answer("a retransmission", 4)
        if s.at == 0:
            times.append(s.when)
    for count, (a, b) in enumerate(zip(times, times[1:])):
        around(f"timeout {count + 1}", b - a, FLOOR * 2**count)


@case("RFC 6298 3 Karn", "without timestamps the ACK of what was repeated is no sample: the back-off stays")
async def karn(wire):
    f, flight = await begun(wire, stamps=False, tls="1.2")
    await f.answer("a retransmission")
    for s in flight:
        f.take(s)
    f.send(f.pending)
    second = [await f.answer("the server's Finished")] + await f.burst(0.05)
    last = [s for s in second if s.span][-1]
    again = await f.answer("it again")
    around("the next timeout", again.when - last.when, 2 * FLOOR)


@case("RFC 6298 5.7", "with timestamps it is one, and the back-off ends")
async def fresh_sample(wire):
    f, flight = await begun(wire, tls="1.2")
    await f.answer("a retransmission")
    for s in flight:
        f.take(s)
    f.send(f.pending)
    second = [await f.answer("the server's Finished")] + await f.burst(0.05)
    last = [s for s in second if s.span][-1]
    again = await f.answer("it again")
    expect(again.when - last.when < 2 * FLOOR - EARLY, "sooner than the doubled timeout", again.when - last.when)


@case("RFC 6298 5", "a FIN is timed like data")
async def fin_timer(wire):
    f, flight = await begun(wire)
    for s in flight:
        f.take(s)
    f.send(f.pending, flags=ACK)
    last = [s for s in [await f.answer("the server's close")] + await f.burst(0.05) if s.span][-1]
    again = await f.answer("the FIN again")
    around("the FIN's retransmission", again.when - last.when, FLOOR)


@case("RFC 8985 7.2", "with SACK the last bytes of a flight are sent once more after two round trips, before any timeout")
async def tail_probe(wire):
    f = await Flow(wire, mss=300).open()
    f.send(f.hello)
    flight = [await f.answer("the flight")]
    while not flight[-1].flags & PSH:
        flight.append(await f.answer("the flight"))
    probe = await f.answer("a probe")
    end = flight[-1].at + len(flight[-1].data)
    expect(probe.at and probe.at + len(probe.data) == end, "the end of the flight", probe)
    expect(probe.when - flight[-1].when < 0.15, "soon", probe.when - flight[-1].when)
    again = await f.answer("a timeout")
    expect(again.at == 0, "then the first one, on the timeout", again)


@case("RFC 8985 7.3", "the probe is no timeout: the timer starts anew behind it and is not yet doubled")
async def probe_is_no_timeout(wire):
    f, flight = await begun(wire, sack=True)
    times = [flight[-1].when] + [(await f.answer("a repetition")).when for _ in range(3)]
    for (a, b), wanted in zip(zip(times, times[1:]), (FLOOR, FLOOR, 2 * FLOOR)):
        around("a repetition", b - a, wanted)


@case("RFC 8985 7.3", "one probe for one tail")
async def one_probe(wire):
    f = await Flow(wire, mss=300).open()
    f.send(f.hello)
    last = [s for s in await f.burst(0.1) if s.flags & PSH]
    expect(len(last) == 2, "the last segment twice", len(last))
