/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reply to `status`: everything that is counted, by the names that the tables give. */
#include <string.h>
#include <unistd.h>
#include <alpnxdp/version.h>
#include "daemon/worker.h"

void worker_put_attachment(struct jsonw *j, const struct xdp_attachment *a)
{
	jsonw_string(j, "name", a->ifname);
	jsonw_unsigned(j, "ifindex", a->ifindex);
	jsonw_string(j, "mode", xdp_mode_name(a->mode));
	jsonw_bool(j, "dispatcher", a->dispatcher);
	jsonw_bool(j, "conntrack", a->conntrack);
	jsonw_bool(j, "taken_over", a->taken_over);
	jsonw_unsigned(j, "program_id", a->prog_id);
	jsonw_unsigned(j, "port", a->port);
	jsonw_unsigned(j, "queues", a->queues);
	jsonw_unsigned(j, "mtu", a->mtu);
	jsonw_string(j, "fallback", a->fallback);
}

static void put_reasons(struct jsonw *j, const struct worker_interface *i)
{
	uint64_t counter[NUM_REASONS] = { 0 };

	xdp_counters_read(&i->attachment.maps, counter);
	jsonw_open_object(j, "counters");
	for (unsigned n = 0; n < NUM_REASONS; n++)
		jsonw_unsigned(j, xdp_reason_name((enum reason)n), counter[n]);
	jsonw_close_object(j);
}

static void put_rings(struct jsonw *j, const struct worker_interface *i)
{
	struct xdp_ring_stats sum = { 0 }, one;

	for (unsigned q = 0; q < i->attachment.queues; q++) {
		if (!i->rings[q] || xdp_rings_stats(i->rings[q], &one))
			continue;
		sum.rx_dropped += one.rx_dropped;
		sum.rx_ring_full += one.rx_ring_full;
		sum.rx_fill_empty += one.rx_fill_empty;
		sum.tx_invalid += one.tx_invalid;
	}
	jsonw_open_object(j, "rings");
	jsonw_unsigned(j, "rx_dropped", sum.rx_dropped);
	jsonw_unsigned(j, "rx_ring_full", sum.rx_ring_full);
	jsonw_unsigned(j, "rx_fill_empty", sum.rx_fill_empty);
	jsonw_unsigned(j, "tx_invalid", sum.tx_invalid);
	jsonw_close_object(j);
}

static uint64_t heartbeat_age_ms(const struct worker *w, const struct worker_interface *i)
{
	usec_t oldest = w->now;

	for (unsigned q = 0; q < i->attachment.queues; q++)
		oldest = MIN(oldest, i->shared.queues[q].heartbeat_ns / 1000);
	return (w->now - oldest) / USEC_PER_MSEC;
}

static void put_interface(struct jsonw *j, const struct worker *w, const struct worker_interface *i)
{
	jsonw_open_object(j, NULL);
	worker_put_attachment(j, &i->attachment);
	jsonw_unsigned(j, "heartbeat_age_ms", heartbeat_age_ms(w, i));
	put_reasons(j, i);
	put_rings(j, i);
	jsonw_close_object(j);
}

static void put_engine(struct jsonw *j, const struct engine_counters *c)
{
	jsonw_open_object(j, "outcomes");
	for (unsigned n = 0; n < NUM_OUTCOMES; n++)
		jsonw_unsigned(j, engine_outcome_name((enum engine_outcome)n), c->outcome[n]);
	jsonw_close_object(j);
	jsonw_open_object(j, "gate");
	for (unsigned n = 0; n < NUM_GATE_REJECTS; n++)
		jsonw_unsigned(j, gate_reject_name((enum gate_reject)n), c->gate[n]);
	jsonw_close_object(j);
	jsonw_open_object(j, "drops");
	for (unsigned n = NET_OK + 1; n < NUM_NET_DROPS; n++)
		jsonw_unsigned(j, net_drop_name((enum net_drop)n), c->net_drop[n]);
	jsonw_close_object(j);
	jsonw_open_object(j, "silence");
	jsonw_unsigned(j, "silenced", c->silenced);
	jsonw_unsigned(j, "unsilenced", c->unsilenced);
	jsonw_close_object(j);
	jsonw_open_object(j, "given_back");
	jsonw_unsigned(j, "frames", c->given_back_frames);
	jsonw_unsigned(j, "failed", c->give_back_failed);
	jsonw_close_object(j);
	jsonw_open_object(j, "transmit");
	jsonw_unsigned(j, "frames", c->transmitted);
	jsonw_unsigned(j, "failed", c->transmit_failed);
	jsonw_unsigned(j, "retransmits", c->retransmits);
	jsonw_close_object(j);
	jsonw_unsigned(j, "strays", c->stray_frames);
	jsonw_unsigned(j, "stale_offers", c->stale_offers);
}

/* Which engine process this is, of those that have served these programs. */
static uint32_t epoch(const struct worker *w)
{
	uint32_t latest = 0;

	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++)
		if (w->interface[n].serving)
			latest = MAX(latest, w->interface[n].shared.config->epoch);
	return latest;
}

static void put_daemon(struct jsonw *j, const struct worker *w)
{
	jsonw_open_object(j, "daemon");
	jsonw_integer(j, "pid", getppid());
	jsonw_integer(j, "engine_pid", getpid());
	jsonw_unsigned(j, "uptime_s", (w->now - w->started) / USEC_PER_SEC);
	jsonw_unsigned(j, "epoch", epoch(w));
	jsonw_string(j, "version", ALPNXDP_VERSION);
	jsonw_string(j, "tls_library", tls_library_version());
	jsonw_close_object(j);
}

char *worker_status(struct worker *w, const char *ifname)
{
	struct jsonw j;

	jsonw_begin(&j);
	jsonw_open_object(&j, NULL);
	jsonw_bool(&j, "ok", true);
	put_daemon(&j, w);
	jsonw_unsigned(&j, "challenges", challenge_count(w->store));
	jsonw_unsigned(&j, "flows", engine_flow_count(w->engine));
	jsonw_open_array(&j, "interfaces");
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		if (i->serving && (!ifname || !strcmp(ifname, i->attachment.ifname)))
			put_interface(&j, w, i);
	}
	jsonw_close_array(&j);
	put_engine(&j, engine_counters(w->engine));
	jsonw_close_object(&j);
	return jsonw_finish(&j);
}
