/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watched trees: certmagic's and mod_md's, directories that come and go, a lot of files, events that were dropped. */
#include "watch_world.h"

#define CA "acme/acme-v02.api.letsencrypt.org-directory"
#define TOKENS CA "/challenge_tokens"
#define THUMBPRINT "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
#define AUTHORIZATION "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA." THUMBPRINT

/* As certmagic writes it. */
static void write_token(struct world *w, const char *path, const char *type, const char *name)
{
	char text[1024];

	snprintf(
		text, sizeof(text),
		"{\"type\":\"%s\",\"url\":\"https://ca/chall/1\",\"status\":\"pending\",\"token\":\"evaGxfADs6\","
		"\"keyAuthorization\":\"" AUTHORIZATION
		"\",\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"}}",
		type, name);
	write_text(w, path, text);
}

static void make_directories(struct world *w, const char *path)
{
	char part[512];

	for (size_t i = 0; i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (access(at(w, part), F_OK))
			make_directory(w, part);
	}
}

static void test_certmagic(void **state)
{
	struct world *w = world_new(WATCH_CERTMAGIC);

	(void)state;
	make_directories(w, TOKENS);
	make_directories(w, CA "/users/a@b");
	write_token(w, TOKENS "/a.example.json", "tls-alpn-01", "a.example");
	write_token(w, TOKENS "/b.example.json", "http-01", "b.example");
	world_begin(w);
	assert_told(w, "+a.example:94 ");
	write_token(w, TOKENS "/b.example.json", "tls-alpn-01", "b.example");
	pass(w, 20 * MSEC);
	assert_told(w, "+b.example:94 ");
	write_token(w, TOKENS "/b.example.json", "dns-01", "b.example");
	pass(w, 20 * MSEC);
	assert_told(w, "-b.example:94 ");
	pass(w, 10 * SECOND);
	assert_null(strstr(logged(w), "b.example.json: is")); /* of another type is nothing wrong */
	world_free(w);
}

/* As it comes into being: each directory after the other, and a file in it at once. */
static void test_grows(void **state)
{
	struct world *w = world_new(WATCH_CERTMAGIC);

	(void)state;
	world_begin(w);
	make_directories(w, "certificates/x");
	make_directories(w, TOKENS);
	write_token(w, TOKENS "/a.example.json", "tls-alpn-01", "a.example");
	settle(w);
	assert_told(w, "+a.example:94 ");
	make_directory(w, "acme/other");
	settle(w);
	make_directory(w, "acme/other/challenge_tokens");
	settle(w);
	write_token(w, "acme/other/challenge_tokens/b.example.json", "tls-alpn-01", "b.example");
	settle(w);
	assert_told(w, "+b.example:94 ");
	assert_int_equal(rename(at(w, "acme"), at(w, "away")), 0);
	settle(w);
	assert_int_equal(w->removes, 2);
	w->told[0] = '\0';
	write_token(w, "away/other/challenge_tokens/c.example.json", "tls-alpn-01", "c.example");
	settle(w);
	assert_told(w, "");
	assert_int_equal(rename(at(w, "away"), at(w, "acme")), 0);
	settle(w);
	assert_int_equal(w->adds, 5);
	world_free(w);
}

/* mod_md makes one certificate per type of key, all with the same digest. */
static void test_mod_md(void **state)
{
	struct world *w = world_new(WATCH_MOD_MD);

	(void)state;
	make_directories(w, "challenges/a.example");
	make_directories(w, "domains/a.example");
	write_text(w, "domains/a.example/pubcert.pem", "not looked at");
	world_begin(w);
	assert_int_equal(w->asked_files, 0);
	write_text(w, "challenges/a.example/acme-tls-alpn-01-pubcert.pem", pem_for("a.example", 0x11));
	write_text(w, "challenges/a.example/acme-tls-alpn-01-privkey.pem", "secret");
	write_text(w, "challenges/a.example/acme-tls-alpn-01-pubcert.secp256r1.pem",
		   pem_for("a.example", 0x11));
	settle(w);
	assert_int_equal(w->asked_files, 2);
	assert_told(w, "+a.example:11 +a.example:11 ");
	unlink(at(w, "challenges/a.example/acme-tls-alpn-01-pubcert.pem"));
	settle(w);
	assert_told(w, ""); /* the other file still has it */
	delete_tree(at(w, "challenges/a.example"));
	settle(w);
	assert_told(w, "-a.example:11 ");
	make_directories(w, "challenges/b.example");
	write_text(w, "challenges/b.example/acme-tls-alpn-01-pubcert.pem", pem_for("a.example", 0x11));
	pass(w, 6 * SECOND);
	assert_told(w, "");
	assert_logged(w, "challenges/b.example/acme-tls-alpn-01-pubcert.pem: ", "another name");
	world_free(w);
}

