/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which names are below another. */
#include <string.h>
#include "challenge/challenge.h"

bool identifier_covers(const char *suffix, const char *sni)
{
	size_t len = strlen(sni), tail = strlen(suffix);

	if (!tail || len < tail || memcmp(sni + len - tail, suffix, tail) != 0)
		return false;
	return len == tail || sni[len - tail - 1] == '.';
}
