/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * metrics: the daemon's status as text for Prometheus: OpenMetrics 1.0, or the older exposition format that
 * node_exporter's textfile collector reads.
 *
 * Owns: the names, types, help texts and labels of all metrics, in one table. Reads the reply to `status`
 * (control/control.h) and nothing else, so that a metric cannot say what `status` does not.
 * Refuses: labels that a stranger could choose: no name, no address, no text from the wire; label values are
 * interfaces of this host and words of closed lists.
 */
#ifndef ALPNXDP_METRICS_H
#define ALPNXDP_METRICS_H

#include "base/base.h"

enum metrics_format { METRICS_OPENMETRICS, METRICS_TEXTFILE };

/* The text, to be freed; NULL: the status is not what it should be, or no memory. */
char *metrics_format(const char *status_json, enum metrics_format format);

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

#endif