static void test_missing_root(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	assert_int_equal(rmdir(w->root), 0);
	world_begin(w);
	assert_logged(w, w->root, "cannot be watched: No such file or directory");
	pass(w, 60 * SECOND);
	assert_string_equal(logged(w), "");
	assert_int_equal(mkdir(w->root, 0700), 0);
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	pass(w, 3 * SECOND);
	assert_told(w, "+a.example:11 ");
	assert_logged(w, w->root, "is watched now");
	/* Removed, and made again between two looks. */
	delete_tree(w->root);
	assert_int_equal(mkdir(w->root, 0700), 0);
	write_text(w, "b.example.crt.pem", pem_for("b.example", 0x22));
	pass(w, 3 * SECOND);
	assert_int_equal(w->adds, 2);
	assert_int_equal(w->removes, 1);
	delete_tree(w->root);
	pass(w, 10 * SECOND);
	assert_int_equal(w->removes, 2);
	assert_logged(w, w->root, "No such file or directory");
	world_free(w);
}

/* Nobody tells of what happens above the watched directory: its path is looked up again from time to time. */
static void test_moved_above(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);
	char *path = w->x->options.settings.watch[0].path;

	(void)state;
	make_directories(w, "up/dir");
	snprintf(path, SETTINGS_PATH, "%s/up/dir", w->root);
	write_text(w, "up/dir/a.example.crt.pem", pem_for("a.example", 0x11));
	world_begin(w);
	assert_told(w, "+a.example:11 ");
	assert_int_equal(rename(at(w, "up"), at(w, "old")), 0);
	make_directories(w, "up/dir");
	write_text(w, "up/dir/b.example.crt.pem", pem_for("b.example", 0x22));
	pass(w, 31 * SECOND);
	assert_int_equal(w->adds, 2);
	assert_int_equal(w->removes, 1);
	assert_int_equal(rename(at(w, "up"), at(w, "old2")), 0);
	pass(w, 31 * SECOND);
	assert_int_equal(w->removes, 2);
	assert_logged(w, "up/dir", "No such file or directory");
	world_free(w);
}

/* Two settings, one directory: one inode has one watch only. */
static void test_one_directory_twice(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);
	struct settings *s = &w->x->options.settings;

	(void)state;
	s->watch[s->watches++] = s->watch[0];
	s->watch[1].kind = WATCH_MOD_MD;
	world_begin(w);
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	make_directories(w, "challenges/b.example");
	write_text(w, "challenges/b.example/acme-tls-alpn-01-pubcert.pem", pem_for("b.example", 0x22));
	settle(w);
	assert_int_equal(w->adds, 2);
	assert_int_equal(unlink(at(w, "a.example.crt.pem")), 0);
	delete_tree(at(w, "challenges"));
	settle(w);
	assert_int_equal(w->removes, 2);
	world_free(w);
}

