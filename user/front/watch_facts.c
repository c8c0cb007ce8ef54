/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a file's text to the challenge in it: PEM, or JSON. Pure, but for libjansson's memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "front/watch.h"

/* Above any certificate with one name; certmagic's and openssl's are below 1,500 bytes. */
enum { DER_MAX = 8192 };

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

/* name without its last `cut` bytes, or the certificate would be for somebody else than the client meant. */
static int same_name(const char *name, size_t cut, const struct identifier *in_certificate, const char **why)
{
	char text[256];
	struct identifier ident;
	size_t len = strlen(name);

	if (len < cut || len - cut >= sizeof(text))
		return refuse(why, "its name is too long");
	snprintf(text, sizeof(text), "%.*s", (int)(len - cut), name);
	if (identifier_parse(text, &ident, why))
		return -EINVAL;
	if (strcmp(ident.sni, in_certificate->sni))
		return refuse(why, "the certificate is for another name than the file");
	return 0;
}

static int read_certificate(const struct watch_text *t, struct challenge_facts *out, const char **why)
{
	uint8_t der[DER_MAX];
	size_t len;
	int err = certificate_pem_decode(t->text, t->len, der, sizeof(der), &len, why);

	if (!err)
		err = certificate_read(der, len, out, why);
	return err;
}

static int read_dehydrated(const struct watch_text *t, struct challenge_facts *out, const char **why)
{
	int err = read_certificate(t, out, why);

	return err ? err : same_name(t->name, strlen(".crt.pem"), &out->ident, why);
}

static int read_mod_md(const struct watch_text *t, struct challenge_facts *out, const char **why)
{
	int err = read_certificate(t, out, why);

	return err ? err : same_name(t->folder, 0, &out->ident, why);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)); /* NULL: none, or not of that type */
}

static int read_challenge(const json_t *j, struct challenge_facts *out, const char **why)
{
	const json_t *ident = json_object_get(j, "identifier");
	const char *type = text_of(j, "type"), *authorization = text_of(j, "keyAuthorization");
	const char *kind = text_of(ident, "type"), *value = text_of(ident, "value");
	int err;

	if (!type)
		return refuse(why, "has no \"type\": it is no ACME challenge");
	if (strcmp(type, "tls-alpn-01"))
		return -ENOMSG;
	if (!authorization)
		return refuse(why, "has no \"keyAuthorization\"");
	if (!kind || !value)
		return refuse(why, "has no \"identifier\" with \"type\" and \"value\"");
	if (strcmp(kind, "dns") && strcmp(kind, "ip"))
		return refuse(why, "its identifier is neither of type dns nor of type ip");
	err = identifier_parse(value, &out->ident, why);
	if (err)
		return err;
	if ((out->ident.kind == IDENT_DNS) != !strcmp(kind, "dns"))
		return refuse(why, "its identifier is not of the type that it says");
	return digest_from_key_authorization(authorization, out->digest, why);
}

static int read_certmagic(const struct watch_text *t, struct challenge_facts *out, const char **why)
{
	json_t *j = json_loadb(t->text, t->len, JSON_REJECT_DUPLICATES, NULL);
	int err = j ? read_challenge(j, out, why) : refuse(why, "is not JSON, or not all of it");

	json_decref(j);
	return err;
}

int watch_read(const struct watch_text *t, struct challenge_facts *out, const char **why)
{
	static int (*const readers[])(const struct watch_text *t, struct challenge_facts *facts,
				      const char **reason) = {
		[WATCH_DEHYDRATED] = read_dehydrated,
		[WATCH_CERTMAGIC] = read_certmagic,
		[WATCH_MOD_MD] = read_mod_md,
	};
	struct challenge_facts facts = { 0 };
	int err;

	if (!t->len)
		return refuse(why, "is empty");
	err = readers[t->kind](t, &facts, why);
	if (!err)
		*out = facts;
	return err;
}
