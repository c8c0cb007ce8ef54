/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * client: the load of tests/bench. One thread, so that one core makes all of it; a slot per connection in flight.
 *
 *   client challenges|pages|connections|resets -a ADDRESS -p PORT -n NAME [-d DIGEST] [-t 1.2|1.3] [-j IN_FLIGHT]
 *          -s SECONDS [-w WARMUP_SECONDS] [-c SERVER_CPU] [-g CPU_STAT] [-P PID]... [-f FROM]... [-r RATE] [-b BODY]
 *          [-T TURN_MS -a ADDRESS [-p PORT] [-d DIGEST] [-f FROM]... ...]
 *
 * challenges   connect, handshake, judge the certificate, close_notify and FIN as a CA does. With -d by the rules of a
 *              CA, ALPN acme-tls/1; without as a browser that wants no more than the handshake.
 * pages        GET / over and over, on connections that stay.
 * connections  GET / once on each.
 * resets       connect, and a RST: what a web server has of a connection that somebody else answers.
 *
 * Time: from SYN to the end of the handshake or of the page; of pages from the request. -r: so many connections begun in a
 * second at most, else each as soon as the one before has ended. What begins in the warm-up is not measured. A wrong answer,
 * a reset and ten seconds of silence are wrong, and end it: exit 1. A window without an answer lasts until there is one.
 * The line of JSON is explained in meter.h. With several addresses, each with its -p, -d and -f behind it, they take turns of TURN_MS
 * each (turns.c), and there is a line for each.
 */
#include "client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "../interop/dial.h"

static const char *const what_name[] = { "challenges", "pages", "connections", "resets" };
_Static_assert(sizeof(what_name) / sizeof(*what_name) == NUM_WHATS, "every load has a name");

struct load load = {
	.in_flight = 16, .lane = load.lanes, .lanes[0].meter.cpu = -1, .body = "hello from nginx\n"
};

static void run(void)
{
	uint64_t now = meter_now_us(), end = now + (uint64_t)((load.warmup + load.seconds) * 1e6);
	struct meter *meter = &load.lane->meter;
	bool warm = false;

	load.measured_from_us = now + (uint64_t)(load.warmup * 1e6);
	load.next_due_us = now;
	for (; (now < end || (!meter->done && now - end < LIMIT_US)) && !meter->wrong; now = meter_now_us()) {
		if (!warm && now >= load.measured_from_us) {
			warm = true;
			meter_begin(meter);
		}
		flows_begin(now);
		flows_wait(load.rate ? 1 : 10);
	}
	meter_pause(meter);
}

static bool prepare_tls(struct lane *l)
{
	static const unsigned char alpn[] = "\x0a"
					    "acme-tls/1";

	l->tls = SSL_CTX_new(TLS_client_method());
	if (!l->tls)
		return false;
	SSL_CTX_set_verify(l->tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(l->tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_min_proto_version(l->tls, load.version ? load.version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(l->tls, load.version);
	return !l->answer.acme || !SSL_CTX_set_alpn_protos(l->tls, alpn, sizeof(alpn) - 1);
}

static bool prepare_lane(struct lane *l)
{
	l->meter = load.lanes[0].meter;
	for (unsigned i = 0; i < load.in_flight; i++) {
		l->flow[i].fd = -1;
		l->flow[i].page = malloc(MAX_PAGE);
		if (!l->flow[i].page)
			return false;
	}
	return prepare_tls(l);
}

static bool prepare(void)
{
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll < 0)
		return false;
	for (unsigned i = 0; i < load.num_lanes; i++)
		if (!prepare_lane(&load.lanes[i]))
			return false;
	snprintf(load.request, sizeof(load.request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", load.name);
	return true;
}

static bool option_of_load(int option)
{
	if (option == 'n')
		load.name = optarg;
	else if (option == 'b')
		load.body = optarg;
	else if (option == 't')
		load.version = strcmp(optarg, "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
	else if (option == 'j')
		load.in_flight = (unsigned)atoi(optarg);
	else if (option == 's')
		load.seconds = atof(optarg);
	else if (option == 'w')
		load.warmup = atof(optarg);
	else if (option == 'T')
		load.turn = atof(optarg) / 1000;
	else if (option == 'r')
		load.rate = (unsigned)atoi(optarg);
	else
		return false;
	return true;
}

/* What is measured, for all lanes. */
static bool option_of_meter(int option)
{
	struct meter *m = &load.lanes[0].meter;

	if (option == 'c')
		m->cpu = atoi(optarg);
	else if (option == 'g')
		m->group = optarg;
	else if (option == 'P' && m->num_pids < METER_MAX_THREADS)
		m->pids[m->num_pids++] = atoi(optarg);
	else
		return false;
	return true;
}

/* Of the lane whose address came last. */
static bool option_of_lane(int option)
{
	struct lane *l = &load.lanes[load.num_lanes ? load.num_lanes - 1 : 0];

	if (option == 'a' && load.num_lanes < MAX_LANES)
		load.lanes[load.num_lanes++].address = optarg;
	else if (option == 'p')
		l->port = (unsigned)atoi(optarg);
	else if (option == 'd')
		l->answer.digest = optarg;
	else if (option == 'f' && l->froms < MAX_FROM)
		return socket_address(optarg, 0, &l->from[l->froms], &l->from_len[l->froms]) && ++l->froms;
	else
		return false;
	return true;
}

static bool lane_is_whole(struct lane *l)
{
	l->answer.name = load.name;
	l->answer.body = load.body;
	l->answer.acme = l->answer.digest;
	l->port = l->port ? l->port : 443;
	return socket_address(l->address, l->port, &l->to, &l->to_len) && answer_expect(&l->answer);
}

static bool options(int argc, char **argv)
{
	bool good = true;
	int option;

	while (load.what < NUM_WHATS && strcmp(argv[1], what_name[load.what]))
		load.what++;
	optind = 2;
	while ((option = getopt(argc, argv, "a:p:n:d:t:j:s:w:c:g:P:f:r:b:T:")) != -1)
		if (!option_of_load(option) && !option_of_meter(option) && !option_of_lane(option))
			return false;
	if (load.what == NUM_WHATS || !load.num_lanes ||
	    (load.num_lanes > 1 && (load.turn <= 0 || load.rate)) || !load.name)
		return false;
	for (unsigned i = 0; i < load.num_lanes; i++)
		good &= lane_is_whole(&load.lanes[i]);
	return good && load.seconds > 0 && load.in_flight && load.in_flight <= MAX_FLOWS;
}

/* False: something was wrong, or nothing came. */
static bool print(struct lane *l)
{
	meter_print(&l->meter);
	if (!l->meter.wrong && !l->meter.done)
		fprintf(stderr, "client: %s, port %u: no answer\n", l->address, l->port);
	return !l->meter.wrong && l->meter.done;
}

int main(int argc, char **argv)
{
	bool good = true;

	if (argc < 2 || !options(argc, argv)) {
		fputs("usage: client challenges|pages|connections|resets -a ADDRESS -p PORT -n NAME [-d DIGEST] [-t 1.2|1.3] [-j IN_FLIGHT] -s SECONDS [-w WARMUP_SECONDS] [-c SERVER_CPU] [-g CPU_STAT] [-P PID]... [-f FROM]... [-r RATE] [-b BODY] [-T TURN_MS -a ADDRESS [-p PORT] [-d DIGEST] [-f FROM]... ...]\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!prepare())
		return 1;
	if (load.num_lanes > 1)
		turns_run();
	else
		run();
	for (unsigned i = 0; i < load.num_lanes; i++)
		good &= print(&load.lanes[i]);
	return good ? 0 : 1;
}
