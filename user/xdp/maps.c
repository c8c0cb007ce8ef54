// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The maps of an attachment, through descriptors alone: no capability, no path.
 *
 * The counters of flows, of all and of each crowd, may be too high for a moment, never too low: the program skips the flow map
 * where one is zero. So an entry is deleted first and counted down afterwards.
 */
#include <errno.h>
#include <bpf/bpf.h>
#include <sys/mman.h>
#include "xdp/private.h"

enum {
	QUEUES_SIZE = ALPNXDP_MAX_QUEUES * sizeof(struct queue_state),
	HELLOS_SIZE = ALPNXDP_SLOTS * sizeof(struct hello_slot),
};

static void *map_memory(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static int shared_failed(struct xdp_shared *s)
{
	int err = -errno;

	xdp_shared_unmap(s);
	return err;
}

int xdp_shared_map(const struct xdp_maps *maps, struct xdp_shared *out)
{
	const struct {
		int fd;
		size_t size;
		void **at;
	} regions[] = {
		{ maps->config, sizeof(struct config), (void **)&out->config },
		{ maps->queues, QUEUES_SIZE, (void **)&out->queues },
		{ maps->live, sizeof(struct live), (void **)&out->live },
		{ maps->hellos, HELLOS_SIZE, (void **)&out->hellos },
	};

	*out = (struct xdp_shared){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		void *memory = map_memory(regions[i].fd, regions[i].size);

		if (memory == MAP_FAILED)
			return shared_failed(out);
		*regions[i].at = memory;
	}
	return xdp_notes_map(maps->notes, out) ? shared_failed(out) : 0;
}

static void unmap(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

void xdp_shared_unmap(struct xdp_shared *s)
{
	unmap(s->config, sizeof(*s->config));
	unmap(s->queues, QUEUES_SIZE);
	unmap(s->live, sizeof(*s->live));
	unmap((void *)(uintptr_t)s->hellos, HELLOS_SIZE);
	xdp_notes_unmap(s);
	*s = (struct xdp_shared){ 0 };
}

/* ------------------------------------------------------------------ flows */

int xdp_flow_get(const struct xdp_maps *m, const struct xdp_shared *s, const struct flow_key *key,
		 struct flow *out)
{
	struct flow flow;

	if (bpf_map_lookup_elem(m->flows, key, &flow))
		return -errno;
	if (flow.epoch != s->config->epoch)
		return -ENOENT;
	*out = flow;
	return 0;
}

/* -ENOENT when the program has ended the entry meanwhile: BPF_EXIST does not bring it back. */
int xdp_flow_set(const struct xdp_maps *m, const struct flow_key *key, const struct flow *flow)
{
	return bpf_map_update_elem(m->flows, key, flow, BPF_EXIST) ? -errno : 0;
}

int xdp_flow_delete(const struct xdp_maps *m, struct xdp_shared *s, const struct flow_key *key)
{
	if (bpf_map_delete_elem(m->flows, key))
		return -errno;
	__atomic_fetch_sub(&s->live->crowd[live_crowd_of(key)], 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&s->live->flows, 1, __ATOMIC_RELAXED);
	return 0;
}

static bool flow_expired(const struct flow *f, uint32_t epoch, uint64_t now_ns)
{
	const uint64_t limit = ALPNXDP_OFFER_MS * 1000000ull;

	if (f->epoch != epoch)
		return true;
	/* The program's clock may have been read after the caller's. */
	return f->state == FLOW_OFFERED && now_ns > f->offered_ns && now_ns - f->offered_ns > limit;
}

/* The copies of a batch are a moment old; what is to be deleted is looked at once more. */
static bool sweep_entry(const struct xdp_maps *m, struct xdp_shared *s, const struct flow_key *key,
			uint64_t now_ns)
{
	struct flow flow;

	return !bpf_map_lookup_elem(m->flows, key, &flow) && flow_expired(&flow, s->config->epoch, now_ns) &&
	       !xdp_flow_delete(m, s, key);
}

/*
 * A batch is one call, as there are thousands of entries and ten sweeps a second. Linux __htab_map_lookup_and_delete_batch():
 * ENOENT at the end of the map. It ends before a bucket that does not fit any more, so a full map may need a call more than its
 * size says. Any other error (ENOSPC: a bucket of 256) begins anew.
 */
unsigned xdp_flow_sweep(const struct xdp_maps *m, struct xdp_shared *s, struct xdp_sweep *sweep,
			uint64_t now_ns)
{
	static struct flow_key keys[XDP_SWEEP];
	static struct flow flows[XDP_SWEEP];
	unsigned deleted = 0;
	uint32_t count = XDP_SWEEP, next = 0;
	int err = bpf_map_lookup_batch(m->flows, sweep->started ? &sweep->at : NULL, &next, keys, flows,
				       &count, NULL);

	*sweep = (struct xdp_sweep){ .at = next, .started = !err };
	if (err && errno != ENOENT)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (flow_expired(&flows[i], s->config->epoch, now_ns))
			deleted += sweep_entry(m, s, &keys[i], now_ns);
	return deleted;
}
