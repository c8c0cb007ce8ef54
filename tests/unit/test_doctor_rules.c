/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the doctor understands of rules as nft and iptables-save print them, and of web servers' configurations. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "doctor/findings.h"

/* What is understood of a rule, as bits. */
enum { INVALID = 1, RST = 2, PORT = 4 };

struct row {
	const char *text;
	enum firewall_effect effect; /* FIREWALL_NONE: the rule is none of our business */
	unsigned flags;
};

static void check_row(const struct row *row, const struct firewall_facts *f)
{
	const struct firewall_rule *r = &f->rules[0];
	unsigned flags = (r->invalid ? INVALID : 0u) | (r->rst ? RST : 0u) | (r->port ? PORT : 0u);

	if (r->effect != row->effect || flags != row->flags)
		fail_msg("%s: effect %d, flags %u", row->text, r->effect, flags);
}

#define CHAIN(hook) "{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"hook\":\"" hook "\"}},"
#define SET \
	"{\"set\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"s\",\"elem\":[80,{\"range\":[440,450]}]}},"
#define NFT(hook, ...)                                                                                      \
	"{\"nftables\":[" CHAIN(hook) SET "{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\"," \
					  "\"handle\":3,\"expr\":[" __VA_ARGS__ "]}}]}"
#define MATCH(op, left, right) "{\"match\":{\"op\":\"" op "\",\"left\":" left ",\"right\":" right "}},"
#define TCP_PORT "{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}"
#define TCP_FLAGS "{\"payload\":{\"protocol\":\"tcp\",\"field\":\"flags\"}}"
#define STATE "{\"ct\":{\"key\":\"state\"}}"
#define DROP "{\"drop\":null}"

static const struct row nft_rows[] = {
	{ NFT("input", MATCH("in", STATE, "\"invalid\"") DROP), FIREWALL_DROP, INVALID },
	{ NFT("input", MATCH("==", STATE, "{\"set\":[\"invalid\",\"untracked\"]}") DROP), FIREWALL_DROP,
	  INVALID },
	{ NFT("input", MATCH("in", STATE, "[\"new\",\"invalid\"]") DROP), FIREWALL_DROP, INVALID },
	{ NFT("input", MATCH("!=", STATE, "\"invalid\"") DROP), FIREWALL_NONE, 0 },
	{ NFT("output", MATCH("in", STATE, "\"invalid\"") DROP), FIREWALL_NONE, 0 },
	{ NFT("input", "{\"vmap\":{\"key\":" STATE ",\"data\":{\"set\":[[\"established\",{\"accept\":null}],"
		       "[\"invalid\"," DROP "]]}}}"),
	  FIREWALL_DROP, INVALID },
	{ NFT("input", "{\"vmap\":{\"key\":" STATE ",\"data\":{\"set\":[[\"new\"," DROP "]]}}}"),
	  FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("==", TCP_PORT, "443") DROP), FIREWALL_DROP, PORT },
	{ NFT("input", MATCH("!=", TCP_PORT, "443") DROP), FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("==", TCP_PORT, "80") DROP), FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("==", TCP_PORT, "{\"set\":[80,443]}") DROP), FIREWALL_DROP, PORT },
	{ NFT("input", MATCH("==", TCP_PORT, "{\"range\":[1,442]}") DROP), FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("==", TCP_PORT, "\"@s\"") DROP), FIREWALL_DROP, PORT },
	{ NFT("input", MATCH("==", TCP_PORT, "\"@none\"") DROP), FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("in", TCP_FLAGS, "\"rst\"") DROP), FIREWALL_DROP, RST },
	{ NFT("input", MATCH("==", "{\"&\":[" TCP_FLAGS ",[\"fin\",\"syn\",\"rst\"]]}", "\"rst\"") DROP),
	  FIREWALL_DROP, RST },
	{ NFT("input", MATCH("==", "{\"&\":[" TCP_FLAGS ",[\"fin\",\"rst\"]]}", "[\"fin\",\"rst\"]") DROP),
	  FIREWALL_NONE, 0 },
	{ NFT("input",
	      MATCH("==", "{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}}", "\"192.0.2.7\"") DROP),
	  FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("==", "{\"meta\":{\"key\":\"l4proto\"}}", "\"udp\"") DROP), FIREWALL_NONE, 0 },
	{ NFT("input", MATCH("==", "{\"meta\":{\"key\":\"iifname\"}}", "\"lo\"") DROP), FIREWALL_NONE, 0 },
	{ NFT("prerouting",
	      MATCH("==", TCP_PORT,
		    "443") "{\"tproxy\":{\"family\":\"ip\",\"addr\":\"127.0.0.1\",\"port\":5}}"),
	  FIREWALL_TPROXY, PORT },
	{ NFT("prerouting", MATCH("==", TCP_PORT, "443") "{\"dnat\":{\"addr\":\"10.0.0.7\",\"port\":8443}}"),
	  FIREWALL_DNAT, PORT },
	{ NFT("prerouting", MATCH("==", TCP_PORT, "443") "{\"redirect\":{\"port\":8443}}"), FIREWALL_DNAT,
	  PORT },
	{ NFT("input", "{\"synproxy\":{\"mss\":1460}}"), FIREWALL_SYNPROXY, 0 },
	{ NFT("ingress", "{\"dup\":{\"addr\":\"d1\"}}"), FIREWALL_DUP, 0 },
	{ NFT("ingress", "{\"fwd\":{\"dev\":\"d1\"}}"), FIREWALL_FWD, 0 },
	{ NFT("input", "{\"counter\":{\"packets\":0,\"bytes\":0}},{\"accept\":null}"), FIREWALL_NONE, 0 },
	{ NFT("input", "{\"xt\":null}," DROP), FIREWALL_NONE, 0 },
};

