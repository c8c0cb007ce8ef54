/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files of `add --cert --key`: read, judged as the daemon will judge them, and made into words of its request. What
 * holds the key is wiped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/command.h"

enum { FILE_MAX = 64 * 1024 };

struct file {
	const char *path;
	uint8_t bytes[FILE_MAX + 1]; /* one more than may be there */
	size_t len;
};

static int refuse(const struct command *c, const char *path, const char *why, const char *fix)
{
	char what[1024];

	snprintf(what, sizeof(what), "%.400s: %s", path, why);
	return failure_tell(c, &(struct failure){ .code = EXIT_REFUSED, .what = what, .fix = fix });
}

static int fail(const struct command *c, const char *path, int err)
{
	char what[512];

	snprintf(what, sizeof(what), "%.400s: cannot be read", path);
	return failure_tell(
		c, &(struct failure){ .code = EXIT_REFUSED,
				      .what = what,
				      .system = strerror(err),
				      .fix = err == EACCES ? "use sudo, or let yourself read it" : NULL });
}

static const char *flaw_of(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a directory";
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_size > FILE_MAX)
		return "has more than 64 KiB: no certificate and no key is so large";
	return st->st_size == 0 ? "is empty" : NULL;
}

static int read_open(const struct command *c, struct file *f, int fd)
{
	struct stat st;
	const char *flaw;
	ssize_t got = 1;

	if (fstat(fd, &st))
		return fail(c, f->path, errno);
	flaw = flaw_of(&st);
	if (flaw)
		return refuse(c, f->path, flaw, NULL);
	while (got > 0 && f->len < sizeof(f->bytes)) {
		got = read(fd, f->bytes + f->len, sizeof(f->bytes) - f->len);
		if (got < 0)
			return fail(c, f->path, errno);
		f->len += (size_t)got;
	}
	return f->len > FILE_MAX ? refuse(c, f->path, "grows while it is read", NULL) : EXIT_DONE;
}

/* O_NONBLOCK: a FIFO would keep us waiting for whoever writes to it. */
static int read_file(const struct command *c, struct file *f)
{
	int fd = open(f->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), status;

	if (fd < 0)
		return fail(c, f->path, errno);
	status = read_open(c, f, fd);
	close(fd);
	return status;
}

static int take(const struct file *cert, const struct file *key, const struct identifier *ident,
		struct certificate *out, struct certificate_flaw *flaw)
{
	uint8_t digest[DIGEST_LEN]; /* the daemon reads it once more */

	return certificate_take(reader_of(cert->bytes, cert->len), reader_of(key->bytes, key->len), ident,
				out, digest, flaw);
}

static int judge(const struct command *c, const struct file *cert, const struct file *key,
		 const struct identifier *ident, struct certificate *out)
{
	struct certificate_flaw flaw, other;
	int err = take(cert, key, ident, out, &flaw);

	if (err == -ENOMEM)
		return failure_tell(c, &(struct failure){ EXIT_FAILED, "no memory", NULL, NULL });
	if (!err)
		return EXIT_DONE;
	if (!take(key, cert, ident, out, &other)) {
		certificate_free(out);
		flaw.fix = "the two files are exchanged: --cert is the certificate, --key its private key";
	}
	return refuse(c, flaw.key ? key->path : cert->path, flaw.why, flaw.fix);
}

static int make_words(const struct command *c, struct certificate *from, struct certificate_words *out)
{
	out->cert = base64url_encode(from->cert, from->cert_len);
	out->key = base64url_encode(from->key, from->key_len);
	certificate_free(from);
	if (out->cert && out->key)
		return EXIT_DONE;
	certificate_words_free(out);
	return failure_tell(c, &(struct failure){ EXIT_FAILED, "no memory", NULL, NULL });
}

int certificate_words(const struct command *c, const struct identifier *ident, struct certificate_words *out)
{
	static struct file cert, key;
	struct certificate certificate;
	int status;

	cert.path = c->cert;
	key.path = c->key;
	status = read_file(c, &cert);
	if (!status)
		status = read_file(c, &key);
	if (!status)
		status = judge(c, &cert, &key, ident, &certificate);
	/* Either may hold the key: they may have been exchanged. */
	explicit_bzero(&cert, sizeof(cert));
	explicit_bzero(&key, sizeof(key));
	return status ? status : make_words(c, &certificate, out);
}

void certificate_words_free(struct certificate_words *w)
{
	if (w->key)
		explicit_bzero(w->key, strlen(w->key));
	free(w->key);
	free(w->cert);
	*w = (struct certificate_words){ 0 };
}
