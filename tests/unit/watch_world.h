/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A directory of the test's own, a keeper that opens what lies in it (a thread: a question to it is synchronous), real
 * inotify, and an engine that the test plays. What the engine was asked is in `told`: "+NAME:FIRST BYTE OF DIGEST ".
 */
#ifndef WATCH_WORLD_H
#define WATCH_WORLD_H

#include "front_fixture.h"
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/openat2.h>
#include "challenge/challenge.h"

#define MSEC USEC_PER_MSEC
#define SECOND USEC_PER_SEC

struct world {
	struct fixture *x;
	char root[64];
	pthread_t keeper;
	pthread_mutex_t
		busy; /* held by the keeper until it has closed what it has sent: an inode goes with its last user */
	unsigned asked_files; /* by the front end, of the keeper */
	char told[1 << 20];
	unsigned adds, removes;
	bool refuse;   /* what the engine says to add */
	bool careless; /* the keeper opens what is no regular file */
	char log[1 << 16];
	int log_fd, stderr_fd;
};

/* ---------------------------------------------------------------- keeper */

static inline int beneath(const char *root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (dir < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
	if (fd < 0)
		fd = -errno;
	close(dir);
	return fd;
}

static inline int open_for(struct world *w, const struct front_request *r, struct front_reply *reply)
{
	const char *root = w->x->options.settings.watch[r->watch].path;
	bool directory = r->verb == FRONT_OPEN_DIR;
	int fd = beneath(root, r->path, directory ? O_RDONLY | O_DIRECTORY : O_RDONLY);
	char proc[64];
	struct stat s;

	if (fd >= 0 && !directory && !w->careless && (fstat(fd, &s) || !S_ISREG(s.st_mode))) {
		close(fd);
		fd = -EINVAL;
	}
	reply->err = MIN(fd, 0);
	if (fd >= 0 && directory) {
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
		reply->wd = inotify_add_watch(w->x->options.inotify, proc, FRONT_WATCH_EVENTS);
	}
	return fd;
}

static inline void *keep(void *context)
{
	struct world *w = context;
	struct front_request r;

	while (recv(w->x->keeper, &r, sizeof(r), 0) == sizeof(r)) {
		struct front_reply reply = { 0 };
		int fd;

		pthread_mutex_lock(&w->busy);
		fd = open_for(w, &r, &reply);
		w->asked_files += r.verb == FRONT_OPEN_FILE;
		keeper_will_say(w->x, reply, fd >= 0 ? fd : -1);
		if (fd >= 0)
			close(fd);
		pthread_mutex_unlock(&w->busy);
	}
	return NULL;
}

/* ---------------------------------------------------------------- engine */

static inline void hear(struct world *w, const char *text)
{
	char line[CONTROL_LINE_MAX + 1];
	struct control_request r;
	const char *why, *ident, *digest;
	uint8_t bytes[DIGEST_LEN];
	size_t at = strlen(w->told);
	bool add;

	strcpy(line, text);
	assert_int_equal(control_parse(line, strlen(line), &r, &why), 0);
	add = !strcmp(r.verb, "add");
	assert_true(add || !strcmp(r.verb, "remove"));
	ident = control_value(&r, "ident");
	digest = control_value(&r, "digest");
	assert_int_equal(digest_parse(digest, bytes, &why), 0);
	if (add)
		assert_non_null(control_value(&r, "source"));
	*(add ? &w->adds : &w->removes) += 1;
	if (at + strlen(ident) + 8 < sizeof(w->told))
		sprintf(w->told + at, "%c%s:%02x ", add ? '+' : '-', ident, bytes[0]);
	if (add && w->refuse)
		engine_says(w->x, "{\"ok\":false,\"code\":75,\"error\":\"full\"}");
	else
		engine_says(w->x, "{\"ok\":true}");
}

/* What the front end logs is kept; what the test itself has to say is not. */
static inline bool logged_turn(struct world *w)
{
	bool any;

	assert_int_equal(dup2(w->log_fd, STDERR_FILENO), STDERR_FILENO);
	any = front_turn(w->x);
	assert_int_equal(dup2(w->stderr_fd, STDERR_FILENO), STDERR_FILENO);
	pthread_mutex_lock(&w->busy);
	pthread_mutex_unlock(&w->busy);
	return any;
}

static inline void settle(struct world *w)
{
	for (int rounds = 0; rounds < 5000; rounds++) {
		bool any = logged_turn(w);

		assert_false(w->x->front.ended);
		for (const char *text; strcmp(text = engine_heard(w->x), "-"); any = true)
			hear(w, text);
		any = any || front_deadline(&w->x->front) <= w->x->now;
		if (!any)
			return;
	}
	fail_msg("the loop is never satisfied");
}

/* The clock in steps, as the loop would be woken. */
static inline void pass(struct world *w, usec_t time)
{
	usec_t until = w->x->now + time;

	settle(w);
	while (w->x->now < until) {
		w->x->now = MIN(until, MAX(front_deadline(&w->x->front), w->x->now + 1));
		settle(w);
	}
}

static inline void assert_told(struct world *w, const char *expected)
{
	assert_string_equal(w->told, expected);
	w->told[0] = '\0';
}

/* What was logged since the last call. */
static inline const char *logged(struct world *w)
{
	ssize_t got = pread(w->log_fd, w->log, sizeof(w->log) - 1, 0);

	assert_true(got >= 0);
	w->log[got] = '\0';
	assert_int_equal(ftruncate(w->log_fd, 0), 0);
	lseek(w->log_fd, 0, SEEK_SET);
	return w->log;
}

static inline void assert_logged(struct world *w, const char *a, const char *b)
{
	const char *text = logged(w);

	if (!strstr(text, a) || !strstr(text, b))
		fail_msg("not logged: %s ... %s\nbut: %s", a, b, text);
}

/* ----------------------------------------------------------------- files */

static inline const char *at(struct world *w, const char *path)
{
	static char whole[4][1024];
	static unsigned turn;
	char *out = whole[turn++ % 4];

	snprintf(out, sizeof(whole[0]), "%s/%s", w->root, path);
	return out;
}

static inline void write_bytes(struct world *w, const char *path, const void *bytes, size_t len)
{
	int fd = open(at(w, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static inline void write_text(struct world *w, const char *path, const char *text)
{
	write_bytes(w, path, text, strlen(text));
}

static inline void make_directory(struct world *w, const char *path)
{
	assert_int_equal(mkdir(at(w, path), 0700), 0);
}

static inline int delete_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void delete_tree(const char *path)
{
	nftw(path, delete_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A certificate of RFC 8737 for a name, its digest all n, as PEM. */
static inline const char *pem_for(const char *name, uint8_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char text[4096];
	struct certificate c = { 0 };
	struct identifier ident;
	uint8_t digest[DIGEST_LEN];
	const char *why;
	size_t out;

	memset(digest, n, sizeof(digest));
	assert_int_equal(identifier_parse(name, &ident, &why), 0);
	assert_int_equal(certificate_make(&ident, digest, 1700000000, &c), 0);
	out = (size_t)sprintf(text, "-----BEGIN CERTIFICATE-----\n");
	for (size_t i = 0; i < c.cert_len; i += 3) {
		size_t have = MIN(c.cert_len - i, (size_t)3);
		uint32_t v = (uint32_t)c.cert[i] << 16 | (have > 1 ? (uint32_t)c.cert[i + 1] << 8 : 0) |
			     (have > 2 ? c.cert[i + 2] : 0);

		for (size_t k = 0; k < 4; k++)
			text[out++] = k <= have ? digits[v >> (18 - 6 * k) & 63] : '=';
		if (i % 48 == 45)
			text[out++] = '\n';
	}
	sprintf(text + out, "%s-----END CERTIFICATE-----\n", text[out - 1] == '\n' ? "" : "\n");
	certificate_free(&c);
	return text;
}

/* ----------------------------------------------------------------- world */

static inline struct world *world_new(enum watch_kind kind)
{
	struct world *w = calloc(1, sizeof(*w));
	struct settings_watch *watch;

	assert_non_null(w);
	w->x = fixture_new();
	pthread_mutex_init(&w->busy, NULL);
	strcpy(w->root, "/tmp/alpnxdp-watch-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	watch = &w->x->options.settings.watch[w->x->options.settings.watches++];
	watch->kind = kind;
	strcpy(watch->path, w->root);
	w->log_fd = memfd_create("log", MFD_CLOEXEC);
	w->stderr_fd = dup(STDERR_FILENO);
	assert_int_equal(pthread_create(&w->keeper, NULL, keep, w), 0);
	return w;
}

static inline void world_begin(struct world *w)
{
	front_begin(w->x);
	settle(w);
}

static inline void world_free(struct world *w)
{
	shutdown(w->x->keeper, SHUT_RDWR);
	pthread_join(w->keeper, NULL);
	close(w->stderr_fd);
	close(w->log_fd);
	fixture_free(w->x);
	delete_tree(w->root);
	free(w);
}

#endif
