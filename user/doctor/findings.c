// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The list of findings: their names and severities, and how one is put into a report. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "doctor/findings.h"

static const struct {
	const char *id;
	enum doctor_severity severity;
} rows[] = {
#define X(symbol, name, level) [FINDING_##symbol] = { .id = name, .severity = DOCTOR_##level },
	DOCTOR_FINDING_ROWS(X)
#undef X
};

const char *finding_id(enum finding f)
{
	return rows[f].id;
}

const char *doctor_severity_name(enum doctor_severity severity)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok",
		[DOCTOR_INFO] = "info",
		[DOCTOR_WARNING] = "warning",
		[DOCTOR_ERROR] = "error",
	};

	return names[severity];
}

struct doctor_finding *finding_add(struct doctor_report *r, enum finding f, const char *ifname,
				   const char *text, ...)
{
	struct doctor_finding *out = &r->findings[r->count];
	va_list args;

	if (r->count < DOCTOR_FINDINGS)
		r->count++;
	else
		r->left_out++;
	r->worst = MAX(r->worst, rows[f].severity);
	*out = (struct doctor_finding){ .id = rows[f].id, .severity = rows[f].severity };
	snprintf(out->interface, sizeof(out->interface), "%s", ifname);
	va_start(args, text);
	vsnprintf(out->text, sizeof(out->text), text, args);
	va_end(args);
	return out;
}

void finding_fix(struct doctor_finding *f, const char *command, ...)
{
	va_list args;

	va_start(args, command);
	vsnprintf(f->fix, sizeof(f->fix), command, args);
	va_end(args);
}

void facts_judge(const struct facts *facts, struct doctor_report *r)
{
	unsigned queues = 0;

	for (size_t i = 0; i < facts->devices; i++) {
		hook_judge(&facts->device[i], r);
		device_judge(&facts->device[i], r);
		queues += facts->device[i].queues;
	}
	if (!facts->devices)
		finding_fix(finding_add(r, FINDING_NO_INTERFACE, "",
					"nothing is attached, and there is no default route that would tell "
					"where clients come in"),
			    "alpnxdp doctor IFACE");
	kernel_judge(&facts->kernel, queues, r);
	web_judge(facts, r);
	firewall_judge(facts, r);
	names_judge(facts, r);
}
