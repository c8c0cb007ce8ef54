/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One connection, between probe.c, which leads it, and probe_end.c, which writes down what it came to. */
#ifndef ALPNXDP_CHECK_PROBE_H
#define ALPNXDP_CHECK_PROBE_H

#include "check/look.h"

enum { IN_ROOM = 16 * 1024, OUT_ROOM = 4096, RAW_ROOM = 24 * 1024, TELLING = 7 };

struct probe {
	const struct probe_target *target;
	struct check_answer *answer;
	struct tls_client *tls; /* NULL: a large hello */
	int fd;
	usec_t begun;
	bool connected, over, said;
	uint8_t in[IN_ROOM], out[OUT_ROOM];
	size_t in_len, out_len;
	uint8_t raw[RAW_ROOM]; /* the beginning of what came */
	size_t raw_len;
};

/* Closes it; everything that is known goes into the answer. */
void probe_finish(struct probe *p, enum check_end end, usec_t now);

#endif
