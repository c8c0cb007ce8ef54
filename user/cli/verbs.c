/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of verbs, and the way from it to the one that was typed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "cli/command.h"

#define BIT(id) (UINT64_C(1) << OPTION_##id)

const struct verb verbs[] = {
	{ .name = "attach",
	  .arguments = "[IFACE...] [OPTION...]",
	  .help = "start answering on these interfaces",
	  .more = "All of them or none; without any, those of the configuration file. Needs root.\n",
	  .most = DAEMON_MAX_INTERFACES,
	  .completes = COMPLETE_INTERFACES,
	  .options = BIT(MODE) | BIT(PORT) | BIT(UALPN_SOCKET) | BIT(WATCH) | BIT(HARVEST) |
		     BIT(METRICS_SOCKET) | BIT(METRICS_TEXTFILE) | BIT(LOG_FORMAT) | BIT(LOG_LEVEL) |
		     BIT(SELF_CHECK) | BIT(THREADS) | BIT(BUSY_POLL) | BIT(OWN_NAMES) | BIT(PROBE_HOOK) |
		     BIT(CONFIG) | BIT(FOREGROUND),
	  .run = run_attach },
	{ .name = "detach",
	  .arguments = "IFACE... | --all",
	  .help = "stop, and remove every trace",
	  .more = "Removes the program from these interfaces; the daemon ends with the last one.\n"
		  "Works without a daemon too. Needs root.\n",
	  .operand = "the name of an interface, or --all",
	  .most = DAEMON_MAX_INTERFACES,
	  .completes = COMPLETE_INTERFACES,
	  .options = BIT(ALL),
	  .run = run_detach },
	{ .name = "status",
	  .arguments = "[IFACE]",
	  .help = "what is attached, and what it has seen",
	  .more = "Counters that are zero are left out (not with --json). As root it also shows the\n"
		  "other programs on the interface, and what is attached when no daemon runs.\n"
		  "Exit status 3 when nothing answers challenges.\n",
	  .most = 1,
	  .completes = COMPLETE_INTERFACES,
	  .run = run_status },
	{ .name = "add",
	  .arguments = "IDENT (--digest D | --key-auth TEXT | --cert FILE --key FILE)",
	  .help = "answer challenges for a name or an address",
	  .more = "IDENT is a DNS name or an IP address. The digest is the SHA-256 of the key\n"
		  "authorization as base64url, base64 or hex. Several digests per identifier may be\n"
		  "pending; the one added last is answered with. A certificate is served as it is;\n"
		  "its key is never written down: after a restart of the daemon a new one with the\n"
		  "same digest takes its place, which is as good.\n",
	  .operand = "a name or an address",
	  .least = 1,
	  .most = 1,
	  .options = BIT(DIGEST) | BIT(KEY_AUTH) | BIT(CERT) | BIT(KEY) | BIT(TTL),
	  .run = run_add },
	{ .name = "remove",
	  .arguments = "IDENT [--digest D]",
	  .help = "stop answering for it",
	  .more = "Removes all challenges of the name or address, or the one with this digest.\n"
		  "Nothing pending is no error.\n",
	  .operand = "a name or an address",
	  .least = 1,
	  .most = 1,
	  .completes = COMPLETE_PENDING,
	  .options = BIT(DIGEST),
	  .run = run_remove },
	{ .name = "list",
	  .arguments = "",
	  .help = "the pending challenges",
	  .more = "In the order of adding. HITS counts the connections answered; beneath, from how\n"
		  "many addresses they were finished, and what kept the last one from it.\n",
	  .run = run_list },
	{ .name = "events",
	  .arguments = "[--follow] [--ident NAME] [--limit N]",
	  .help = "what became of each validation, and why",
	  .more = "One for each connection that offered acme-tls/1, the last 2,048 of them: what it\n"
		  "came to, in a sentence, and what to do. With --json one object per line.\n",
	  .options = BIT(FOLLOW) | BIT(IDENT) | BIT(LIMIT),
	  .run = run_events },
	{ .name = "trace",
	  .arguments = "[--from ADDR]",
	  .help = "what the XDP program does with each hello, and why",
	  .more = "One line for every TLS hello that comes, browsers' too, until interrupted. So\n"
		  "long the program looks at hellos even when nothing is pending. Needs root.\n",
	  .options = BIT(FROM),
	  .run = run_trace },
	{ .name = "capture",
	  .arguments = "-w FILE [--keys] [-n N]",
	  .help = "the packets of validations, as pcapng for Wireshark",
	  .more = "Both directions of the flows that we answer, which tcpdump on this host does not\n"
		  "see, each with a comment, until interrupted. With --keys the file can be read\n"
		  "decrypted: nothing that a validator and we say is secret. Needs root.\n",
	  .options = BIT(WRITE) | BIT(KEYS) | BIT(COUNT) | BIT(MAX_SIZE),
	  .run = run_capture },
	{ .name = "metrics",
	  .arguments = "",
	  .help = "all counters, as OpenMetrics text",
	  .more = "What Prometheus reads: status as numbers. Exit status 3 when no daemon runs.\n"
		  "With --json the same text is a member \"text\"; for single numbers read\n"
		  "status --json instead.\n",
	  .run = run_metrics },
	{ .name = "top",
	  .arguments = "[-b] [-n N] [-d SECONDS]",
	  .help = "a live view of interfaces, flows and validations",
	  .more = "Rates are per second since the frame before. PASSED goes on to the web server,\n"
		  "ENGINE comes to us. Beneath an interface: rare reasons counted at the moment,\n"
		  "and its queues. q ends it, space shows it anew. Has no --json: status and events\n"
		  "do. Exit status 3 with -b when no daemon runs.\n",
	  .options = BIT(BATCH) | BIT(COUNT) | BIT(DELAY),
	  .run = run_top },
	{ .name = "hook",
	  .arguments = "CLIENT ARGUMENT...",
	  .help = "what ACME clients call: uacme, dehydrated, acmed",
	  .more = "Understands the words with which CLIENT calls its hook, and adds or removes the\n"
		  "challenges they mean. Prints nothing when all is well. $ALPNXDP_SOCKET names the\n"
		  "daemon's socket where --socket, before CLIENT, does not. Ready scripts are in\n"
		  "share/alpnxdp/hooks.\n",
	  .operand = "the name of a client: uacme, dehydrated or acmed",
	  .least = 1,
	  .most = 1,
	  .completes = COMPLETE_CLIENTS,
	  .passes_on = true,
	  .run = run_hook },
	{ .name = "doctor",
	  .arguments = "[IFACE] [--port N]",
	  .help = "what would go wrong here, and how to put it right",
	  .more = "Looks at an interface (else at all attached ones, else where the default route\n"
		  "goes), the kernel, the firewall, the web server and where pending names point.\n"
		  "Changes nothing. As root it sees more. Exit status here: 0 nothing above info,\n"
		  "1 warnings, 2 errors.\n",
	  .most = 1,
	  .completes = COMPLETE_INTERFACES,
	  .options = BIT(PORT),
	  .run = run_doctor },
	{ .name = "check",
	  .arguments = "IDENT [--digest D | --key-auth TEXT] [OPTION...]",
	  .help = "validate as the CA would, and explain the outcome",
	  .more = "Asks whoever answers for a name or an address, from here, as Let's Encrypt does,\n"
		  "and says what that would report, what it means and what to do. No root, no\n"
		  "daemon. Without a digest that of our daemon is wanted, if it has one.\n"
		  "Exit status here: 0 would validate, 10 DNS, 11 connection, 12 TLS, 13 another\n"
		  "server answered, 14 the certificate is wrong, 15 only its digest is.\n",
	  .operand = "a name or an address",
	  .least = 1,
	  .most = 1,
	  .completes = COMPLETE_PENDING,
	  .options = BIT(PORT) | BIT(DIGEST) | BIT(KEY_AUTH) | BIT(ADDRESS) | BIT(TIMEOUT),
	  .run = run_check },
	{ .name = "explain",
	  .arguments = "[FILE | - | TEXT...]",
	  .help = "what a CA's error means here, and what to do",
	  .more = "Takes what the CA or the ACME client said: a problem document, a log, or the\n"
		  "bare sentence; standard input without an argument. Compares it with connections\n"
		  "that came, with what is pending, and with this host's addresses. Exit status\n"
		  "here: 0 explained, 1 not known, 4 it cannot be read.\n",
	  .most = COMMAND_OPERANDS,
	  .completes = COMPLETE_FILES,
	  .options = BIT(IDENT) | BIT(NO_DNS),
	  .run = run_explain },
	{ .name = "reload",
	  .arguments = "",
	  .help = "let the daemon read its configuration again",
	  .more = "No flow is dropped. When the file is wrong, its problems are printed and the\n"
		  "daemon goes on as before. The socket, and mode and port of what is attached,\n"
		  "change with the next start. Needs root.\n",
	  .options = BIT(CONFIG),
	  .run = run_reload },
	{ .name = "config",
	  .arguments = "check [FILE]",
	  .help = "check the configuration file",
	  .more = "Prints every problem with its line, and exits with 4 if there is one. With\n"
		  "--json also all settings, defaults included.\n",
	  .operand = "the word check",
	  .least = 1,
	  .most = 2,
	  .completes = COMPLETE_CONFIG,
	  .options = BIT(CONFIG),
	  .run = run_config },
	{ .name = "completion",
	  .arguments = "bash|zsh|fish",
	  .help = "print completions for this shell",
	  .more = "  bash: alpnxdp completion bash >/etc/bash_completion.d/alpnxdp\n"
		  "  zsh:  alpnxdp completion zsh >/usr/local/share/zsh/site-functions/_alpnxdp\n"
		  "  fish: alpnxdp completion fish >/etc/fish/completions/alpnxdp.fish\n",
	  .operand = "the name of a shell: bash, zsh or fish",
	  .least = 1,
	  .most = 1,
	  .completes = COMPLETE_SHELLS,
	  .run = run_completion },
	{ .name = "version",
	  .arguments = "",
	  .help = "the version of this program",
	  .more = "With --json also those of its libraries and of the kernel.\n",
	  .run = run_version },
};
const size_t verb_count = ARRAY_SIZE(verbs);

bool verb_has_option(const struct verb *v, enum option_id id)
{
	if (id == OPTION_VERSION)
		return !v;
	return id >= OPTION_JSON || (v && v->options & UINT64_C(1) << id);
}

static int run(const struct command *c)
{
	if (c->version)
		return run_version(c);
	if (c->help && c->verb)
		help_verb(stdout, c->verb);
	else if (c->help)
		help_program(stdout);
	else
		return c->verb->run(c);
	return EXIT_DONE;
}

/*
 * Where the caller has closed a standard descriptor, the next thing opened would get its number, and be written to or
 * replaced as such: the daemon's socket, for one. Read-only: output that nobody gets is still an error.
 */
static int fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return EXIT_FAILED;
	close(fd);
	return EXIT_DONE;
}

int cli_main(int argc, char **argv)
{
	struct command c;
	int status = fill_standard_descriptors();

	if (!status)
		status = command_parse(argc, argv, &c);
	if (status)
		return status;
	xdp_setup_log();
	config_find_socket(&c);
	status = run(&c);
	if (fflush(stdout) || ferror(stdout)) {
		failure_print(&(struct failure){ .what = "the output could not be written",
						 .system = strerror(errno) });
		return status ? status : EXIT_FAILED;
	}
	return status;
}
