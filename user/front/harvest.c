/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is being asked for, and what the engine is told. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "control/control.h"
#include "front/harvest.h"

static const char *const error_name[] = {
#define X(symbol, name, help) [HARVEST_##symbol] = name,
	FRONT_HARVEST_ERRORS(X)
#undef X
};
static_assert(ARRAY_SIZE(error_name) == NUM_HARVEST_ERRORS, "every error has its word");

struct ask {
	bool open;
	bool told; /* the engine: what is left is to part from the listener */
	usec_t deadline;
	char sni[IDENT_MAX + 1];
	struct harvest_talk talk;
};

struct harvest {
	struct sockaddr_storage to;
	struct tls_context *tls;
	struct ask ask[HARVEST_AT_ONCE];
};

/* ------------------------------------------------------------------ answers */

/* Lost when the link is full: the engine waits for a bounded time only. */
static void tell(struct front *f, const char *sni, const char *key, const char *value)
{
	const char *pairs[] = { "ident", sni, key, value, NULL };

	link_tell(f, control_format("harvested", pairs));
}

static void tell_error(struct front *f, const char *sni, enum harvest_error why)
{
	tell(f, sni, "error", error_name[why]);
}

/* True: the facts are an answer for this name; else *error. */
static bool answer_of(const struct ask *a, struct challenge_facts *facts, enum harvest_error *error)
{
	size_t len;
	const uint8_t *der = tls_client_certificate(a->talk.tls, &len);
	const char *why;

	*error = HARVEST_TLS;
	if (!der)
		return false;
	*error = HARVEST_ALPN;
	if (!tls_client_alpn(a->talk.tls))
		return false;
	*error = HARVEST_CERTIFICATE;
	if (certificate_read(der, len, facts, &why)) {
		log_debug("harvest: %s: the listener's certificate %s", a->sni, why);
		return false;
	}
	return !strcmp(facts->ident.sni, a->sni);
}

/* The handshake is done, or will never be. */
static void conclude(struct front *f, struct ask *a)
{
	struct challenge_facts facts;
	char digest[DIGEST_TEXT_LEN];
	enum harvest_error error;

	a->told = true;
	if (answer_of(a, &facts, &error)) {
		digest_format(facts.digest, digest);
		tell(f, a->sni, "digest", digest);
	} else {
		tell_error(f, a->sni, error);
	}
}

/* --------------------------------------------------------------------- asks */

static void close_ask(struct ask *a)
{
	harvest_talk_close(&a->talk);
	a->open = false;
}

static void go_on(struct front *f, struct ask *a)
{
	enum harvest_state state = harvest_talk_go_on(&a->talk);

	if (state == HARVEST_UNHEARD && !a->told)
		tell_error(f, a->sni, HARVEST_REFUSED);
	if (state == HARVEST_HEARD) {
		conclude(f, a);
		harvest_talk_part(&a->talk);
		a->deadline = f->now + HARVEST_PARTING;
		state = harvest_talk_go_on(&a->talk);
	}
	if (state == HARVEST_OVER || state == HARVEST_UNHEARD)
		close_ask(a);
}

static void end_late(struct front *f, struct ask *a)
{
	if (f->now < a->deadline)
		return;
	if (!a->told)
		tell_error(f, a->sni, HARVEST_TIMEOUT);
	close_ask(a);
}

static void begin(struct front *f, struct ask *a, const char *sni)
{
	struct harvest *h = f->harvest;

	if (harvest_talk_open(&a->talk, &h->to, h->tls, sni)) {
		tell_error(f, sni, HARVEST_REFUSED);
		return;
	}
	a->open = true;
	a->told = false;
	a->deadline = f->now + HARVEST_TIME;
	strcpy(a->sni, sni);
}

void harvest_asked(struct front *f, const char *sni)
{
	struct harvest *h = f->harvest;
	struct ask *room = NULL;
	struct identifier ident;
	const char *why;

	if (!h || identifier_parse(sni, &ident, &why)) {
		tell_error(f, sni, HARVEST_REFUSED);
		return;
	}
	for (size_t i = 0; i < HARVEST_AT_ONCE; i++) {
		struct ask *a = &h->ask[i];

		if (!a->open)
			room = a;
		else if (!a->told && !strcmp(a->sni, ident.sni))
			return; /* the answer is on its way */
	}
	if (room)
		begin(f, room, ident.sni);
	else
		tell_error(f, ident.sni, HARVEST_BUSY);
}

/* --------------------------------------------------------------------- part */

enum { PRIVILEGED_PORTS = 1024 }; /* ip(7): where only root may listen, unless somebody has changed it */

static uint16_t port_of(const struct sockaddr_storage *to)
{
	return ntohs(to->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)to)->sin6_port
					       : ((const struct sockaddr_in *)to)->sin_port);
}

/* Said once, at the start, rather than when a validator waits. */
static void look_around(const struct sockaddr_storage *to)
{
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		log_error(
			"harvest: no connection can be made: %s; alpnxdp.conf(5) has what the unit needs for it",
			strerror(errno));
	else
		close(fd);
	if (port_of(to) >= PRIVILEGED_PORTS)
		log_warning(
			"harvest: any user of this host may listen on port %u, and would be asked for the certificates "
			"of all its names: take a port below %d",
			port_of(to), PRIVILEGED_PORTS);
}

static int open_harvest(struct front *f)
{
	const char *address = f->options->settings.harvest;

	if (!*address)
		return 0;
	f->harvest = calloc(1, sizeof(*f->harvest));
	if (!f->harvest)
		return -ENOMEM;
	if (!settings_harvest_address(address, &f->harvest->to))
		return -EINVAL;
	look_around(&f->harvest->to);
	return tls_context_new(&f->harvest->tls);
}

static void close_harvest(struct front *f)
{
	struct harvest *h = f->harvest;

	if (!h)
		return;
	for (size_t i = 0; i < HARVEST_AT_ONCE; i++)
		if (h->ask[i].open)
			close_ask(&h->ask[i]);
	tls_context_free(h->tls);
	free(h);
	f->harvest = NULL;
}

static size_t poll_harvest(struct front *f, struct pollfd *fds, size_t max)
{
	const struct harvest *h = f->harvest;
	size_t count = 0;

	for (size_t i = 0; h && i < HARVEST_AT_ONCE && count < max; i++)
		if (h->ask[i].open)
			fds[count++] = (struct pollfd){ .fd = h->ask[i].talk.fd,
							.events = harvest_talk_events(&h->ask[i].talk) };
	return count;
}

/* Asks may have begun since poll(): the link comes before us. */
static bool is_ready(const struct ask *a, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i].fd == a->talk.fd)
			return fds[i].revents;
	return false;
}

static void serve_harvest(struct front *f, const struct pollfd *fds, size_t count)
{
	struct harvest *h = f->harvest;

	for (size_t i = 0; h && i < HARVEST_AT_ONCE; i++) {
		struct ask *a = &h->ask[i];

		if (a->open && is_ready(a, fds, count))
			go_on(f, a);
		if (a->open)
			end_late(f, a);
	}
}

static usec_t deadline_harvest(const struct front *f)
{
	const struct harvest *h = f->harvest;
	usec_t first = USEC_NEVER;

	for (size_t i = 0; h && i < HARVEST_AT_ONCE; i++)
		if (h->ask[i].open)
			first = MIN(first, h->ask[i].deadline);
	return first;
}

const struct front_part front_part_harvest = {
	.name = "harvest",
	.open = open_harvest,
	.close = close_harvest,
	.poll = poll_harvest,
	.serve = serve_harvest,
	.deadline = deadline_harvest,
};
