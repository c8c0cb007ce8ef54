/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sentences, between words.c (which one) and its tables. All pure. */
#ifndef ALPNXDP_LEDGER_PRIVATE_H
#define ALPNXDP_LEDGER_PRIVATE_H

#include "ledger/ledger.h"

struct sentence {
	const char *text; /* NULL: there is none of its own */
	const char *fix;  /* NULL: nothing */
};

/* names.c: of the program's reasons. */
const char *reason_name(unsigned reason); /* NULL: no such reason */
const char *reason_help(unsigned reason);

/* sentences.c */
struct sentence sentence_of_cause(enum ledger_cause cause, enum ledger_phase phase); /* always with a text */
struct sentence sentence_of_alert_received(int alert);
struct sentence sentence_of_alert_sent(int alert);
struct sentence sentence_of_gate(int why); /* enum gate_reject */
struct sentence sentence_of_reason(int reason);

#endif
