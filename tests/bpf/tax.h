/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a packet costs under the steering program and under one that does nothing, the same frame through each in turn.
 * The difference is the program's time; what the harness itself takes is in both.
 */
#ifndef TESTS_BPF_TAX_H
#define TESTS_BPF_TAX_H

#include "frame.h"

enum { TAX_ROUNDS = 200, TAX_PACKETS = 30000 };

enum contestant { EMPTY, ALPNXDP, NUM_CONTESTANTS };
extern const char *const contestant_name[NUM_CONTESTANTS];

/* Nanoseconds per packet, of each round. */
struct tax {
	unsigned ns[NUM_CONTESTANTS][TAX_ROUNDS];
	unsigned rounds;
};

void tax_open(void);
void tax_close(void);

/* From here on each frame is the first segment of a new hello of its flow, whose mark has that index; both contestants pay for it. */
void tax_forget_marks(unsigned index);
void tax_keep_marks(void);

/* TAX_PACKETS times the same frame through the program: nanoseconds per packet. */
unsigned tax_run(enum contestant c, const struct frame_bytes *in);
/* A round of both, who comes first changing from round to round. */
void tax_round(struct tax *t, const struct frame_bytes *in);

unsigned tax_best(const struct tax *t, enum contestant c);
double tax_median(const struct tax *t, enum contestant c);

#endif
