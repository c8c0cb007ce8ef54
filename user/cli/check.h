/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* check as JSON, between check.c and check_json.c. */
#ifndef ALPNXDP_CLI_CHECK_H
#define ALPNXDP_CLI_CHECK_H

#include "check/check.h"
#include "cli/command.h"

json_t *check_json(const struct check_options *o, const struct check_report *r);

#endif