static void test_nft(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nft_rows); i++) {
		struct firewall_facts f = { 0 };
		bool foreign;

		assert_int_equal(nft_parse(nft_rows[i].text, 443, &f, &foreign), 0);
		check_row(&nft_rows[i], &f);
		assert_int_equal(foreign, strstr(nft_rows[i].text, "xt") != NULL);
	}
}

static void test_nft_nonsense(void **state)
{
	static const char *const texts[] = { "", "x", "[]", "{}", "{\"nftables\":3}" };
	struct firewall_facts f = { 0 };
	bool foreign;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(nft_parse(texts[i], 443, &f, &foreign), -EPROTO);
	assert_int_equal(
		nft_parse("{\"nftables\":[3,{\"rule\":[]},{\"rule\":{\"expr\":3}}]}", 443, &f, &foreign), 0);
	assert_int_equal(f.count, 0);
}

static const struct row iptables_rows[] = {
	{ "-A INPUT -m conntrack --ctstate INVALID -j DROP", FIREWALL_DROP, INVALID },
	{ "-A ufw-before-input -m conntrack --ctstate INVALID -j DROP", FIREWALL_DROP, INVALID },
	{ "-A ufw-before-output -m conntrack --ctstate INVALID -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -m state --state NEW,INVALID -j REJECT --reject-with icmp-port-unreachable",
	  FIREWALL_DROP, INVALID },
	{ "-A INPUT -m conntrack ! --ctstate INVALID -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK RST -j DROP", FIREWALL_DROP, RST },
	{ "-A INPUT -p tcp -m tcp --tcp-flags SYN,RST SYN,RST -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -p tcp -m tcp --dport 443 -j DROP", FIREWALL_DROP, PORT },
	{ "-A INPUT -p tcp -m tcp ! --dport 443 -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -p tcp -m tcp --dport 80 -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -p udp -m udp --dport 443 -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -p tcp -m multiport --dports 80,400:500 -j DROP", FIREWALL_DROP, PORT },
	{ "-A INPUT -s 192.0.2.7/32 -p tcp -m tcp --dport 443 -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -i lo -j DROP", FIREWALL_NONE, 0 },
	{ "-A INPUT -m comment --comment \"drop -j ACCEPT\" -p tcp -m tcp --dport 443 -j DROP", FIREWALL_DROP,
	  PORT },
	{ "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.2:443",
	  FIREWALL_DNAT, PORT },
	{ "-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443", FIREWALL_DNAT, PORT },
	{ "-A PREROUTING -p tcp -m tcp --dport 443 -j TPROXY --on-port 50443 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1",
	  FIREWALL_TPROXY, PORT },
	{ "-A INPUT -p tcp -m tcp --dport 443 -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460",
	  FIREWALL_SYNPROXY, PORT },
	{ "-A PREROUTING -j TEE --gateway 192.0.2.9", FIREWALL_DUP, 0 },
	{ "-A INPUT -j ACCEPT", FIREWALL_NONE, 0 },
	{ "-A INPUT !", FIREWALL_NONE, 0 },
	{ "-A", FIREWALL_NONE, 0 },
	{ ":INPUT DROP [0:0]", FIREWALL_NONE, 0 },
};

