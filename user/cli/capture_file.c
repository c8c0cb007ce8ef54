/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file of a capture: only its owner's to read, no larger than was asked for, blocks written whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "capture/capture.h"
#include "cli/capture.h"

enum { KEYS_MAX = 96 * 1024 };

/* What it must not be: somebody else's, who could read it, or anything that a link or a name in /tmp leads to. */
static const char *check(int fd)
{
	struct stat s;

	if (fstat(fd, &s))
		return strerror(errno);
	if (!S_ISREG(s.st_mode))
		return "it is no regular file";
	if (s.st_uid != geteuid() || s.st_nlink > 1)
		return "it is somebody else's, or has another name too";
	if (fchmod(fd, S_IRUSR | S_IWUSR) || ftruncate(fd, 0))
		return strerror(errno);
	return NULL;
}

static const char *open_named(const char *path, FILE **out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	const char *wrong;

	if (fd < 0)
		return errno == ELOOP ? "it is a symbolic link" : strerror(errno);
	wrong = check(fd);
	if (!wrong)
		*out = fdopen(fd, "w");
	if (!wrong && !*out)
		wrong = strerror(errno);
	if (wrong)
		close(fd);
	return wrong;
}

static bool put(struct capture_file *f, const uint8_t *block, size_t len)
{
	if (!len)
		return true;
	if (f->written + len > f->most) {
		f->full = true;
		return false;
	}
	f->written += len;
	return fwrite(block, 1, len, f->to) == len;
}

const char *capture_file_open(struct capture_file *f, const char *path, uint64_t most)
{
	uint8_t block[CAPTURE_BLOCK_MAX];
	const char *wrong = NULL;

	*f = (struct capture_file){ .most = most };
	if (!strcmp(path, "-"))
		f->to = stdout;
	else
		wrong = open_named(path, &f->to);
	if (!wrong)
		put(f, block, capture_begin(block, sizeof(block), "alpnxdp"));
	return wrong;
}

int capture_file_close(struct capture_file *f)
{
	bool failed = ferror(f->to);

	if ((f->to == stdout ? fflush(f->to) : fclose(f->to)) || failed)
		return -(errno ? errno : EIO);
	return 0;
}

/* Its number in the file; below 0: that is full, or knows too many. */
static int interface_number(struct capture_file *f, const char *name)
{
	uint8_t block[CAPTURE_BLOCK_MAX];

	for (unsigned n = 0; n < f->interfaces; n++)
		if (!strcmp(f->interface[n], name))
			return (int)n;
	if (f->interfaces == ARRAY_SIZE(f->interface) ||
	    !put(f, block, capture_interface(block, sizeof(block), name)))
		return -1;
	snprintf(f->interface[f->interfaces], sizeof(f->interface[0]), "%s", name);
	return (int)f->interfaces++;
}

bool capture_file_packet(struct capture_file *f, const char *ifname, struct capture_packet *p)
{
	uint8_t block[CAPTURE_BLOCK_MAX];
	int number = interface_number(f, ifname);

	if (number < 0)
		return false;
	p->interface = (unsigned)number;
	return put(f, block, capture_packet(block, sizeof(block), p));
}

bool capture_file_keys(struct capture_file *f, const json_t *keys)
{
	static char lines[KEYS_MAX];
	static uint8_t block[KEYS_MAX + 64];
	const json_t *key;
	size_t len = 0, i;
	bool done;

	json_array_foreach(keys, i, key)
	{
		const char *line = json_string_value(key);
		size_t more = line ? strlen(line) : 0;

		if (!more || len + more + 2 > sizeof(lines))
			continue;
		snprintf(lines + len, sizeof(lines) - len, "%s\n", line);
		len += more + 1;
		f->keys++;
	}
	done = !len || put(f, block, capture_keys(block, sizeof(block), lines, len));
	explicit_bzero(lines, sizeof(lines));
	explicit_bzero(block, sizeof(block));
	return done;
}
