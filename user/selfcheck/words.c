/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a self-check ended, for people: what was seen, and what to do. Where it goes on from there. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "selfcheck/private.h"

static void say(struct selfcheck *c, const char *what, const char *fix)
{
	snprintf(c->result.what, sizeof(c->result.what), "%s", what);
	snprintf(c->result.fix, sizeof(c->result.fix), "%s", fix);
}

/* "10.0.0.1:443", where the SYN went. */
static const char *target(const struct selfcheck *c, char out[NET_ENDPOINT_LEN])
{
	net_format_endpoint(c->to_kernel.key.daddr, c->to_kernel.key.dport, out);
	return out;
}

/* The next address may do; of those that do not, the one that came furthest is told of. */
static void fail_here(struct selfcheck *c, bool syn_sent)
{
	c->at++;
	if (syn_sent)
		c->phase = PHASE_RESET;
	else
		c->phase = c->at < c->host.count ? PHASE_LISTENER : PHASE_OVER;
}

void fail_address(struct selfcheck *c)
{
	say(c, "not done: the interface has no address of its own to connect to",
	    "nothing, if its addresses are on a bridge, a bond or a VLAN above it");
	c->phase = PHASE_OVER;
}

void fail_listener(struct selfcheck *c)
{
	if (!c->result.what[0]) {
		snprintf(c->result.what, sizeof(c->result.what),
			 "not done: no server listens on port %u, there is nothing to take over from",
			 c->port);
		snprintf(c->result.fix, sizeof(c->result.fix),
			 "start the web server (one behind DNAT cannot be checked from here)");
	}
	fail_here(c, false);
}

void fail_request(struct selfcheck *c)
{
	char endpoint[NET_ENDPOINT_LEN];

	snprintf(c->result.what, sizeof(c->result.what), "the kernel did not answer our SYN from %s to %s",
		 address_is_ipv4(c->to_kernel.key.daddr) ? "192.0.2.0/24" : "100::/64", target(c, endpoint));
	snprintf(c->result.fix, sizeof(c->result.fix),
		 "nothing, if a firewall, rp_filter, a VRF, DNAT or the lack of a route keeps such addresses "
		 "away: validators have others");
	fail_here(c, true);
}

void fail_elsewhere(struct selfcheck *c)
{
	char endpoint[NET_ENDPOINT_LEN];

	snprintf(c->result.what, sizeof(c->result.what),
		 "not done: connections to %s go on elsewhere by DNAT, which cannot be checked from here",
		 target(c, endpoint));
	c->result.fix[0] = '\0';
	fail_here(c, true);
}

void fail_kernel(struct selfcheck *c, int err)
{
	snprintf(c->result.what, sizeof(c->result.what), "not done: the kernel could not be asked: %s",
		 strerror(-err));
	c->at = c->host.count;
	c->phase = PHASE_RESET;
}

void fail_verdict(struct selfcheck *c, int verdict, const char *why)
{
	if (verdict < 0)
		snprintf(c->result.what, sizeof(c->result.what),
			 "not done: the program cannot be run for this: %s", strerror(-verdict));
	else if (why)
		snprintf(c->result.what, sizeof(c->result.what), "the program did not take our hello: %s",
			 why);
	else
		say(c, "our hello did not come through the programs on the XDP hook", "");
	snprintf(c->result.fix, sizeof(c->result.fix), "alpnxdp doctor");
	c->at = c->host.count;
	c->phase = PHASE_RESET;
}

void fail_busy(struct selfcheck *c)
{
	say(c, "not done: others were being validated all the time", "");
	c->at = c->host.count;
	c->phase = PHASE_RESET;
}

void fail_silent(struct selfcheck *c)
{
	if (c->heard)
		fail_talk(c, "the handshake was not over after %u ms",
			  (unsigned)(SELFCHECK_TALK / USEC_PER_MSEC));
	else
		fail_talk(c, "the program took our hello, and nobody answered it");
}

void fail_talk(struct selfcheck *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->result.what, sizeof(c->result.what), format, args);
	va_end(args);
	snprintf(c->result.fix, sizeof(c->result.fix), "alpnxdp status; alpnxdp doctor");
	tcp_close(&c->tcp, TCP_CLOSE_RESET);
	c->at = c->host.count;
	c->phase = PHASE_LEAVE;
}

void pass(struct selfcheck *c, bool silenced)
{
	unsigned long long took = c->result.took;

	c->result.ok = true;
	snprintf(c->result.what, sizeof(c->result.what), "passed in %llu.%llu ms%s", took / 1000,
		 took / 100 % 10, silenced ? "" : ", but the kernel's half of the connection is still there");
	snprintf(c->result.fix, sizeof(c->result.fix), "%s",
		 silenced ? "" : "alpnxdp doctor (does a firewall drop RSTs?)");
	c->phase = PHASE_OVER;
}
