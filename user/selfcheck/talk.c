/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pretended validator's connection. Its handshake was the kernel's and ours, so it is taken over like any other: by a
 * handoff, here one that is made up from the two initial numbers.
 */
#include <string.h>
#include "selfcheck/private.h"

enum {
	FLIGHT = 4096,
	SERVER_WINDOW = 14600, /* ten small segments: any server's first window holds our hello */
	MSS = 1400,
};

bool talk_open(struct selfcheck *c, uint32_t snd_nxt, usec_t now)
{
	const struct handoff handoff = { .source = HANDOFF_SOCKET,
					 .rcv_nxt = snd_nxt,
					 .snd_nxt = c->first + 1,
					 .snd_wnd = SERVER_WINDOW,
					 .rcv_wnd = UINT16_MAX,
					 .srtt_us = 1000,
					 .mss = MSS };
	const struct segment last = {
		.flags = TCP_ACK, .seq = snd_nxt, .ack = c->first + 1, .window = SERVER_WINDOW
	};
	const struct tcp_adoption adoption = {
		.handoff = &handoff, .first = &last, .mtu = c->mtu, .ipv4 = c->to_program.ipv4
	};

	if (tcp_adopt(&c->tcp, &adoption, now))
		return false;
	talk_drive(c, now);
	return talk_output(c, now);
}

static const char *judge(const struct selfcheck *c)
{
	struct challenge_facts facts;
	const char *why;
	const uint8_t *der;
	size_t len;

	if (!tls_client_alpn(c->tls))
		return "the answer does not choose acme-tls/1";
	der = tls_client_certificate(c->tls, &len);
	if (!der)
		return "the answer shows no certificate";
	if (certificate_read(der, len, &facts, &why))
		return "the answer's certificate is none of a challenge";
	if (strcmp(facts.ident.sni, c->ident.sni))
		return "the answer's certificate is for another name";
	return memcmp(facts.digest, selfcheck_digest(c), DIGEST_LEN)
		       ? "the answer's certificate has another digest"
		       : NULL;
}

static enum tls_state exchange(struct selfcheck *c)
{
	uint8_t flight[FLIGHT];
	enum tls_state state;
	struct tls_io io;

	do {
		io = (struct tls_io){ .out = flight, .out_cap = MIN(tcp_room(&c->tcp), sizeof(flight)) };
		io.in_len = tcp_read(&c->tcp, 0, &io.in);
		state = tls_client_drive(c->tls, &io);
		tcp_write(&c->tcp, flight, io.produced);
		tcp_read(&c->tcp, io.consumed, &io.in);
	} while (io.consumed || io.produced);
	return state;
}

static void finish(struct selfcheck *c, usec_t now)
{
	const char *wrong = judge(c);

	if (wrong) {
		fail_talk(c, "%s", wrong);
		return;
	}
	c->verified = true;
	c->result.took = now - c->hello_at;
	tls_client_close(c->tls);
	exchange(c);
	tcp_close(&c->tcp, TCP_CLOSE_FIN);
}

void talk_drive(struct selfcheck *c, usec_t now)
{
	enum tls_state state = exchange(c);

	if (state == TLS_FAILED)
		fail_talk(c, "TLS: %s", tls_client_error(c->tls));
	else if (state != TLS_HANDSHAKING && !c->verified)
		finish(c, now);
	else if (state == TLS_HANDSHAKING && tcp_finished(&c->tcp))
		fail_talk(c, "the connection ended in the middle of the handshake");
	else if (state == TLS_HANDSHAKING && tcp_peer_closed(&c->tcp))
		fail_talk(c, "the connection was closed in the middle of the handshake");
}

bool talk_output(struct selfcheck *c, usec_t now)
{
	struct segment seg;

	if (!tcp_output(&c->tcp, &seg, now))
		return false;
	c->frame_len = net_encode(&c->to_program, &seg, c->frame, sizeof(c->frame));
	return c->frame_len > 0;
}
