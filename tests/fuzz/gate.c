/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The gate, and the gate against the walk of the XDP program: what the gate accepts, the walk must have offered, under
 * the same name; or a validator would be answered or not depending on who looks. Three limits of the walk are not the
 * gate's: one record, HELLO_MAX_EXTENSIONS, and ALPNXDP_MAX_HELLO, which is equal here.
 */
#include "fuzz.h"
#include "shape.h"
#include "tls/tls.h"
#include "../../bpf/hello.h"

enum { CUTS = 16, RECORD_HEADER = 5 };

static enum gate_verdict gate(const uint8_t *bytes, size_t len, struct tls_hello *hello)
{
	uint8_t *exact = fuzz_exact(bytes, len);
	enum gate_verdict verdict = tls_gate(exact, len, hello);
	struct tls_hello seen;

	tls_glimpse(exact, len, &seen);
	MUST(strlen(seen.sni) <= IDENT_MAX && memchr(seen.offered.alpn, 0, sizeof(seen.offered.alpn)));
	MUST(memchr(hello->offered.alpn, 0, sizeof(hello->offered.alpn)));
	MUST(verdict != GATE_ACCEPT || !strcmp(seen.sni, hello->sni));
	free(exact);
	MUST(verdict != GATE_REJECT || (hello->why < NUM_GATE_REJECTS && gate_reject_name(hello->why)));
	MUST(strlen(hello->sni) <= IDENT_MAX);
	return verdict;
}

/* Of a hello that the gate has accepted: nothing needs checking any more. */
static unsigned count_extensions(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	uint8_t short_len;
	uint16_t suites, type, body;
	unsigned count = 0;

	MUST(read_skip(&r, HELLO_SESSION_ID) && read_u8(&r, &short_len) && read_skip(&r, short_len));
	MUST(read_u16(&r, &suites) && read_skip(&r, suites));
	MUST(read_u8(&r, &short_len) && read_skip(&r, short_len) && read_skip(&r, 2));
	for (; reader_left(&r); count++)
		MUST(read_u16(&r, &type) && read_u16(&r, &body) && read_skip(&r, body));
	return count;
}

static name_hash_t hash_of(const char *name)
{
	name_hash_t hash = NAME_HASH_INIT;

	for (; *name; name++)
		hash = NAME_HASH_STEP(hash, *name);
	return hash;
}

static void walk_agrees(const uint8_t *bytes, const struct tls_hello *accepted)
{
	size_t record = (size_t)(bytes[3] << 8 | bytes[4]) + RECORD_HEADER;
	struct hello h;

	if (record != accepted->length || count_extensions(bytes, record) > HELLO_MAX_EXTENSIONS)
		return;
	MUST(hello_walk(bytes, (__u32)record, &h) == HELLO_ACME);
	MUST(h.name_len && hello_name_hash(bytes, &h) == hash_of(accepted->sni));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	enum gate_verdict verdict, early;
	struct tls_hello hello, part;

	verdict = gate(bytes, len, &hello);
	if (verdict == GATE_ACCEPT) {
		MUST(hello.length == len && hello.sni[0] && (hello.tls12 || hello.tls13));
		walk_agrees(bytes, &hello);
	}
	for (size_t i = 0; i < CUTS && len; i++) {
		early = gate(bytes, len * i / CUTS, &part);
		/* Nothing but its end makes a hello whole, and a rule once broken stays broken. */
		MUST(verdict == GATE_REJECT || early == GATE_MORE);
	}
	return 0;
}
