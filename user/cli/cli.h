/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cli: the command that people and hooks type: one table of verbs, one of options.
 *
 * Owns: what is understood on the command line, and every word printed. Results go to stdout, errors to
 * stderr; with --json each is one JSON object in one line on stdout, with its "schema". Exit statuses: enum
 * control_exit. Refuses: input that cannot be right, before anybody is asked about it.
 */
#ifndef ALPNXDP_CLI_H
#define ALPNXDP_CLI_H

/* The whole program; returns its exit status. */
int cli_main(int argc, char **argv);

#endif
