/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watched directories, one file at a time: written in pieces, wrong, replaced, removed; what the engine is told of it. */
#include "watch_world.h"

static void test_there_already(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	write_text(w, "a.example.key.pem", "secret");
	world_begin(w);
	assert_told(w, "+a.example:11 ");
	assert_int_equal(w->asked_files, 1); /* the key is never opened */
	world_free(w);
}

static void test_appears_and_goes(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	settle(w);
	assert_told(w, "+a.example:11 ");
	assert_int_equal(unlink(at(w, "a.example.crt.pem")), 0);
	settle(w);
	assert_told(w, "-a.example:11 ");
	world_free(w);
}

/* As openssl does it: created, empty, then a piece, then the rest. */
static void test_in_pieces(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);
	const char *pem = pem_for("a.example", 0x11);
	size_t half = strlen(pem) / 2;
	int fd;

	(void)state;
	world_begin(w);
	fd = open(at(w, "a.example.crt.pem"), O_WRONLY | O_CREAT, 0600);
	pass(w, 300 * MSEC);
	assert_int_equal(write(fd, pem, half), half);
	pass(w, 300 * MSEC);
	assert_told(w, "");
	assert_int_equal(write(fd, pem + half, strlen(pem) - half), strlen(pem) - half);
	close(fd);
	settle(w);
	assert_told(w, "+a.example:11 ");
	assert_string_equal(logged(w), "");
	world_free(w);
}

/* No event tells of a write, only of the close: the clock does. */
static void test_never_closed(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);
	const char *pem = pem_for("a.example", 0x11);
	int fd;

	(void)state;
	world_begin(w);
	fd = open(at(w, "a.example.crt.pem"), O_WRONLY | O_CREAT, 0600);
	settle(w);
	assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
	pass(w, 51 * MSEC);
	assert_told(w, "+a.example:11 ");
	close(fd);
	world_free(w);
}

static void test_half_for_ever(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);
	const char *pem = pem_for("a.example", 0x11);

	(void)state;
	world_begin(w);
	write_bytes(w, "a.example.crt.pem", pem, strlen(pem) / 2);
	pass(w, 4900 * MSEC);
	assert_string_equal(logged(w), "");
	pass(w, 200 * MSEC);
	assert_logged(w, "a.example.crt.pem: ", "");
	w->asked_files = 0;
	pass(w, 7200 * SECOND);
	assert_int_equal(w->asked_files, 0); /* an event is waited for */
	assert_string_equal(logged(w), "");
	assert_told(w, "");
	world_free(w);
}

static void test_told_once_for_a_version(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	write_text(w, "a.example.crt.pem", "one");
	pass(w, 6 * SECOND);
	assert_logged(w, "a.example.crt.pem: ", "");
	assert_int_equal(chmod(at(w, "a.example.crt.pem"), 0640), 0);
	pass(w, 6 * SECOND);
	assert_string_equal(logged(w), "");
	write_text(w, "a.example.crt.pem", "another");
	pass(w, 6 * SECOND);
	assert_logged(w, "a.example.crt.pem: ", "");
	world_free(w);
}

static void test_overwritten(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	settle(w);
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x22));
	pass(w, 20 * MSEC);
	assert_told(w, "+a.example:11 -a.example:11 +a.example:22 ");
	/* The old one stays while the next is being written, and no longer than it may become right. */
	write_text(w, "a.example.crt.pem", "half");
	pass(w, 4 * SECOND);
	assert_told(w, "");
	pass(w, 2 * SECOND);
	assert_told(w, "-a.example:22 ");
	world_free(w);
}

static void test_renamed_into_place(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	write_text(w, ".tmp", pem_for("a.example", 0x11));
	settle(w);
	assert_told(w, "");
	assert_int_equal(rename(at(w, ".tmp"), at(w, "a.example.crt.pem")), 0);
	settle(w);
	assert_told(w, "+a.example:11 ");
	write_text(w, ".tmp", pem_for("a.example", 0x22));
	assert_int_equal(rename(at(w, ".tmp"), at(w, "a.example.crt.pem")), 0);
	pass(w, 20 * MSEC);
	assert_told(w, "-a.example:11 +a.example:22 ");
	assert_int_equal(rename(at(w, "a.example.crt.pem"), at(w, "off")), 0);
	settle(w);
	assert_told(w, "-a.example:22 ");
	world_free(w);
}

struct odd {
	const char *name;
	void (*make)(struct world *w, const char *path);
	const char *why;
};

static void make_huge(struct world *w, const char *path)
{
	static char text[65537];

	memset(text, 'a', sizeof(text));
	write_bytes(w, path, text, sizeof(text));
}

static void make_endless(struct world *w, const char *path)
{
	write_text(w, path, "");
	assert_int_equal(truncate(at(w, path), 1L << 40), 0); /* a hole: nothing of it is on the disk */
}

static void make_binary(struct world *w, const char *path)
{
	uint8_t bytes[4096];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	write_bytes(w, path, bytes, sizeof(bytes));
}

