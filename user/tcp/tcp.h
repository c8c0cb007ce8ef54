/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcp: one connection, adopted after its handshake, until both sides have closed. Pure: segments and time in,
 * segments out.
 *
 * Owns: RFC 9293 3.10.7.4 in its order, retransmission (RFC 6298), tail loss probe (RFC 8985 7), congestion window
 * (RFC 5681, 6928), timestamps and PAWS (RFC 7323), challenge ACKs (RFC 5961), black-hole detection, give-up.
 * Refuses, by design: SYN states (the kernel did the handshake), urgent data, window probing beyond the RTO, keep-alive.
 *
 * The contract, in which every test is written:
 *  - tcp_input() never sends: it changes state and marks what is due. tcp_output() is the only builder of segments;
 *    call it until it returns false after every other call and whenever tcp_deadline() has come.
 *  - After tcp_output() returned false, tcp_deadline() > now (or USEC_NEVER).
 *  - No call reads a clock, allocates, or keeps a pointer that the caller handed in.
 */
#ifndef ALPNXDP_TCP_H
#define ALPNXDP_TCP_H

#include <alpnxdp/abi.h>
#include "base/base.h"
#include "net/net.h"

enum {
	TCP_RX_BUFFER = 8192, /* bytes received and not yet read, holes included */
	TCP_TX_BUFFER = 4096, /* bytes written and not yet acknowledged */
};

#define TCP_RTO_MIN (200 * USEC_PER_MSEC)
#define TCP_RTO_INITIAL (1000 * USEC_PER_MSEC) /* RFC 6298 (2.1): no round-trip time known */
#define TCP_GIVE_UP (10 * USEC_PER_SEC)        /* without any acknowledgement of what is outstanding */

/* Why a connection ended other than by both FINs. */
enum tcp_end {
	TCP_ALIVE = 0,
	TCP_RESET_BY_PEER, /* a RST at exactly rcv_nxt */
	TCP_TIMED_OUT,     /* TCP_GIVE_UP has passed */
	TCP_ABORTED,       /* tcp_close(..., TCP_CLOSE_RESET) */
};

/* Counters of one connection, for its record. */
struct tcp_stats {
	uint32_t segments_in;
	uint32_t segments_out;
	uint32_t retransmits;   /* segments sent again, by us */
	uint32_t duplicates_in; /* segments that brought nothing new */
	uint32_t out_of_order_in;
	uint32_t challenge_acks;
	uint32_t srtt_us; /* 0: unknown */
};

/*
 * All state of a connection; a flat value that may be copied. The fields are private to the module but for `end` and
 * `stats`. Facts instead of states: what the peer has closed and what we have closed are two independent facts.
 */
struct tcp_conn {
	enum tcp_end end;
	struct tcp_stats stats;

	/* What the handshake settled, from the handoff. */
	uint8_t flags; /* enum handoff_flags */
	uint8_t snd_wscale;
	uint8_t rcv_wscale;
	uint16_t mss;       /* payload bytes of a full segment; shrinks when a black hole is suspected */
	uint16_t mss_small; /* to what it shrinks */
	uint32_t ts_offset;

	/* Receiving. rx holds rx_len bytes in order, the last of them just before rcv_nxt; then the hole; then the island. */
	uint32_t rcv_nxt;
	uint32_t rcv_edge;      /* right edge of the window that we have promised: it never moves left */
	uint32_t last_ack_sent; /* RFC 7323 4.3 */
	uint32_t ts_recent;
	bool peer_fin;         /* arrived in order; rcv_nxt is one past it */
	bool island_fin;       /* the peer's FIN follows the island */
	uint32_t island_left;  /* its first byte; equal to island_right: only a FIN, or no island */
	uint32_t island_right; /* one past its last byte */
	size_t rx_len;

	/* Sending. tx[0] is the byte at snd_una. snd_una <= snd_at <= snd_nxt <= the end of what was written. */
	uint32_t snd_una;
	uint32_t snd_at;  /* what goes next: behind snd_nxt after a timeout */
	uint32_t snd_nxt; /* one past the highest number ever sent */
	uint32_t snd_wnd;
	uint32_t snd_wl1; /* RFC 9293 3.10.7.4: seq and ack of the segment that set snd_wnd */
	uint32_t snd_wl2;
	uint32_t max_wnd; /* the largest window the peer ever offered (RFC 5961 5.2) */
	bool fin_queued;  /* tcp_close() was called: a FIN follows the last byte of tx */
	bool fin_acked;
	size_t tx_len;

	/* Congestion control (RFC 5681, 6582). */
	uint32_t cwnd;
	uint32_t ssthresh;
	uint32_t recover; /* recovery ends when this is acknowledged */
	uint8_t dup_acks;
	bool recovering;

