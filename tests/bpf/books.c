/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <alpnxdp/abi.h>
#include "steer.skel.h"
#include "books.h"

static struct steer *steer;
static int xsk = -1;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

int books_open(const char **why)
{
	*why = "the steering program";
	libbpf_set_print(quiet);
	steer = steer__open_and_load();
	if (!steer)
		return -errno;
	*why = "an AF_XDP socket";
	xsk = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	return xsk < 0 ? -errno : 0;
}

void books_close(void)
{
	if (xsk >= 0)
		close(xsk);
	steer__destroy(steer);
}

int books_program(void)
{
	return bpf_program__fd(steer->progs.alpnxdp_steer);
}

static int map_fd(const struct bpf_map *map)
{
	return bpf_map__fd(map);
}

int books_map(const char *name)
{
	return bpf_object__find_map_fd_by_name(steer->obj, name);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t books_counter(unsigned reason)
{
	int cpus = libbpf_num_possible_cpus(), i;
	uint64_t values[256], sum = 0;

	assert_in_range(cpus, 1, 256);
	assert_int_equal(bpf_map_lookup_elem(map_fd(steer->maps.counters), &reason, values), 0);
	for (i = 0; i < cpus; i++)
		sum += values[i];
	return sum;
}

/* What `live` is to say of the flow map. */
static void count_flows(struct live *out)
{
	struct flow_key at, *before = NULL;

	*out = (struct live){ 0 };
	for (; !bpf_map_get_next_key(map_fd(steer->maps.flows), before, &at); before = &at) {
		out->crowd[live_crowd_of(&at)]++;
		out->flows++;
	}
}

static void set_live(void)
{
	struct live live;
	__u32 zero = 0;

	count_flows(&live);
	assert_int_equal(bpf_map_update_elem(map_fd(steer->maps.data_live), &zero, &live, 0), 0);
}

uint32_t books_live(void)
{
	struct live live, counted;
	__u32 zero = 0;

	assert_int_equal(bpf_map_lookup_elem(map_fd(steer->maps.data_live), &zero, &live), 0);
	count_flows(&counted);
	assert_memory_equal(&live, &counted, sizeof(live));
	return live.flows;
}

static struct queue_state queue_state(void)
{
	struct queue_state queue;
	__u32 zero = 0;

	assert_int_equal(bpf_map_lookup_elem(map_fd(steer->maps.queues), &zero, &queue), 0);
	return queue;
}

int32_t books_credit(void)
{
	return queue_state().credit;
}

int32_t books_notes_left(void)
{
	return queue_state().notes;
}

uint64_t books_notes_lost(void)
{
	return queue_state().notes_lost;
}

static int take_note(void *context, void *record, size_t len)
{
	assert_int_equal(len, sizeof(struct note));
	memcpy(context, record, len);
	return 0;
}

unsigned books_notes(struct note *last)
{
	struct ring_buffer *ring = ring_buffer__new(map_fd(steer->maps.notes), take_note, last, NULL);
	int count;

	assert_non_null(ring);
	count = ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_true(count >= 0);
	return (unsigned)count;
}

/* All entries of the flow map are deleted, then as many as `count` strangers put there. */
void books_set_flows(unsigned count)
{
	struct flow_key key, next = { .sport = 1 };
	struct flow stranger = { .epoch = BENCH_EPOCH, .state = FLOW_ADOPTED };
	int fd = map_fd(steer->maps.flows);
	unsigned i;

	while (!bpf_map_get_next_key(fd, NULL, &key))
		assert_int_equal(bpf_map_delete_elem(fd, &key), 0);
	for (i = 0; i < count; i++) {
		memcpy(next.saddr, &i, sizeof(i));
		assert_int_equal(bpf_map_update_elem(fd, &next, &stranger, BPF_NOEXIST), 0);
	}
	set_live();
}

/* Another flow that the program takes for this one until it looks into the flow map. */
static void add_of_crowd(const struct flow_key *key)
{
	struct flow stranger = { .epoch = BENCH_EPOCH, .state = FLOW_ADOPTED };
	struct flow_key other = *key;

	other.saddr[0] ^= 1;
	other.saddr[4] ^= 1;
	assert_int_equal(live_crowd_of(&other), live_crowd_of(key));
	assert_int_equal(bpf_map_update_elem(map_fd(steer->maps.flows), &other, &stranger, BPF_NOEXIST), 0);
}

static void set_config(const struct row *row)
{
	struct config config = {
		.abi = ALPNXDP_ABI,
		.epoch = BENCH_EPOCH,
		.armed = !row->unarmed,
		.flags = (row->generic ? CONFIG_GENERIC : 0u) | (row->pending ? 0u : CONFIG_ANY_NAME) |
			 (row->trace ? CONFIG_TRACE : 0u) | (row->trace_from ? CONFIG_TRACE_FROM : 0u),
		.port = htons(PEER_PORT),
		.own_mac = { 2, 0, 0, 0, 0, BENCH_MAC },
	};
	struct queue_state queue = { .credit = row->no_credit ? 0 : BENCH_CREDIT, .notes = row->notes };
	__u32 zero = 0;

	if (row->trace_from)
		memcpy(config.trace_from, row->trace_from, sizeof(config.trace_from));
	if (row->heartbeat_age_ms >= 0)
		queue.heartbeat_ns = now_ns() - (uint64_t)row->heartbeat_age_ms * 1000000u;
	assert_int_equal(bpf_map_update_elem(map_fd(steer->maps.data_config), &zero, &config, 0), 0);
	assert_int_equal(bpf_map_update_elem(map_fd(steer->maps.queues), &zero, &queue, 0), 0);
	if (row->no_slot)
		bpf_map_delete_elem(map_fd(steer->maps.xsks), &zero);
	else
		assert_int_equal(bpf_map_update_elem(map_fd(steer->maps.xsks), &zero, &xsk, 0), 0);
}

static void set_names(const struct row *row)
{
	int fd = map_fd(steer->maps.names);
	name_hash_t hash = NAME_HASH_INIT;
	__u8 value = 1;
	const char *c;

	while (!bpf_map_get_next_key(fd, NULL, &hash))
		bpf_map_delete_elem(fd, &hash);
	if (!row->pending)
		return;
	hash = NAME_HASH_INIT;
	for (c = row->pending; *c; c++)
		hash = NAME_HASH_STEP(hash, *c);
	assert_int_equal(bpf_map_update_elem(fd, &hash, &value, 0), 0);
}

void books_set_flow(const struct row *row, const struct flow_key *key, const struct peer *p)
{
	struct flow flow = { .epoch = BENCH_EPOCH - row->old_epoch,
			     .state = (__u8)row->state,
			     .handoff.rcv_nxt = p->seq,
			     .sent = p->ack + (uint32_t)row->unacknowledged,
			     .passed = (__u16)row->passed };

	books_set_flows(row->other_flow);
	if (row->of_crowd)
		add_of_crowd(key);
	if (row->state)
		assert_int_equal(bpf_map_update_elem(map_fd(steer->maps.flows), key, &flow, BPF_NOEXIST), 0);
	set_live();
}

bool books_flow(const struct flow_key *key, struct flow *out)
{
	return !bpf_map_lookup_elem(map_fd(steer->maps.flows), key, out);
}

/* The value of each CPU: when the second began, and how many there were in it. */
static void set_unmarked(const struct row *row)
{
	struct {
		__u64 since_ns, hellos;
	} values[BENCH_CPUS];
	int cpus = libbpf_num_possible_cpus(), i;
	__u32 zero = 0;

	assert_in_range(cpus, 1, BENCH_CPUS);
	for (i = 0; i < cpus; i++) {
		values[i].since_ns = now_ns();
		values[i].hellos = row->unmarked_spent ? UINT32_MAX : 0;
	}
	assert_int_equal(bpf_map_update_elem(books_map("unmarked"), &zero, values, 0), 0);
}

void books_set_conditions(const struct row *row)
{
	set_config(row);
	set_names(row);
	set_unmarked(row);
}
