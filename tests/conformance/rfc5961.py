# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RFC 5961: what somebody who guesses numbers can reach, which is an ACK now and then."""
from flow import case, expect, served
from wire import ACK, RST, SYN


@case("RFC 5961 3.2 (1)", "a RST outside the window is dropped in silence")
async def rst_outside(wire):
    f = await served(wire)
    f.send(at=f.sent - 1, flags=RST)
    f.send(at=f.edge + 100000, flags=RST)
    await f.quiet("after RSTs outside the window")
    await f.lives()


@case("RFC 5961 3.2 (2)", "a RST with exactly the next number ends the connection in silence")
async def rst_exact(wire):
    f = await served(wire)
    f.send(at=f.sent, flags=RST)
    await f.quiet("after the RST")
    f.send(f.pending, at=f.sent)
    await f.quiet("after data behind it", 0.3)


@case("RFC 5961 3.2 (3)", "a RST elsewhere in the window brings out a challenge ACK")
async def rst_inside(wire):
    f = await served(wire)
    f.send(at=f.sent + 100, flags=RST)
    await f.acked(f.sent, "a RST in the window")
    await f.lives()


@case("RFC 5961 3.2", "the number in the challenge ACK is the one that resets")
async def rst_after_challenge(wire):
    f = await served(wire)
    f.send(at=f.sent + 7, flags=RST)
    challenge = await f.acked(f.sent, "a RST in the window")
    f.send(at=challenge.acks, flags=RST)
    f.send(f.pending, at=f.sent)
    await f.quiet("after the second RST", 0.3)


@case("RFC 5961 4.2", "a SYN in the window brings out a challenge ACK, and the connection lives")
async def syn_inside(wire):
    f = await served(wire)
    f.send(at=f.sent + 10, flags=SYN)
    await f.acked(f.sent, "a SYN in the window")
    await f.lives()


@case("RFC 5961 4.2", "a SYN outside the window likewise: no RST, no new connection")
async def syn_outside(wire):
    f = await served(wire)
    f.send(at=f.sent - 100000, flags=SYN, window=1000)
    await f.acked(f.sent, "a SYN outside the window")
    await f.lives()


@case("RFC 5961 4.2", "a SYN-ACK likewise")
async def syn_ack(wire):
    f = await served(wire)
    f.send(at=f.sent, flags=SYN | ACK)
    await f.acked(f.sent, "a SYN-ACK")
    await f.lives()


@case("RFC 5961 5.2", "an ACK of what was never sent brings out a challenge ACK, its data is dropped")
async def ack_ahead(wire):
    f = await served(wire)
    f.send(f.pending, at=f.sent, ack=f.got + 1)
    await f.acked(f.sent, "data with an ACK too far ahead")
    await f.lives()


@case("RFC 5961 5.2", "an ACK older than the largest window likewise")
async def ack_behind(wire):
    f = await served(wire, wscale=0)
    f.send(f.pending, at=f.sent, ack=f.got - 70000)
    await f.acked(f.sent, "data with an ACK too far behind")
    await f.lives()


@case("RFC 5961 7", "challenge ACKs are few: 200 RSTs in the window bring out 10")
async def throttle(wire):
    f = await served(wire)
    for at in range(200):
        f.send(at=f.sent + 1 + at, flags=RST)
    answers = await f.burst()
    expect(5 <= len(answers) <= 11, "ten challenge ACKs", len(answers))
    await f.lives()


@case("RFC 5961 7", "the limit is per second: later ones are answered again")
async def throttle_ends(wire):
    f = await served(wire)
    for at in range(30):
        f.send(at=f.sent + 1 + at, flags=RST)
    await f.burst(1.2)
    f.send(at=f.sent + 1, flags=RST)
    await f.acked(f.sent, "a RST a second later")
    await f.lives()


@case("RFC 5961 5", "data of somebody who knows neither number of the connection is not taken")
async def blind_data(wire):
    f = await served(wire)
    for step in range(8):
        f.send(b"x" * 50, at=f.sent, ack=f.got + (step + 1) * 2**28)
    answers = await f.burst()
    expect(all(s.acks == f.sent for s in answers), "nothing was taken")
    await f.lives()
