// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The engine's half of an AF_XDP socket: its four rings and its memory, mapped.
 *
 * Every chunk has one owner at any time. The lower half of them receives: fill ring, kernel, receive ring, caller, and
 * back to the fill ring. The upper half transmits: free list, transmit ring, kernel, completion ring, free list. As each
 * ring holds as many as a half, no ring can overflow. What the kernel says is checked all the same: a descriptor that
 * does not fit a chunk of the lower half is counted and dropped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "xdp/xdp.h"

enum {
	RX_CHUNKS = XDP_FRAMES / 2,
	TX_CHUNKS = XDP_FRAMES - RX_CHUNKS,
	UMEM_SIZE = XDP_FRAMES * XDP_FRAME_SIZE,
};
_Static_assert(XDP_FRAMES / 2 <= XDP_RING_SIZE, "a ring must hold every chunk of its half");

/* One direction of a ring: we move one index, the kernel the other. */
struct ring {
	uint32_t *producer;
	uint32_t *consumer;
	uint32_t *flags;
	void *slots; /* uint64_t addresses, or struct xdp_desc */
	void *map;
	size_t map_len;
};

struct xdp_rings {
	int fd;
	uint8_t *umem;
	struct ring fill;
	struct ring completion;
	struct ring rx;
	struct ring tx;
	uint64_t received, sent, rx_invalid; /* others may be asking for them: see count() */
	uint64_t free[TX_CHUNKS];            /* a stack */
	unsigned free_count;
};

static uint32_t index_theirs(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void index_publish(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
}

static uint64_t *address_at(const struct ring *r, uint32_t index)
{
	return (uint64_t *)r->slots + (index & (XDP_RING_SIZE - 1));
}

static struct xdp_desc *desc_at(const struct ring *r, uint32_t index)
{
	return (struct xdp_desc *)r->slots + (index & (XDP_RING_SIZE - 1));
}

static int ring_map(int fd, off_t page, const struct xdp_ring_offset *at, size_t slot, struct ring *out)
{
	struct ring r = { .map_len = (size_t)at->desc + slot * XDP_RING_SIZE };
	uint8_t *map = mmap(NULL, r.map_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, page);

	if (map == MAP_FAILED)
		return -errno;
	r.map = map;
	r.producer = (void *)(map + at->producer);
	r.consumer = (void *)(map + at->consumer);
	r.flags = (void *)(map + at->flags);
	r.slots = map + at->desc;
	*out = r;
	return 0;
}

static int rings_map_all(struct xdp_rings *r)
{
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);
	int err;

	if (getsockopt(r->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len))
		return -errno;
	if (len != sizeof(at))
		return -EPROTO;
	err = ring_map(r->fd, XDP_PGOFF_RX_RING, &at.rx, sizeof(struct xdp_desc), &r->rx);
	if (!err)
		err = ring_map(r->fd, XDP_PGOFF_TX_RING, &at.tx, sizeof(struct xdp_desc), &r->tx);
	if (!err)
		err = ring_map(r->fd, (off_t)XDP_UMEM_PGOFF_FILL_RING, &at.fr, sizeof(uint64_t), &r->fill);
	if (!err)
		err = ring_map(r->fd, (off_t)XDP_UMEM_PGOFF_COMPLETION_RING, &at.cr, sizeof(uint64_t),
			       &r->completion);
	return err;
}

static void fill_give(struct xdp_rings *r, uint64_t chunk, uint32_t index)
{
	*address_at(&r->fill, index) = chunk;
}

int xdp_rings_map(const struct xdp_socket *s, struct xdp_rings **out)
{
	struct xdp_rings *r = calloc(1, sizeof(*r));
	uint32_t i;
	int err;

	if (!r)
		return -ENOMEM;
	r->fd = s->fd;
	r->umem = mmap(NULL, UMEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, s->umem_fd, 0);
	err = r->umem == MAP_FAILED ? -errno : rings_map_all(r);
	if (err) {
		xdp_rings_unmap(r);
		return err;
	}
	for (i = 0; i < RX_CHUNKS; i++)
		fill_give(r, (uint64_t)i * XDP_FRAME_SIZE, i);
	index_publish(r->fill.producer, RX_CHUNKS);
	for (i = 0; i < TX_CHUNKS; i++)
		r->free[r->free_count++] = (uint64_t)(RX_CHUNKS + i) * XDP_FRAME_SIZE;
	*out = r;
	return 0;
}

void xdp_rings_unmap(struct xdp_rings *r)
{
	const struct ring *const rings[] = { &r->fill, &r->completion, &r->rx, &r->tx };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rings); i++)
		if (rings[i]->map)
			munmap(rings[i]->map, rings[i]->map_len);
	if (r->umem != MAP_FAILED)
		munmap(r->umem, UMEM_SIZE);
	free(r);
}

