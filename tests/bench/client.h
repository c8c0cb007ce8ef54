/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The load generator's one state, and what moves a connection. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <openssl/ssl.h>
#include "answer.h"
#include "meter.h"

enum { MAX_FLOWS = 256, MAX_FROM = 64, MAX_PAGE = 65536, MAX_LANES = 8, LIMIT_US = 10000000 };

enum what { CHALLENGES, PAGES, CONNECTIONS, RESETS, NUM_WHATS };

struct flow {
	int fd; /* -1: none */
	SSL *ssl;
	uint64_t begun_us;
	bool connected, shaken, asked;
	bool parked; /* its answer is there, and it asks no more before its lane's next turn */
	size_t len;
	char *page;
};

/* A server, and the addresses that it sees; with several the load takes turns (turns.c). */
struct lane {
	const char *address;
	unsigned port;
	struct answer answer;
	SSL_CTX *tls;
	struct sockaddr_storage to, from[MAX_FROM];
	socklen_t to_len, from_len[MAX_FROM];
	unsigned froms, next_from;
	struct meter meter;
	struct flow flow[MAX_FLOWS];
};

struct load {
	enum what what;
	struct lane lanes[MAX_LANES], *lane; /* the one whose turn it is */
	unsigned num_lanes, in_flight, rate;
	bool parking; /* the turn is over as soon as every answer is there */
	const char *name, *body;
	double seconds, warmup, turn;
	int version, epoll;
	uint64_t measured_from_us, next_due_us;
	char request[300];
};
extern struct load load;

/* Counts a wrong answer; the first is said on stderr. */
void flow_wrong(const char *says);

/* A SYN; exits when there is no socket or port left for it. */
void flow_begin(struct flow *f, uint64_t now);

/* Begins what can begin at this moment; a connection without an answer for ten seconds is wrong. */
void flows_begin(uint64_t now);

/* Handles events, for at most so long. */
void flows_wait(int timeout_ms);

/* As far as it goes; ends in a connection that waits, or in none. */
void flow_drive(struct flow *f);
void flow_end(struct flow *f);

/* The whole load, lane after lane: turns of load.turn seconds until load.seconds of each have been measured. */
void turns_run(void);

#endif
