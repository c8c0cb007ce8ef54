/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * explain: the CA's text from a file, standard input or the arguments; what user/explain reads in it and makes of it beside
 * this host's facts; in words or as JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/explain.h"

enum { COLUMN = 9 };

struct input {
	size_t len;
	char text[EXPLAIN_TEXT_MAX + 1]; /* one byte too many shows that there is more */
};

/* ------------------------------------------------------------------- input */

static int cannot_read(const struct command *c, const char *path, int err)
{
	char what[160];

	snprintf(what, sizeof(what), "%.100s cannot be read", path);
	return failure_tell(c, &(struct failure){ EXIT_REFUSED, what, strerror(err),
						  "alpnxdp explain 'what the CA said'" });
}

static int read_descriptor(const struct command *c, int fd, const char *path, struct input *in)
{
	ssize_t n = 1;

	while (n > 0 && in->len < sizeof(in->text)) {
		n = read(fd, in->text + in->len, sizeof(in->text) - in->len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			in->len += (size_t)n;
	}
	return n < 0 ? cannot_read(c, path, errno) : EXIT_DONE;
}

static int read_file(const struct command *c, const char *path, struct input *in)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), status;

	if (fd < 0)
		return cannot_read(c, path, errno);
	status = read_descriptor(c, fd, path, in);
	close(fd);
	return status;
}

static void join_operands(const struct command *c, struct input *in)
{
	for (size_t i = 0; i < c->operands; i++) {
		size_t room = sizeof(in->text) - in->len;
		int n = snprintf(in->text + in->len, room, "%s%s", i ? " " : "", c->operand[i]);

		in->len += MIN((size_t)MAX(n, 0), room);
	}
}

/* One word that is a file, or is written like one, is taken for it: no sentence is. */
static bool is_path(const char *word)
{
	struct stat st;

	return !strchr(word, ' ') && (!stat(word, &st) || strchr(word, '/'));
}

static int read_input(const struct command *c, struct input *in)
{
	if (c->operands == 1 && strcmp(c->operand[0], "-") && is_path(c->operand[0]))
		return read_file(c, c->operand[0], in);
	if (c->operands && strcmp(c->operand[0], "-")) {
		join_operands(c, in);
		return EXIT_DONE;
	}
	if (!c->operands && isatty(STDIN_FILENO))
		return failure_tell(
			c, &(struct failure){ EXIT_USAGE, "there is nothing to explain", NULL,
					      "alpnxdp explain FILE; alpnxdp explain 'what the CA said'" });
	return read_descriptor(c, STDIN_FILENO, "standard input", in);
}

/* ------------------------------------------------------------------ output */

static void print_item(const char *head, const char *text)
{
	printf("%-*s", COLUMN, head);
	print_wrapped(text, COLUMN);
}

static void print_finding(const struct explain_problem *p, const struct explain_finding *f)
{
	char said[EXPLAIN_SENTENCE + IDENT_MAX + 8];

	snprintf(said, sizeof(said), "%s%s%s", p->ident, *p->ident ? ": " : "", p->sentence);
	print_item("the CA:", said);
	print_item("cause:", f->text);
	if (*f->fix)
		print_item("fix:", f->fix);
	for (size_t i = 0; i < f->evidence; i++)
		print_item(i ? "" : "seen:", f->line[i]);
	if (f->confidence == EXPLAIN_GUESS)
		print_item("", "this is a guess from the CA's words alone");
}

static void set(json_t *object, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(object, key, json_string(text));
}

