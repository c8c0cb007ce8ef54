/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cuts: connections by hand, one after the other, whose hellos are cut, repeated, overlapped and reordered at random.
 *
 *   cuts -i INTERFACE -m TARGET_MAC -s SOURCE -t TARGET [-n COUNT] [-r SEED] [-o DIRECTORY] [-b BYTES] FILE...
 *
 * FILE: one line of hex per segment of a hello; each is used in turn. Without -b every connection must be answered with
 * a ServerHello. -b: up to BYTES of application data come right behind the hello, among its segments; every connection
 * must be acknowledged to its last byte, and is then closed. DIRECTORY: what was sent, a file per port.
 * What is not acknowledged for a while is sent again, and counted. Exit 0 when all went as it must. SOURCE: see raw.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "hex.h"
#include "raw.h"

enum {
	STREAM = 16384,
	PIECE = 1300,
	MAX_PIECES = 64,
	PATIENCE_MS = 250, /* until what is unacknowledged is sent again */
	MAX_AGAIN = 12,
	FIRST_PORT = 20000,
	RECORD_HANDSHAKE = 22,
	SERVER_HELLO = 2,
	EXTENSION_VERSIONS = 43,
};

struct piece {
	size_t from, to;
};

struct run {
	struct raw raw;
	unsigned count;
	size_t behind; /* most application data */
	const char *directory;
	uint64_t seed;
	unsigned segments, again, tls12, tls13, closed, failed;
};

struct connection {
	uint8_t stream[STREAM];
	size_t len;
	uint32_t seq; /* of the stream's first byte */
	size_t acked;
};

/* splitmix64 */
static size_t below(struct run *run, size_t limit)
{
	uint64_t z = run->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (size_t)((z ^ z >> 31) % limit);
}

static bool load(struct run *run, const char *path, struct connection *c)
{
	char line[2 * STREAM + 2];
	FILE *file = fopen(path, "r");
	size_t more;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		c->len += hex_decode(line, c->stream + c->len, STREAM / 2 - c->len);
	fclose(file);
	for (more = run->behind ? below(run, run->behind + 1) : 0; more; more--)
		c->stream[c->len++] = (uint8_t)below(run, 256);
	return c->len > 0;
}

static bool save(const struct run *run, const struct connection *c)
{
	char path[256];
	FILE *file;

	if (!run->directory)
		return true;
	snprintf(path, sizeof(path), "%s/%u", run->directory, run->raw.sport);
	file = fopen(path, "w");
	return file && fwrite(c->stream, 1, c->len, file) == c->len && !fclose(file);
}

static bool handshake(struct run *run, struct connection *c)
{
	struct raw *r = &run->raw;
	struct raw_segment answer;

	r->timestamps = below(run, 2);
	r->ts_value = 1;
	r->ts_echo = 0;
	c->seq = (uint32_t)below(run, 1u << 31) * 2 + 1;
	if (!raw_send(r, SYN, c->seq - 1, NULL, 0) || !raw_receive(r, 3000, &answer) ||
	    answer.flags != (SYN | ACK))
		return false;
	r->ack = answer.seq + 1;
	return raw_send(r, ACK, c->seq, NULL, 0);
}

/* The stream in pieces of at most PIECE bytes, some of them small; here and there one overlaps the next, or comes twice. */
static unsigned cut(struct run *run, const struct connection *c, struct piece pieces[MAX_PIECES])
{
	size_t small = 1 + below(run, 400), at, to, far;
	unsigned n = 0;

	for (at = 0; at < c->len; at = to) {
		to = at + 1 + below(run, below(run, 2) && n < MAX_PIECES / 2 ? small : PIECE);
		to = to > c->len || n + 3 >= MAX_PIECES ? c->len : to;
		to = to - at > PIECE ? at + PIECE : to;
		far = to + (below(run, 5) ? 0 : below(run, 50));
		pieces[n++] = (struct piece){ at, far > c->len ? c->len : far };
		if (!below(run, 6) && n + 3 < MAX_PIECES) {
			pieces[n] = pieces[n - 1];
			n++;
		}
	}
	return n;
}

static void reorder(struct run *run, struct piece *pieces, unsigned n)
{
	size_t kind = below(run, 3), i, j;
	struct piece kept;

	for (i = n; kind && i-- > 1;) {
		j = kind == 1 ? below(run, i + 1) : i - (below(run, 3) == 0);
		kept = pieces[i];
		pieces[i] = pieces[j];
		pieces[j] = kept;
	}
}

static bool send_pieces(struct run *run, const struct connection *c)
{
	struct piece pieces[MAX_PIECES];
	unsigned n = cut(run, c, pieces), i;
	size_t pause = below(run, 3) ? 0 : 1 + below(run, 1000);

	reorder(run, pieces, n);
	for (i = 0; i < n; i++) {
		if (!raw_send(&run->raw, ACK | PSH, c->seq + (uint32_t)pieces[i].from,
			      c->stream + pieces[i].from, pieces[i].to - pieces[i].from))
			return false;
		if (pause)
			usleep((useconds_t)pause);
	}
	run->segments += n;
	return true;
}