/* Two settings, one directory, until the link in one of them leads elsewhere: the watch stays the other's. */
static void test_link_turned(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);
	struct settings *s = &w->x->options.settings;

	(void)state;
	make_directories(w, "one");
	make_directories(w, "two");
	assert_int_equal(symlink("one", at(w, "link")), 0);
	s->watch[s->watches++] = s->watch[0];
	strcat(s->watch[0].path, "/link");
	strcat(s->watch[1].path, "/one");
	write_text(w, "two/b.example.crt.pem", pem_for("b.example", 0x22));
	world_begin(w);
	assert_told(w, "");
	assert_int_equal(unlink(at(w, "link")), 0);
	assert_int_equal(symlink("two", at(w, "link")), 0);
	pass(w, 31 * SECOND);
	assert_told(w, "+b.example:22 ");
	write_text(w, "one/a.example.crt.pem", pem_for("a.example", 0x11));
	settle(w);
	assert_told(w, "+a.example:11 ");
	world_free(w);
}

/* Of the directory that is replaced, its own parent says nothing but that another has come. */
static void test_renamed_over(void **state)
{
	struct world *w = world_new(WATCH_CERTMAGIC);

	(void)state;
	make_directories(w, TOKENS);
	make_directories(w, "new");
	write_token(w, "new/a.example.json", "tls-alpn-01", "a.example");
	world_begin(w);
	assert_told(w, "");
	assert_int_equal(rename(at(w, "new"), at(w, TOKENS)), 0);
	settle(w);
	assert_told(w, "+a.example:94 ");
	write_token(w, TOKENS "/b.example.json", "tls-alpn-01", "b.example");
	settle(w);
	assert_told(w, "+b.example:94 ");
	world_free(w);
}

static void test_ten_thousand(void **state)
{
	struct world *w = world_new(WATCH_CERTMAGIC);
	char path[256], name[64];

	(void)state;
	make_directories(w, TOKENS);
	world_begin(w);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		snprintf(path, sizeof(path), TOKENS "/%s.json", name);
		write_token(w, path, "tls-alpn-01", name);
	}
	settle(w); /* IN_CREATE and IN_CLOSE_WRITE of each: more than the kernel keeps */
	pass(w, 20 * MSEC);
	assert_in_range(w->adds, 10000, 20000);
	delete_tree(at(w, TOKENS));
	pass(w, 20 * MSEC);
	assert_int_equal(w->removes, 10000);
	world_free(w);
}

/* The kernel drops what is too much at once; nothing is missing in the end. */
static void test_overflow(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	write_text(w, "b.example.crt.pem", pem_for("b.example", 0x22));
	settle(w);
	for (int i = 0; i < 9000; i++) {
		write_text(w, "noise", "");
		write_text(w, "din", "");
	}
	write_text(w, "c.example.crt.pem", pem_for("c.example", 0x33));
	write_text(w, "b.example.crt.pem", pem_for("b.example", 0x44));
	unlink(at(w, "a.example.crt.pem"));
	w->told[0] = '\0';
	pass(w, 20 * MSEC);
	assert_logged(w, "more events than the kernel keeps", "");
	assert_non_null(strstr(w->told, "-a.example:11 "));
	assert_non_null(strstr(w->told, "-b.example:22 +b.example:44 "));
	assert_non_null(strstr(w->told, "+c.example:33 "));
	world_free(w);
}

static void test_forbidden_and_deep(void **state)
{
	struct world *w = world_new(WATCH_CERTMAGIC);
	char path[600], name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	snprintf(path, sizeof(path), "acme/%s/challenge_tokens", name);
	make_directories(w, path);
	name[255 - 5] = '\0';
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s.json", name);
	write_token(w, path, "tls-alpn-01", "a.example");
	make_directories(w, TOKENS);
	assert_int_equal(symlink("/tmp", at(w, "acme/link")), 0);
	write_text(w, CA "/file", "");
	write_token(w, TOKENS "/b.example.json", "tls-alpn-01", "b.example");
	world_begin(w);
	pass(w, 10 * SECOND);
	assert_told(w, "+b.example:94 ");
	assert_logged(w, "File name too long", "acme/link: cannot be watched");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certmagic),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_mod_md),
		cmocka_unit_test(test_missing_root),
		cmocka_unit_test(test_moved_above),
		cmocka_unit_test(test_one_directory_twice),
		cmocka_unit_test(test_link_turned),
		cmocka_unit_test(test_renamed_over),
		cmocka_unit_test(test_ten_thousand),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_forbidden_and_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
