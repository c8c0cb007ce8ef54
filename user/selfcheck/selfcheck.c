/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of a self-check, one phase after the other. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "selfcheck/private.h"

/* The kernel answers a SYN while it is handed over, unless the packet goes by another CPU (RPS). */
#define REQUEST_TIME (100 * USEC_PER_MSEC)
#define REQUEST_EVERY (2 * USEC_PER_MSEC)
/* A request that never becomes a socket is silenced after ENGINE_REQUEST_WAIT, then tried again three times. */
#define SILENCE_TIME (600 * USEC_PER_MSEC)
#define SILENCE_EVERY (5 * USEC_PER_MSEC)

enum { PORT_MIN = 49152 }; /* RFC 6335 6: the dynamic ones, from here on */

/* What the random bytes are for. */
enum { RANDOM_NAME = 0, RANDOM_DIGEST = 8, RANDOM_FIRST = 40, RANDOM_PORT = 44, RANDOM_ADDRESS = 48 };

void selfcheck_mac(const uint8_t own_mac[6], uint8_t out[6])
{
	memcpy(out, own_mac, 6);
	out[5] ^= 1;
}

/* 192.0.2.0/24 (RFC 5737), 100::/64 (RFC 6666); 198.51.100.0/24 where somebody lives in the first. */
static const uint8_t discard[8] = { 1 }, usual[3] = { 192, 0, 2 }, elsewhere[3] = { 198, 51, 100 };

static void pretend(const uint8_t *host, const uint8_t *random, uint8_t out[16])
{
	bool taken;

	memset(out, 0, 16);
	if (!address_is_ipv4(host)) {
		memcpy(out, discard, sizeof(discard));
		memcpy(out + 8, random, 8);
		return;
	}
	taken = !memcmp(host + 12, usual, sizeof(usual));
	memcpy(out, host, 12);
	memcpy(out + 12, taken ? elsewhere : usual, sizeof(usual));
	out[15] = (uint8_t)(1 + random[0] % 254);
}

bool selfcheck_is_pretended(const uint8_t address[16])
{
	if (!address_is_ipv4(address))
		return !memcmp(address, discard, sizeof(discard));
	return !memcmp(address + 12, usual, sizeof(usual)) ||
	       !memcmp(address + 12, elsewhere, sizeof(elsewhere));
}

static void set_paths(struct selfcheck *c)
{
	const uint8_t *host = c->host.address[c->at], *r = c->random;
	struct path *p = &c->to_kernel;

	*p = (struct path){ .l2_len = 14, .ipv4 = address_is_ipv4(host) };
	memcpy(p->key.daddr, host, 16);
	pretend(host, r + RANDOM_ADDRESS, p->key.saddr);
	p->key.sport = htons((uint16_t)(PORT_MIN + ((r[RANDOM_PORT] << 8 | r[RANDOM_PORT + 1]) & 0x3fff)));
	p->key.dport = htons(c->port);
	memcpy(p->l2, c->host.mac, 6);
	memcpy(p->l2 + 6, c->own_mac, 6);
	memcpy(p->l2 + 12, p->ipv4 ? "\x08\x00" : "\x86\xdd", 2);
	c->to_program = *p;
	selfcheck_mac(c->own_mac, c->to_program.l2 + 6);
	c->result.key = p->key;
}

int selfcheck_new(const struct selfcheck_options *o, usec_t now, struct selfcheck **out)
{
	struct selfcheck *c = calloc(1, sizeof(*c));
	char name[IDENT_MAX + 1];
	const char *why;
	uint64_t number;
	int err;

	if (!c)
		return -ENOMEM;
	c->begun = now;
	c->host = *o->host;
	c->host.count = MIN(c->host.count, (uint32_t)SELFCHECK_ADDRESSES);
	memcpy(c->own_mac, o->own_mac, sizeof(c->own_mac));
	memcpy(c->random, o->random, sizeof(c->random));
	c->port = o->port;
	c->mtu = o->mtu;
	memcpy(&c->first, o->random + RANDOM_FIRST, sizeof(c->first));
	memcpy(&number, o->random + RANDOM_NAME, sizeof(number));
	snprintf(name, sizeof(name), "self-check-%016llx.alpnxdp.invalid", (unsigned long long)number);
	err = identifier_parse(name, &c->ident, &why);
	if (!err)
		err = tls_client_open(o->tls, c->ident.sni, &c->tls);
	if (err) {
		free(c);
		return err;
	}
	if (!c->host.count)
		fail_address(c);
	*out = c;
	return 0;
}

void selfcheck_free(struct selfcheck *c)
{
	if (!c)
		return;
	tls_client_free(c->tls);
	free(c);
}

const struct identifier *selfcheck_identifier(const struct selfcheck *c)
{
	return &c->ident;
}

const uint8_t *selfcheck_digest(const struct selfcheck *c)
{
	return c->random + RANDOM_DIGEST;
}

const struct selfcheck_result *selfcheck_result(const struct selfcheck *c)
{
	return &c->result;
}

bool selfcheck_talks(const struct selfcheck *c)
{
	return c->phase == PHASE_TRY || c->phase == PHASE_TALK || c->phase == PHASE_LEAVE;
}

/* ------------------------------------------------------------- what is next */

static void build(struct selfcheck *c, uint8_t flags)
{
	const struct segment seg = { .flags = flags,
				     .seq = c->first + (flags == TCP_RST),
				     .window = UINT16_MAX };

	c->frame_len = net_encode(&c->to_kernel, &seg, c->frame, sizeof(c->frame));
}

