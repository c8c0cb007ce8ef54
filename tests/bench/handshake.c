/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * handshake: validations through the engine with everything around it in memory, for budget.sh to count instructions.
 *
 *   handshake 1.2|1.3 COUNT [PER_SECOND|timed]
 *
 * With timed it says how long counted_input() took in all. With PER_SECOND it paces them, and says how long each took, from
 * the hello to the end: what both sides' TLS and our TCP take without any network between them, on a core that sleeps in
 * between, as latency.sh has it.
 *
 * counted_input() is all of the engine from the validator's frame to the end of the turn and the frames of the answer: TCP,
 * the gate, TLS, silencing; of the world's ports only as much as unit/engine_world.h has of them. The first validation,
 * which makes the certificate, is not counted, and neither are the validators: their TLS is OpenSSL.
 */
#include <time.h>
#include "engine/engine.h"

static bool counting;
static uint64_t counted_ns;
void counted_input(struct engine *e, const struct engine_frame *f, usec_t now);

__attribute__((noinline)) void counted_input(struct engine *e, const struct engine_frame *f, usec_t now)
{
	engine_input(e, f, now);
	engine_tick(e, now);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void either_input(struct engine *e, const struct engine_frame *f, usec_t now)
{
	uint64_t begun = now_ns();

	if (!counting) {
		engine_input(e, f, now);
		return;
	}
	counted_input(e, f, now);
	counted_ns += now_ns() - begun;
}

#define engine_input either_input
#include "unit/engine_world.h"

/* Returns microseconds. */
static double validate(unsigned number, int version)
{
	struct peer p;
	uint64_t begun;

	memset(world.entry, 0, sizeof(world.entry));
	world.kernel = PROBE_SOCKET;
	peer_init(&p, 1, (uint16_t)(4000 + number));
	peer_start(&p, "example.org", version);
	begun = now_ns();
	peer_offer(&p);
	peer_talk(&p);
	begun = now_ns() - begun;
	peer_free(&p);
	return (double)begun / 1000;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void paced(unsigned count, int version, unsigned per_second)
{
	double took[ENGINE_PER_PREFIX];
	uint64_t due = now_ns();

	for (unsigned i = 0; i < count; i++) {
		struct timespec at;

		due += 1000000000 / per_second;
		at = (struct timespec){ .tv_sec = (time_t)(due / 1000000000),
					.tv_nsec = (long)(due % 1000000000) };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		took[i] = validate(i + 1, version);
	}
	qsort(took, count, sizeof(*took), ascending);
	printf("{\"median_us\":%.0f,\"p99_us\":%.0f}\n", took[count / 2], took[(count - 1) * 99 / 100]);
}

int main(int argc, char **argv)
{
	bool timed = argc == 4 && !strcmp(argv[3], "timed");
	unsigned count = argc >= 3 ? (unsigned)atoi(argv[2]) : 0,
		 pace = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	int version = argc >= 3 && !strcmp(argv[1], "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
	void *state = NULL;

	if (!count || count > ENGINE_PER_PREFIX || argc > 4 || (argc == 4 && !pace && !timed) ||
	    world_setup(&state)) {
		fputs("usage: handshake 1.2|1.3 COUNT [PER_SECOND|timed]\n", stderr);
		return 2;
	}
	world_add("example.org");
	validate(0, version);
	counting = true;
	if (pace)
		paced(count, version, pace);
	for (unsigned i = 1; i <= count && !pace; i++)
		validate(i, version);
	if (timed)
		printf("{\"done\":%u,\"busy_us\":%.0f}\n", count, (double)counted_ns / 1000);
	if (OUTCOME(VALIDATED) != count + 1) {
		fputs("handshake: a validation failed\n", stderr);
		return 1;
	}
	world_teardown(&state);
	return 0;
}
