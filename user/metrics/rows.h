/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Private to metrics: the table of metrics, and what its rows write with. */
#ifndef ALPNXDP_METRICS_ROWS_H
#define ALPNXDP_METRICS_ROWS_H

#include <stdio.h>
#include <jansson.h>
#include "metrics/metrics.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO, METRIC_HISTOGRAM };

struct metric {
	const char *name; /* between "alpnxdp_" and "_total" or "_info" */
	enum metric_kind kind;
	const char *unit; /* the end of the name; NULL: none */
	const char *help;
	void (*samples)(FILE *out, const struct metric *m, const json_t *status);
	const char *from;  /* the member of the status, or of one of its interfaces */
	const char *key;   /* a member of that; NULL: not needed */
	const char *label; /* for what tells the samples apart; NULL: there is one */
};
extern const struct metric metrics[];
extern const size_t metric_count;

/* ---------------------------------------------------------------- text.c */

/* A family's head. */
void text_head(FILE *out, const struct metric *m, enum metrics_format format);

/* One sample: its name, its labels, one after the other, and its value. Label values may be anything. */
void text_name(FILE *out, const struct metric *m, const char *suffix);
void text_label(FILE *out, const char *separator, const char *label,
		const char *value); /* separator: "{" or "," */
void text_integer(FILE *out, json_int_t value);
void text_seconds(FILE *out, json_int_t usec);
/* As the text of a le label: the same digits as above. */
enum { SECONDS_TEXT_LEN = 32 };
void text_format_seconds(json_int_t usec, char out[SECONDS_TEXT_LEN]);

/* ------------------------------------------------------------- samples.c */

void samples_member(FILE *out, const struct metric *m,
		    const json_t *status); /* from.key, a number or a bool */
void samples_object(FILE *out, const struct metric *m, const json_t *status); /* every number of from */
void samples_build(FILE *out, const struct metric *m, const json_t *status);
void samples_silence(FILE *out, const struct metric *m, const json_t *status);
void samples_durations(FILE *out, const struct metric *m, const json_t *status);

/* ---------------------------------------------------------- interfaces.c */

void samples_modes(FILE *out, const struct metric *m, const json_t *status);
void samples_heartbeats(FILE *out, const struct metric *m, const json_t *status);
void samples_self_checks(FILE *out, const struct metric *m, const json_t *status); /* those that were done */
void samples_rings(FILE *out, const struct metric *m, const json_t *status);       /* rings.key of each */
void samples_packets(FILE *out, const struct metric *m, const json_t *status);
void samples_hellos(FILE *out, const struct metric *m, const json_t *status);   /* of all together */
void samples_failopen(FILE *out, const struct metric *m, const json_t *status); /* likewise */

#endif
