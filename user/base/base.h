/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * base: what every other module needs and no library gives in this form.
 *
 * Owns: time as a type, checked cursors over bytes and DER, words that people type, keyed hashes, the log, a word to the service
 * manager, a JSON writer.
 * Uses nothing.
 * The cursors never read past their end and never leave it behind: after a failed read nothing has moved.
 */
#ifndef ALPNXDP_BASE_H
#define ALPNXDP_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* ------------------------------------------------------------------ clock */

typedef uint64_t usec_t; /* microseconds of CLOCK_MONOTONIC, the clock of the kernel's TCP timestamps */

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_NEVER UINT64_MAX

/* The only reader of the clock. Call it once per wake-up and hand the value down. */
usec_t clock_now(void);

/* ---------------------------------------------------------------- cursors */

struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

static inline struct reader reader_of(const void *bytes, size_t len)
{
	return (struct reader){ .at = bytes, .end = (const uint8_t *)bytes + len };
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline bool read_u8(struct reader *r, uint8_t *out)
{
	if (reader_left(r) < 1)
		return false;
	*out = *r->at++;
	return true;
}

/* Big endian, as on the wire. */
static inline bool read_u16(struct reader *r, uint16_t *out)
{
	if (reader_left(r) < 2)
		return false;
	*out = (uint16_t)(r->at[0] << 8 | r->at[1]);
	r->at += 2;
	return true;
}

static inline bool read_u24(struct reader *r, uint32_t *out)
{
	if (reader_left(r) < 3)
		return false;
	*out = (uint32_t)r->at[0] << 16 | (uint32_t)r->at[1] << 8 | r->at[2];
	r->at += 3;
	return true;
}

static inline bool read_u32(struct reader *r, uint32_t *out)
{
	if (reader_left(r) < 4)
		return false;
	*out = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 | (uint32_t)r->at[2] << 8 | r->at[3];
	r->at += 4;
	return true;
}

/* The next len bytes as a cursor of their own; r moves behind them. */
static inline bool read_span(struct reader *r, size_t len, struct reader *out)
{
	if (reader_left(r) < len)
		return false;
	*out = (struct reader){ .at = r->at, .end = r->at + len };
	r->at += len;
	return true;
}

static inline bool read_skip(struct reader *r, size_t len)
{
	struct reader ignored;

	return read_span(r, len, &ignored);
}

bool reader_equals(const struct reader *r, const void *bytes, size_t len);

/* -------------------------------------------------------------------- DER */

/*
 * Distinguished encoding only (X.690 8.1, 10.1): a length has its shortest form and at most two bytes behind its first, a tag is
 * one byte. der_read(): the next element; der_take(): if it has this tag; der_take_only(): if it is also the last.
 */
enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};
bool der_read(struct reader *r, uint8_t *tag, struct reader *content);
bool der_take(struct reader *r, uint8_t wanted, struct reader *content);
bool der_take_only(struct reader *r, uint8_t wanted, struct reader *content);

/* ---------------------------------------------------------------- letters */

/* Of a hexadecimal digit; -1: it is none. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Of the UTF-8 sequence at s, 0 when it is none (RFC 3629 4). The text ends with a NUL. */
size_t utf8_length(const uint8_t *s);

/* ------------------------------------------------------------------ words */

bool text_is_ifname(const char *text);
/* Decimal digits, to *rest; false when there are none or the value is above UINT32_MAX. */
bool text_parse_digits(const char *text, uint64_t *value, const char **rest);
const char *text_parse_port(const char *text, uint16_t *port); /* NULL or what is wrong */

/* Which of the names that name() gives for 0, 1, ... (NULL ends them) was meant by `word`; TEXT_NONE: none is near. */
#define TEXT_NONE SIZE_MAX
size_t text_nearest(const char *word, const char *(*name)(size_t n));

/* ------------------------------------------------------------------- hash */

/* SipHash-2-4 of len bytes under a 16-byte key: for tables whose keys a stranger chooses. */
uint64_t hash_keyed(const uint8_t key[16], const void *bytes, size_t len);

