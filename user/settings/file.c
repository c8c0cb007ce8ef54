/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The file: read at once, looked through line by line, and each line that means what it seems to is handed to libinih,
 * which takes it apart.
 *
 * Left alone, libinih (r55, as Debian builds it) cuts a line behind 199 bytes into two, ends it at a NUL, takes a line
 * that begins with a blank as one more value of the key above, takes "key: value" as well, knows only `;` as a comment
 * behind a value, skips sections, and goes on behind errors, of which it tells the first. An empty line stands in for
 * what we refuse, so it has nothing left to guess.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ini.h>
#include "settings/private.h"

/* sudo's rule for its own file, for whoever has the daemon's rights: root's, and nobody else's to write. */
static int check_owner(const char *path, const struct stat *st, char why[SETTINGS_PROBLEM])
{
	if (geteuid() != 0 && !xdp_permitted())
		return 0;
	if (st->st_uid != 0) {
		snprintf(
			why, SETTINGS_PROBLEM,
			"it belongs to user %u, who could make root open what it names; sudo chown root %.300s",
			(unsigned)st->st_uid, path);
		return -EPERM;
	}
	if (st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid != 0)) {
		snprintf(why, SETTINGS_PROBLEM,
			 "others than root may write it (mode %04o), and could make root open what it names; "
			 "sudo chmod go-w %.300s",
			 (unsigned)st->st_mode & 07777, path);
		return -EPERM;
	}
	return 0;
}

static int check_file(int fd, const char *path, size_t *size, char why[SETTINGS_PROBLEM])
{
	struct stat st;

	if (fstat(fd, &st)) {
		snprintf(why, SETTINGS_PROBLEM, "%s", strerror(errno));
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, SETTINGS_PROBLEM, "it is not a regular file");
		return -EINVAL;
	}
	if (st.st_size > SETTINGS_FILE_MAX) {
		snprintf(why, SETTINGS_PROBLEM, "it has more than %d bytes", SETTINGS_FILE_MAX);
		return -EFBIG;
	}
	*size = (size_t)st.st_size;
	return check_owner(path, &st, why);
}

static int read_all(int fd, char *text, size_t size, size_t *len)
{
	ssize_t n = 1;

	for (*len = 0; *len < size && n > 0; *len += (size_t)n) {
		n = read(fd, text + *len, size - *len);
		if (n < 0)
			return -errno;
	}
	return 0;
}

int file_read(const char *path, char **text, size_t *len, char why[SETTINGS_PROBLEM])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err; /* a FIFO must not stop us */
	size_t size = 0;
	char *all;

	if (fd < 0) {
		snprintf(why, SETTINGS_PROBLEM, "%s", strerror(errno));
		return -errno;
	}
	err = check_file(fd, path, &size, why);
	if (err)
		goto out;
	all = malloc(size + 1);
	err = all ? read_all(fd, all, size, len) : -ENOMEM;
	if (err) {
		snprintf(why, SETTINGS_PROBLEM, "%s", strerror(-err));
		free(all);
		goto out;
	}
	*text = all;
out:
	close(fd);
	return err;
}

struct scan {
	const char *at, *end;
	unsigned line;
	const struct pairs *to;
};

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Why a line may not be handed on; NULL: it may. It has neither end nor comment any more. */
static const char *line_wrong(const char *line, size_t len)
{
	const char *equals = strchr(line, '='), *begin = skip_blanks(line);

	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return "there is a control character in this line";
	if (!*begin)
		return NULL;
	if (*begin == '[')
		return "there are no sections in this file: leave this line out";
	if (begin > line)
		return "a line must not begin with a blank: no line is continued, each value has its key";
	if (!equals || memchr(line, ':', (size_t)(equals - line)))
		return "this is not of the form key = value";
	if (equals == line)
		return "there is no key in front of the =";
	return NULL;
}

/* A comment begins the line, or follows a blank. */
static void cut_comment(char *line)
{
	for (char *c = line; *c; c++) {
		if ((*c == '#' || *c == ';') && (c == line || c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			return;
		}
	}
}

/* Longer ones are cut; *len tells. A BOM begins no key, and CR LF ends a line as LF does. */
static void take_line(struct scan *s, char line[SETTINGS_LINE_MAX + 1], size_t *len)
{
	const char *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));
	const char *end = newline ? newline : s->end, *next = newline ? newline + 1 : s->end;

	if (!s->line++ && end - s->at >= 3 && !memcmp(s->at, "\xef\xbb\xbf", 3))
		s->at += 3;
	if (end > s->at && end[-1] == '\r')
		end--;
	*len = (size_t)(end - s->at);
	memcpy(line, s->at, MIN(*len, (size_t)SETTINGS_LINE_MAX));
	line[MIN(*len, (size_t)SETTINGS_LINE_MAX)] = '\0';
	s->at = next;
}

static char *next_line(char *out, int room, void *context)
{
	struct scan *s = context;
	char line[SETTINGS_LINE_MAX + 1], longer[64];
	const char *wrong = NULL;
	size_t len;

	if (s->at == s->end || room < 1)
		return NULL;
	take_line(s, line, &len);
	if (*skip_blanks(line) == '#' || *skip_blanks(line) == ';') {
		*line = '\0'; /* however long it is */
	} else if (len > SETTINGS_LINE_MAX || len + 1 > (size_t)room) {
		snprintf(longer, sizeof(longer), "a line has at most %d bytes",
			 MIN(SETTINGS_LINE_MAX, room - 1));
		wrong = longer;
	} else if (strlen(line) == len) {
		cut_comment(line);
		wrong = line_wrong(line, strlen(line));
	} else {
		wrong = "there is a NUL byte in this line";
	}
	*out = '\0';
	if (wrong)
		s->to->problem(s->to->context, s->line, wrong);
	else
		strcpy(out, line);
	return out;
}

static int take_pair(void *context, const char *section, const char *key, const char *value)
{
	struct scan *s = context;

	(void)section;
	s->to->pair(s->to->context, s->line, key, value);
	return 1;
}

void pairs_read(const char *text, size_t len, const struct pairs *to)
{
	struct scan s = { .at = text, .end = text + len, .to = to };
	int bad = ini_parse_stream(next_line, &s, take_pair, &s);

	/* Not seen: line_wrong() is stricter than libinih. */
	if (bad > 0)
		to->problem(to->context, (unsigned)bad, "this is not of the form key = value");
}
