/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The head of a request for the one page there is, and the head of its answer (RFC 9112). Pure. */
#ifndef ALPNXDP_FRONT_HTTP_H
#define ALPNXDP_FRONT_HTTP_H

#include "base/base.h"

enum {
	HTTP_REQUEST_MAX = 8192, /* bytes of a request's head; one that is longer is refused */
	HTTP_HEAD_MAX = 512,     /* bytes of our own, and of the text that says what is wrong */
};

/* X(symbol, code, reason) */
#define HTTP_STATUSES(X)                                     \
	X(OK, 200, "OK")                                     \
	X(BAD_REQUEST, 400, "Bad Request")                   \
	X(NOT_FOUND, 404, "Not Found")                       \
	X(NOT_ALLOWED, 405, "Method Not Allowed")            \
	X(TIMEOUT, 408, "Request Timeout")                   \
	X(TOO_LARGE, 431, "Request Header Fields Too Large") \
	X(UNAVAILABLE, 503, "Service Unavailable")           \
	X(VERSION, 505, "HTTP Version Not Supported")

enum http_status {
	HTTP_INCOMPLETE,
#define X(symbol, code, reason) HTTP_##symbol,
	HTTP_STATUSES(X)
#undef X
		NUM_HTTP_STATUSES
};

/* What a request that begins with these bytes is worth. HTTP_INCOMPLETE: read on. *head: it is a HEAD request. */
enum http_status http_read(const char *text, size_t len, bool *head);

/*
 * Writes the head of an answer with a body of type and len; of HTTP_OK only: any other answer is written whole, with the
 * reason as its text unless it is for a HEAD request. Returns its length.
 */
size_t http_head(char out[HTTP_HEAD_MAX], const char *type, size_t len);
size_t http_refusal(char out[HTTP_HEAD_MAX], enum http_status status, bool head);

#endif
