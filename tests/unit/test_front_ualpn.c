/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ualpn's socket: the corpus of lines byte for byte, and clients that are slow, silent, half-closed, gone, or many. The
 * engine is a small set of challenges here.
 */
#include "front_fixture.h"
#include "front/ualpn.h"

#define T "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"

enum { SET = 512 };

static struct fixture *x;
static struct {
	char ident[256], digest[64];
} set[SET];
static bool engine_is_full;

static int setup(void **state)
{
	(void)state;
	memset(set, 0, sizeof(set));
	engine_is_full = false;
	x = fixture_new();
	front_begin(x);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(x);
	return 0;
}

/* ---------------------------------------------------------------- engine */

static void engine_add(const struct control_request *r)
{
	size_t place = SET;

	assert_string_equal(control_value(r, "ttl"), "3600");
	for (size_t i = 0; i < SET; i++) {
		if (!set[i].ident[0])
			place = MIN(place, i);
		if (!strcmp(set[i].ident, control_value(r, "ident")) &&
		    !strcmp(set[i].digest, control_value(r, "digest"))) {
			engine_says(x, "{\"ok\":true,\"new\":false}");
			return;
		}
	}
	assert_true(place < SET);
	snprintf(set[place].ident, sizeof(set[place].ident), "%s", control_value(r, "ident"));
	snprintf(set[place].digest, sizeof(set[place].digest), "%s", control_value(r, "digest"));
	engine_says(x, "{\"ok\":true,\"new\":true}");
}

static void engine_remove(const struct control_request *r)
{
	char text[64];
	int removed = 0;

	assert_null(control_value(r, "digest"));
	for (size_t i = 0; i < SET; i++) {
		if (strcmp(set[i].ident, control_value(r, "ident")))
			continue;
		set[i].ident[0] = '\0';
		removed++;
	}
	snprintf(text, sizeof(text), "{\"ok\":true,\"removed\":%d}", removed);
	engine_says(x, text);
}

/* Answers one request; false: there is none. */
static bool engine_turn(void)
{
	char *line = strdup(engine_heard(x));
	struct control_request r;
	const char *why;
	bool any = *line != '-';

	if (any) {
		assert_int_equal(control_parse(line, strlen(line), &r, &why), 0);
		assert_string_equal(control_value(&r, "source"), "ualpn");
		if (engine_is_full)
			engine_says(x, "{\"ok\":false,\"code\":75,\"error\":\"full\"}");
		else if (!strcmp(r.verb, "add"))
			engine_add(&r);
		else
			engine_remove(&r);
	}
	free(line);
	return any;
}

static void play(void)
{
	do
		front_turns(x);
	while (engine_turn());
}

static int client(void)
{
	return connect_to(&x->ualpn, x->ualpn_len);
}

/* ---------------------------------------------------------------- corpus */

static void append(char *to, size_t *len, const char *from, size_t count)
{
	assert_true(*len + count < 8192);
	memcpy(to + *len, from, count);
	*len += count;
}

/* \n \r \t \xHH, $T, {TEXT*N}: the escape at *s, which moves behind it. */
static void unescape_one(const char **s, char *to, size_t *len)
{
	static const char letters[] = "n\nr\rt\t";
	const char *letter = strchr(letters, (*s)[1]), *star, *end;
	char byte;
	size_t times;

	if (**s == '$') {
		append(to, len, T, strlen(T));
		*s += 2;
	} else if (**s == '{') {
		end = strchr(*s, '}');
		star = memrchr(*s, '*', (size_t)(end - *s));
		times = strtoul(star + 1, NULL, 10);
		for (size_t i = 0; i < times; i++)
			append(to, len, *s + 1, (size_t)(star - *s - 1));
		*s = end + 1;
	} else {
		byte = (*s)[1] == 'x' ? (char)(hex_value((*s)[2]) * 16 + hex_value((*s)[3])) : letter[1];
		append(to, len, &byte, 1);
		*s += (*s)[1] == 'x' ? 4 : 2;
	}
}

static size_t unescape(const char *s, char *to)
{
	size_t len = 0;

	while (*s) {
		if (*s == '\\' || *s == '$' || *s == '{') {
			unescape_one(&s, to, &len);
		} else {
			append(to, &len, s++, 1);
		}
	}
	return len;
}

