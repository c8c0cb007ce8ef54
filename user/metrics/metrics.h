/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * metrics: the daemon's status as text for Prometheus: OpenMetrics 1.0, or the older exposition format that
 * node_exporter's textfile collector reads.
 *
 * Owns: the names, types, help texts and labels of all metrics, in one table. Reads the reply to `status`
 * (control/control.h) and nothing else, so that a metric cannot say what `status` does not.
 * Refuses: labels that a stranger could choose: no name, no address, no text from the wire; label values are
 * interfaces of this host and words of closed lists. An interface whose name is not UTF-8 goes by its number.
 *
 * All series of a daemon are there from its start, at 0, so that the first event is an increase: about 100, and 41 more for
 * each interface. There is no fleet, and so there are no metrics of one.
 *
 * METRICS_TEXTFILE differs in what the older format lacks: a counter's family is called as its samples (with _total), info
 * is a gauge, there is no UNIT and no EOF.
 */
#ifndef ALPNXDP_METRICS_H
#define ALPNXDP_METRICS_H

#include "base/base.h"

enum metrics_format { METRICS_OPENMETRICS, METRICS_TEXTFILE };

/* The text, to be freed; NULL: the status is not what it should be, or no memory. */
char *metrics_format(const char *status_json, enum metrics_format format);

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

#endif
