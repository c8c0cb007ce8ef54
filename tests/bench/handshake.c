/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * handshake: validations through the engine with everything around it in memory, for budget.sh to count instructions.
 *
 *   handshake 1.2|1.3 COUNT
 *
 * counted_input() is all of the engine from the validator's frame to the frames of the answer: TCP, the gate, TLS, silencing;
 * of the world's ports only as much as unit/engine_world.h has of them. The first validation, which makes the
 * certificate, is not counted, and neither are the validators: their TLS is OpenSSL.
 */
#include "engine/engine.h"

static bool counting;
void counted_input(struct engine *e, const struct engine_frame *f, usec_t now);

__attribute__((noinline)) void counted_input(struct engine *e, const struct engine_frame *f, usec_t now)
{
	engine_input(e, f, now);
}

static void either_input(struct engine *e, const struct engine_frame *f, usec_t now)
{
	if (counting)
		counted_input(e, f, now);
	else
		engine_input(e, f, now);
}

#define engine_input either_input
#include "unit/engine_world.h"

static void validate(unsigned number, int version)
{
	struct peer p;

	memset(world.entry, 0, sizeof(world.entry));
	world.kernel = PROBE_SOCKET;
	peer_init(&p, 1, (uint16_t)(4000 + number));
	peer_start(&p, "example.org", version);
	peer_offer(&p);
	peer_talk(&p);
	peer_free(&p);
}

int main(int argc, char **argv)
{
	unsigned count = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
	int version = argc == 3 && !strcmp(argv[1], "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
	void *state = NULL;

	if (!count || count > ENGINE_PER_PREFIX || world_setup(&state)) {
		fputs("usage: handshake 1.2|1.3 COUNT\n", stderr);
		return 2;
	}
	world_add("example.org");
	validate(0, version);
	counting = true;
	for (unsigned i = 1; i <= count; i++)
		validate(i, version);
	if (OUTCOME(VALIDATED) != count + 1) {
		fputs("handshake: a validation failed\n", stderr);
		return 1;
	}
	world_teardown(&state);
	return 0;
}
