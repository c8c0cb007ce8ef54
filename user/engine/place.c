/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a frame is to the engine, for who watches: decided as engine_input() does, without doing it. */
#include "engine/flow.h"

static const struct {
	const char *name;
	const char *help;
} text[] = {
#define X(symbol, name, help) [PLACE_##symbol] = { name, help },
	ENGINE_PLACES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(text) == NUM_PLACES, "every place needs a name");

const char *engine_place_name(enum engine_place place)
{
	return text[place].name;
}

const char *engine_place_help(enum engine_place place)
{
	return text[place].help;
}

static enum engine_place place_of_stranger(const struct engine *e, unsigned queue, const struct flow *entry)
{
	if (entry->state == FLOW_DECLINED)
		return PLACE_DECLINED;
	if (entry->queue != queue && e->ports.pass_on)
		return PLACE_ANOTHERS;
	return entry->state == FLOW_OFFERED ? PLACE_OFFERED : PLACE_STRAY;
}

/* The program knows first that the kernel's half is silent; the engine learns of it when it would repeat something. */
static enum engine_place place_of_ours(const struct engine_flow *f, const struct flow *entry)
{
	static const enum engine_place places[] = { [PHASE_FREE] = PLACE_STRAY,
						    [PHASE_HELD] = PLACE_HELD,
						    [PHASE_WAITING] = PLACE_WAITING,
						    [PHASE_SERVED] = PLACE_SERVED,
						    [PHASE_LINGER] = PLACE_LINGERING };

	if (f->entry.state == FLOW_DECLINED)
		return PLACE_DECLINED;
	if (f->phase == PHASE_LINGER && entry && entry->state == FLOW_OFFERED)
		return PLACE_OFFERED; /* a new connection with the same ports */
	if (f->phase == PHASE_SERVED && entry && entry->state == FLOW_SILENCED)
		return PLACE_SILENCED;
	return places[f->phase];
}

enum engine_place engine_place(struct engine *e, unsigned port, unsigned queue, const struct flow_key *key)
{
	const struct engine_flow *f = table_find(e, port, key);
	struct flow entry;
	bool known = e->ports.flow_get(e->ports.context, port, key, &entry);

	if (f)
		return place_of_ours(f, known ? &entry : NULL);
	return known ? place_of_stranger(e, queue, &entry) : PLACE_STRAY;
}
