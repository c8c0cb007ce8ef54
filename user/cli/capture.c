/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * capture: the packets of the flows that the daemon answers, into a file. It keeps them only as long as it is asked, ten
 * times a second.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/capture.h"
#include "net/net.h"

enum { CAPTURE_MS = 100, FLOWS = 4096 };

static const uint64_t SIZE_DEFAULT = UINT64_C(64) << 20;

struct capture {
	struct capture_file file;
	uint64_t next; /* to ask from; 0: from now on */
	uint64_t packets, lost;
	uint64_t keys_lost,
		begun; /* begun: flows whose handshake was under way, or over, before their first packet here */
	bool more;     /* is there already */
	bool over;     /* nothing more can or shall be written */
	bool away;
	size_t flows; /* of which the last FLOWS are known by their hash */
	uint64_t flow[FLOWS];
};

static void note(const char *text)
{
	fprintf(stderr, "alpnxdp: %s\n", text);
}

/* Then there are no secrets of it: they were made before anybody wanted them. */
static bool has_begun(const char *place)
{
	static const char *const places[] = { "served", "silenced", "lingering" };

	for (size_t n = 0; n < ARRAY_SIZE(places); n++)
		if (!strcmp(place, places[n]))
			return true;
	return false;
}

/* Both directions are one. */
static void count_flow(struct capture *t, const struct capture_packet *p, const char *place)
{
	static const uint8_t zero[16];
	struct path path, back;
	struct segment s;
	uint64_t hash;

	if (net_decode(p->bytes, p->len, &s, &path) != NET_OK)
		return;
	if (p->direction == CAPTURE_OUT) {
		net_path_reverse(&path, &back);
		path = back;
	}
	hash = hash_keyed(zero, &path.key, sizeof(path.key));
	for (size_t n = 0; n < MIN(t->flows, (size_t)FLOWS); n++)
		if (t->flow[n] == hash)
			return;
	t->flow[t->flows++ % FLOWS] = hash;
	t->begun += has_begun(place);
}

static void take_frame(const struct command *c, struct capture *t, const json_t *frame)
{
	static uint8_t bytes[CAPTURE_BLOCK_MAX];
	const char *direction = reply_string(frame, "direction"), *name;
	struct capture_packet p = { .queue = (unsigned)reply_number(frame, "queue"),
				    .time_ns = reply_number(frame, "time_ns"),
				    .comment = reply_string(frame, "comment"),
				    .bytes = bytes };
	int d = 0;

	while ((name = capture_direction_name((enum capture_direction)d)) && strcmp(name, direction) != 0)
		d++;
	if (!name || !base64url_decode(reply_string(frame, "bytes"), bytes, sizeof(bytes), &p.len))
		return;
	p.direction = (enum capture_direction)d;
	if (!capture_file_packet(&t->file, reply_string(frame, "interface"), &p)) {
		t->over = true;
		return;
	}
	count_flow(t, &p, reply_string(frame, "place"));
	t->packets++;
	t->over = c->count && t->packets == c->count;
}

static int take(const struct command *c, struct capture *t, const json_t *reply)
{
	const json_t *frame;
	struct failure f;
	size_t i;

	if (!reply_ok(reply)) {
		f = reply_failure(reply);
		return failure_tell(c, &f);
	}
	t->over = t->over || !capture_file_keys(&t->file, json_object_get(reply, "keys"));
	json_array_foreach(json_object_get(reply, "frames"), i, frame)
	{
		if (!t->over)
			take_frame(c, t, frame);
	}
	t->lost += reply_number(reply, "lost");
	t->keys_lost += reply_number(reply, "keys_lost");
	t->next = strtoull(reply_string(reply, "next"), NULL, 10);
	t->more = reply_true(reply, "more");
	if (fflush(t->file.to))
		t->over = true;
	return EXIT_DONE;
}

static int ask_page(const struct command *c, const struct capture *t, json_t **reply)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, t->next);
	return ask(c, ASK_MS, "capture",
		   (const char *[]){ "from", t->next ? number : NULL, "keys", c->keys ? "yes" : NULL, NULL },
		   reply);
}

