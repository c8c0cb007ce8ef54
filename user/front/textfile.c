/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The text file for node_exporter: every EVERY a fresh page in a memfd, which the keeper puts in place. A scrape finds
 * it no older than that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "control/control.h"
#include "front/private.h"
#include "metrics/metrics.h"

#define EVERY (15 * USEC_PER_SEC)

struct textfile {
	usec_t due;
	bool asking;
	int err; /* of the last time: told when it changes, not every time */
};

static int open_textfile(struct front *f)
{
	if (!*f->options->settings.metrics_textfile)
		return 0;
	f->textfile = calloc(1, sizeof(*f->textfile));
	return f->textfile ? 0 : -ENOMEM;
}

static void close_textfile(struct front *f)
{
	free(f->textfile);
	f->textfile = NULL;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		len -= (size_t)written;
	}
	return 0;
}

static int hand_over(struct front *f, const char *page)
{
	const struct front_request request = { .verb = FRONT_TEXTFILE };
	int fd = memfd_create("metrics", MFD_CLOEXEC), got, err;
	struct front_reply reply;

	if (fd < 0)
		return -errno;
	err = write_all(fd, page, strlen(page));
	if (!err)
		err = front_keeper_ask(f, &request, fd, &reply, &got);
	else
		got = -1;
	if (got >= 0) /* none belongs here */
		close(got);
	close(fd);
	return err;
}

static void tell(struct front *f, int err)
{
	const char *path = f->options->settings.metrics_textfile;

	if (err && err != f->textfile->err)
		log_warning("front: %s: not written: %s", path, strerror(-err));
	else if (!err && f->textfile->err)
		log_notice("front: %s: written again", path);
	f->textfile->err = err;
}

static void on_status(struct front *f, const struct link_reply *r, const struct link_asker *asker)
{
	char *page = r->ok ? metrics_format(r->text, METRICS_TEXTFILE) : NULL;

	(void)asker;
	f->textfile->asking = false;
	tell(f, page ? hand_over(f, page) : -EPROTO);
	free(page);
}

static size_t poll_textfile(struct front *f, struct pollfd *fds, size_t max)
{
	(void)f;
	(void)fds;
	(void)max;
	return 0;
}

static void serve_textfile(struct front *f, const struct pollfd *fds, size_t count)
{
	struct textfile *t = f->textfile;
	int err;

	(void)fds;
	(void)count;
	if (!t || t->asking || f->now < t->due)
		return;
	t->due = f->now + EVERY;
	err = link_ask(f, control_format("status", (const char *[]){ NULL }),
		       &(struct link_asker){ .done = on_status });
	t->asking = !err;
	if (err)
		tell(f, err);
}

static usec_t deadline_textfile(const struct front *f)
{
	return f->textfile && !f->textfile->asking ? f->textfile->due : USEC_NEVER;
}

const struct front_part front_part_textfile = {
	.name = "metrics text file",
	.open = open_textfile,
	.close = close_textfile,
	.poll = poll_textfile,
	.serve = serve_textfile,
	.deadline = deadline_textfile,
};
