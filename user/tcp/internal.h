/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to tcp: what its files call of each other. */
#ifndef ALPNXDP_TCP_INTERNAL_H
#define ALPNXDP_TCP_INTERNAL_H

#include "tcp/tcp.h"

enum {
	TCP_MIN_MSS =
		48, /* payload bytes; RFC 791's 68-byte datagram leaves 28, and nobody uses less than this */
	TCP_MAX_WSCALE = 14, /* RFC 7323 2.3 */
	TCP_TS_ROOM = 12,    /* option bytes in a segment, padding included */
	TCP_SACK_ROOM = 12,
	TCP_CHALLENGES_PER_SEC = 10,
};

/* conn.c */
void tcp_conn_end(struct tcp_conn *c, enum tcp_end how);
uint32_t tcp_timestamp(const struct tcp_conn *c, usec_t now); /* our TSval at that moment */

/* input.c: an ACK that answers nothing we accepted, if this second has any left. */
void tcp_challenge(struct tcp_conn *c, usec_t now);

/* ack.c: RFC 9293 3.10.7.4, fifth step. False: the segment is to be dropped. */
bool tcp_ack_input(struct tcp_conn *c, const struct segment *seg, usec_t now);

/* receive.c: seventh and eighth step, the window we offer, and what SACK tells. */
void tcp_text_input(struct tcp_conn *c, const struct segment *seg);
bool tcp_sack_block(const struct tcp_conn *c);
uint16_t tcp_window_offer(struct tcp_conn *c); /* the header's field; the promise is remembered */

/* congestion.c */
void tcp_congestion_init(struct tcp_conn *c);
void tcp_congestion_acked(struct tcp_conn *c, uint32_t acked);
void tcp_congestion_duplicate(struct tcp_conn *c);
void tcp_congestion_timeout(struct tcp_conn *c);
void tcp_congestion_probed(struct tcp_conn *c); /* what a loss probe repeated is acknowledged */

/* timers.c */
void tcp_timer_init(struct tcp_conn *c, uint32_t srtt_us, usec_t now);
void tcp_timer_sample(struct tcp_conn *c, usec_t rtt);
void tcp_timer_start(struct tcp_conn *c,
		     usec_t now); /* if something is unacknowledged and it is not running */
void tcp_timer_restart(struct tcp_conn *c, usec_t now); /* the peer has acknowledged something */
void tcp_timer_tail(struct tcp_conn *c, usec_t now);    /* something was sent for the first time */
void tcp_timer_run(struct tcp_conn *c, usec_t now);     /* what follows from the passage of time */

#endif
