// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The rules of the packet filter, from the programs that list them. Rules of iptables may be kept by nftables (nft shows
 * that there are some, iptables-save what they say) or by the older tables of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "doctor/read.h"
#include "doctor/findings.h"

enum { FIREWALL_MS = 3000 };

static void unread(struct firewall_facts *out, const char *why, const char *fix)
{
	if (!out->read)
		return; /* the first reason is the one that matters */
	out->read = false;
	snprintf(out->why, sizeof(out->why), "%s", why);
	snprintf(out->fix, sizeof(out->fix), "%s", fix);
}

static void nft_read(uint16_t port, struct firewall_facts *out, bool *foreign)
{
	char path[64], what[96];
	const char *argv[] = { path, "-j", "list", "ruleset", NULL }, *why;
	char *text;

	if (!program_find("nft", path, sizeof(path))) {
		unread(out, "nft is not installed", "sudo apt-get install nftables");
		return;
	}
	text = program_output(argv, FIREWALL_MS, &why);
	if (text && nft_parse(text, port, out, foreign)) {
		why = "its JSON was not understood";
		free(text);
		text = NULL;
	}
	if (!text) {
		snprintf(what, sizeof(what), "nft -j list ruleset: %s", why);
		unread(out, what, "sudo nft -j list ruleset");
	}
	free(text);
}

/* Returns whether the program was there. */
static bool save_read(const char *program, const char *family, uint16_t port, struct firewall_facts *out)
{
	char path[64], what[96];
	const char *argv[] = { path, NULL }, *why;
	char *text;

	if (!program_find(program, path, sizeof(path)))
		return false;
	text = program_output(argv, FIREWALL_MS, &why);
	if (text) {
		iptables_parse(text, family, port, out);
	} else {
		snprintf(what, sizeof(what), "%s: %s", program, why);
		unread(out, what, "sudo iptables-save");
	}
	free(text);
	return true;
}

/* Does the kernel hold tables of the older kind? */
static bool has_legacy(const char *path)
{
	FILE *file = fopen(path, "re");
	int c = file ? getc(file) : EOF;

	if (file)
		fclose(file);
	return c != EOF;
}

void firewall_read(uint16_t port, struct firewall_facts *out)
{
	static const struct {
		const char *family, *save, *legacy, *tables;
	} rows[] = {
		{ "ip", "iptables-save", "iptables-legacy-save", "/proc/net/ip_tables_names" },
		{ "ip6", "ip6tables-save", "ip6tables-legacy-save", "/proc/net/ip6_tables_names" },
	};
	bool foreign = false;

	*out = (struct firewall_facts){ .read = true };
	if (geteuid() != 0) {
		unread(out, "only root can list them", "sudo alpnxdp doctor");
		return;
	}
	nft_read(port, out, &foreign);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool legacy = has_legacy(rows[i].tables);

		if (!foreign && !legacy)
			continue;
		if (!save_read(rows[i].save, rows[i].family, port, out))
			unread(out, "there are rules of iptables, but no iptables-save",
			       "sudo apt-get install iptables");
		if (legacy)
			save_read(rows[i].legacy, rows[i].family, port, out);
	}
}
