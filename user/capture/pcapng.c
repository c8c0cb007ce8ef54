/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every block: type, length, body, the length again; all in units of 4 bytes. Options: code, length, value, filled up. */
#include <string.h>
#include "capture/capture.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	SECTION_MAGIC = 0x1a2b3c4d,
	SECRETS_TLS = 0x544c534b,
	LINK_ETHERNET = 1,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_RESOLUTION = 9,
	PACKET_FLAGS = 2,
	PACKET_QUEUE = 6,
	PACKET_VERDICT = 7,
	FLAG_INBOUND = 1,
	FLAG_OUTBOUND = 2,
	NANOSECONDS = 9, /* 10^-9 */
	VERDICT_XDP = 2,
	REDIRECTED = 4, /* XDP_REDIRECT of the kernel */
};

struct block {
	uint8_t *out;
	size_t cap, len;
	bool full;
};

static void put(struct block *b, const void *bytes, size_t len)
{
	if (b->full || len > b->cap - b->len) {
		b->full = true;
		return;
	}
	if (len)
		memcpy(b->out + b->len, bytes, len);
	b->len += len;
}

static void put_u16(struct block *b, uint16_t value)
{
	put(b, &value, sizeof(value));
}

static void put_u32(struct block *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

static void fill(struct block *b, size_t len)
{
	static const uint8_t zeros[4];

	put(b, zeros, -len & 3);
}

static void put_option(struct block *b, uint16_t code, const void *value, size_t len)
{
	put_u16(b, code);
	put_u16(b, (uint16_t)len);
	put(b, value, len);
	fill(b, len);
}

static void put_text(struct block *b, uint16_t code, const char *text)
{
	char clean[CAPTURE_TEXT_MAX];
	size_t len = strnlen(text, sizeof(clean));

	for (size_t i = 0; i < len; i++)
		clean[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	put_option(b, code, clean, len);
}

static struct block begin(uint8_t *out, size_t cap, uint32_t type)
{
	struct block b = { .out = out, .cap = cap };

	put_u32(&b, type);
	put_u32(&b, 0);
	return b;
}

static size_t end(struct block *b)
{
	uint32_t len = (uint32_t)b->len + 4;

	put_u32(b, len);
	if (b->full)
		return 0;
	memcpy(b->out + 4, &len, sizeof(len));
	return b->len;
}

size_t capture_begin(uint8_t *out, size_t cap, const char *application)
{
	static const uint64_t unknown_length = UINT64_MAX;
	struct block b = begin(out, cap, BLOCK_SECTION);

	put_u32(&b, SECTION_MAGIC);
	put_u16(&b, 1);
	put_u16(&b, 0);
	put(&b, &unknown_length, sizeof(unknown_length));
	put_text(&b, SECTION_APPLICATION, application);
	put_option(&b, OPTION_END, NULL, 0);
	return end(&b);
}

size_t capture_interface(uint8_t *out, size_t cap, const char *name)
{
	static const uint8_t resolution = NANOSECONDS;
	struct block b = begin(out, cap, BLOCK_INTERFACE);

	put_u16(&b, LINK_ETHERNET);
	put_u16(&b, 0);
	put_u32(&b, 0); /* frames are whole */
	put_text(&b, INTERFACE_NAME, name);
	put_option(&b, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	put_option(&b, OPTION_END, NULL, 0);
	return end(&b);
}

static void put_facts(struct block *b, const struct capture_packet *p)
{
	static const uint32_t flags[] = {
		[CAPTURE_IN] = FLAG_INBOUND, [CAPTURE_OUT] = FLAG_OUTBOUND, [CAPTURE_INWARD] = 0
	};
	static const uint64_t redirected = REDIRECTED;
	uint8_t verdict[9] = { VERDICT_XDP };
	uint32_t queue = p->queue;

	put_option(b, PACKET_FLAGS, &flags[p->direction], sizeof(flags[0]));
	if (p->direction != CAPTURE_INWARD)
		put_option(b, PACKET_QUEUE, &queue, sizeof(queue));
	if (p->direction == CAPTURE_IN) {
		memcpy(verdict + 1, &redirected, sizeof(redirected));
		put_option(b, PACKET_VERDICT, verdict, sizeof(verdict));
	}
	if (p->comment)
		put_text(b, OPTION_COMMENT, p->comment);
	put_option(b, OPTION_END, NULL, 0);
}

size_t capture_packet(uint8_t *out, size_t cap, const struct capture_packet *p)
{
	struct block b = begin(out, cap, BLOCK_PACKET);

	put_u32(&b, p->interface);
	put_u32(&b, (uint32_t)(p->time_ns >> 32));
	put_u32(&b, (uint32_t)p->time_ns);
	put_u32(&b, (uint32_t)p->len);
	put_u32(&b, (uint32_t)p->len);
	put(&b, p->bytes, p->len);
	fill(&b, p->len);
	put_facts(&b, p);
	return end(&b);
}

size_t capture_keys(uint8_t *out, size_t cap, const char *lines, size_t len)
{
	struct block b = begin(out, cap, BLOCK_SECRETS);

	put_u32(&b, SECRETS_TLS);
	put_u32(&b, (uint32_t)len);
	put(&b, lines, len);
	fill(&b, len);
	return end(&b);
}

const char *capture_direction_name(enum capture_direction d)
{
	static const char *const names[] = {
		[CAPTURE_IN] = "in", [CAPTURE_OUT] = "out", [CAPTURE_INWARD] = "inward"
	};

	return (size_t)d < ARRAY_SIZE(names) ? names[d] : NULL;
}
