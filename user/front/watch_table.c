/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Nodes by name, and files by the challenge they hold: two files may hold the same one (mod_md: one per type of key). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "front/watch_table.h"

struct watch_table *watch_table_new(const uint8_t key[16])
{
	struct watch_table *t = calloc(1, sizeof(*t));

	if (t)
		memcpy(t->key, key, sizeof(t->key));
	return t;
}

void watch_table_free(struct watch_table *t)
{
	for (size_t i = 0; t && i < WATCH_BUCKETS; i++) {
		struct watch_node *n = t->named[i], *after;

		for (; n; n = after) {
			after = n->same_name;
			free(n->ident);
			free(n);
		}
	}
	free(t);
}

/* Where the chain of nodes with this name in this directory begins. */
static struct watch_node **bucket_of_name(struct watch_table *t, const struct watch_node *directory,
					  const char *name)
{
	uint8_t bytes[sizeof(directory) + 256];
	size_t len = MIN(strlen(name), (size_t)256);

	memcpy(bytes, &directory, sizeof(directory));
	memcpy(bytes + sizeof(directory), name, len); /* NOLINT(bugprone-not-null-terminated-result) */
	return &t->named[hash_keyed(t->key, bytes, sizeof(directory) + len) % WATCH_BUCKETS];
}

/* By both: thousands of names may have one digest, and one name many. */
static struct watch_node **bucket_of_challenge(struct watch_table *t, const uint8_t digest[DIGEST_LEN],
					       const char *ident)
{
	uint8_t bytes[DIGEST_LEN + IDENT_MAX];
	size_t len = MIN(strlen(ident), (size_t)IDENT_MAX);

	memcpy(bytes, digest, DIGEST_LEN);
	memcpy(bytes + DIGEST_LEN, ident, len); /* NOLINT(bugprone-not-null-terminated-result) */
	return &t->digested[hash_keyed(t->key, bytes, DIGEST_LEN + len) % WATCH_BUCKETS];
}

struct watch_node *watch_find(struct watch_table *t, const struct watch_node *directory, const char *name)
{
	struct watch_node *n = *bucket_of_name(t, directory, name);

	while (n && (n->parent != directory || strcmp(n->name, name)))
		n = n->same_name;
	return n;
}

static struct watch_node *new_node(struct watch_table *t, struct watch_node *parent, bool is_directory,
				   const char *name)
{
	struct watch_node *n = calloc(1, sizeof(*n) + strlen(name) + 1), **bucket;

	if (!n)
		return NULL;
	strcpy(n->name, name);
	n->directory = is_directory;
	n->parent = parent;
	n->step = WATCH_IDLE;
	n->wd = -1;
	bucket = bucket_of_name(t, parent, name);
	n->same_name = *bucket;
	*bucket = n;
	if (is_directory)
		t->directory[t->directories++] = n;
	else
		t->files++;
	return n;
}

struct watch_node *watch_root(struct watch_table *t, unsigned watch)
{
	struct watch_node *n = new_node(t, NULL, true, "");

	if (n)
		n->watch = watch;
	return n;
}

int watch_add(struct watch_table *t, struct watch_node *directory, bool is_directory, const char *name,
	      struct watch_node **out)
{
	struct watch_node *n;

	if (is_directory ? t->directories == WATCH_DIRECTORIES : t->files == WATCH_FILES)
		return -ENOSPC;
	n = new_node(t, directory, is_directory, name);
	if (!n)
		return -ENOMEM;
	n->watch = directory->watch;
	n->depth = directory->depth + 1;
	n->next = directory->child;
	if (n->next)
		n->next->previous = n;
	directory->child = n;
	*out = n;
	return 0;
}

static void forget_directory(struct watch_table *t, const struct watch_node *n)
{
	size_t i = 0;

	while (t->directory[i] != n)
		i++;
	t->directory[i] = t->directory[--t->directories];
}

void watch_remove(struct watch_table *t, struct watch_node *n)
{
	struct watch_node **at = bucket_of_name(t, n->parent, n->name);

	while (*at != n)
		at = &(*at)->same_name;
	*at = n->same_name;
	watch_unqueue(t, n);
	*(n->previous ? &n->previous->next : &n->parent->child) = n->next;
	if (n->next)
		n->next->previous = n->previous;
	if (n->directory)
		forget_directory(t, n);
	else
		t->files--;
	free(n->ident);
	free(n);
}

struct watch_node *const *watch_directories(const struct watch_table *t, size_t *count)
{
	*count = t->directories;
	return t->directory;
}

/* ---------------------------------------------------------------- challenges */

static bool same_challenge(const struct watch_node *a, const struct watch_node *b)
{
	return !memcmp(a->digest, b->digest, DIGEST_LEN) && !strcmp(a->ident, b->ident);
}

int watch_pend(struct watch_table *t, struct watch_node *n, const struct challenge_facts *facts)
{
	struct watch_node **bucket = bucket_of_challenge(t, facts->digest, facts->ident.text);
	char *ident = strdup(facts->ident.text);

	if (!ident)
		return -ENOMEM;
	free(n->ident);
	n->ident = ident;
	memcpy(n->digest, facts->digest, DIGEST_LEN);
	n->pending = true;
	n->same_digest = *bucket;
	*bucket = n;
	return 0;
}

bool watch_unpend(struct watch_table *t, struct watch_node *n)
{
	struct watch_node **bucket = bucket_of_challenge(t, n->digest, n->ident), **at = bucket, *other;

	while (*at != n)
		at = &(*at)->same_digest;
	*at = n->same_digest;
	n->pending = false;
	for (other = *bucket; other; other = other->same_digest)
		if (same_challenge(n, other))
			return false;
	return true;
}

bool watch_pends(const struct watch_node *n, const struct challenge_facts *facts)
{
	return n->pending && !memcmp(n->digest, facts->digest, DIGEST_LEN) &&
	       !strcmp(n->ident, facts->ident.text);
}

bool watch_path(const struct watch_node *n, char out[FRONT_PATH])
{
	char text[FRONT_PATH];
	size_t at = sizeof(text) - 1;

	text[at] = '\0';
	for (; n->parent; n = n->parent) {
		size_t len = strlen(n->name), slash = at < sizeof(text) - 1;

		if (len + slash > at)
			return false;
		if (slash)
			text[--at] = '/';
		at -= len;
		memcpy(text + at, n->name, len);
	}
	memcpy(out, text + at, sizeof(text) - at);
	return true;
}
