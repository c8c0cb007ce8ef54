/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor: what would go wrong here, before anything is attached, and the command that puts each thing right.
 *
 * Owns: facts about interfaces, kernel, firewall, web server and pending names, read without changing anything; and
 * the judgement of them, which is pure. Refuses to guess: what could not be read is a finding of its own.
 * Limits: DOCTOR_FINDINGS findings, DOCTOR_INTERFACES interfaces, DOCTOR_NAMES names; every wait is bounded, all
 * together by about 10 s on a machine where nothing answers.
 */
#ifndef ALPNXDP_DOCTOR_H
#define ALPNXDP_DOCTOR_H

#include <net/if.h>
#include "base/base.h"

enum {
	DOCTOR_FINDINGS = 128,
	DOCTOR_INTERFACES = 16,
	DOCTOR_NAMES = 64, /* pending names that are resolved */
};

/*
 * ok: as it should be. info: good to know, challenges are answered. warning: some challenges may fail, or something
 * could not be checked. error: attach would fail, or no challenge would be answered.
 */
enum doctor_severity { DOCTOR_OK, DOCTOR_INFO, DOCTOR_WARNING, DOCTOR_ERROR };
const char *doctor_severity_name(enum doctor_severity severity);

struct doctor_finding {
	const char *id; /* kebab-case; stays what it is */
	enum doctor_severity severity;
	char interface[IF_NAMESIZE]; /* "": of the machine */
	char text[320];              /* one sentence */
	char fix[256];               /* a command; "" only if severity is ok */
};

struct doctor_report {
	enum doctor_severity worst;
	size_t count;
	size_t left_out;                                     /* findings beyond DOCTOR_FINDINGS */
	struct doctor_finding findings[DOCTOR_FINDINGS + 1]; /* one more, for those */
};

struct doctor_options {
	const char *ifname;      /* NULL: all attached ones, else those of the default routes */
	uint16_t port;           /* host order; 0: the one that an interface is attached with, else 443 */
	const char *socket_path; /* the daemon's */
};

/* 0; -ENODEV: there is no such interface; -ENOMEM. As a normal user it says what only root can see. */
int doctor_examine(const struct doctor_options *o, struct doctor_report *out);

#endif
