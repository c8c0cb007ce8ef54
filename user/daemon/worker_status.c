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

static uint64_t heartbeat_age_ms(const struct worker *w, const struct worker_interface *i, unsigned queue)
{
	usec_t beat = __atomic_load_n(&i->shared.queues[queue].heartbeat_ns, __ATOMIC_RELAXED) / 1000;

	return (w->now - MIN(beat, w->now)) / USEC_PER_MSEC;
}

static uint64_t oldest_heartbeat_ms(const struct worker *w, const struct worker_interface *i)
{
	uint64_t oldest = 0;

	for (unsigned q = 0; q < i->attachment.queues; q++)
		oldest = MAX(oldest, heartbeat_age_ms(w, i, q));
	return oldest;
}

static void put_queues(struct jsonw *j, const struct worker *w, const struct worker_interface *i)
{
	struct xdp_ring_stats stats;

	jsonw_open_array(j, "by_queue");
	for (unsigned q = 0; q < i->attachment.queues; q++) {
		if (!i->rings[q] || xdp_rings_stats(i->rings[q], &stats))
			stats = (struct xdp_ring_stats){ 0 };
		jsonw_open_object(j, NULL);
		jsonw_unsigned(j, "heartbeat_age_ms", heartbeat_age_ms(w, i, q));
		jsonw_unsigned(j, "received", stats.received);
		jsonw_unsigned(j, "sent", stats.sent);
		jsonw_close_object(j);
	}
	jsonw_close_array(j);
}

static void put_interface(struct jsonw *j, const struct worker *w, const struct worker_interface *i)
{
	jsonw_open_object(j, NULL);
	worker_put_attachment(j, &i->attachment);
	jsonw_unsigned(j, "heartbeat_age_ms", oldest_heartbeat_ms(w, i));
	put_reasons(j, i);
	put_rings(j, i);
	put_queues(j, w, i);
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

static void put_durations(struct jsonw *j, const struct engine_counters *c)
{
	uint64_t count = 0;

	jsonw_open_object(j, "handshake_seconds");
	jsonw_open_array(j, "buckets");
	for (unsigned n = 0; n < ENGINE_DURATIONS; n++) {
		count += c->duration[n];
		jsonw_open_object(j, NULL);
		jsonw_unsigned(j, "le_us", engine_duration_bound[n]);
		jsonw_unsigned(j, "count", count);
		jsonw_close_object(j);
	}
	jsonw_close_array(j);
	jsonw_unsigned(j, "sum_us", c->duration_sum_us);
	jsonw_unsigned(j, "count", count + c->duration[ENGINE_DURATIONS]);
	jsonw_close_object(j);
}

static void put_flows(struct jsonw *j, const struct worker *w)
{
	struct engine_flows sum = { 0 }, flows;

	for (unsigned n = 0; n < w->threads; n++) {
		engine_flows(w->thread[n].engine, &flows);
		sum.held += flows.held;
		sum.waiting += flows.waiting;
		sum.served += flows.served;
		sum.lingering += flows.lingering;
	}
	jsonw_unsigned(j, "flows", sum.held + sum.waiting + sum.served + sum.lingering);
	jsonw_open_object(j, "flows_by_state");
	jsonw_unsigned(j, "held", sum.held);
	jsonw_unsigned(j, "waiting", sum.waiting);
	jsonw_unsigned(j, "served", sum.served);
	jsonw_unsigned(j, "lingering", sum.lingering);
	jsonw_close_object(j);
}

static void put_threads(struct jsonw *j, const struct worker *w)
{
	jsonw_open_array(j, "threads");
	for (unsigned n = 0; n < w->threads; n++) {
		const struct engine_counters *c = engine_counters(w->thread[n].engine);

		jsonw_open_object(j, NULL);
		jsonw_unsigned(j, "open", engine_flow_count(w->thread[n].engine));
		jsonw_unsigned(j, "completed", c->outcome[OUTCOME_VALIDATED]);
		jsonw_unsigned(j, "sent", c->transmitted);
		jsonw_unsigned(j, "passed_on", c->passed_on);
		jsonw_close_object(j);
	}
	jsonw_close_array(j);
}

static void put_challenges(struct jsonw *j, const struct worker *w)
{
	usec_t oldest = challenge_oldest(w->store);

	jsonw_unsigned(j, "challenges", challenge_count(w->store));
	jsonw_open_object(j, "challenges_by_source");
	for (unsigned n = 0; n < NUM_CHALLENGE_SOURCES; n++)
		jsonw_unsigned(j, challenge_source_name((enum challenge_source)n),
			       challenge_count_of(w->store, (enum challenge_source)n));
	jsonw_close_object(j);
	/* What is restored from before a restart keeps its age. */
	jsonw_unsigned(j, "oldest_challenge_s", oldest < w->now ? (w->now - oldest) / USEC_PER_SEC : 0);
}

static void put_fronts(struct jsonw *j, struct worker *w)
{
	struct worker_harvest *h = &w->harvest;

	jsonw_open_object(j, "front");
	jsonw_bool(j, "up", w->front.fd >= 0);
	jsonw_close_object(j);
	pthread_mutex_lock(&h->lock);
	jsonw_open_object(j, "harvest");
	jsonw_bool(j, "on", h->on);
	jsonw_unsigned(j, "asked", h->counters.asked);
	jsonw_unsigned(j, "answered", h->counters.answered);
	jsonw_unsigned(j, "failed", h->counters.failed);
	jsonw_unsigned(j, "refused", h->counters.refused);
	jsonw_close_object(j);
	pthread_mutex_unlock(&h->lock);
}

static void put_self_checks(struct jsonw *j, const struct worker *w)
{
	jsonw_open_object(j, "self_check");
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		if (i->serving && i->check.text[0])
			jsonw_string(j, i->attachment.ifname, i->check.text);
	}
	jsonw_close_object(j);
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
	jsonw_integer(j, "started_unix", w->started_unix);
	jsonw_unsigned(j, "epoch", epoch(w));
	jsonw_string(j, "version", ALPNXDP_VERSION);
	jsonw_string(j, "tls_library", tls_library_version());
	jsonw_close_object(j);
}

