/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor: prints what user/doctor finds, interface by interface, then the machine. Exit status 0: nothing above info; 1:
 * warnings; 2: errors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "doctor/doctor.h"

static json_t *finding_json(const struct doctor_finding *f)
{
	/* "*": a member that is NULL is left out. */
	return json_pack("{s:s,s:s,s:s*,s:s,s:s*}", "id", f->id, "severity",
			 doctor_severity_name(f->severity), "interface", *f->interface ? f->interface : NULL,
			 "text", f->text, "fix", *f->fix ? f->fix : NULL);
}

static void print_report_json(const struct doctor_report *r)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(findings, finding_json(&r->findings[i]));
	print_json("doctor", json_pack("{s:b,s:I,s:o}", "ok", r->worst <= DOCTOR_INFO, "left_out",
				       (json_int_t)r->left_out, "findings", findings));
}

static void print_finding(const struct doctor_finding *f, int width)
{
	printf("  %-8s %-*s  ", doctor_severity_name(f->severity), width, f->id);
	print_wrapped(f->text, width + 13);
	if (*f->fix)
		printf("%*sfix: %s\n", width + 13, "", f->fix);
}

static void print_summary(const struct doctor_report *r)
{
	size_t errors = 0, warnings = 0;

	for (size_t i = 0; i < r->count; i++) {
		errors += r->findings[i].severity == DOCTOR_ERROR;
		warnings += r->findings[i].severity == DOCTOR_WARNING;
	}
	if (r->left_out)
		printf("\n%zu findings are left out: there are too many\n", r->left_out);
	printf("\n%zu error%s, %zu warning%s\n", errors, errors == 1 ? "" : "s", warnings,
	       warnings == 1 ? "" : "s");
}

static void print_report(const struct doctor_report *r)
{
	const char *section = NULL;
	int width = 0;

	for (size_t i = 0; i < r->count; i++)
		width = MAX(width, (int)strlen(r->findings[i].id));
	for (size_t i = 0; i < r->count; i++) {
		const struct doctor_finding *f = &r->findings[i];

		if (!section || strcmp(section, f->interface) != 0)
			printf("%s%s\n", section ? "\n" : "", *f->interface ? f->interface : "this host");
		section = f->interface;
		print_finding(f, width);
	}
	print_summary(r);
}

static int examine_failed(const struct command *c, int err)
{
	char what[128];

	if (err != -ENODEV)
		return failure_tell(c, &(struct failure){ EXIT_FAILED, "the interfaces could not be read",
							  strerror(-err), NULL });
	snprintf(what, sizeof(what), "%.40s: no such interface", c->operand[0]);
	return failure_tell(c, &(struct failure){ EXIT_REFUSED, what, NULL, "ip -brief link" });
}

int run_doctor(const struct command *c)
{
	const struct doctor_options options = { .ifname = c->operands ? c->operand[0] : NULL,
						.port = command_given(c, "port") ? c->typed.port : 0,
						.socket_path = c->socket };
	struct doctor_report *r = calloc(1, sizeof(*r));
	int err = r ? doctor_examine(&options, r) : -ENOMEM, status;

	if (err) {
		free(r);
		return examine_failed(c, err);
	}
	if (c->json)
		print_report_json(r);
	else
		print_report(r);
	status = r->worst == DOCTOR_ERROR ? 2 : r->worst == DOCTOR_WARNING;
	free(r);
	return status;
}