/* What has not been acknowledged. */
static void send_again(struct run *run, const struct connection *c)
{
	size_t at, len;

	run->again++;
	for (at = c->acked; at < c->len; at += len) {
		len = c->len - at < PIECE ? c->len - at : PIECE;
		raw_send(&run->raw, ACK | PSH, c->seq + (uint32_t)at, c->stream + at, len);
	}
}

/* RFC 8446 4.2.1: TLS 1.3 is named by an extension. 0: no ServerHello. */
static int server_version(const uint8_t *data, size_t len)
{
	size_t at = 43, end;

	if (len < 60 || data[0] != RECORD_HANDSHAKE || data[5] != SERVER_HELLO)
		return 0;
	end = 9 + (size_t)(data[7] << 8 | data[8]);
	for (at += 1u + data[at] + 3u + 2u; at + 4 <= end && end <= len;
	     at += 4u + (size_t)(data[at + 2] << 8 | data[at + 3]))
		if ((data[at] << 8 | data[at + 1]) == EXTENSION_VERSIONS)
			return 13;
	return 12;
}

/* Until the stream is acknowledged and, if we wait for it, answered. */
static int await(struct run *run, struct connection *c)
{
	struct raw_segment answer;
	unsigned tries = 0;
	int version;

	while (tries < MAX_AGAIN) {
		if (!raw_receive(&run->raw, PATIENCE_MS, &answer)) {
			tries++;
			send_again(run, c);
			continue;
		}
		if (answer.flags & RST)
			return -1;
		if (answer.ack - c->seq <= c->len && answer.ack - c->seq > c->acked)
			c->acked = answer.ack - c->seq;
		version = answer.seq == run->raw.ack ? server_version(answer.data, answer.len) : 0;
		if (version || (run->behind && c->acked == c->len))
			return version;
		if (answer.len || answer.flags & FIN)
			return -1;
	}
	return -1;
}

/* FIN, and the server's; a server of which we are done gets a RST. */
static bool finish(struct run *run, const struct connection *c)
{
	struct raw_segment answer;

	if (!run->behind)
		return raw_send(&run->raw, RST | ACK, c->seq + (uint32_t)c->acked, NULL, 0);
	raw_send(&run->raw, FIN | ACK, c->seq + (uint32_t)c->len, NULL, 0);
	while (raw_receive(&run->raw, 1000, &answer)) {
		if (answer.flags & RST)
			return false;
		if (!(answer.flags & FIN))
			continue;
		run->raw.ack = answer.seq + 1;
		return raw_send(&run->raw, ACK, c->seq + (uint32_t)c->len + 1, NULL, 0);
	}
	return false;
}

static const char *connect_once(struct run *run, const char *path)
{
	static struct connection c;
	int version;

	c.len = c.acked = 0;
	if (!load(run, path, &c) || !save(run, &c))
		return "cannot be read, or written";
	if (!handshake(run, &c) || !send_pieces(run, &c))
		return "not connected";
	version = await(run, &c);
	if (version < 0)
		return "refused, or not answered";
	if (!run->behind != !!version)
		return version ? "answered" : "not answered";
	if (!finish(run, &c))
		return "not closed";
	run->tls12 += version == 12;
	run->tls13 += version == 13;
	run->closed += !version;
	return NULL;
}

static bool parse(struct run *run, int argc, char **argv)
{
	struct raw *r = &run->raw;
	const char *interface = "";
	bool ok = true;
	int option;

	while ((option = getopt(argc, argv, "i:m:s:t:n:r:o:b:")) != -1) {
		if (option == 'i')
			interface = optarg;
		else if (option == 'm')
			ok &= raw_mac(optarg, r->peer_mac);
		else if (option == 's' || option == 't')
			ok &= raw_address(optarg, &r->ipv6, option == 's' ? r->source : r->target);
		else if (option == 'n')
			run->count = (unsigned)atoi(optarg);
		else if (option == 'r')
			run->seed = strtoull(optarg, NULL, 10);
		else if (option == 'o')
			run->directory = optarg;
		else if (option == 'b')
			run->behind = (size_t)atoi(optarg);
		else
			return false;
	}
	return ok && optind < argc && run->behind <= STREAM / 2 && raw_open(r, interface);
}

int main(int argc, char **argv)
{
	struct run run = { .raw.dport = 443, .count = 100, .seed = 1 };
	const char *why, *path;
	unsigned i;

	if (!parse(&run, argc, argv)) {
		perror("cuts");
		return 2;
	}
	for (i = 0; i < run.count; i++) {
		path = argv[optind + (int)i % (argc - optind)];
		run.raw.sport = (uint16_t)(FIRST_PORT + i);
		why = connect_once(&run, path);
		if (!why)
			continue;
		printf("port %u, %s: %s\n", run.raw.sport, path, why);
		run.failed++;
	}
	printf("%u connections, %u segments: %u answered with TLS 1.2, %u with 1.3, %u closed, %u failed, %u sent again\n",
	       run.count, run.segments, run.tls12, run.tls13, run.closed, run.failed, run.again);
	return run.failed ? 1 : 0;
}