/* Aligned chunks (Documentation/networking/af_xdp.rst): a frame lies within one, behind its headroom. */
static bool desc_fits(const struct xdp_desc *d)
{
	return d->addr < (uint64_t)RX_CHUNKS * XDP_FRAME_SIZE &&
	       d->len <= XDP_FRAME_SIZE - (d->addr & (XDP_FRAME_SIZE - 1));
}

/* One thread counts; others may read at that moment. */
static void count(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

unsigned xdp_rings_receive(struct xdp_rings *r, struct xdp_frame *frames, unsigned max)
{
	uint32_t at = *r->rx.consumer;
	uint32_t end = index_theirs(r->rx.producer);
	unsigned taken = 0;

	for (; at != end && taken < max; at++) {
		const struct xdp_desc d = *desc_at(&r->rx, at);

		if (!desc_fits(&d)) {
			count(&r->rx_invalid, 1);
			continue;
		}
		frames[taken++] =
			(struct xdp_frame){ .bytes = r->umem + d.addr, .len = d.len, .address = d.addr };
	}
	index_publish(r->rx.consumer, at);
	count(&r->received, taken);
	return taken;
}

bool xdp_rings_pending(const struct xdp_rings *r)
{
	return index_theirs(r->rx.producer) != *r->rx.consumer;
}

void xdp_rings_release(struct xdp_rings *r, const struct xdp_frame *frames, unsigned count)
{
	uint32_t at = *r->fill.producer;
	unsigned i;

	for (i = 0; i < count; i++)
		fill_give(r, frames[i].address & ~(uint64_t)(XDP_FRAME_SIZE - 1), at++);
	index_publish(r->fill.producer, at);
	if (__atomic_load_n(r->fill.flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP)
		recv(r->fd, NULL, 0, MSG_DONTWAIT);
}

bool xdp_rings_look(const struct xdp_rings *r)
{
	if (xdp_rings_pending(r))
		return true;
	/* Linux __xsk_recvmsg(): one round of the queue's NAPI, if the socket may busy poll, else nothing. */
	recv(r->fd, NULL, 0, MSG_DONTWAIT);
	return xdp_rings_pending(r);
}

static void reclaim(struct xdp_rings *r)
{
	uint32_t at = *r->completion.consumer;
	uint32_t end = index_theirs(r->completion.producer);

	for (; at != end && r->free_count < TX_CHUNKS; at++)
		r->free[r->free_count++] = *address_at(&r->completion, at);
	index_publish(r->completion.consumer, at);
}

bool xdp_rings_transmit(struct xdp_rings *r, const uint8_t *frame, size_t len)
{
	uint32_t at = *r->tx.producer;
	uint64_t chunk;

	if (len > XDP_FRAME_SIZE)
		return false;
	if (!r->free_count)
		reclaim(r);
	if (!r->free_count)
		return false;
	chunk = r->free[--r->free_count];
	memcpy(r->umem + chunk, frame, len);
	*desc_at(&r->tx, at) = (struct xdp_desc){ .addr = chunk, .len = (uint32_t)len };
	index_publish(r->tx.producer, at + 1);
	count(&r->sent, 1);
	return true;
}

/*
 * The kernel takes a batch per call, 16 or 32 frames, and says EAGAIN while there is more. A call that moved nothing
 * (EBUSY, ENOBUFS: the device is full) ends the loop: what is left goes with the next kick, and TCP repeats what was lost.
 */
void xdp_rings_kick(struct xdp_rings *r)
{
	uint32_t before, at = index_theirs(r->tx.consumer);

	while (at != *r->tx.producer &&
	       (__atomic_load_n(r->tx.flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP)) {
		before = at;
		send(r->fd, NULL, 0, MSG_DONTWAIT);
		at = index_theirs(r->tx.consumer);
		if (at == before)
			break;
	}
}

int xdp_rings_fd(const struct xdp_rings *r)
{
	return r->fd;
}

int xdp_rings_stats(const struct xdp_rings *r, struct xdp_ring_stats *out)
{
	struct xdp_statistics s;
	socklen_t len = sizeof(s);

	if (getsockopt(r->fd, SOL_XDP, XDP_STATISTICS, &s, &len))
		return -errno;
	if (len != sizeof(s))
		return -EPROTO;
	*out = (struct xdp_ring_stats){
		.received = __atomic_load_n(&r->received, __ATOMIC_RELAXED),
		.sent = __atomic_load_n(&r->sent, __ATOMIC_RELAXED),
		.rx_dropped =
			s.rx_dropped + s.rx_invalid_descs + __atomic_load_n(&r->rx_invalid, __ATOMIC_RELAXED),
		.rx_ring_full = s.rx_ring_full,
		.rx_fill_empty = s.rx_fill_ring_empty_descs,
		.tx_invalid = s.tx_invalid_descs,
	};
	return 0;
}
