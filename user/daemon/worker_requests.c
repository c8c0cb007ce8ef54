/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The verbs of the control socket. Challenges are ours; attaching and detaching is asked of the keeper, for root only.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "daemon/worker.h"

static char *done(struct jsonw *j)
{
	jsonw_close_object(j);
	return jsonw_finish(j);
}

static void begin(struct jsonw *j)
{
	jsonw_begin(j);
	jsonw_open_object(j, NULL);
	jsonw_bool(j, "ok", true);
}

static char *refuse_identifier(const char *text, const char *why)
{
	char error[512];

	snprintf(error, sizeof(error), "\"%s\" cannot be validated: %s", text ? text : "", why);
	return control_refusal(EXIT_REFUSED, error, NULL, NULL);
}

static bool parse_identifier(const struct control_request *r, struct identifier *out, char **refusal)
{
	const char *text = control_value(r, "ident");
	const char *why = "no identifier given";

	if (text && !identifier_parse(text, out, &why))
		return true;
	*refusal = refuse_identifier(text, why);
	return false;
}

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !errno && !*end && *out >= least && *out <= most;
}

static char *answer_add(struct worker *w, const struct control_request *r, const struct control_client *from)
{
	const char *digest_text = control_value(r, "digest"), *ttl_text = control_value(r, "ttl");
	const char *source_text = control_value(r, "source"), *why = "no digest given";
	uint64_t ttl = CHALLENGE_TTL_DEFAULT_S;
	uint8_t digest[DIGEST_LEN];
	struct identifier ident;
	struct challenge_order order = { .ident = &ident, .digest = digest };
	char text[DIGEST_TEXT_LEN];
	char *refusal;
	struct jsonw j;
	int err;

	(void)from;
	if (!parse_identifier(r, &ident, &refusal))
		return refusal;
	if (!digest_text || digest_parse(digest_text, digest, &why))
		return control_refusal(EXIT_REFUSED, why, NULL, NULL);
	if (ttl_text && !parse_number(ttl_text, CHALLENGE_TTL_MIN_S, CHALLENGE_TTL_MAX_S, &ttl))
		return control_refusal(EXIT_REFUSED, "the time to live is not between 1 second and 30 days",
				       NULL, NULL);
	if (source_text && !challenge_source_find(source_text, &order.source))
		return control_refusal(EXIT_USAGE, "no such source", NULL, NULL);
	order.expires = w->now + ttl * USEC_PER_SEC;
	err = challenge_add(w->store, &order, w->now);
	if (err == -ENOSPC)
		return control_refusal(EXIT_TRY_AGAIN, "as many challenges are pending as there is room for",
				       NULL, "alpnxdp list; alpnxdp remove IDENT");
	if (err && err != -EEXIST)
		return control_refusal(EXIT_TRY_AGAIN, "no memory", strerror(-err), NULL);
	worker_arm(w);
	w->unsaved = true;
	digest_format(digest, text);
	begin(&j);
	jsonw_string(&j, "identifier", ident.text);
	jsonw_string(&j, "digest", text);
	jsonw_unsigned(&j, "expires_s", ttl);
	jsonw_bool(&j, "new", err != -EEXIST);
	return done(&j);
}

static char *answer_remove(struct worker *w, const struct control_request *r,
			   const struct control_client *from)
{
	const char *digest_text = control_value(r, "digest"), *why;
	uint8_t digest[DIGEST_LEN];
	struct identifier ident;
	size_t removed;
	char *refusal;
	struct jsonw j;

	(void)from;
	if (!parse_identifier(r, &ident, &refusal))
		return refusal;
	if (digest_text && digest_parse(digest_text, digest, &why))
		return control_refusal(EXIT_REFUSED, why, NULL, NULL);
	removed = challenge_remove(w->store, &ident, digest_text ? digest : NULL);
	if (removed) {
		worker_arm(w);
		w->unsaved = true;
	}
	begin(&j);
	jsonw_string(&j, "identifier", ident.text);
	jsonw_unsigned(&j, "removed", removed);
	return done(&j);
}

struct listing {
	struct jsonw json;
	usec_t now;
};

static bool list_one(struct challenge *c, void *context)
{
	struct listing *l = context;
	char digest[DIGEST_TEXT_LEN];

	digest_format(c->digest, digest);
	jsonw_open_object(&l->json, NULL);
	jsonw_string(&l->json, "identifier", c->text);
	jsonw_string(&l->json, "type", c->kind == IDENT_DNS ? "dns" : "ip");
	jsonw_string(&l->json, "digest", digest);
	jsonw_unsigned(&l->json, "added_s", (l->now - c->added) / USEC_PER_SEC);
	jsonw_unsigned(&l->json, "expires_s", (c->expires - MIN(c->expires, l->now)) / USEC_PER_SEC);
	jsonw_unsigned(&l->json, "hits", c->hits);
	jsonw_string(&l->json, "source", challenge_source_name(c->source));
	jsonw_close_object(&l->json);
	return true;
}

static char *answer_list(struct worker *w, const struct control_request *r, const struct control_client *from)
{
	struct listing l = { .now = w->now };

	(void)r;
	(void)from;
	begin(&l.json);
	jsonw_open_array(&l.json, "challenges");
	challenge_each(w->store, list_one, &l);
	jsonw_close_array(&l.json);
	return done(&l.json);
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

static char *relay_checked(struct worker *w, const struct control_request *r,
			   const struct control_client *from, struct request *request)
{
	const char *ifname = control_value(r, "iface");

	if (from->uid != 0)
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

	if (port && !parse_number(port, 1, UINT16_MAX, &number))
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

	return from->uid == 0 ? relay(w, from, &request) : refuse_others(r->verb);
}

static const struct {
	const char *verb;
	char *(*answer)(struct worker *w, const struct control_request *r, const struct control_client *from);
} verbs[] = {
	{ "add", answer_add },       { "remove", answer_remove }, { "list", answer_list },
	{ "status", answer_status }, { "attach", answer_attach }, { "detach", answer_detach },
	{ "reload", answer_reload },
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
	begin(&j);
	jsonw_open_array(&j, "interfaces");
	jsonw_open_object(&j, NULL);
	worker_put_attachment(&j, &m->report.attachment);
	jsonw_close_object(&j);
	jsonw_close_array(&j);
	control_server_reply(w->server, &m->client, done(&j));
}
