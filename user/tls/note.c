/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a hello offers, kept for people: struct tls_offered. Decides nothing. */
#include <string.h>
#include "tls/hello.h"

/* RFC 8701: reserved so that nobody comes to rely on knowing all values. */
static bool is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static void note_list(struct reader list, uint16_t *out, size_t room)
{
	size_t count = 0;
	uint16_t value;

	while (count < room && read_u16(&list, &value)) {
		if (!is_grease(value))
			out[count++] = value;
	}
}

void offer_note(struct offer *o)
{
	struct tls_offered *out = &o->hello->offered;

	if (o->versions.at)
		note_list(o->versions, out->version, TLS_OFFERED_VERSIONS);
	else if (!o->partial)
		out->version[0] = o->legacy_version;
	note_list(o->groups, out->group, TLS_OFFERED_GROUPS);
}

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._/+", c));
}

static char *put_byte(char *to, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";

	if (is_plain(c)) {
		*to++ = (char)c;
		return to;
	}
	*to++ = '%';
	*to++ = digits[c >> 4];
	*to++ = digits[c & 15];
	return to;
}

/* RFC 8701 2 has values of two equal bytes for ALPN, too. */
static bool is_grease_protocol(struct reader protocol)
{
	uint16_t value;

	return reader_left(&protocol) == 2 && read_u16(&protocol, &value) && is_grease(value);
}

static size_t encoded_length(struct reader protocol)
{
	size_t len = 0;

	while (reader_left(&protocol))
		len += is_plain(*protocol.at++) ? 1 : strlen("%XX");
	return len;
}

/* Each protocol whole, or not at all: then a comma at the end says so, for which there is always room. */
void offer_note_alpn(struct offer *o, struct reader protocol)
{
	char *text = o->hello->offered.alpn, *to = text + strlen(text);
	size_t room = (size_t)(text + TLS_OFFERED_ALPN - to);

	if (is_grease_protocol(protocol) || (to > text && to[-1] == ','))
		return;
	if (encoded_length(protocol) + strlen(",,") >= room) {
		*to = ',';
		return;
	}
	if (to > text)
		*to++ = ',';
	while (reader_left(&protocol))
		to = put_byte(to, *protocol.at++);
	*to = 0;
}
