/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of causes and phases, from the rows in ledger.h, and of the numbers in IANA's registries that hellos have. Pure. */
#include <stdio.h>
#include <string.h>
#include "ledger/private.h"

struct name {
	const char *name;
	const char *help;
};

static const struct name causes[] = {
#define X(symbol, name, help) [LEDGER_##symbol] = { name, help },
	LEDGER_CAUSES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(causes) == NUM_LEDGER_CAUSES, "every cause needs a name");

static const struct name phases[] = {
#define X(symbol, name, help) [LEDGER_PHASE_##symbol] = { name, help },
	LEDGER_PHASES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(phases) == NUM_LEDGER_PHASES, "every phase needs a name");

const char *ledger_cause_name(enum ledger_cause cause)
{
	return causes[cause].name;
}

const char *ledger_cause_help(enum ledger_cause cause)
{
	return causes[cause].help;
}

bool ledger_cause_find(const char *name, enum ledger_cause *out)
{
	for (unsigned i = 0; i < NUM_LEDGER_CAUSES; i++) {
		if (strcmp(causes[i].name, name) != 0)
			continue;
		*out = (enum ledger_cause)i;
		return true;
	}
	return false;
}

const char *ledger_phase_name(enum ledger_phase phase)
{
	return phases[phase].name;
}

const char *ledger_phase_help(enum ledger_phase phase)
{
	return phases[phase].help;
}

/* ----------------------------------------------------------------- numbers */

struct number {
	uint16_t number;
	const char *name;
};

static const struct number versions[] = {
	{ 0x0300, "SSL 3.0" }, { 0x0301, "1.0" }, { 0x0302, "1.1" }, { 0x0303, "1.2" }, { 0x0304, "1.3" },
};

static const struct number groups[] = {
	{ 0x0017, "secp256r1" },
	{ 0x0018, "secp384r1" },
	{ 0x0019, "secp521r1" },
	{ 0x001d, "x25519" },
	{ 0x001e, "x448" },
	{ 0x0100, "ffdhe2048" },
	{ 0x0101, "ffdhe3072" },
	{ 0x0102, "ffdhe4096" },
	{ 0x0103, "ffdhe6144" },
	{ 0x0104, "ffdhe8192" },
	{ 0x0200, "MLKEM512" },
	{ 0x0201, "MLKEM768" },
	{ 0x0202, "MLKEM1024" },
	{ 0x11eb, "SecP256r1MLKEM768" },
	{ 0x11ec, "X25519MLKEM768" },
	{ 0x11ed, "SecP384r1MLKEM1024" },
	{ 0x6399, "X25519Kyber768Draft00" },
};

/* Those that we have: tls/context.c. */
static const struct number ciphers[] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
};

/* RFC 8446 6, and what it calls reserved (RFC 5246 7.2, RFC 4346 7.2). */
static const struct number alerts[] = {
	{ 0, "close_notify" },
	{ 10, "unexpected_message" },
	{ 20, "bad_record_mac" },
	{ 21, "decryption_failed" },
	{ 22, "record_overflow" },
	{ 30, "decompression_failure" },
	{ 40, "handshake_failure" },
	{ 41, "no_certificate" },
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 60, "export_restriction" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 90, "user_canceled" },
	{ 100, "no_renegotiation" },
	{ 109, "missing_extension" },
	{ 110, "unsupported_extension" },
	{ 111, "certificate_unobtainable" },
	{ 112, "unrecognized_name" },
	{ 113, "bad_certificate_status_response" },
	{ 114, "bad_certificate_hash_value" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required" },
	{ 120, "no_application_protocol" },
	{ 121, "ech_required" },
};

static const char *find(const struct number *rows, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return NULL;
}

static const char *or_number(const char *name, uint16_t number, char text[LEDGER_NUMBER_TEXT])
{
	if (name)
		return name;
	snprintf(text, LEDGER_NUMBER_TEXT, "0x%04x", number);
	return text;
}

const char *ledger_version_name(uint16_t version, char text[LEDGER_NUMBER_TEXT])
{
	return or_number(find(versions, ARRAY_SIZE(versions), version), version, text);
}

const char *ledger_group_name(uint16_t group, char text[LEDGER_NUMBER_TEXT])
{
	return or_number(find(groups, ARRAY_SIZE(groups), group), group, text);
}

const char *ledger_cipher_name(uint16_t cipher, char text[LEDGER_NUMBER_TEXT])
{
	return or_number(find(ciphers, ARRAY_SIZE(ciphers), cipher), cipher, text);
}

const char *ledger_alert_name(unsigned alert)
{
	const char *name = find(alerts, ARRAY_SIZE(alerts), alert);

	return name ? name : "unknown";
}

/* ----------------------------------------------------------------- reasons */

static const struct name reasons[] = {
#define X(symbol, name, help) [REASON_##symbol] = { name, help },
	ALPNXDP_REASONS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(reasons) == NUM_REASONS, "every reason needs a name");

const char *reason_name(unsigned reason)
{
	return reason < NUM_REASONS ? reasons[reason].name : NULL;
}

const char *reason_help(unsigned reason)
{
	return reason < NUM_REASONS ? reasons[reason].help : NULL;
}
