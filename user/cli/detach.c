/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * detach: through the daemon if it has the interface, else by ourselves. A daemon that does not answer must
 * never keep anyone from removing our program. An interface that fails does not keep the others attached.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"

enum { AWAIT_TIMES = 100, AWAIT_MS = 20 };

struct detaching {
	const struct command *c;
	bool asked;       /* the daemon detached something */
	bool alone;       /* the daemon did not answer: it is not asked again */
	json_t *names;    /* object: a set */
	json_t *detached; /* array of names */
	json_t *failed;   /* array of refusals */
};

static void add_name(struct detaching *d, const char *name)
{
	json_object_set_new(d->names, name, json_true());
}

static int add_failure(struct detaching *d, const struct failure *f)
{
	json_array_append_new(d->failed, failure_json(f));
	return (int)f->code;
}

static int only_root(struct detaching *d)
{
	return add_failure(
		d, &(struct failure){ EXIT_FAILED, "only root may detach", strerror(EPERM), "use sudo" });
}

/* The names of all interfaces that the daemon or the kernel knows to be ours. */
static void find_all(struct detaching *d)
{
	const char *none[] = { NULL };
	struct xdp_error error = { 0 };
	char(*list)[IF_NAMESIZE] = NULL;
	json_t *reply = NULL, *interface;
	size_t at;
	int count;

	d->alone = ask(d->c, ASK_MS, "status", none, &reply) != 0;
	json_array_foreach(json_object_get(reply, "interfaces"), at, interface)
		add_name(d, reply_string(interface, "name"));
	json_decref(reply);
	if (geteuid() != 0) {
		if (json_object_size(d->names) == 0)
			only_root(d);
		return;
	}
	count = xdp_list(&list, &error);
	for (int i = 0; i < count; i++)
		add_name(d, list[i]);
	free(list);
	if (count < 0)
		add_failure(d,
			    &(struct failure){ control_exit_of(count), error.what, error.system, error.fix });
}

static int detach_alone(struct detaching *d, const char *ifname)
{
	struct xdp_error error = { 0 };
	int err;

	if (geteuid() != 0)
		return only_root(d);
	err = xdp_detach(ifname, &error);
	if (!err)
		return EXIT_DONE;
	return add_failure(d, &(struct failure){ control_exit_of(err), error.what, error.system, error.fix });
}

static bool is_attached(const char *ifname)
{
	struct xdp_attachment a;
	struct xdp_error ignored;

	if (geteuid() != 0 || xdp_find(ifname, &a, &ignored))
		return false;
	xdp_attachment_close(&a);
	return true;
}

/* A daemon that ends with its last interface, on a machine short of time, may be gone before its answer has left. */
static int detach_one(struct detaching *d, const char *ifname)
{
	const char *pairs[] = { "iface", ifname, NULL };
	bool was = is_attached(ifname);
	json_t *reply = NULL;
	int status = EXIT_DONE;

	if (d->alone || ask(d->c, ASK_DETACH_MS, "detach", pairs, &reply) != 0) {
		d->alone = true;
		return was && !is_attached(ifname) ? EXIT_DONE : detach_alone(d, ifname);
	}
	if (reply_ok(reply)) {
		d->asked = true;
	} else {
		struct failure f = reply_failure(reply);

		status = f.code == EXIT_NOT_ATTACHED ? detach_alone(d, ifname) : add_failure(d, &f);
	}
	json_decref(reply);
	return status;
}

/* The daemon ends with its last interface. When we return it has: nothing is left, and another may start. */
static void await_end(const struct detaching *d)
{
	const char *none[] = { NULL };
	bool ending = d->asked;

	for (int i = 0; i < AWAIT_TIMES && ending; i++) {
		json_t *reply = NULL;

		ending = ask(d->c, ASK_MS, "status", none, &reply) == 0 && reply_ok(reply) &&
			 json_array_size(json_object_get(reply, "interfaces")) == 0;
		json_decref(reply);
		if (ending)
			poll(NULL, 0, AWAIT_MS);
	}
}

/* Prints the errors; returns the status of the first. */
static int print_result(const struct detaching *d)
{
	json_t *first = json_array_get(d->failed, 0);
	json_t *body = first ? json_copy(first) : json_pack("{s:b}", "ok", 1);
	int status = EXIT_DONE;
	json_t *refusal;
	size_t i;

	json_array_foreach(d->failed, i, refusal)
	{
		struct failure f = reply_failure(refusal);

		failure_print(&f);
		status = status ? status : (int)f.code;
	}
	json_object_set(body, "detached", d->detached);
	if (d->c->json)
		print_json(first ? "error" : "detach", body);
	else
		json_decref(body);
	return status;
}

static void detach_named(struct detaching *d)
{
	const char *name;
	json_t *ignored;

	json_object_foreach(d->names, name, ignored)
	{
		if (detach_one(d, name) != EXIT_DONE)
			continue;
		json_array_append_new(d->detached, json_string(name));
		if (!d->c->json)
			printf("%s: detached\n", name);
	}
}

/* Of a daemon that died: its socket and its files, once the last interface is free. */
static void clear_traces(const struct detaching *d)
{
	struct xdp_error error;
	char(*list)[IF_NAMESIZE] = NULL;

	if (!d->alone || json_array_size(d->detached) == 0 || xdp_list(&list, &error) != 0)
		return;
	free(list);
	daemon_clear(d->c->socket);
}

static int check_operands(const struct command *c)
{
	char what[128];

	if (c->all == (c->operands > 0))
		return failure_tell(c, &(struct failure){ EXIT_USAGE,
							  "detach needs the names of interfaces, or --all",
							  NULL, "alpnxdp detach --help" });
	for (size_t i = 0; i < c->operands; i++) {
		snprintf(what, sizeof(what), "'%.40s' is not the name of an interface", c->operand[i]);
		if (!text_is_ifname(c->operand[i]))
			return failure_tell(c,
					    &(struct failure){ EXIT_REFUSED, what, NULL, "ip -brief link" });
	}
	return EXIT_DONE;
}

int run_detach(const struct command *c)
{
	struct detaching d = { .c = c };
	int status = check_operands(c);

	if (status)
		return status;
	d.names = json_object();
	d.detached = json_array();
	d.failed = json_array();
	for (size_t i = 0; i < c->operands; i++)
		add_name(&d, c->operand[i]);
	if (c->all)
		find_all(&d);
	detach_named(&d);
	await_end(&d);
	clear_traces(&d);
	if (json_array_size(d.detached) + json_array_size(d.failed) == 0)
		add_failure(&d, &(struct failure){ EXIT_NOT_ATTACHED, "nothing of ours is attached", NULL,
						   NULL });
	status = print_result(&d);
	json_decref(d.names);
	json_decref(d.detached);
	json_decref(d.failed);
	return status;
}
