/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top: asks for status and events once a frame; what they say goes through struct top_sample to lines of text. On a
 * terminal until q is pressed, and over restarts of the daemon; with --batch one frame after another.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <alpnxdp/version.h>
#include "cli/command.h"
#include "top/top.h"

enum { DELAY_MS = 1000, BATCH_COLUMNS = 80, BATCH_LINES = 24, PAGES_MOST = 64 };

struct view {
	struct top_sample samples[2]; /* the one before and the present one, in turn */
	unsigned frames;
	struct top_event events[TOP_EVENTS]; /* the newest first */
	size_t event_count;
	uint64_t next_event; /* 0: from the first */
	int err;             /* why the last sample is nothing: the errno of ask() */
};

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* ------------------------------------------------------------------ sample */

static void read_queues(const json_t *interface, struct top_interface *out)
{
	const json_t *queues = json_object_get(interface, "by_queue"), *queue;
	size_t n;

	json_array_foreach(queues, n, queue)
	{
		if (n == ALPNXDP_MAX_QUEUES)
			break;
		out->queue[n] =
			(struct top_queue){ reply_number(queue, "heartbeat_age_ms"),
					    reply_number(queue, "received"), reply_number(queue, "sent") };
		out->sent += out->queue[n].sent;
	}
}

static void read_interface(const json_t *interface, struct top_interface *out)
{
	const json_t *counters = json_object_get(interface, "counters");

	*out = (struct top_interface){ .queues = (unsigned)reply_number(interface, "queues"),
				       .heartbeat_age_ms = reply_number(interface, "heartbeat_age_ms") };
	copy(out->name, sizeof(out->name), reply_string(interface, "name"));
	copy(out->mode, sizeof(out->mode), reply_string(interface, "mode"));
	for (unsigned n = 0; n < NUM_REASONS; n++)
		out->reason[n] = reply_number(counters, xdp_reason_name((enum reason)n));
	read_queues(interface, out);
}

/* Of flows that were answered: what passed to the web server is in the interfaces' lines. */
static uint64_t not_finished(const json_t *outcomes)
{
	static const char *const names[] = { "alert-received", "alert-sent", "stopped",
					     "reset",          "put-out",    "timed-out" };
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		sum += reply_number(outcomes, names[i]);
	return sum;
}

static void read_status(const json_t *status, struct top_sample *s)
{
	const json_t *daemon = json_object_get(status, "daemon"), *interface;
	const json_t *flows = json_object_get(status, "flows_by_state");
	const json_t *outcomes = json_object_get(status, "outcomes");
	size_t n;

	copy(s->version, sizeof(s->version), reply_string(daemon, "version"));
	s->uptime_s = reply_number(daemon, "uptime_s");
	s->epoch = reply_number(daemon, "epoch");
	s->engine_pid = reply_number(daemon, "engine_pid");
	s->pending = reply_number(status, "challenges");
	s->held = reply_number(flows, "held");
	s->waiting = reply_number(flows, "waiting");
	s->served = reply_number(flows, "served");
	s->lingering = reply_number(flows, "lingering");
	s->validated = reply_number(outcomes, "validated");
	s->failed = not_finished(outcomes);
	json_array_foreach(json_object_get(status, "interfaces"), n, interface)
	{
		if (n < TOP_INTERFACES)
			read_interface(interface, &s->interface[s->interfaces++]);
	}
}

/* ------------------------------------------------------------------ events */

static void keep_event(struct view *v, const json_t *event)
{
	const char *time = reply_string(event, "time"), *detail = reply_string(event, "detail");
	const char *outcome = reply_string(event, "outcome");
	struct top_event *e = &v->events[0];

	if (!strcmp(detail, outcome))
		detail = "";
	memmove(v->events + 1, v->events, sizeof(*e) * (TOP_EVENTS - 1));
	v->event_count = MIN(v->event_count + 1, (size_t)TOP_EVENTS);
	copy(e->time, sizeof(e->time), strlen(time) > 19 ? time + 11 : "");
	copy(e->client, sizeof(e->client), reply_string(event, "client"));
	copy(e->name, sizeof(e->name), reply_string(event, "identifier"));
	snprintf(e->outcome, sizeof(e->outcome), "%s%s%s", reply_string(event, "outcome"),
		 *detail ? ": " : "", detail);
}

