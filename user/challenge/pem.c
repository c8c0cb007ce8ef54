/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PEM (RFC 7468): the first block of a wanted label, as DER. Text around blocks is ignored, as by everybody.
 *
 * A file that is just being written has no END line yet: that is told apart, for whoever waits for it.
 */
#include <errno.h>
#include <string.h>
#include "challenge/base64.h"
#include "challenge/pem.h"

static const char DASHES[] = "-----";
static const char BEGIN[] = "-----BEGIN ";
static const char END[] = "-----END ";

/* The next line, without its end; the last one may have none. */
static bool take_line(struct reader *r, struct reader *line)
{
	const uint8_t *newline;
	size_t len = reader_left(r);

	if (!len)
		return false;
	newline = memchr(r->at, '\n', len);
	read_span(r, newline ? (size_t)(newline - r->at) : len, line);
	if (newline)
		read_skip(r, 1);
	while (line->end > line->at && strchr("\r \t", line->end[-1]) && line->end[-1])
		line->end--;
	return true;
}

/* "-----BEGIN label-----" and the like; the label is what lies between. */
static bool is_border(struct reader line, const char *begins, struct reader *label)
{
	size_t head = strlen(begins), tail = strlen(DASHES);

	if (reader_left(&line) < head + tail || memcmp(line.at, begins, head) ||
	    memcmp(line.end - tail, DASHES, tail))
		return false;
	*label = (struct reader){ .at = line.at + head, .end = line.end - tail };
	return true;
}

static bool same(struct reader a, struct reader b)
{
	return reader_left(&a) == reader_left(&b) && !memcmp(a.at, b.at, reader_left(&a));
}

struct output {
	uint8_t *bytes;
	size_t cap, len;
	struct base64 base64;
	bool padded;
};

/* One line of base64. NULL, or what is wrong with it. */
static const char *take_base64(struct output *o, struct reader line)
{
	uint8_t c, byte;

	while (read_u8(&line, &c)) {
		int got = 0;

		if (c == '=')
			o->padded = true;
		else if (c == '-' || c == '_') /* of the other alphabet */
			got = -1;
		else
			got = o->padded ? -1 : base64_take(&o->base64, (char)c, &byte);
		if (got < 0)
			return "has a PEM block that is not base64";
		if (got && o->len == o->cap)
			return "is too large";
		if (got)
			o->bytes[o->len++] = byte;
	}
	return NULL;
}

static const char *take_block(struct reader *text, struct reader label, struct output *o)
{
	const char *wrong = NULL;
	struct reader line, end;

	while (!wrong && take_line(text, &line)) {
		if (is_border(line, END, &end))
			return same(end, label) && base64_ended(&o->base64) && o->len
				       ? NULL
				       : "has a PEM block whose end does not fit its beginning";
		if (reader_left(&line) && *line.at == '-') /* half of an END line */
			break;
		wrong = take_base64(o, line);
	}
	return wrong ? wrong : "has a PEM block without an end: it is not all there yet";
}

int pem_decode(struct reader text, bool (*wanted)(struct reader label), struct pem *out, const char **why)
{
	struct output o = { .bytes = out->der, .cap = out->cap };
	struct reader line;

	while (take_line(&text, &line)) {
		if (!is_border(line, BEGIN, &out->label) || !wanted(out->label))
			continue;
		*why = take_block(&text, out->label, &o);
		if (*why)
			return -EINVAL;
		out->len = o.len;
		return 0;
	}
	return -ENOENT;
}

bool pem_is(struct reader label, const char *name)
{
	return same(label, reader_of(name, strlen(name)));
}

static bool is_certificate(struct reader label)
{
	return pem_is(label, "CERTIFICATE");
}

int certificate_pem_decode(const char *text, size_t len, uint8_t *der, size_t cap, size_t *der_len,
			   const char **why)
{
	struct pem pem = { .der = der, .cap = cap };
	int err = pem_decode(reader_of(text, len), is_certificate, &pem, why);

	if (err == -ENOENT)
		*why = "has no PEM block of a certificate";
	if (err)
		return -EINVAL;
	*der_len = pem.len;
	return 0;
}
