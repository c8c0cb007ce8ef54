/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metrics socket's HTTP as a table, its scrapers good and bad, and the text file. */
#include <sys/stat.h>
#include "front_fixture.h"
#include "front/http.h"
#include "metrics/metrics.h"

/* As little as metrics_format() is content with is a matter of the metrics' own test: the engine's status is bigger. */
#define STATUS \
	"{\"ok\":true,\"daemon\":{\"uptime_s\":7,\"version\":\"1\"},\"challenges\":3,\"flows\":0,\"interfaces\":[]}"
#define GET "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct fixture *x;

static int setup(void **state)
{
	(void)state;
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

static int scraper(void)
{
	return connect_to(&x->metrics, x->metrics_len);
}

/* ------------------------------------------------------------------- HTTP */

static const struct {
	const char *text;
	enum http_status status;
	bool head;
} requests[] = {
	{ GET, HTTP_OK, false },
	{ "GET / HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", HTTP_OK, false },
	{ "GET /metrics?format=prometheus HTTP/1.1\r\nhOSt:x\r\n\r\n", HTTP_OK, false },
	{ "GET http://localhost/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", HTTP_OK, false },
	{ "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", HTTP_OK, false },
	{ "GET /metrics HTTP/1.0\r\n\r\n", HTTP_OK, false },
	{ "GET /metrics HTTP/1.0\n\n", HTTP_OK, false },
	{ "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /again", HTTP_OK, false },
	{ "", HTTP_INCOMPLETE, false },
	{ "GET /metr", HTTP_INCOMPLETE, false },
	{ "GET /metrics HTTP/1.1\r\n", HTTP_INCOMPLETE, false },
	{ "GET /metrics HTTP/1.1\r\nHost: x\r\n", HTTP_INCOMPLETE, false },
	{ "GET /metrics HTTP/1.1\r\nHost: x\r\n\r", HTTP_INCOMPLETE, false },
	{ "GET /metrics HTTP/1.1\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1\r\nnonsense\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET  /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1 \r\nHost: x\r\n\r\n", HTTP_OK, false },
	{ "GET /metrics HTTP/1.1 x\r\nHost: x\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1x\r\nHost: x\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "G@T /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "\x16\x03\x01\x02\n\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", HTTP_VERSION, false },
	{ "PRI * HTTP/2.0\r\n\r\n", HTTP_VERSION, false },
	{ "GET /other HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_NOT_FOUND, false },
	{ "GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_NOT_FOUND, false },
	{ "GET * HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_NOT_FOUND, false },
	{ "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_NOT_ALLOWED, true },
	{ "HEAD /other HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_NOT_FOUND, true },
	{ "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", HTTP_NOT_ALLOWED, false },
	{ "get /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_NOT_ALLOWED, false },
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		size_t len = strlen(requests[i].text);
		char *exact = malloc(len + 1); /* the sanitizer sees what is read beyond */
		bool head;

		assert_non_null(exact);
		memcpy(exact, requests[i].text, len);
		exact = realloc(exact, MAX(len, (size_t)1));
		if (http_read(exact, len, &head) != requests[i].status || head != requests[i].head)
			fail_msg("%s", requests[i].text);
		free(exact);
	}
}

/* Byte by byte the answer is the same, and it never comes before the end of the head. */
static void test_requests_grow(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		enum http_status status = HTTP_INCOMPLETE;
		bool head = false;

		for (size_t len = 0; len <= strlen(requests[i].text) && status == HTTP_INCOMPLETE; len++)
			status = http_read(requests[i].text, len, &head);
		assert_int_equal(status, requests[i].status);
	}
}

static void test_too_large(void **state)
{
	static char text[HTTP_REQUEST_MAX + 1];
	bool head;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(http_read(text, HTTP_REQUEST_MAX - 1, &head), HTTP_INCOMPLETE);
	assert_int_equal(http_read(text, HTTP_REQUEST_MAX, &head), HTTP_TOO_LARGE);
	memcpy(text, "GET / HTTP/1.1\r\nHost:", 21);
	assert_int_equal(http_read(text, HTTP_REQUEST_MAX, &head), HTTP_TOO_LARGE);
	memcpy(text + HTTP_REQUEST_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(http_read(text, HTTP_REQUEST_MAX, &head), HTTP_OK);
}

/* ----------------------------------------------------------------- socket */

/* The page of a scraper that has asked, or what it got instead. */
static void expect_page(int fd, const char *status)
{
	char *page = metrics_format(status, METRICS_OPENMETRICS), expected[512];
	const char *got = heard(fd);

	assert_non_null(page);
	snprintf(expected, sizeof(expected),
		 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
		 "Connection: close\r\n\r\n",
		 METRICS_CONTENT_TYPE, strlen(page));
	assert_memory_equal(got, expected, strlen(expected));
	assert_string_equal(got + strlen(expected), page);
	assert_string_equal(heard(fd), "");
	free(page);
	close(fd);
}

static void test_scrape(void **state)
{
	int fd = scraper(), other = scraper();

	(void)state;
	say(fd, "GET /metrics HTTP/1.1\r\nHo");
	front_turns(x);
	assert_string_equal(engine_heard(x), "-");
	say(fd, "st: localhost\r\n\r\nmore");
	say(other, GET);
	shutdown(other, SHUT_WR);
	front_turns(x);
	assert_string_equal(engine_heard(x), "status");
	assert_string_equal(engine_heard(x), "status");
	assert_string_equal(heard(fd), "-");
	say(fd, "and more");
	engine_says(x, STATUS);
	engine_says(x, STATUS);
	front_turns(x);
	expect_page(fd, STATUS);
	expect_page(other, STATUS);
	assert_true(front_deadline(&x->front) == USEC_NEVER);
}

static void expect_refusal(const char *request, const char *line, bool text)
{
	int fd = scraper();
	const char *got, *body;

	say(fd, request);
	front_turns(x);
	got = heard(fd);
	body = strstr(got, "\r\n\r\n");
	assert_memory_equal(got, line, strlen(line));
	assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
	assert_int_equal(strstr(got, "\r\nAllow: GET\r\n") != NULL, strstr(line, "405") != NULL);
	assert_non_null(body);
	assert_int_equal(strlen(body + 4) > 0, text);
	assert_string_equal(heard(fd), "");
	assert_string_equal(engine_heard(x), "-");
	close(fd);
}

static void test_refusals(void **state)
{
	static char long_head[HTTP_REQUEST_MAX + 100];

	(void)state;
	expect_refusal("POST / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n", true);
	expect_refusal("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n", false);
	expect_refusal("GET /x HTTP/1.0\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", true);
	expect_refusal("\n\n", "HTTP/1.1 400 Bad Request\r\n", true);
	expect_refusal("GET / HTTP/3.0\n\n", "HTTP/1.1 505 ", true);
	memset(long_head, 'x', sizeof(long_head) - 1);
	expect_refusal(long_head, "HTTP/1.1 431 ", true);
}

static void test_engine_cannot(void **state)
{
	static const char *const says[] = { "{\"ok\":false,\"code\":75,\"error\":\"?\"}", "{\"ok\":true}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		int fd = scraper();

		say(fd, GET);
		front_turns(x);
		assert_string_equal(engine_heard(x), "status");
		engine_says(x, says[i]);
		front_turns(x);
		assert_non_null(strstr(heard(fd), "HTTP/1.1 503 Service Unavailable\r\n"));
		assert_string_equal(heard(fd), "");
		close(fd);
	}
}

/* One that says nothing, one that says it slowly, one that does not read: each has its time, and no more. */
static void test_slow(void **state)
{
	int late = scraper(), silent = scraper(), slow = scraper(); /* the first has the first place */

	(void)state;
	front_turns(x);
	for (int i = 0; i < 9; i++) {
		say(slow, "G");
		x->now += USEC_PER_SEC;
		front_turns(x);
		assert_string_equal(heard(slow), "-");
	}
	say(late, GET);
	front_turns(x);
	assert_string_equal(engine_heard(x), "status");
	x->now += USEC_PER_SEC;
	front_turns(x);
	assert_non_null(strstr(heard(silent), "HTTP/1.1 408 "));
	assert_non_null(strstr(heard(slow), "HTTP/1.1 408 "));
	assert_string_equal(heard(late), ""); /* the engine took too long */
	assert_true(front_deadline(&x->front) == USEC_NEVER);
	close(silent);
	close(slow);
	close(late);

	/* The reply that comes now is for nobody, also when somebody else has the place. */
	late = scraper();
	front_turns(x);
	engine_says(x, STATUS);
	front_turns(x);
	assert_string_equal(heard(late), "-");
	say(late, GET);
	front_turns(x);
	assert_string_equal(engine_heard(x), "status");
	engine_says(x, STATUS);
	front_turns(x);
	expect_page(late, STATUS);
}

static void test_hangs_up(void **state)
{
	int fd = scraper();

	(void)state;
	say(fd, GET);
	front_turns(x);
	close(fd);
	front_turns(x);
	engine_says(x, STATUS);
	front_turns(x);
	fd = scraper();
	say(fd, "GET");
	close(fd);
	front_turns(x);
	assert_true(front_deadline(&x->front) == USEC_NEVER);
	assert_false(x->front.ended);
}

static void test_crowd(void **state)
{
	int fd[12];

	(void)state;
	for (int i = 0; i < 12; i++) {
		fd[i] = scraper();
		say(fd[i], GET);
	}
	front_turns(x);
	for (int i = 0; i < 8; i++)
		assert_string_equal(engine_heard(x), "status");
	assert_string_equal(engine_heard(x), "-");
	for (int i = 0; i < 8; i++)
		engine_says(x, STATUS);
	front_turns(x);
	for (int i = 8; i < 12; i++)
		engine_says(x, STATUS);
	front_turns(x);
	for (int i = 0; i < 12; i++)
		expect_page(fd[i], STATUS);
}

/* --------------------------------------------------------------- text file */

static int setup_textfile(void **state)
{
	(void)state;
	x = fixture_new();
	strcpy(x->options.settings.metrics_textfile, "/somewhere/alpnxdp.prom");
	front_begin(x);
	return 0;
}

static void expect_file(int fd, const char *status)
{
	char *page = metrics_format(status, METRICS_TEXTFILE), *got;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_non_null(page);
	assert_int_equal(st.st_size, strlen(page));
	got = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(got);
	assert_int_equal(pread(fd, got, (size_t)st.st_size, 0), st.st_size);
	assert_string_equal(got, page);
	free(got);
	free(page);
	close(fd);
}

static void test_textfile(void **state)
{
	struct front_request request;
	int fd;

	(void)state;
	for (int i = 0; i < 4; i++) {
		front_turns(x);
		assert_string_equal(engine_heard(x), "status");
		assert_string_equal(engine_heard(x), "-");
		/* Twice it cannot be written, which is told once; the process goes on. */
		keeper_will_say(x, (struct front_reply){ .err = i == 1 || i == 2 ? -ENOENT : 0 }, -1);
		engine_says(x, STATUS);
		front_turns(x);
		assert_true(keeper_heard(x, &request, &fd));
		assert_int_equal(request.verb, FRONT_TEXTFILE);
		expect_file(fd, STATUS);
		assert_true(front_deadline(&x->front) == x->now + 15 * USEC_PER_SEC);
		x->now += 15 * USEC_PER_SEC - 1;
		front_turns(x);
		assert_string_equal(engine_heard(x), "-");
		x->now += 1;
	}
}

/* No page, no file: the keeper is not asked. */
static void test_textfile_without_status(void **state)
{
	(void)state;
	front_turns(x);
	assert_string_equal(engine_heard(x), "status");
	engine_says(x, "{\"ok\":true}");
	front_turns(x);
	assert_false(keeper_heard(x, &(struct front_request){ 0 }, NULL));
	x->now += 15 * USEC_PER_SEC;
	front_turns(x);
	assert_string_equal(engine_heard(x), "status");
	/* An engine that does not answer is not asked again. */
	x->now += 60 * USEC_PER_SEC;
	front_turns(x);
	assert_string_equal(engine_heard(x), "-");
	assert_true(front_deadline(&x->front) == USEC_NEVER);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
#define TEST_FILE(function) cmocka_unit_test_setup_teardown(function, setup_textfile, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_requests_grow),
		cmocka_unit_test(test_too_large),
		TEST(test_scrape),
		TEST(test_refusals),
		TEST(test_engine_cannot),
		TEST(test_slow),
		TEST(test_hangs_up),
		TEST(test_crowd),
		TEST_FILE(test_textfile),
		TEST_FILE(test_textfile_without_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