	/* Retransmission (RFC 6298). */
	usec_t rto;
	usec_t srtt; /* 0: unknown */
	usec_t rttvar;
	usec_t rto_at;      /* USEC_NEVER: disarmed */
	usec_t progress_at; /* giving up is counted from here; meaningful while rto_at is armed */
	uint8_t backoff;    /* the timeout is rto << backoff */
	uint8_t timeouts;   /* in a row, zero window probes not counted */
	usec_t tail_at;     /* of the loss probe; USEC_NEVER: none is planned */
	bool tail_probed;   /* until everything up to tail_end is acknowledged */
	uint32_t tail_end;
	bool timing; /* without timestamps: one segment is being timed */
	uint32_t timed_end;
	usec_t timed_at;

	/* What is due at the next tcp_output(). */
	bool ack_due;
	bool ack_at_once; /* and cannot wait for more to acknowledge */
	bool rst_due;
	bool probe_due;  /* one byte into a zero window */
	bool rexmit_due; /* the segment at snd_una, once (RFC 5681 3.2) */
	bool tail_due;   /* the last segment sent, once (RFC 8985 7.3) */

	/* Challenge ACKs of the second that began at challenge_from (RFC 5961 7). */
	usec_t challenge_from;
	uint8_t challenges;

	/* Last: a new connection finds in them what the one before has left, and reads only what it has written. */
	uint8_t rx[TCP_RX_BUFFER];
	uint8_t tx[TCP_TX_BUFFER];
};

/*
 * Takes the connection over. first is the segment that h was made for, and is processed as tcp_input() would: its data
 * can be read at once. h's rcv_nxt may lie before first->seq when earlier bytes are still missing, never behind it.
 * mtu: of the interface, bounds the segments we send (in bytes of IP packet); ipv4 says which header goes off it.
 * Returns 0, or -EINVAL when the handoff contradicts itself or the segment (scale above 14, mss below 48, seq
 * outside [rcv_nxt, rcv_nxt + rcv_wnd], an ack other than snd_nxt, SYN or RST, timestamps missing that were
 * negotiated); conn is not usable then.
 */
struct tcp_adoption {
	const struct handoff *handoff;
	const struct segment *first;
	uint16_t mtu;
	bool ipv4;
};
int tcp_adopt(struct tcp_conn *c, const struct tcp_adoption *a, usec_t now);

/* Processes one segment of the peer: RFC 9293 3.10.7.4, first to eighth step. */
void tcp_input(struct tcp_conn *c, const struct segment *seg, usec_t now);

/*
 * Builds the next segment that is due, if any; seg->data points into c until the next call. True: a segment is to be
 * sent now, call again. False: nothing is due before tcp_deadline(). Everything that follows from the passage of
 * time (retransmission, giving up) happens here.
 */
bool tcp_output(struct tcp_conn *c, struct segment *seg, usec_t now);

/*
 * May what is due wait for segments that have come together with the last one? Not where each is to be answered: what
 * comes out of order or fills a gap (RFC 5681 4.2), what came before, and challenges; nor where a segment of ours is lost.
 */
bool tcp_can_wait(const struct tcp_conn *c);

/* The next moment at which tcp_output() has something to do; USEC_NEVER when only input can change anything. */
usec_t tcp_deadline(const struct tcp_conn *c);

/*
 * The bytes received in order and not yet consumed: *bytes points into c until the next tcp_input(); returns their
 * number. tcp_consume-style: `take` bytes (at most that number) are dropped first. So `tcp_read(c, n, &p)`
 * means "I am done with n, show me the rest".
 */
size_t tcp_read(struct tcp_conn *c, size_t take, const uint8_t **bytes);

/* Appends bytes to be sent; returns how many fitted (0 after tcp_close() or the end). */
size_t tcp_write(struct tcp_conn *c, const void *bytes, size_t len);

/* TCP_CLOSE_FIN: a FIN follows what has been written. TCP_CLOSE_RESET: one RST, and the end. Idempotent. */
enum tcp_close_how { TCP_CLOSE_FIN, TCP_CLOSE_RESET };
void tcp_close(struct tcp_conn *c, enum tcp_close_how how);

/*
 * The peer has sent this number and this in its window field, in a segment of no other use that somebody else has seen. As
 * tcp_input() of it, but nothing is learned of the round trip. Nothing happens if it is no news by now.
 */
void tcp_acknowledged(struct tcp_conn *c, uint32_t ack, uint16_t window, usec_t now);

/* Derived facts. */
bool tcp_all_sent(const struct tcp_conn *c,
		  uint32_t *end);               /* nothing written waits; end: what acknowledges it */
bool tcp_peer_closed(const struct tcp_conn *c); /* the peer's FIN arrived in order */
bool tcp_finished(const struct tcp_conn *c);  /* both FINs acknowledged, or ended: only stragglers can come */
size_t tcp_room(const struct tcp_conn *c);    /* what tcp_write() would take */
bool tcp_delivered(const struct tcp_conn *c); /* everything written was acknowledged, also after the end */
bool tcp_unacked(const struct tcp_conn *c);   /* something written (or our FIN) is not acknowledged yet */

#endif
