/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bridge: carries frames between two interfaces as a bad network would.
 *
 *   bridge [-l LOSS] [-d DOUBLE] [-r REORDER] [-w DELAY_MS] [-s SEED] [-o COUNTS] IFACE IFACE
 *
 * Percent of the IP packets of each direction are lost, doubled, or held back for a while so that later ones overtake
 * them; all are delayed. ARP goes through whole: neighbours are not what is tested. The same seed gives the same
 * fate to the n-th packet. Ends at SIGTERM, with its counts in the file COUNTS.
 *
 * Limits: frames of 2,048 bytes and no offloads (a frame is taken as it is on the wire, checksums finished); 8,192
 * frames on the way, of which more are lost and counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FRAMES = 8192, MOST_BYTES = 2048, BATCH = 64 };

struct frame {
	uint64_t due_us;
	uint64_t order; /* of arrival: what is due at one moment leaves in it */
	int to;
	size_t len;
	uint8_t bytes[MOST_BYTES];
};

struct weather {
	double loss, twice, reorder; /* percent */
	uint64_t delay_us;
};

struct counts {
	unsigned long seen, lost, doubled, delayed, full;
};

/* A heap of pointers: the earliest frame is first. */
static struct frame *heap[MOST_FRAMES];
static size_t waiting;
static uint64_t arrivals, random_state;
static struct counts counts;
static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* xorshift64*, as a number from 0 to 100. */
static double draw(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (double)((random_state * 0x2545f4914f6cdd1dull) >> 11) / 9007199254740992.0 * 100;
}

static bool earlier(const struct frame *a, const struct frame *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void swap(size_t a, size_t b)
{
	struct frame *f = heap[a];

	heap[a] = heap[b];
	heap[b] = f;
}

static void heap_add(struct frame *f)
{
	size_t at = waiting++;

	heap[at] = f;
	for (; at > 0 && earlier(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

static struct frame *heap_take(void)
{
	struct frame *first = heap[0];
	size_t at = 0, child;

	heap[0] = heap[--waiting];
	while ((child = 2 * at + 1) < waiting) {
		if (child + 1 < waiting && earlier(heap[child + 1], heap[child]))
			child++;
		if (!earlier(heap[child], heap[at]))
			break;
		swap(at, child);
		at = child;
	}
	return first;
}

static void put(const uint8_t *bytes, size_t len, int to, uint64_t due_us)
{
	struct frame *f = waiting < MOST_FRAMES ? malloc(sizeof(*f)) : NULL;

	if (!f) {
		counts.full++;
		return;
	}
	f->due_us = due_us;
	f->order = arrivals++;
	f->to = to;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	heap_add(f);
}

static bool is_ip(const uint8_t *bytes)
{
	uint16_t type = (uint16_t)(bytes[12] << 8 | bytes[13]);

	return type == ETHERTYPE_IP || type == ETHERTYPE_IPV6;
}

/* Every packet draws the same number of times, so that its fate depends on its place alone. */
static void meet(const struct weather *w, const uint8_t *bytes, size_t len, int to)
{
	bool lost = draw() < w->loss, twice = draw() < w->twice, late = draw() < w->reorder;
	uint64_t held = (uint64_t)(draw() / 100 * 20000) + 1000;
	uint64_t due = now_us() + w->delay_us;

	counts.seen++;
	counts.lost += lost;
	counts.doubled += twice;
	counts.delayed += late;
	if (!lost)
		put(bytes, len, to, late ? due + held : due);
	if (twice)
		put(bytes, len, to, due);
}

static int interface_open(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd, on = 1, room = 8 << 20;

	at.sll_ifindex = (int)if_nametoindex(name);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || !at.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		fprintf(stderr, "bridge: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	return fd;
}

static void receive(const struct weather *w, int from, int to)
{
	uint8_t bytes[MOST_BYTES];
	ssize_t len;

	for (int n = 0; n < BATCH && (len = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0; n++) {
		if (len < ETH_HLEN)
			continue;
		if (is_ip(bytes))
			meet(w, bytes, (size_t)len, to);
		else
			put(bytes, (size_t)len, to, now_us());
	}
}

static void send_due(void)
{
	while (waiting && heap[0]->due_us <= now_us()) {
		struct frame *f = heap_take();

		if (send(f->to, f->bytes, f->len, 0) < 0)
			counts.full++;
		free(f);
	}
}

static void carry(const struct weather *w, int one, int other)
{
	struct pollfd ready[2] = { { .fd = one, .events = POLLIN }, { .fd = other, .events = POLLIN } };

	while (!ended) {
		uint64_t now = now_us(), due = waiting ? heap[0]->due_us : now + 1000000;
		uint64_t wait = due > now ? due - now : 0;
		struct timespec t = { .tv_sec = (time_t)(wait / 1000000),
				      .tv_nsec = (long)(wait % 1000000) * 1000 };

		if (ppoll(ready, 2, &t, NULL) < 0)
			continue;
		receive(w, one, other);
		receive(w, other, one);
		send_due();
	}
}

static void report(const char *path)
{
	FILE *out = path ? fopen(path, "w") : stdout;

	if (!out)
		return;
	fprintf(out, "seen %lu lost %lu doubled %lu delayed %lu full %lu\n", counts.seen, counts.lost,
		counts.doubled, counts.delayed, counts.full);
	fflush(out);
}

int main(int argc, char **argv)
{
	struct weather w = { 0 };
	const char *path = NULL;
	int option;

	random_state = 1;
	while ((option = getopt(argc, argv, "l:d:r:w:s:o:")) != -1) {
		if (option == 'l')
			w.loss = atof(optarg);
		else if (option == 'd')
			w.twice = atof(optarg);
		else if (option == 'r')
			w.reorder = atof(optarg);
		else if (option == 'w')
			w.delay_us = (uint64_t)(atof(optarg) * 1000);
		else if (option == 's')
			random_state = strtoull(optarg, NULL, 10) * 0x9e3779b97f4a7c15ull | 1;
		else if (option == 'o')
			path = optarg;
		else
			return 2;
	}
	if (optind + 2 != argc) {
		fputs("usage: bridge [-l LOSS] [-d DOUBLE] [-r REORDER] [-w DELAY_MS] [-s SEED] [-o COUNTS] IFACE IFACE\n",
		      stderr);
		return 2;
	}
	signal(SIGTERM, end);
	signal(SIGINT, end);
	carry(&w, interface_open(argv[optind]), interface_open(argv[optind + 1]));
	report(path);
	return 0;
}