static json_t *finding_json(const struct explain_problem *p, const struct explain_finding *f)
{
	json_t *o = json_object(), *evidence = json_array();
	char digest[DIGEST_TEXT_LEN];

	json_object_set_new(o, "said", json_string(p->sentence));
	set(o, "type", p->type);
	set(o, "identifier", p->ident);
	set(o, "address", p->address);
	json_object_set_new(o, "secondary", json_boolean(p->secondary));
	if (p->has_wanted) {
		digest_format(p->wanted, digest);
		set(o, "digest_wanted", digest);
	}
	if (p->has_got) {
		digest_format(p->got, digest);
		set(o, "digest_received", digest);
	}
	json_object_set_new(o, "cause", json_string(explain_cause_name(f->cause)));
	json_object_set_new(o, "confidence", json_string(explain_confidence_name(f->confidence)));
	json_object_set_new(o, "text", json_string(f->text));
	json_object_set_new(o, "fix", json_string(f->fix));
	for (size_t i = 0; i < f->evidence; i++)
		json_array_append_new(evidence, json_string(f->line[i]));
	json_object_set_new(o, "evidence", evidence);
	return o;
}

/* --------------------------------------------------------------------- run */

static int unknown(const struct command *c)
{
	char fix[400] = "give it";

	for (size_t n = 0; explain_known(n); n++)
		snprintf(fix + strlen(fix), sizeof(fix) - strlen(fix), "%s %s", n ? "; or" : "",
			 explain_known(n));
	return failure_tell(
		c, &(struct failure){ EXIT_FAILED, "no CA's error was found in this text", NULL, fix });
}

static void explain_one(const struct command *c, const struct explain_problem *p, json_t *findings)
{
	struct explain_facts *facts = calloc(1, sizeof(*facts));
	struct explain_finding *f = calloc(1, sizeof(*f));

	if (facts && f) {
		explain_facts_gather(c, p->ident, facts);
		explain_judge(p, facts, f);
		if (c->json)
			json_array_append_new(findings, finding_json(p, f));
		else
			print_finding(p, f);
	}
	free(facts);
	free(f);
}

static int explain_all(const struct command *c, const struct explain_reading *r)
{
	json_t *body = json_object(), *findings = json_array();

	for (size_t i = 0; i < r->count; i++) {
		if (i && !c->json)
			puts("");
		explain_one(c, &r->problem[i], findings);
	}
	json_object_set_new(body, "ok", json_true());
	json_object_set_new(body, "findings", findings);
	json_object_set_new(body, "left_out", json_integer((json_int_t)r->left_out));
	if (c->json) {
		print_json("explain", body);
		return EXIT_DONE;
	}
	json_decref(body);
	if (r->left_out)
		printf("\n... and %zu more problems\n", r->left_out);
	return EXIT_DONE;
}

/* --ident: for problems that name nobody. */
static int ident_given(const struct command *c, struct identifier *out)
{
	const char *why;

	if (!c->ident || !identifier_parse(c->ident, out, &why))
		return EXIT_DONE;
	return failure_tell(
		c, &(struct failure){ EXIT_REFUSED, why, NULL, "alpnxdp explain --ident www.example.org" });
}

static int run_with(const struct command *c, struct input *in, struct explain_reading *r)
{
	struct identifier ident = { .text = "" };
	int status = ident_given(c, &ident), err;

	if (!status)
		status = read_input(c, in);
	if (status)
		return status;
	err = explain_read(in->text, in->len, r);
	if (err == -E2BIG)
		return failure_tell(c, &(struct failure){ EXIT_REFUSED, "the text is longer than 256 KiB",
							  NULL, "grep -i error LOG | alpnxdp explain" });
	if (err)
		return failure_tell(c, &(struct failure){ .code = EXIT_FAILED,
							  .what = "the text cannot be read",
							  .system = strerror(-err) });
	for (size_t i = 0; i < r->count; i++)
		if (!*r->problem[i].ident)
			memcpy(r->problem[i].ident, ident.text, sizeof(r->problem[i].ident));
	return r->count ? explain_all(c, r) : unknown(c);
}

int run_explain(const struct command *c)
{
	struct input *in = calloc(1, sizeof(*in));
	struct explain_reading *r = calloc(1, sizeof(*r));
	int status = EXIT_FAILED;

	if (in && r)
		status = run_with(c, in, r);
	free(in);
	free(r);
	return status;
}