static const char *reply_named(const char *word)
{
	static const char *const names[NUM_UALPN_REPLIES] = {
#define X(symbol, text) [UALPN_##symbol] = #symbol,
		UALPN_REPLIES(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(word, names[i]))
			return ualpn_reply_text[i];
	fail_msg("the corpus has no reply called %s", word);
	return NULL;
}

static void check_row(char *row)
{
	char *sent = strsep(&row, "\t"), *theirs = strsep(&row, "\t"), *ours = strsep(&row, "\t"), *word;
	char *answer = !ours || !strcmp(ours, "=") ? theirs : ours;
	char bytes[8192], expected[256] = "";
	bool closed = strchr(answer, '.') != NULL;
	size_t len = unescape(sent, bytes);
	int fd = client();

	while (strcmp(answer ? answer : "-", "-") && (word = strsep(&answer, " .")) && *word)
		strcat(expected, reply_named(word));
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
	play();
	if (strcmp(*expected ? heard(fd) : "", expected))
		fail_msg("%.80s is not answered with %s", sent, expected);
	assert_string_equal(heard(fd), closed ? "" : "-");
	close(fd);
	play();
}

static void test_corpus(void **state)
{
	FILE *file = fopen("tests/corpus/ualpn.txt", "r");
	char line[1024];
	unsigned rows = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		check_row(line);
		rows++;
	}
	fclose(file);
	assert_true(rows > 80);
	for (size_t i = 0; i < SET; i++)
		assert_int_equal(set[i].ident[0], 0);
}

/* What the engine is told is in normal form, whatever was typed. */
static void test_normal_form(void **state)
{
	static const struct {
		const char *typed, *told;
	} rows[] = {
		{ "UP.Example", "up.example" },
		{ "p.example.", "p.example" },
		{ "1.2.3.4.in-addr.arpa", "4.3.2.1" },
		{ "2001:DB8:0:0::1", "2001%3Adb8%3A%3A1" },
		{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.IP6.ARPA",
		  "2001%3Adb8%3A%3A1" },
	};
	char line[512], expected[512];
	int fd = client();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(line, sizeof(line), "auth %s " T "\n", rows[i].typed);
		say(fd, line);
		front_turns(x);
		snprintf(expected, sizeof(expected), "add ident=%s digest=" T " ttl=3600 source=ualpn",
			 rows[i].told);
		assert_string_equal(engine_heard(x), expected);
		engine_says(x, "{\"ok\":true}");
		front_turns(x);
		assert_string_equal(heard(fd), "OK\n");
	}
	close(fd);
}

static void test_engine_refuses(void **state)
{
	static const struct {
		const char *says, *reply;
	} rows[] = {
		{ "{\"ok\":false,\"code\":75,\"error\":\"full\"}", "ERR too many auths\n" },
		{ "{\"ok\":false,\"code\":4,\"error\":\"bad\"}", "ERR invalid ident\n" },
		{ "{\"ok\":false,\"code\":1,\"error\":\"?\"}", "ERR locked\n" },
	};
	int fd = client();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		say(fd, "auth a.example " T "\n");
		front_turns(x);
		engine_heard(x);
		engine_says(x, rows[i].says);
		front_turns(x);
		assert_string_equal(heard(fd), rows[i].reply);
	}
	close(fd);
}

static void test_byte_by_byte(void **state)
{
	int fd = client();

	(void)state;
	for (const char *c = "auth a.example " T "\n"; *c; c++) {
		assert_string_equal(heard(fd), "-");
		assert_int_equal(send(fd, c, 1, 0), 1);
		play();
		x->now += USEC_PER_SEC;
	}
	assert_string_equal(heard(fd), "OK\n");
	close(fd);
}

/* A hundred adds and removes, more than the input holds; one of them is with the engine at a time. */
static void test_pipelined(void **state)
{
	char text[128];
	int fd = client();

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), i < 100 ? "auth p%d.example " T "\n" : "unauth p%d.example\n",
			 i % 100);
		say(fd, text);
	}
	front_turns(x);
	assert_true(engine_turn());
	assert_false(engine_turn());
	play();
	for (int i = 0; i < 200; i++) {
		assert_int_equal(recv(fd, text, 3, MSG_DONTWAIT), 3);
		assert_memory_equal(text, "OK\n", 3);
	}
	assert_string_equal(heard(fd), "-");
	close(fd);
}

static void test_half_closed(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "auth a.example " T "\nunauth a.example\nunauth a.example\nunauth a.exam");
	shutdown(fd, SHUT_WR);
	play();
	assert_string_equal(heard(fd), "OK\nOK\nERR not found\n");
	assert_string_equal(heard(fd), "");
	close(fd);
}

/* What was said before leaving is done; the reply of the engine finds nobody, and goes to nobody else. */
static void test_gone(void **state)
{
	int fd = client(), other;

	(void)state;
	say(fd, "auth a.example " T "\nauth b.example " T "\nauth c.example " T "\n");
	close(fd);
	play();
	assert_string_equal(set[2].ident, "c.example");
	fd = client();
	say(fd, "auth d.example " T "\n");
	front_turns(x);
	close(fd);
	other = client();
	front_turns(x);
	assert_true(engine_turn());
	front_turns(x);
	assert_string_equal(heard(other), "-");
	close(other);
}