static void put_interfaces(struct jsonw *j, const struct worker *w, const char *ifname)
{
	jsonw_open_array(j, "interfaces");
	for (unsigned n = 0; n < DAEMON_MAX_INTERFACES; n++) {
		const struct worker_interface *i = &w->interface[n];

		if (i->serving && (!ifname || !strcmp(ifname, i->attachment.ifname)))
			put_interface(j, w, i);
	}
	jsonw_close_array(j);
}

/* All that the other threads have to stop for. */
static void put_threads_held(struct jsonw *j, struct worker *w, struct engine_counters *sum)
{
	worker_threads_hold(w);
	for (unsigned n = 0; n < w->threads; n++)
		engine_counters_add(sum, engine_counters(w->thread[n].engine));
	put_flows(j, w);
	put_threads(j, w);
	worker_threads_release(w);
}

char *worker_status(struct worker *w, const char *ifname)
{
	struct engine_counters sum = { 0 };
	struct jsonw j;

	jsonw_begin(&j);
	jsonw_open_object(&j, NULL);
	jsonw_bool(&j, "ok", true);
	put_daemon(&j, w);
	put_challenges(&j, w);
	put_threads_held(&j, w, &sum);
	put_self_checks(&j, w);
	put_fronts(&j, w);
	worker_put_probes(w, &j);
	jsonw_bool(&j, "tracing", worker_tracing(w));
	jsonw_bool(&j, "capturing", worker_capturing(w));
	jsonw_unsigned(&j, "notes_lost", worker_notes_lost(w));
	put_interfaces(&j, w, ifname);
	put_engine(&j, &sum);
	put_durations(&j, &sum);
	jsonw_close_object(&j);
	return jsonw_finish(&j);
}
