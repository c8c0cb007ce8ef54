/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `capture`: frames of the flows that are ours, both directions, while somebody asks: kept in a ring that
 * is there only as long as that lasts (WORKER_LEASE after the last question). Off, it costs one comparison per frame.
 *
 * TLS secrets are kept only while somebody asks for them too, until they are handed to the first who does, and wiped then.
 * Any thread writes; the one lock is taken for a frame at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon/worker.h"

enum { KEYS = 256, KEY_LINE = 256, PAGE_BYTES = 192 * 1024 };

struct worker_captured {
	struct capture_ring ring;
	unsigned keys, keys_lost;
	char key[KEYS][KEY_LINE];
};

/* -------------------------------------------------------------------- taking */

static const char *comment_of_tls(const struct segment *s, bool in)
{
	static const struct {
		uint8_t type;
		const char *in, *out;
	} records[] = {
		{ 20, "handshake: ChangeCipherSpec", "handshake: ChangeCipherSpec" },
		{ 21, "alert of the validator", "alert of ours" },
		{ 22, "handshake", "handshake" },
		{ 23, "encrypted: handshake, or closing", "encrypted: handshake, or closing" },
	};

	if (s->len > 5 && s->data[0] == 22 && s->data[5] == 1)
		return in ? "hello" : "handshake";
	for (size_t n = 0; n < ARRAY_SIZE(records); n++)
		if (s->len >= 3 && s->data[0] == records[n].type && s->data[1] == 3)
			return in ? records[n].in : records[n].out;
	return "part of a record";
}

static const char *comment_of(const struct segment *s, enum capture_direction d)
{
	if (d == CAPTURE_INWARD)
		return s->flags & TCP_RST ? "RST for the kernel's half, from inside"
					  : "given back to the kernel";
	if (s->flags & TCP_RST)
		return "reset";
	if (s->len)
		return comment_of_tls(s, d == CAPTURE_IN);
	return s->flags & TCP_FIN ? "closing" : "acknowledgement";
}

/* What it is, and what it is to the engine; its mark is an enum engine_place. */
static void describe(struct worker_thread *t, const struct capture_packet *p, struct capture_row *row)
{
	struct path path, in;
	struct segment s;

	row->comment = "not taken: no TCP segment that is right";
	row->mark = NUM_PLACES;
	if (net_decode(p->bytes, p->len, &s, &path) != NET_OK)
		return;
	in = path;
	if (p->direction == CAPTURE_OUT)
		net_path_reverse(&path, &in);
	row->comment = comment_of(&s, p->direction);
	row->mark = engine_place(t->engine, p->interface, p->queue, &in.key);
}

void worker_capture_take(struct worker_thread *t, const struct capture_packet *p)
{
	const struct worker_interface *i = &t->worker->interface[p->interface];
	struct worker_capture *c = &t->worker->capture;
	struct capture_row row = { .queue = p->queue, .len = (uint32_t)p->len, .direction = p->direction };
	struct timespec now;

	if (p->len > ALPNXDP_MAX_FRAME)
		return;
	describe(t, p, &row);
	clock_gettime(CLOCK_REALTIME, &now);
	row.time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	snprintf(row.ifname, sizeof(row.ifname), "%s", i->attachment.ifname);
	pthread_mutex_lock(&c->lock);
	if (c->kept)
		capture_ring_put(&c->kept->ring, &row, p->bytes);
	pthread_mutex_unlock(&c->lock);
}

bool worker_capture_wants_keys(void *thread)
{
	const struct worker *w = ((struct worker_thread *)thread)->worker;

	return __atomic_load_n(&w->capture.keys, __ATOMIC_RELAXED);
}

void worker_capture_key(void *thread, const char *line)
{
	struct worker_capture *c = &((struct worker_thread *)thread)->worker->capture;

	pthread_mutex_lock(&c->lock);
	if (c->kept && c->keys && c->kept->keys < KEYS)
		snprintf(c->kept->key[c->kept->keys++], KEY_LINE, "%s", line);
	else if (c->kept && c->keys)
		c->kept->keys_lost++;
	pthread_mutex_unlock(&c->lock);
}

/* --------------------------------------------------------------------- lease */

static void wipe_keys(struct worker_captured *kept)
{
	explicit_bzero(kept->key, sizeof(kept->key));
	kept->keys = 0;
}

static bool lease(struct worker *w, bool keys)
{
	struct worker_capture *c = &w->capture;

	pthread_mutex_lock(&c->lock);
	if (!c->kept) {
		c->kept = calloc(1, sizeof(*c->kept));
		if (c->kept)
			capture_ring_begin(&c->kept->ring, c->next);
	}
	pthread_mutex_unlock(&c->lock);
	if (!c->kept)
		return false;
	capture_lease_extend(&c->lease, w->now + WORKER_LEASE, keys);
	__atomic_store_n(&c->on, true, __ATOMIC_RELAXED);
	if (keys)
		__atomic_store_n(&c->keys, true, __ATOMIC_RELAXED);
	return true;
}

