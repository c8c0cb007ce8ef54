/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * As much of HTTP/1.1 as one page needs: who asks for it gets it, who does not is told why, and every connection ends
 * with its answer.
 *
 * A library would be more code, not less: libmicrohttpd brings its own event loop, threads and pipes into a process that
 * may make none of them, to read the two lines that are looked at here.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "front/http.h"

static const char PAGE[] = "/metrics";

/* The next line up to its LF, CR taken away (RFC 9112 2.2: a LF alone may end a line). False: no LF is left. */
static bool next_line(struct reader *r, struct reader *line)
{
	const uint8_t *end = memchr(r->at, '\n', reader_left(r));

	if (!end)
		return false;
	*line = (struct reader){ .at = r->at, .end = end };
	r->at = end + 1;
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	return true;
}

/* Up to the next space, or all that is left. */
static struct reader next_word(struct reader *line)
{
	const uint8_t *end = memchr(line->at, ' ', reader_left(line));
	struct reader word = { .at = line->at, .end = end ? end : line->end };

	line->at = end ? end + 1 : line->end;
	return word;
}

static bool word_is(const struct reader *word, const char *text)
{
	return reader_left(word) == strlen(text) && !memcmp(word->at, text, strlen(text));
}

/* RFC 9110 5.6.2: what methods and names of fields are made of. */
static bool is_token(const struct reader *word)
{
	for (const uint8_t *c = word->at; c < word->end; c++) {
		bool letter =
			(*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');

		if (!letter && (!*c || !strchr("!#$%&'*+-.^_`|~", *c)))
			return false;
	}
	return word->at < word->end;
}

/* RFC 9112 3.2.1, and 3.2.2: a server must accept the absolute form, too. What is asked of the page is ignored. */
static bool is_page(struct reader target)
{
	static const char scheme[] = "http://";
	const uint8_t *end;

	if (reader_left(&target) > strlen(scheme) && !memcmp(target.at, scheme, strlen(scheme))) {
		target.at += strlen(scheme);
		end = memchr(target.at, '/', reader_left(&target));
		target.at = end ? end : target.end;
	}
	end = memchr(target.at, '?', reader_left(&target));
	if (end)
		target.end = end;
	return word_is(&target, PAGE) || word_is(&target, "/") || reader_left(&target) == 0;
}

/* "HTTP/1.1" has minor 1. */
static enum http_status read_version(const struct reader *word, unsigned *minor)
{
	static const char name[] = "HTTP/";
	const uint8_t *v = word->at + strlen(name);

	if (reader_left(word) != strlen("HTTP/1.1") || memcmp(word->at, name, strlen(name)) || v[1] != '.' ||
	    v[0] < '0' || v[0] > '9' || v[2] < '0' || v[2] > '9')
		return HTTP_BAD_REQUEST;
	*minor = v[2] - (unsigned)'0';
	return v[0] == '1' ? HTTP_OK : HTTP_VERSION;
}

/* Fields are looked at only as far as it takes to say that it is HTTP (RFC 9112 5), and whether Host is there. */
static enum http_status read_fields(struct reader *rest, unsigned *hosts)
{
	struct reader line, name;

	while (next_line(rest, &line)) {
		const uint8_t *colon = memchr(line.at, ':', reader_left(&line));

		if (line.at == line.end)
			return HTTP_OK;
		name = (struct reader){ .at = line.at, .end = colon ? colon : line.at };
		if (!is_token(&name) || memchr(line.at, '\0', reader_left(&line)))
			return HTTP_BAD_REQUEST;
		*hosts += reader_left(&name) == 4 && !strncasecmp((const char *)name.at, "host", 4);
	}
	return HTTP_INCOMPLETE;
}

static enum http_status judge(struct reader line, unsigned hosts, bool *head)
{
	struct reader method = next_word(&line), target = next_word(&line), version = next_word(&line);
	unsigned minor = 0;
	enum http_status status = read_version(&version, &minor);

	if (!is_token(&method) || target.at == target.end || reader_left(&line))
		return HTTP_BAD_REQUEST;
	*head = word_is(&method, "HEAD");
	if (status != HTTP_OK)
		return status;
	if (hosts > 1 || (minor > 0 && hosts == 0)) /* RFC 9112 3.2 */
		return HTTP_BAD_REQUEST;
	if (!is_page(target))
		return HTTP_NOT_FOUND;
	return word_is(&method, "GET") ? HTTP_OK : HTTP_NOT_ALLOWED;
}

enum http_status http_read(const char *text, size_t len, bool *head)
{
	struct reader rest = reader_of(text, MIN(len, (size_t)HTTP_REQUEST_MAX)), line;
	enum http_status status;
	unsigned hosts = 0;

	*head = false;
	if (!next_line(&rest, &line))
		return len < HTTP_REQUEST_MAX ? HTTP_INCOMPLETE : HTTP_TOO_LARGE;
	status = read_fields(&rest, &hosts);
	if (status == HTTP_INCOMPLETE && len >= HTTP_REQUEST_MAX)
		return HTTP_TOO_LARGE;
	return status == HTTP_OK ? judge(line, hosts, head) : status;
}

size_t http_head(char out[HTTP_HEAD_MAX], const char *type, size_t len)
{
	return (size_t)snprintf(out, HTTP_HEAD_MAX,
				"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
				"Cache-Control: no-store\r\nConnection: close\r\n\r\n",
				type, len);
}

size_t http_refusal(char out[HTTP_HEAD_MAX], enum http_status status, bool head)
{
	static const struct {
		unsigned code;
		const char *reason;
	} rows[NUM_HTTP_STATUSES] = {
#define X(symbol, code, reason) [HTTP_##symbol] = { code, reason },
		HTTP_STATUSES(X)
#undef X
	};
	const char *reason = rows[status].reason;

	return (size_t)snprintf(
		out, HTTP_HEAD_MAX,
		"HTTP/1.1 %u %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
		"%sConnection: close\r\n\r\n%s%s",
		rows[status].code, reason, strlen(reason) + 1,
		status == HTTP_NOT_ALLOWED ? "Allow: GET\r\n" : "", head ? "" : reason, head ? "" : "\n");
}
