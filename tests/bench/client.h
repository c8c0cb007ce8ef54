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

enum { MAX_FLOWS = 1024, MAX_FROM = 64, MAX_PAGE = 65536 };

enum what { CHALLENGES, PAGES, CONNECTIONS, NUM_WHATS };

struct flow {
	int fd; /* -1: none */
	SSL *ssl;
	uint64_t begun_us;
	bool connected, shaken, asked;
	size_t len;
	char *page;
};

struct load {
	enum what what;
	struct sockaddr_storage to, from[MAX_FROM];
	socklen_t to_len, from_len[MAX_FROM];
	unsigned froms, next_from, in_flight, rate;
	struct answer answer;
	double seconds, warmup;
	int version, epoll;
	SSL_CTX *tls;
	struct meter meter;
	uint64_t measured_from_us, next_due_us;
	char request[300];
	struct flow flow[MAX_FLOWS];
};
extern struct load load;

/* Counts a wrong answer; the first is said on stderr. */
void flow_wrong(const char *says);

/* A SYN; exits when there is no socket or port left for it. */
void flow_begin(struct flow *f, uint64_t now);

/* As far as it goes; ends in a connection that waits, or in none. */
void flow_drive(struct flow *f);
void flow_end(struct flow *f);

#endif