static void test_iptables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(iptables_rows); i++) {
		struct firewall_facts f = { 0 };
		char text[256];

		snprintf(text, sizeof(text), "# a comment\n*raw\n%s\nCOMMIT\n", iptables_rows[i].text);
		iptables_parse(text, "ip", 443, &f);
		check_row(&iptables_rows[i], &f);
		assert_string_equal(f.rules[0].table, f.count ? "raw" : "");
	}
}

/* What nft and iptables-save both show is one rule; two of nft's are two. */
static void test_same_rule(void **state)
{
	struct firewall_rule r = { .effect = FIREWALL_DROP,
				   PORT,
				   .family = "ip",
				   .table = "filter",
				   .chain = "INPUT",
				   .handle = 4 };
	struct firewall_facts f = { .read = true };

	(void)state;
	firewall_take(&f, &r);
	r.handle = 0;
	firewall_take(&f, &r);
	assert_int_equal(f.count, 1);
	r.handle = 5;
	firewall_take(&f, &r);
	assert_int_equal(f.count, 2);
	assert_true(f.read);
	for (unsigned i = 0; i < 2 * FIREWALL_RULES; i++) {
		r.handle = 6 + i;
		firewall_take(&f, &r);
	}
	assert_int_equal(f.count, FIREWALL_RULES);
	assert_false(f.read);
	assert_true(*f.why && *f.fix);
}

static void test_config(void **state)
{
	static const struct {
		const char *line;
		bool proxies;
	} lines[] = {
		{ "\tlisten 443 ssl proxy_protocol;\n", true },
		{ "listen [::]:443 ssl http2 proxy_protocol ;", true },
		{ "  listen 192.0.2.1:443 proxy_protocol;", true },
		{ "listen *:443 ssl;", false },
		{ "listen 8443 proxy_protocol;", false },
		{ "listen [::443]:80 proxy_protocol;", false },
		{ "# listen 443 proxy_protocol;", false },
		{ "listen 443 ssl; # proxy_protocol", false },
		{ "proxy_protocol on;", false },
		{ "    bind :443 ssl crt /etc/x.pem accept-proxy", true },
		{ "    bind *:443 accept-proxy", true },
		{ "bind :::443,:80 accept-proxy", false },
		{ "bind :443,:80 ssl accept-proxy", false },
		{ "bind *:4433 accept-proxy", false },
		{ "listen", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (config_line_proxies(lines[i].line, 443) != lines[i].proxies)
			fail_msg("'%s'", lines[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nft),      cmocka_unit_test(test_nft_nonsense),
		cmocka_unit_test(test_iptables), cmocka_unit_test(test_same_rule),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