/* -------------------------------------------------------------- addresses */

/*
 * An address of either family in sixteen bytes, in network order: IPv4 is mapped into IPv6 (RFC 4291 2.5.5.2), as in struct
 * flow_key. Pure.
 */
enum { ADDRESS_TEXT = 46 /* INET6_ADDRSTRLEN */ };
struct sockaddr;
bool address_is_ipv4(const uint8_t address[16]);
const char *address_format(const uint8_t address[16],
			   char text[ADDRESS_TEXT]);   /* "192.0.2.1"; returns text */
bool address_parse(const char *text, uint8_t out[16]); /* false: it is none */
/* RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 2.5.6 and loopback: no CA can reach it. */
bool address_is_private(const uint8_t address[16]);
bool address_from_sockaddr(const struct sockaddr *from, uint8_t out[16]); /* false: NULL, or another family */

/* -------------------------------------------------------------------- log */

/* Values are those of syslog(3), so that "<N>" in front of a line is understood by the journal. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};
const char *log_level_name(enum log_level level);

/* AUTO: JOURNAL where stderr is the journal's ($JOURNAL_STREAM), else TEXT. */
enum log_format {
	LOG_FORMAT_AUTO,
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JOURNAL, /* "<N>" before each line */
	LOG_FORMAT_JSON     /* an object per line: "schema", "time", "level", "pid", "message" */
};

/*
 * Lines go to stderr; nothing above `most` is written (default LOG_LEVEL_INFO).
 * A message is cut at 959 bytes, and is one line: control characters become '?', in JSON escapes. Nothing that arrives per packet is logged above LOG_LEVEL_DEBUG.
 */
void log_setup(enum log_level most, enum log_format format);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_vline(enum log_level level, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* ---------------------------------------------------------------- packets */

enum { PACKET_FDS = 8 };

/* A datagram of a fixed length between two processes of ours, with descriptors beside it. */
struct packet {
	void *bytes;
	size_t len;
	size_t fds;
	int fd[PACKET_FDS]; /* sending: they stay the sender's; receiving: the receiver owns them */
};

/* 0 or -errno. */
int packet_send(int socket, const struct packet *p);
/* 1: there it is; 0: the other side is gone; -EPROTO: another length, its descriptors are closed; -EAGAIN; -errno. */
int packet_receive(int socket, struct packet *p);
void packet_close(const struct packet *p); /* its descriptors */

/* -------------------------------------------------------- service manager */

/*
 * The protocol of sd_notify(3). notify_open(): a socket connected to $NOTIFY_SOCKET, or -1 when there is none; the
 * variable is taken away, so that no child takes itself for the service. notify_send(): lines of KEY=VALUE; ignored
 * for fd -1; never blocks. System call: sendto.
 */
int notify_open(void);
void notify_send(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ------------------------------------------------------------ JSON writer */

/*
 * Writes one JSON text into a buffer that grows. Commas are put by the writer; text is escaped, and bytes that are
 * not UTF-8 become U+FFFD. (The names keep out of the way of libjansson, which reads JSON for us.) Keys: NULL inside
 * arrays. After a failed allocation every call is ignored and jsonw_finish() returns NULL.
 */
struct jsonw {
	char *text;
	size_t len;
	size_t cap;
	bool comma;
	bool failed;
};

void jsonw_begin(struct jsonw *j);
void jsonw_open_object(struct jsonw *j, const char *key);
void jsonw_close_object(struct jsonw *j);
void jsonw_open_array(struct jsonw *j, const char *key);
void jsonw_close_array(struct jsonw *j);
void jsonw_string(struct jsonw *j, const char *key, const char *value); /* value NULL: null */
void jsonw_integer(struct jsonw *j, const char *key, int64_t value);
void jsonw_unsigned(struct jsonw *j, const char *key, uint64_t value);
void jsonw_bool(struct jsonw *j, const char *key, bool value);
/* The text, NUL-terminated, to be freed by the caller; NULL when memory ran out. The writer is empty afterwards. */
char *jsonw_finish(struct jsonw *j);

#endif
