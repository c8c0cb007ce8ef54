# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RFC 9293: headers, and which segments are taken (3.10.7.4)."""
from flow import CCS, Flow, case, expect, served
from wire import ACK, FIN, PSH, SYN, URG


@case("RFC 9293 3.1", "a segment with a wrong checksum is dropped in silence")
async def wrong_checksum(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, wrong_checksum=True)
    await f.quiet("after a wrong checksum")
    await f.lives()


@case("RFC 9293 3.1", "a data offset below 5 is dropped in silence")
async def short_offset(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, header=4 << 4)
    await f.quiet("after a data offset of 4")
    await f.lives()


@case("RFC 9293 3.1", "a data offset beyond the segment is dropped in silence")
async def long_offset(wire):
    f = await served(wire)
    f.send(at=f.sent, header=15 << 4)
    await f.quiet("after a data offset of 15")
    await f.lives()


@case("RFC 9293 3.1 Rsrvd", "reserved bits and congestion flags of the peer are ignored")
async def reserved_bits(wire):
    f = await served(wire)
    f.send(f.pending, flags=ACK | 0xC0, header=8 << 4 | 15)
    await f.lives()


@case("RFC 9293 3.1 Options", "an option of length 0 drops the segment and nothing else")
async def broken_option(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, options=b"\xfd\0\0\0")
    await f.quiet("after an option of length 0")
    await f.lives()


@case("RFC 9293 3.1 MUST-6", "an unknown option is stepped over")
async def unknown_option(wire):
    f = await served(wire)
    f.send(f.pending, options=b"\xfd\4ab")
    await f.lives()


@case("RFC 9293 3.1 MUST-68", "options behind End of Option List are not read")
async def end_of_options(wire):
    f = await served(wire)
    f.send(f.pending, options=b"\0\xfd\0\0")
    await f.lives()


@case("RFC 9293 3.9.2 MUST-50", "IPv4 options in front of a segment do no harm")
async def ipv4_options(wire):
    f = await Flow(wire).open()
    f.send(f.hello, ip_options=b"\1" * 8)
    await f.flight()
    f.send(f.pending, ip_options=b"\1" * 4)
    await f.lives()


@case("RFC 8200 4.6", "IPv6 destination options in front of a segment do no harm")
async def ipv6_options(wire):
    f = await Flow(wire, family=6).open()
    f.send(f.hello, ip_options=b"\6\0\1\4\0\0\0\0")
    await f.flight()
    await f.lives()


@case("RFC 894", "Ethernet's padding is not taken for data")
async def padding(wire):
    f = await served(wire)
    f.send(f.pending[:6], padding=bytes(40))
    await f.acked(f.sent, "six bytes and padding")
    f.send(f.pending[6:])
    await f.lives()


@case("RFC 9293 3.4", "sequence numbers wrap around zero in the middle of the hello")
async def wrap(wire):
    f = await Flow(wire, isn=2**32 - 100).open()
    f.send(f.hello)
    await f.flight()
    await f.lives()


@case("RFC 9293 3.4.1", "the first byte of ours follows the kernel's SYN-ACK, and acknowledges the whole hello")
async def continues(wire):
    f = await Flow(wire).open()
    f.send(f.hello)
    first = await f.answer("an answer")
    expect(first.at == 0 and first.acks == f.sent and first.data, "at 0, with data, acknowledging the hello", first)


@case("RFC 9293 3.10.7.4 first", "a segment below the window is answered with an ACK")
async def duplicate(wire):
    f = await served(wire)
    f.send(f.hello, at=0)
    await f.acked(f.sent, "after the hello came again")
    await f.lives()


@case("RFC 9293 3.10.7.4 first", "a segment beyond the window is answered with an ACK, its data not taken")
async def beyond(wire):
    f = await served(wire)
    f.send(b"x", at=f.edge + 70000)
    await f.acked(f.sent, "after a byte beyond the window")
    await f.lives()


@case("RFC 9293 3.10.7.4 first", "a segment partly below the window is cut, the rest is taken")
async def overlap(wire):
    f = await served(wire)
    f.send(f.hello[-50:] + f.pending[:6], at=f.sent - 50)
    f.sent += 6
    await f.acked(f.sent, "after 50 old bytes and 6 new ones")
    f.send(f.pending[6:])
    await f.lives()


