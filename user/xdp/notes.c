/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring of notes, read by hand: two pages of positions and the records, which the kernel maps twice in a row, so that none
 * is cut at the end (Documentation/bpf/ringbuf.rst). Nobody waits for it, so there is no epoll(7), and no system call.
 *
 * How far it has been read is kept in the map itself: the next engine goes on there, and finds what was written while there
 * was none.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "xdp/private.h"

enum { RECORD_HEADER = BPF_RINGBUF_HDR_SZ };

/* Known since the start of the process: no system call. */
static size_t page(void)
{
	return (size_t)getpagesize();
}

static void unmap(const void *memory, size_t size)
{
	if (memory)
		munmap((void *)(uintptr_t)memory, size);
}

int xdp_notes_map(int fd, struct xdp_shared *out)
{
	void *consumer = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *records;

	if (consumer == MAP_FAILED)
		return -1;
	out->notes.consumer = consumer;
	records = mmap(NULL, page() + 2 * ALPNXDP_NOTES_BYTES, PROT_READ, MAP_SHARED, fd, (off_t)page());
	if (records == MAP_FAILED)
		return -1;
	out->notes.records = records;
	return 0;
}

void xdp_notes_unmap(struct xdp_shared *s)
{
	unmap(s->notes.consumer, page());
	unmap(s->notes.records, page() + 2 * ALPNXDP_NOTES_BYTES);
}

/* The length of the record at a position, with its flags; the program is still writing it while it has BUSY. */
static uint32_t record_head(const struct xdp_shared *s, uint64_t at)
{
	const uint8_t *record = s->notes.records + page() + (at & (ALPNXDP_NOTES_BYTES - 1));

	return __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
}

static uint32_t record_size(uint32_t len)
{
	return (len + RECORD_HEADER + 7) & ~7u;
}

int xdp_note_next(struct xdp_shared *s, struct note *out)
{
	uint64_t at = *s->notes.consumer; /* ours alone */
	uint64_t end = __atomic_load_n((const uint64_t *)(const void *)s->notes.records, __ATOMIC_ACQUIRE);
	uint32_t head, len;
	int got = -EPROTO;

	if (at >= end)
		return 0;
	head = record_head(s, at);
	if (head & BPF_RINGBUF_BUSY_BIT)
		return 0;
	len = head & ~(uint32_t)BPF_RINGBUF_DISCARD_BIT;
	if (len == sizeof(*out) && len == head) {
		memcpy(out, s->notes.records + page() + (at & (ALPNXDP_NOTES_BYTES - 1)) + RECORD_HEADER,
		       len);
		got = 1;
	}
	__atomic_store_n(s->notes.consumer, at + record_size(len), __ATOMIC_RELEASE);
	return got;
}

void xdp_notes_refill(struct xdp_shared *s, unsigned queue)
{
	__atomic_store_n(&s->queues[queue].notes, ALPNXDP_NOTES_CREDIT, __ATOMIC_RELAXED);
}

uint64_t xdp_notes_lost(const struct xdp_shared *s, unsigned queues)
{
	uint64_t lost = 0;

	for (unsigned q = 0; q < queues; q++)
		lost += __atomic_load_n(&s->queues[q].notes_lost, __ATOMIC_RELAXED);
	return lost;
}

void xdp_notes_trace(struct xdp_shared *s, bool on, const uint8_t from[16])
{
	const uint32_t both = CONFIG_TRACE | CONFIG_TRACE_FROM;

	__atomic_fetch_and(&s->config->flags, ~both, __ATOMIC_RELAXED);
	if (on && from)
		memcpy(s->config->trace_from, from, sizeof(s->config->trace_from));
	if (on)
		__atomic_fetch_or(&s->config->flags, from ? CONFIG_TRACE_FROM : CONFIG_TRACE,
				  __ATOMIC_RELEASE);
}