static void make_fifo(struct world *w, const char *path)
{
	assert_int_equal(mkfifo(at(w, path), 0600), 0);
}

static void make_other_name(struct world *w, const char *path)
{
	write_text(w, path, pem_for("b.example", 0x11));
}

static void make_stray_link(struct world *w, const char *path)
{
	assert_int_equal(symlink("/etc/passwd", at(w, path)), 0);
}

static void make_good(struct world *w, const char *path)
{
	write_text(w, path, pem_for("a.example", 0x11));
}

static const struct odd odds[] = {
	{ "huge.example.crt.pem", make_huge, "larger than 64 KiB" },
	{ "endless.example.crt.pem", make_endless, "larger than 64 KiB" },
	{ "binary.example.crt.pem", make_binary, "" },
	{ "fifo.example.crt.pem", make_fifo, "not a regular file" },
	{ "directory.example.crt.pem", make_directory, "not a regular file" },
	{ "link.example.crt.pem", make_stray_link, "cross-device" }, /* EXDEV: out of the tree */
	{ "other.example.crt.pem", make_other_name, "another name" },
	{ "\xff\xfe\n.crt.pem", make_good, "is not ASCII" },
	{ "*.example.crt.pem", make_good, "" },
	{ "a.example.crt.pem\x01.crt.pem", make_good, "has a character" },
};

/* Each there before, and each appearing later; said once, with nothing of its content, and nothing is told the engine. */
static void test_odd_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(odds); i++) {
		const struct odd *odd = &odds[i / 2];
		struct world *w = world_new(WATCH_DEHYDRATED);
		const char *text;

		w->careless = i % 2;
		if (i % 2)
			world_begin(w);
		odd->make(w, odd->name);
		if (!(i % 2))
			world_begin(w);
		pass(w, 6 * SECOND);
		text = logged(w);
		if (!strstr(text, odd->why) || !strstr(text, w->root) ||
		    strchr(text, '\n') != strrchr(text, '\n'))
			fail_msg("%s: not told \"%s\" once, but: %s", odd->name, odd->why, text);
		for (const char *s = text; *s && s[1]; s++)
			assert_true(*s >= ' ' && *s <= '~');
		assert_told(w, "");
		write_text(w, "good.example.crt.pem", pem_for("good.example", 0x33));
		settle(w);
		assert_told(w, "+good.example:33 ");
		delete_tree(at(w, odd->name));
		settle(w);
		assert_told(w, "");
		world_free(w);
	}
}

/* dehydrated's certificate for an address has its arpa name as a dNSName. */
static void test_arpa(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	write_text(w, "1.2.0.192.in-addr.arpa.crt.pem", pem_for("192.0.2.1", 0x11));
	settle(w);
	assert_told(w, "+192.0.2.1:11 ");
	world_free(w);
}

static void test_renewed(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	world_begin(w);
	assert_told(w, "+a.example:11 ");
	pass(w, 1799 * SECOND);
	assert_told(w, "");
	pass(w, SECOND);
	assert_told(w, "+a.example:11 ");
	pass(w, 3600 * SECOND);
	assert_told(w, "+a.example:11 +a.example:11 ");
	world_free(w);
}

static void test_refused(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	w->refuse = true;
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	world_begin(w);
	assert_logged(w, "a.example.crt.pem: its challenge is refused: full", "");
	pass(w, 59 * SECOND);
	assert_told(w, "+a.example:11 ");
	pass(w, 121 * SECOND);
	assert_told(w, "+a.example:11 +a.example:11 +a.example:11 ");
	assert_string_equal(logged(w), "");
	w->refuse = false;
	pass(w, 1000 * SECOND);
	assert_told(w, "+a.example:11 ");
	world_free(w);
}

/* An event for every write: a writer without end costs a bounded number of looks. */
static void test_busy_writer(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	world_begin(w);
	for (int i = 0; i < 1000; i++) {
		write_text(w, "a.example.crt.pem", "x");
		pass(w, MSEC);
	}
	assert_in_range(w->asked_files, 10, 60);
	world_free(w);
}

/* The front end ends and begins again; what is there is told again. */
static void test_restart(void **state)
{
	struct world *w = world_new(WATCH_DEHYDRATED);

	(void)state;
	write_text(w, "a.example.crt.pem", pem_for("a.example", 0x11));
	world_begin(w);
	front_close(&w->x->front);
	world_begin(w);
	assert_told(w, "+a.example:11 +a.example:11 ");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_already), cmocka_unit_test(test_appears_and_goes),
		cmocka_unit_test(test_in_pieces),     cmocka_unit_test(test_never_closed),
		cmocka_unit_test(test_half_for_ever), cmocka_unit_test(test_told_once_for_a_version),
		cmocka_unit_test(test_overwritten),   cmocka_unit_test(test_renamed_into_place),
		cmocka_unit_test(test_odd_files),     cmocka_unit_test(test_arpa),
		cmocka_unit_test(test_renewed),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_busy_writer),   cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