@case("RFC 9293 3.10.7.4 first", "of two copies of a byte the first counts")
async def first_copy(wire):
    f = await served(wire)
    f.send(b"\0" * 50 + f.pending, at=f.sent - 50)
    f.sent += len(f.pending)
    await f.lives()


@case("RFC 9293 3.10.7.4 first", "a pure ACK is not answered")
async def no_ack_of_ack(wire):
    f = await served(wire)
    for _ in range(3):
        f.send()
    await f.quiet("after pure ACKs")
    await f.lives()


@case("RFC 9293 3.8.4", "a keep-alive (one before the next number, empty) is answered with an ACK")
async def keep_alive(wire):
    f = await served(wire)
    f.send(at=f.sent - 1)
    await f.acked(f.sent, "a keep-alive")
    await f.lives()


@case("RFC 9293 3.10.7.4 fifth", "data without the ACK bit is dropped in silence")
async def no_ack_bit(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, flags=PSH)
    await f.quiet("after data without ACK")
    await f.lives()


@case("RFC 9293 3.10.7.4 fifth", "data that travels with an old ACK is taken")
async def old_ack(wire):
    f = await served(wire)
    f.send(f.pending[:6], ack=f.got - 500)
    await f.acked(f.sent, "data with an old ACK")
    f.send(f.pending[6:])
    await f.lives()


@case("RFC 9293 3.10.7.4 sixth", "urgent data is data")
async def urgent(wire):
    f = await served(wire)
    f.send(f.pending, flags=ACK | URG, urgent=3)
    await f.lives()


@case("RFC 9293 3.10.7.4 seventh", "bytes behind a hole are held and delivered when it is filled")
async def hole(wire):
    f = await served(wire)
    f.send(f.pending[20:], at=f.sent + 20)
    await f.acked(f.sent, "bytes behind a hole")
    f.send(f.pending[:20], at=f.sent)
    f.sent += len(f.pending)
    await f.lives()


@case("RFC 9293 3.10.7.4 seventh", "bytes one at a time, the last one first")
async def backwards(wire):
    f = await served(wire)
    for at in reversed(range(len(f.pending))):
        f.send(f.pending[at:at + 1], at=f.sent + at)
    f.sent += len(f.pending)
    await f.burst(0.05)
    expect(f.inbox.empty(), "all was read")
    f.send(at=f.sent - 1)
    last = await f.answer("an ACK")
    expect(last.acks == f.sent, "all bytes are acknowledged", last)


@case("RFC 9293 3.10.7.4 eighth", "a FIN is acknowledged with its own number, and on data with both")
async def fin_on_data(wire):
    f = await served(wire)
    f.send(f.pending[:6], flags=ACK | FIN)
    last = (await f.burst())[-1]
    expect(last.acks == f.sent, "the data and the FIN are acknowledged", last)


@case("RFC 9293 3.10.7.4 eighth", "a FIN behind a hole counts only when the hole is filled")
async def fin_behind_hole(wire):
    f = await served(wire)
    f.send(at=f.sent + len(CCS), flags=ACK | FIN)
    await f.acked(f.sent, "a FIN behind a hole")
    f.send(CCS, at=f.sent)
    f.sent += len(CCS) + 1
    last = (await f.burst())[0]
    expect(last.acks == f.sent, "the FIN counts now", last)


@case("RFC 9293 3.10.7.4 eighth", "bytes behind the peer's FIN are not taken")
async def behind_fin(wire):
    f = await served(wire)
    f.send(flags=ACK | FIN)
    last = (await f.burst())[-1]
    expect(last.flags & FIN, "we close too", last)
    f.got = last.at + len(last.data) + 1
    f.send(b"more", at=f.sent)
    expect(all(s.acks == f.sent for s in await f.burst()), "nothing more is acknowledged")


@case("RFC 9293 3.5.2", "a SYN on a finished tuple is a new connection, at once")
async def port_again(wire):
    f = await served(wire)
    await f.lives()
    f.send()
    again = await Flow(wire, port=f.port, isn=(f.own + 200000) % 2**32, clock=f.tsval() + 100).open()
    again.send(again.hello)
    await again.flight()
    await again.lives()


@case("RFC 9293 3.10.7.4 fourth", "a SYN with data does not put its data into the stream")
async def syn_with_data(wire):
    f = await served(wire)
    f.send(b"xxxxxx", at=f.sent, flags=ACK | SYN)
    await f.acked(f.sent, "a SYN with data")
    await f.lives()