/* False: there is no more at the moment. */
static bool take_page(const struct command *c, struct view *v)
{
	char number[24];
	const json_t *event;
	json_t *reply;
	uint64_t next;
	size_t n, got;

	snprintf(number, sizeof(number), "%" PRIu64, v->next_event);
	if (ask(c, ASK_MS, "events", (const char *[]){ "from", v->next_event ? number : NULL, NULL }, &reply))
		return false;
	next = strtoull(reply_string(reply, "next"), NULL, 10);
	got = json_array_size(json_object_get(reply, "events"));
	json_array_foreach(json_object_get(reply, "events"), n, event) keep_event(v, event);
	/* Numbers begin again with another engine. */
	v->next_event = next < v->next_event ? 1 : next;
	json_decref(reply);
	return got;
}

/* --------------------------------------------------------------------- run */

static const struct top_sample *take_sample(const struct command *c, struct view *v)
{
	struct top_sample *s = &v->samples[v->frames++ % 2];
	json_t *status = NULL;

	*s = (struct top_sample){ .at = clock_now(), .unix_s = (int64_t)time(NULL) };
	copy(s->version, sizeof(s->version), ALPNXDP_VERSION);
	v->err = ask(c, ASK_MS, "status", (const char *[]){ NULL }, &status);
	s->up = !v->err && reply_ok(status);
	if (s->up)
		read_status(status, s);
	json_decref(status);
	for (unsigned pages = 0; s->up && pages < PAGES_MOST && take_page(c, v); pages++)
		;
	return s;
}

static void frame(const struct command *c, struct view *v, unsigned columns, unsigned lines,
		  struct top_text *out)
{
	const struct top_sample *now = take_sample(c, v);
	const struct top_sample *before = v->frames > 1 ? &v->samples[v->frames % 2] : NULL;

	top_layout(before, now, v->events, v->event_count, (struct top_screen){ columns, lines }, out);
}

static int delay_ms(const struct command *c)
{
	return c->delay_ms ? (int)c->delay_ms : DELAY_MS;
}

static int run_batch(const struct command *c, struct view *v)
{
	static struct top_text text;

	for (uint32_t n = 0; (!c->count || n < c->count) && !ferror(stdout); n++) {
		if (n)
			usleep((useconds_t)delay_ms(c) * 1000);
		frame(c, v, BATCH_COLUMNS, BATCH_LINES, &text);
		if (v->err)
			return ask_failed(c, v->err);
		printf("%s%s", n ? "\n" : "", text.bytes);
		fflush(stdout);
	}
	return EXIT_DONE;
}

static int run_screen(const struct command *c, struct view *v)
{
	enum screen_event event = SCREEN_AGAIN;
	static struct top_text text;
	unsigned columns, lines;
	int err = screen_open();

	if (err)
		return failure_tell(c, &(struct failure){ EXIT_USAGE, "a live view needs a terminal",
							  strerror(-err), "alpnxdp top --batch --count 2" });
	for (uint32_t n = 0; event != SCREEN_QUIT && (!c->count || n < c->count); n++) {
		screen_size(&columns, &lines);
		frame(c, v, columns, lines, &text);
		screen_show(text.bytes);
		event = screen_wait(delay_ms(c));
	}
	screen_close();
	return EXIT_DONE;
}

int run_top(const struct command *c)
{
	static struct view view;

	if (c->json)
		return failure_tell(c, &(struct failure){ EXIT_USAGE, "a view has no JSON", NULL,
							  "alpnxdp status --json; alpnxdp events --json" });
	return c->batch ? run_batch(c, &view) : run_screen(c, &view);
}