static void test_idle(void **state)
{
	int idle = client(), waiting = client();

	(void)state;
	say(waiting, "auth a.example " T "\n");
	front_turns(x);
	assert_true(front_deadline(&x->front) == x->now + 5 * USEC_PER_SEC);
	x->now += 5 * USEC_PER_SEC - 1;
	front_turns(x);
	assert_string_equal(heard(idle), "-");
	x->now += 1;
	front_turns(x);
	assert_string_equal(heard(idle), "");
	/* The engine may take as long as it likes: that is not the client's silence. */
	x->now += 60 * USEC_PER_SEC;
	play();
	assert_string_equal(heard(waiting), "OK\n");
	x->now += 5 * USEC_PER_SEC;
	front_turns(x);
	assert_string_equal(heard(waiting), "");
	assert_true(front_deadline(&x->front) == USEC_NEVER);
	close(idle);
	close(waiting);
}

/* It floods and does not read: bounded in memory, dropped in the end, and the others do not notice. */
static void test_never_reads(void **state)
{
	int fd = client(), other = client(), small = 1, sent = 0;

	(void)state;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int rounds = 0; rounds < 300; rounds++) {
		while (send(fd, "foo\nfoo\nfoo\nfoo\n", 16, MSG_DONTWAIT | MSG_NOSIGNAL) == 16)
			sent += 16;
		front_turns(x);
	}
	assert_in_range(sent, 4096, 4 << 20);
	say(other, "auth a.example " T "\n");
	play();
	assert_string_equal(heard(other), "OK\n");
	x->now += 5 * USEC_PER_SEC;
	front_turns(x);
	assert_int_equal(send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	close(fd);
	close(other);
}

/* More than there are places for: they wait, and come when another has left. */
static void test_crowd(void **state)
{
	int fd[40];

	(void)state;
	for (int i = 0; i < 40; i++) {
		fd[i] = client();
		say(fd[i], "foo\n");
	}
	play();
	assert_string_equal(heard(fd[31]), ualpn_reply_text[UALPN_USAGE]);
	assert_string_equal(heard(fd[32]), "-");
	close(fd[3]);
	play();
	assert_string_equal(heard(fd[32]), ualpn_reply_text[UALPN_USAGE]);
	assert_string_equal(heard(fd[33]), "-");
	x->now += 5 * USEC_PER_SEC;
	play();
	assert_string_equal(heard(fd[39]), ualpn_reply_text[UALPN_USAGE]);
	for (int i = 0; i < 40; i++)
		if (i != 3)
			close(fd[i]);
	play();
}

static void engine_ignored(struct front *f, const struct link_reply *r, const struct link_asker *asker)
{
	(void)f;
	(void)r;
	(void)asker;
}

/* Nothing is lost, and nobody is told off, when others fill the way to the engine. */
static void test_link_full(void **state)
{
	int fd = client();

	(void)state;
	while (!link_ask(
		&x->front,
		control_format("remove", (const char *[]){ "ident", "o.example", "source", "ualpn", NULL }),
		&(struct link_asker){ .done = engine_ignored }))
		;
	say(fd, "auth a.example " T "\n");
	front_turns(x);
	assert_string_equal(heard(fd), "-");
	x->now += 60 * USEC_PER_SEC;
	play();
	assert_string_equal(heard(fd), "OK\n");
	close(fd);
}

/*
 * Clients that do anything at any time, an engine that answers when it likes: whatever happens, the loop rests when there
 * is nothing to do, and in the end the place is empty.
 */
static void test_storm(void **state)
{
	static const char *const says[] = { "auth a.example " T "\n",
					    "unauth a.exa",
					    "mple\n",
					    "\n",
					    "x",
					    "auth b.example " T "\nunauth b.example\nfoo\n" };
	int fd[64];
	uint32_t random = 1;
	unsigned asked = 0;

	(void)state;
	memset(fd, -1, sizeof(fd));
	for (int i = 0; i < 20000; i++) {
		const char *said;
		bool gone = false;
		int *one;

		random ^= random << 13; /* xorshift: all bits are good */
		random ^= random >> 17;
		random ^= random << 5;
		one = &fd[random >> 26];
		said = says[(random >> 8 & 15) % ARRAY_SIZE(says)];
		if (*one < 0)
			*one = client();
		else if (random >> 12 & 7)
			gone = send(*one, said, strlen(said), MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
		else if (random >> 15 & 1)
			shutdown(*one, SHUT_WR);
		else
			gone = true;
		if (gone) {
			close(*one);
			*one = -1;
		}
		if (random >> 16 & 1)
			front_turns(x);
		if (random >> 17 & 1)
			asked += engine_turn();
		x->now += (random >> 18 & 63) * USEC_PER_MSEC;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		if (fd[i] >= 0)
			close(fd[i]);
	play();
	assert_in_range(asked, 1000, 20000);
	assert_true(front_deadline(&x->front) == USEC_NEVER);
	assert_int_equal(link_room(&x->front), LINK_WAITING);
	assert_false(x->front.ended);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_corpus),       TEST(test_normal_form), TEST(test_engine_refuses),
		TEST(test_byte_by_byte), TEST(test_pipelined),   TEST(test_half_closed),
		TEST(test_gone),         TEST(test_idle),        TEST(test_never_reads),
		TEST(test_crowd),        TEST(test_link_full),   TEST(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