/* Numbers go on where they were: who asks again too late is told how many were kept for them in vain. */
static void end(struct worker_capture *c)
{
	__atomic_store_n(&c->on, false, __ATOMIC_RELAXED);
	c->next = c->kept->ring.next;
	free(c->kept);
	c->kept = NULL;
}

void worker_capture_serve(struct worker *w)
{
	struct worker_capture *c = &w->capture;
	bool frames = capture_lease_wants_frames(&c->lease, w->now);
	bool keys = capture_lease_wants_keys(&c->lease, w->now);

	if (!c->on || (frames && (keys || !c->keys)))
		return;
	pthread_mutex_lock(&c->lock);
	if (!keys) {
		__atomic_store_n(&c->keys, false, __ATOMIC_RELAXED);
		wipe_keys(c->kept);
	}
	if (!frames)
		end(c);
	pthread_mutex_unlock(&c->lock);
}

/* --------------------------------------------------------------------- reply */

static void put_comment(struct jsonw *j, const struct capture_row *row)
{
	char text[CAPTURE_TEXT_MAX + 1];

	if (row->mark == NUM_PLACES) {
		jsonw_string(j, "comment", row->comment);
		return;
	}
	snprintf(text, sizeof(text), "%s; %s", row->comment, engine_place_help((enum engine_place)row->mark));
	jsonw_string(j, "comment", text);
	jsonw_string(j, "place", engine_place_name((enum engine_place)row->mark));
}

static void put_row(struct jsonw *j, const struct capture_ring *ring, uint64_t number)
{
	const struct capture_row *row = capture_ring_row(ring, number);
	char *bytes = base64url_encode(capture_ring_bytes(ring, number), row->len);

	jsonw_open_object(j, NULL);
	jsonw_unsigned(j, "number", number);
	jsonw_unsigned(j, "time_ns", row->time_ns);
	jsonw_string(j, "interface", row->ifname);
	jsonw_unsigned(j, "queue", row->queue);
	jsonw_string(j, "direction", capture_direction_name(row->direction));
	put_comment(j, row);
	jsonw_string(j, "bytes", bytes ? bytes : "");
	jsonw_close_object(j);
	free(bytes);
}

static void put_keys(struct jsonw *j, struct worker_captured *kept)
{
	jsonw_open_array(j, "keys");
	for (unsigned n = 0; n < kept->keys; n++)
		jsonw_string(j, NULL, kept->key[n]);
	jsonw_close_array(j);
	jsonw_unsigned(j, "keys_lost", kept->keys_lost);
	kept->keys_lost = 0;
	wipe_keys(kept);
}

/*
 * Under the lock. The other threads wait between two turns, so that the secrets which a handshake has made are told of with the
 * frame that made them, not after it.
 */
static char *answer(struct worker *w, uint64_t at, bool keys)
{
	struct worker_captured *kept = w->capture.kept;
	const struct capture_ring *ring = &kept->ring;
	size_t bytes = 0;
	uint64_t lost;
	char number[24];
	struct jsonw j;

	worker_reply_begin(&j);
	jsonw_open_array(&j, "frames");
	at = capture_ring_from(ring, at, &lost);
	for (; at < ring->next && bytes < PAGE_BYTES; at++) {
		bytes += capture_ring_row(ring, at)->len;
		put_row(&j, ring, at);
	}
	jsonw_close_array(&j);
	if (keys)
		put_keys(&j, kept);
	snprintf(number, sizeof(number), "%" PRIu64, at);
	jsonw_string(&j, "next", number);
	jsonw_bool(&j, "more", at < ring->next);
	jsonw_unsigned(&j, "lost", lost);
	return worker_reply_end(&j);
}

char *worker_capture(struct worker *w, const struct control_request *r)
{
	const char *from = control_value(r, "from"), *keys_text = control_value(r, "keys");
	bool keys = keys_text && !strcmp(keys_text, "yes");
	uint64_t at = UINT64_MAX; /* from what comes now */
	char *reply;

	if (from && !worker_parse_number(from, 1, UINT64_MAX, &at))
		return control_refusal(EXIT_USAGE, "from is not the number of a frame", NULL, NULL);
	if (!lease(w, keys))
		return control_refusal(EXIT_TRY_AGAIN, "there is no memory for frames", NULL, NULL);
	worker_threads_hold(w);
	pthread_mutex_lock(&w->capture.lock);
	/* Numbers from before this engine: it goes on with what comes now. */
	reply = answer(w, at, keys);
	pthread_mutex_unlock(&w->capture.lock);
	worker_threads_release(w);
	return reply;
}