/* All that is there. 0, or an exit status; a daemon that is away is waited for. */
static int ask_all(const struct command *c, struct capture *t)
{
	json_t *reply;
	int status;

	do {
		if (ask_page(c, t, &reply)) {
			if (!t->away)
				note("the daemon does not answer: waiting for it");
			t->away = true;
			return EXIT_DONE;
		}
		t->away = false;
		status = take(c, t, reply);
		json_decref(reply);
	} while (!status && t->more && !t->over);
	return status;
}

static void finish_json(const struct command *c, const struct capture *t)
{
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:b}", "file", c->write, "packets",
			      (json_int_t)t->packets, "flows", (json_int_t)t->flows, "lost",
			      (json_int_t)t->lost, "keys", (json_int_t)t->file.keys, "full", t->file.full);

	if (o && c->keys) {
		json_object_set_new(o, "keys_lost", json_integer((json_int_t)t->keys_lost));
		json_object_set_new(o, "begun_before", json_integer((json_int_t)t->begun));
	}
	print_json("capture", o);
}

static void finish_text(const struct command *c, const struct capture *t)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "%" PRIu64 " packets of %zu flows; %" PRIu64 " were lost; %" PRIu64 " secrets%s", t->packets,
		 t->flows, t->lost, t->file.keys, t->file.full ? "; the file is full (--max-size)" : "");
	note(text);
	if (c->keys && t->keys_lost) {
		snprintf(text, sizeof(text), "%" PRIu64 " secrets were lost: some handshakes stay encrypted",
			 t->keys_lost);
		note(text);
	}
	if (c->keys && t->begun) {
		snprintf(text, sizeof(text), "%" PRIu64 " of the flows had begun before: they stay encrypted",
			 t->begun);
		note(text);
	}
}

static int finish(const struct command *c, struct capture *t)
{
	int err = capture_file_close(&t->file);

	if (err)
		return failure_tell(c, &(struct failure){ .code = EXIT_FAILED,
							  .what = "the capture could not be written",
							  .system = strerror(-err) });
	if (c->json)
		finish_json(c, t);
	else
		finish_text(c, t);
	return EXIT_DONE;
}

static int record(const struct command *c, struct capture *t)
{
	int signals = signals_open(), status = EXIT_DONE;

	if (signals < 0)
		return EXIT_FAILED;
	if (!c->json)
		note(c->keys ? "packets and secrets from now on; end with Ctrl-C"
			     : "packets from now on; end with Ctrl-C");
	while (!status && !t->over && !signals_come(signals, CAPTURE_MS))
		status = ask_all(c, t);
	if (!status && !t->over)
		status = ask_all(c, t);
	close(signals);
	return status ? status : finish(c, t);
}

static int refuse(const struct command *c, const char *what, const char *system, const char *fix)
{
	return failure_tell(
		c, &(struct failure){ .code = EXIT_REFUSED, .what = what, .system = system, .fix = fix });
}

int run_capture(const struct command *c)
{
	static struct capture t;
	const char *wrong;
	char what[256];
	json_t *reply;
	int status;

	if (!c->write)
		return failure_tell(c, &(struct failure){ .code = EXIT_USAGE,
							  .what = "this needs -w FILE",
							  .fix = "alpnxdp capture --help" });
	if (!strcmp(c->write, "-") && (c->json || isatty(STDOUT_FILENO)))
		return refuse(c,
			      c->json ? "packets and --json cannot both go to standard output"
				      : "packets are no text for a terminal",
			      NULL, "alpnxdp capture -w FILE.pcapng");
	/* Who may not capture is told so before there is a file. */
	status = ask_page(c, &t, &reply);
	if (status)
		return status < 0 ? ask_failed(c, status) : status;
	if (reply_ok(reply)) {
		wrong = capture_file_open(&t.file, c->write, c->max_size ? c->max_size : SIZE_DEFAULT);
		snprintf(what, sizeof(what), "%.200s cannot be written to", c->write);
		status = wrong ? refuse(c, what, wrong, NULL) : EXIT_DONE;
	}
	if (!status)
		status = take(c, &t, reply);
	json_decref(reply);
	return status ? status : record(c, &t);
}
