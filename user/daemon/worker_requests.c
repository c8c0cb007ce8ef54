/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The verbs of the control socket. Those of challenges are in worker_pending.c and worker_list.c; attaching and detaching
 * is asked of the keeper, for root only.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "daemon/worker.h"

void worker_reply_begin(struct jsonw *j)
{
	jsonw_begin(j);
	jsonw_open_object(j, NULL);
	jsonw_bool(j, "ok", true);
}

char *worker_reply_end(struct jsonw *j)
{
	jsonw_close_object(j);
	return jsonw_finish(j);
}

bool worker_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !errno && !*end && *out >= least && *out <= most;
}

static char *answer_status(struct worker *w, const struct control_request *r,
			   const struct control_client *from)
{
	const char *ifname = control_value(r, "iface");
	char error[128];

	(void)from;
	if (!ifname || worker_find(w, ifname))
		return worker_status(w, ifname);
	snprintf(error, sizeof(error), "%.32s: not attached", ifname);
	return control_refusal(EXIT_NOT_ATTACHED, error, NULL, "sudo alpnxdp attach IFACE");
}

/* Hands a request on to the keeper; the reply comes with worker_result(). */
static char *relay(struct worker *w, const struct control_client *from, const struct request *request)
{
	struct message m = { .type = MESSAGE_REQUEST, .client = *from, .request = *request };
	int err = channel_send(w->channel, &m);

	return err ? control_refusal(EXIT_TRY_AGAIN, "the keeper does not answer", strerror(-err), NULL)
		   : NULL;
}

static char *refuse_others(const char *verb)
{
	char error[64], fix[64];

	snprintf(error, sizeof(error), "only root may %s", verb);
	snprintf(fix, sizeof(fix), "sudo alpnxdp %s ...", verb);
	return control_refusal(EXIT_FAILED, error, strerror(EPERM), fix);
}

/* root, or another instance of the service, which is the same user as this one. */
static bool is_master(const struct worker *w, const struct control_client *from)
{
	return from->uid == 0 || from->uid == w->owner;
}

static char *relay_checked(struct worker *w, const struct control_request *r,
			   const struct control_client *from, struct request *request)
{
	const char *ifname = control_value(r, "iface");

	if (!is_master(w, from))
		return refuse_others(r->verb);
	if (!ifname || !*ifname || strlen(ifname) >= sizeof(request->ifname))
		return control_refusal(EXIT_USAGE, "no such interface name", NULL, "ip link");
	snprintf(request->ifname, sizeof(request->ifname), "%s", ifname);
	return relay(w, from, request);
}

static char *answer_attach(struct worker *w, const struct control_request *r,
			   const struct control_client *from)
{
	const char *mode = control_value(r, "mode"), *port = control_value(r, "port");
	struct request request = { .verb = REQUEST_ATTACH, .mode = XDP_MODE_AUTO };
	uint64_t number = 443;

	if (port && !worker_parse_number(port, 1, UINT16_MAX, &number))
		return control_refusal(EXIT_USAGE, "the port is not between 1 and 65535", NULL, NULL);
	request.port = (uint16_t)number;
	while (mode && strcmp(mode, xdp_mode_name(request.mode)))
		if (++request.mode > XDP_MODE_GENERIC)
			return control_refusal(EXIT_USAGE, "the mode is none of auto, native, generic", NULL,
					       NULL);
	return relay_checked(w, r, from, &request);
}

static char *answer_detach(struct worker *w, const struct control_request *r,
			   const struct control_client *from)
{
	struct request request = { .verb = REQUEST_DETACH };

	return relay_checked(w, r, from, &request);
}

static char *answer_reload(struct worker *w, const struct control_request *r,
			   const struct control_client *from)
{
	const struct request request = { .verb = REQUEST_RELOAD };

	return is_master(w, from) ? relay(w, from, &request) : refuse_others(r->verb);
}

static char *answer_trace(struct worker *w, const struct control_request *r,
			  const struct control_client *from)
{
	return is_master(w, from) ? worker_trace(w, r) : refuse_others(r->verb);
}

static char *answer_capture(struct worker *w, const struct control_request *r,
			    const struct control_client *from)
{
	return is_master(w, from) ? worker_capture(w, r) : refuse_others(r->verb);
}

static const struct {
	const char *verb;
	char *(*answer)(struct worker *w, const struct control_request *r, const struct control_client *from);
} verbs[] = {
	{ "add", worker_add },         { "remove", worker_remove }, { "list", worker_list },
	{ "status", answer_status },   { "attach", answer_attach }, { "detach", answer_detach },
	{ "reload", answer_reload },   { "events", worker_events }, { "trace", answer_trace },
	{ "capture", answer_capture },
};

char *worker_answer(const struct control_request *r, const struct control_client *from, void *worker)
{
	for (size_t n = 0; n < ARRAY_SIZE(verbs); n++)
		if (!strcmp(r->verb, verbs[n].verb))
			return verbs[n].answer(worker, r, from);
	return control_refusal(EXIT_USAGE, "unknown request", NULL, "alpnxdp --help");
}

void worker_result(struct worker *w, const struct message *m)
{
	const struct xdp_error *error = &m->report.error;
	struct jsonw j;

	if (!m->report.ok) {
		control_server_reply(w->server, &m->client,
				     control_refusal(control_exit_of(m->report.err), error->what,
						     error->system, error->fix));
		return;
	}
	worker_reply_begin(&j);
	if (m->report.attachment.ifname[0]) {
		jsonw_open_array(&j, "interfaces");
		jsonw_open_object(&j, NULL);
		worker_put_attachment(&j, &m->report.attachment);
		jsonw_close_object(&j);
		jsonw_close_array(&j);
	} else if (error->system[0]) {
		jsonw_string(&j, "note", error->system);
	}
	control_server_reply(w->server, &m->client, worker_reply_end(&j));
}
