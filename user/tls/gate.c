/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The gate's outer half: from a byte stream to one whole ClientHello.
 *
 * Joins the fragments of a hello that was cut over several records (RFC 8446 5.1), in a buffer on the stack: the limit
 * is what makes that affordable. Only framing is judged until the hello is whole.
 */
#include <string.h>
#include "tls/hello.h"

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	HANDSHAKE_HEADER = 4,
	HANDSHAKE_CLIENT_HELLO = 1,
};

static const char *const reject_name[] = {
#define X(symbol, name, help) [GATE_##symbol] = (name),
	GATE_REJECTS(X)
#undef X
};

static const char *const reject_help[] = {
#define X(symbol, name, help) [GATE_##symbol] = (help),
	GATE_REJECTS(X)
#undef X
};

const char *gate_reject_name(enum gate_reject why)
{
	return reject_name[why];
}

const char *gate_reject_help(enum gate_reject why)
{
	return reject_help[why];
}

struct joined {
	uint8_t bytes[GATE_MAX_HELLO];
	size_t len;
	size_t wanted; /* header and body of the handshake message; 0: not known yet */
};

static enum gate_verdict reject(struct tls_hello *hello, enum gate_reject why)
{
	hello->why = why;
	return GATE_REJECT;
}

/*
 * The header of one record, looked at byte by byte: a stream that is not TLS is known by its first byte. GATE_ACCEPT: the
 * header is whole.
 */
static enum gate_verdict read_record_header(struct reader *r, bool first, size_t *len,
					    struct tls_hello *hello)
{
	enum gate_reject foreign = first ? GATE_NOT_HELLO : GATE_MALFORMED;
	uint8_t type, major, minor;
	uint16_t length;

	if (!read_u8(r, &type))
		return GATE_MORE;
	if (type != RECORD_HANDSHAKE)
		return reject(hello, foreign);
	if (!read_u8(r, &major))
		return GATE_MORE;
	if (major != 3)
		return reject(hello, foreign);
	/* RFC 8446 5.1: legacy_record_version is to be ignored; 0x0301 and 0x0303 both occur. */
	if (!read_u8(r, &minor) || !read_u16(r, &length))
		return GATE_MORE;
	/* RFC 8446 5.1: no empty fragments of handshake messages. */
	if (!length)
		return reject(hello, GATE_MALFORMED);
	*len = length;
	return GATE_ACCEPT;
}

/* Looks at the handshake header as far as it came. GATE_ACCEPT: nothing against it. */
static enum gate_verdict check_handshake_header(struct joined *j, struct tls_hello *hello)
{
	struct reader r = reader_of(j->bytes, j->len);
	uint8_t type;
	uint32_t length;

	if (read_u8(&r, &type) && type != HANDSHAKE_CLIENT_HELLO)
		return reject(hello, GATE_NOT_HELLO);
	if (!read_u24(&r, &length))
		return GATE_ACCEPT;
	if (length > GATE_MAX_HELLO - RECORD_HEADER - HANDSHAKE_HEADER)
		return reject(hello, GATE_TOO_LARGE);
	j->wanted = HANDSHAKE_HEADER + length;
	return GATE_ACCEPT;
}

/* Takes one record. GATE_ACCEPT: its whole fragment is joined. */
static enum gate_verdict join_record(struct reader *r, struct joined *j, struct tls_hello *hello)
{
	enum gate_verdict verdict;
	struct reader fragment = *r;
	size_t len, have;

	verdict = read_record_header(r, !j->len, &len, hello);
	if (verdict != GATE_ACCEPT)
		return verdict;
	have = MIN(len, reader_left(r));
	read_span(r, have, &fragment);
	/* It fits: the stream is cut at the size of the buffer, and its record headers are left out. */
	memcpy(j->bytes + j->len, fragment.at, have);
	j->len += have;
	verdict = check_handshake_header(j, hello);
	if (verdict != GATE_ACCEPT)
		return verdict;
	/* One more message in the hello's record: RFC 8446 5.1 forbids it before a key change, and it would be one. */
	if (j->wanted && j->len - have + len > j->wanted)
		return reject(hello, GATE_TRAILING);
	return have < len ? GATE_MORE : GATE_ACCEPT;
}

void tls_glimpse(const uint8_t *bytes, size_t len, struct tls_hello *hello)
{
	struct reader r = reader_of(bytes, MIN(len, (size_t)GATE_MAX_HELLO));
	struct joined j = { .len = 0 };

	*hello = (struct tls_hello){ 0 };
	while (join_record(&r, &j, hello) == GATE_ACCEPT && reader_left(&r))
		;
	if (j.len > HANDSHAKE_HEADER)
		hello_glimpse(reader_of(j.bytes + HANDSHAKE_HEADER, j.len - HANDSHAKE_HEADER), hello);
	hello->length = len;
}

enum gate_verdict tls_gate(const uint8_t *bytes, size_t len, struct tls_hello *hello)
{
	struct reader r = reader_of(bytes, MIN(len, (size_t)GATE_MAX_HELLO));
	struct joined j = { .len = 0 };
	enum gate_verdict verdict;

	*hello = (struct tls_hello){ 0 };
	do {
		verdict = join_record(&r, &j, hello);
		if (verdict == GATE_MORE && len >= GATE_MAX_HELLO)
			return reject(hello, GATE_TOO_LARGE);
		if (verdict != GATE_ACCEPT)
			return verdict;
	} while (!j.wanted || j.len < j.wanted);
	hello->length = (size_t)(r.at - bytes);
	if (len > hello->length)
		return reject(hello, GATE_TRAILING);
	return hello_read(reader_of(j.bytes + HANDSHAKE_HEADER, j.wanted - HANDSHAKE_HEADER), hello)
		       ? GATE_ACCEPT
		       : GATE_REJECT;
}