/* Asks about the connection of the SYN, if it is time. */
static enum selfcheck_want look(struct selfcheck *c, usec_t now)
{
	if (now < c->due)
		return SELFCHECK_WAIT;
	build(c, TCP_SYN);
	return SELFCHECK_PEEK;
}

static void look_until(struct selfcheck *c, enum phase phase, usec_t now, usec_t time)
{
	c->phase = phase;
	c->due = now;
	c->ends = now + time;
}

/* PHASE_OVER: this step has come to its end, another is to be asked. */
static enum selfcheck_want talk(struct selfcheck *c, usec_t now)
{
	if (c->unsent) {
		c->unsent = false;
		return SELFCHECK_RUN;
	}
	if (talk_output(c, now))
		return SELFCHECK_RUN;
	if (c->phase == PHASE_LEAVE)
		c->phase = PHASE_RESET;
	else if (c->verified && tcp_finished(&c->tcp))
		look_until(c, PHASE_SILENCE, now, SILENCE_TIME);
	else if (now >= c->hello_at + SELFCHECK_TALK)
		fail_silent(c);
	else
		return SELFCHECK_WAIT;
	return SELFCHECK_OVER;
}

static enum selfcheck_want step(struct selfcheck *c, usec_t now)
{
	switch (c->phase) {
	case PHASE_LISTENER:
		set_paths(c);
		build(c, TCP_SYN);
		return SELFCHECK_PEEK;
	case PHASE_SYN:
		build(c, TCP_SYN);
		look_until(c, PHASE_REQUEST, now, REQUEST_TIME);
		return SELFCHECK_INJECT;
	case PHASE_REQUEST:
	case PHASE_SILENCE:
		return look(c, now);
	case PHASE_TRY:
		if (now < c->begun + SELFCHECK_TIME)
			return SELFCHECK_TRY;
		fail_busy(c);
		return SELFCHECK_OVER;
	case PHASE_TALK:
	case PHASE_LEAVE:
		return talk(c, now);
	case PHASE_RESET:
		build(c, TCP_RST);
		c->phase = c->at < c->host.count ? PHASE_LISTENER : PHASE_OVER;
		return SELFCHECK_RESET;
	case PHASE_OVER:
		break;
	}
	return SELFCHECK_OVER;
}

enum selfcheck_want selfcheck_next(struct selfcheck *c, struct selfcheck_frame *out, usec_t now)
{
	enum selfcheck_want want;

	do
		want = step(c, now);
	while (want == SELFCHECK_OVER && c->phase != PHASE_OVER);
	*out = (struct selfcheck_frame){ .bytes = c->frame, .len = c->frame_len };
	return want;
}

usec_t selfcheck_deadline(const struct selfcheck *c)
{
	if (c->phase == PHASE_REQUEST || c->phase == PHASE_SILENCE)
		return c->due;
	if (c->phase == PHASE_TALK)
		return MIN(c->hello_at + SELFCHECK_TALK, tcp_deadline(&c->tcp));
	return c->begun;
}

/* -------------------------------------------------------- what came of it */

static void request_found(struct selfcheck *c, uint32_t snd_nxt, usec_t now)
{
	c->phase = PHASE_TRY;
	if (!talk_open(c, snd_nxt, now) && c->phase == PHASE_TRY)
		fail_kernel(c, -EIO);
}

static void answer_to_syn(struct selfcheck *c, int answer, uint32_t snd_nxt, usec_t now)
{
	if (answer == PROBE_REQUEST)
		request_found(c, snd_nxt, now);
	else if (answer == PROBE_SOCKET)
		fail_elsewhere(c);
	else if (now >= c->ends)
		fail_request(c);
	c->due = now + REQUEST_EVERY;
}

void selfcheck_peeked(struct selfcheck *c, int answer, uint32_t snd_nxt, usec_t now)
{
	if (answer < 0) {
		fail_kernel(c, answer);
	} else if (c->phase == PHASE_LISTENER) {
		if (answer == PROBE_LISTENER)
			c->phase = PHASE_SYN;
		else
			fail_listener(c);
	} else if (c->phase == PHASE_REQUEST) {
		answer_to_syn(c, answer, snd_nxt, now);
	} else if (c->phase == PHASE_SILENCE) {
		if (answer == PROBE_NONE || answer == PROBE_LISTENER)
			pass(c, true);
		else if (now >= c->ends)
			pass(c, false);
		c->due = now + SILENCE_EVERY;
	}
}

void selfcheck_tried(struct selfcheck *c, int verdict, const char *why, usec_t now)
{
	enum { XDP_ACTION_REDIRECT = 4 };

	if (verdict != XDP_ACTION_REDIRECT) {
		fail_verdict(c, verdict, why);
		return;
	}
	c->result.answered = true;
	c->hello_at = now;
	c->unsent = true;
	c->phase = PHASE_TALK;
}

bool selfcheck_input(struct selfcheck *c, const uint8_t *frame, size_t len, usec_t now)
{
	struct segment seg;
	struct path path, back;

	if (c->phase != PHASE_TALK || net_decode(frame, len, &seg, &path))
		return false;
	net_path_reverse(&path, &back);
	if (memcmp(&back.key, &c->to_program.key, sizeof(back.key)))
		return false;
	c->heard = true;
	tcp_input(&c->tcp, &seg, now);
	talk_drive(c, now);
	return true;
}
