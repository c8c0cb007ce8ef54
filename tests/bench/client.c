/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * client: the load of tests/bench. One thread, so that one core makes all of it; a slot per connection in flight.
 *
 *   client challenges|pages|connections -a ADDRESS -p PORT -n NAME [-d DIGEST] [-t 1.2|1.3] [-j IN_FLIGHT]
 *          -s SECONDS [-w WARMUP_SECONDS] [-c SERVER_CPU] [-g CPU_STAT] [-P PID]... [-f FROM]... [-r RATE] [-b BODY]
 *
 * challenges   connect, handshake, judge the certificate, close_notify and FIN as a CA does. With -d by the rules of a
 *              CA, ALPN acme-tls/1; without as a browser that wants no more than the handshake.
 * pages        GET / over and over, on connections that stay.
 * connections  GET / once on each.
 *
 * Time: from SYN to the end of the handshake or of the page; of pages from the request. -r: so many connections begun in a
 * second at most, else each as soon as the one before has ended. What begins in the warm-up is not measured. A wrong answer,
 * a reset and ten seconds of silence are wrong, and end it: exit 1. A window without an answer lasts until there is one.
 * The line of JSON is explained in meter.h.
 */
#include "client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "../interop/dial.h"

enum { LIMIT_US = 10000000 };

static const char *const what_name[] = { "challenges", "pages", "connections" };
_Static_assert(sizeof(what_name) / sizeof(*what_name) == NUM_WHATS, "every load has a name");

struct load load = { .in_flight = 16, .meter.cpu = -1, .answer.body = "hello from nginx\n" };

static void flows_begin(uint64_t now)
{
	for (unsigned i = 0; i < load.in_flight; i++) {
		struct flow *f = &load.flow[i];

		if (f->fd >= 0 && now - f->begun_us > LIMIT_US) {
			flow_wrong("no answer within ten seconds");
			flow_end(f);
		}
		if (f->fd >= 0 || (load.rate && now < load.next_due_us))
			continue;
		if (load.rate)
			load.next_due_us += 1000000 / load.rate;
		flow_begin(f, now);
	}
}

static void run(void)
{
	uint64_t now = meter_now_us(), end = now + (uint64_t)((load.warmup + load.seconds) * 1e6);
	struct epoll_event events[64];
	bool warm = false;

	load.measured_from_us = now + (uint64_t)(load.warmup * 1e6);
	load.next_due_us = now;
	for (; (now < end || (!load.meter.done && now - end < LIMIT_US)) && !load.meter.wrong;
	     now = meter_now_us()) {
		int n;

		if (!warm && now >= load.measured_from_us) {
			warm = true;
			meter_begin(&load.meter);
		}
		flows_begin(now);
		n = epoll_wait(load.epoll, events, 64, load.rate ? 1 : 10);
		for (int i = 0; i < n; i++)
			flow_drive(events[i].data.ptr);
	}
	meter_print(&load.meter);
}

static bool prepare(void)
{
	load.tls = SSL_CTX_new(TLS_client_method());
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!load.tls || load.epoll < 0)
		return false;
	for (unsigned i = 0; i < load.in_flight; i++) {
		load.flow[i].fd = -1;
		load.flow[i].page = malloc(MAX_PAGE);
		if (!load.flow[i].page)
			return false;
	}
	SSL_CTX_set_verify(load.tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(load.tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_min_proto_version(load.tls, load.version ? load.version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(load.tls, load.version);
	snprintf(load.request, sizeof(load.request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", load.answer.name);
	return !load.answer.acme || !SSL_CTX_set_alpn_protos(load.tls,
							     (const unsigned char *)"\x0a"
										    "acme-tls/1",
							     11);
}

static bool option_is(int option)
{
	if (option == 'n')
		load.answer.name = optarg;
	else if (option == 'd')
		load.answer.digest = optarg;
	else if (option == 'b')
		load.answer.body = optarg;
	else if (option == 't')
		load.version = strcmp(optarg, "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
	else if (option == 'j')
		load.in_flight = (unsigned)atoi(optarg);
	else if (option == 's')
		load.seconds = atof(optarg);
	else if (option == 'w')
		load.warmup = atof(optarg);
	else if (option == 'c')
		load.meter.cpu = atoi(optarg);
	else if (option == 'g')
		load.meter.group = optarg;
	else if (option == 'r')
		load.rate = (unsigned)atoi(optarg);
	else if (option == 'P' && load.meter.num_pids < METER_MAX_THREADS)
		load.meter.pids[load.meter.num_pids++] = atoi(optarg);
	else if (option == 'f' && load.froms < MAX_FROM)
		return socket_address(optarg, 0, &load.from[load.froms], &load.from_len[load.froms]) &&
		       ++load.froms;
	else
		return false;
	return true;
}

static bool options(int argc, char **argv)
{
	const char *address = NULL;
	unsigned port = 443;
	int option;

	while (load.what < NUM_WHATS && strcmp(argv[1], what_name[load.what]))
		load.what++;
	optind = 2;
	while ((option = getopt(argc, argv, "a:p:n:d:t:j:s:w:c:g:P:f:r:b:")) != -1) {
		if (option == 'a')
			address = optarg;
		else if (option == 'p')
			port = (unsigned)atoi(optarg);
		else if (!option_is(option))
			return false;
	}
	load.answer.acme = load.answer.digest;
	return load.what < NUM_WHATS && address && socket_address(address, port, &load.to, &load.to_len) &&
	       load.answer.name && load.seconds > 0 && load.in_flight && load.in_flight <= MAX_FLOWS &&
	       answer_expect(&load.answer);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !options(argc, argv)) {
		fputs("usage: client challenges|pages|connections -a ADDRESS -p PORT -n NAME [-d DIGEST] [-t 1.2|1.3] [-j IN_FLIGHT] -s SECONDS [-w WARMUP_SECONDS] [-c SERVER_CPU] [-g CPU_STAT] [-P PID]... [-f FROM]... [-r RATE] [-b BODY]\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!prepare())
		return 1;
	run();
	if (!load.meter.wrong && !load.meter.done)
		fputs("client: no answer\n", stderr);
	return load.meter.wrong || !load.meter.done ? 1 : 0;
}
