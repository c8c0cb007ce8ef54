/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * control: one request line, one reply line, over a UNIX socket.
 *
 * Owns: the messages (pure), the server's connections, the client's one exchange.
 * Refuses: lines longer than CONTROL_LINE_MAX, bytes that are not printable, more than CONTROL_CLIENTS at
 * once (the last few places are root's), a client that is silent for CONTROL_IDLE. Access is the socket's
 * file mode (0660, root and the group "alpnxdp"); the peer's uid comes with every request, for verbs that are
 * root's alone.
 *
 * A request is words separated by single spaces: a verb, then key=value words. Values are percent-encoded
 * (RFC 3986 2.1: everything but unreserved characters), so that a line can be read, logged and typed by a
 * person:
 *     add ident=example.org digest=BASE64URL [ttl=SECONDS] [source=control, or another name of CHALLENGE_SOURCES]
 *     add ident=example.org cert=BASE64URL key=BASE64URL [ttl=SECONDS] [source=...]      both DER
 *     remove ident=example.org [digest=BASE64URL]        status [iface=eth0]
 *     list [from=NEXT] [limit=ROWS]
 *     events [from=NUMBER] [limit=ROWS] [ident=example.org]
 *     trace [from=NUMBER] [addr=ADDRESS]                 (root)
 *     capture [from=NUMBER] [keys=yes]                   (root)
 *     attach iface=eth0 mode=auto port=443               detach iface=eth0
 * A value that a person types may hold any printable character but space; only '%' must be encoded.
 *
 * A reply is one JSON object in one line, with "ok": true and the verb's own members, or "ok": false, "code":
 * an exit status of enum control_exit, "error": what happened, and, where there are any, "system" and "fix".
 * The members:
 *
 *     add       "identifier", "digest" (base64url), "expires_s" from now, "new": false if it was there
 *     remove    "removed": how many
 *     list      "total": how many are pending; "next", if there are more: ask again with from=, soon;
 *               "challenges": [{"identifier", "type": "dns"|"ip", "digest", "added_s" ago,
 *               "expires_s" from now, "hits", "source", "perspectives", if a validator came since it was added: {"finished",
 *               "others": addresses, "last" of the others: {"client", "outcome", "phase", "detail", "text", "fix"}}}]
 *     events    "next": the number to ask from next time, lower than from= after a restart of the engine; "lost": how many
 *               were overwritten since from=; "events": [{"number", "time", "interface", "queue", "client", "client_port",
 *               "server", "server_port", "identifier", "hello", "negotiated", "timing_us", "retransmits", "rtt_us",
 *               "outcome": LEDGER_CAUSES by name, "phase": LEDGER_PHASES by name, "detail", "text", "fix", "unsolicited"}],
 *               as share/schema/event.json; a page at a time, until there are none
 *     trace     "hellos": [{"number", "time", ... as of events, "identifier", "hello", "verdict": "taken"|"passed", "reason",
 *               "text"}], "next", "lost" as of events, "notes_lost" as of status; on for 3 s after each question
 *     capture   "frames": [{"number", "time_ns" since 1970, "interface", "queue", "direction": "in"|"out"|"inward", "comment",
 *               "place": ENGINE_PLACES by name, of TCP segments, "bytes": base64url}], "next", "lost" as of events, "more": is
 *               there already; with keys=yes "keys": lines of a TLS key log, each told once, "keys_lost"; on for 3 s after each
 *               question
 *     attach    "interfaces": [INTERFACE], without heartbeat_age_ms, counters, rings and by_queue
 *     detach    nothing more
 *     reload    "note", if there is one: what is in force only later, and when (root)
 *     status    "daemon": {"pid", "engine_pid", "uptime_s" and "started_unix" of the engine, whose counters begin at 0,
 *               "epoch": how many engines there were, "version", "tls_library"},
 *               "challenges": how many, "challenges_by_source": {CHALLENGE_SOURCES by name: how many},
 *               "oldest_challenge_s": how long the one has been pending that was added first, 0 without any,
 *               "flows": how many, "flows_by_state": {"held", "waiting", "served", "lingering"},
 *               "threads": [{"open": flows, "completed": validations, "sent": frames, "passed_on": frames of a flow that
 *               another one has}],
 *               "self_check": {an interface: how the last one ended: "passed ...", "not done: ...", or what went wrong},
 *               "front": {"up": bool}, "harvest": {"on": bool, "asked", "answered", "failed", "refused": by a limit},
 *               "probes": {"own_names": how many, "unsolicited": hellos for one of them}, "tracing": bool, "capturing": bool,
 *               "notes_lost": of all programs, ever, "interfaces": [INTERFACE],
 *               "outcomes": {ENGINE_OUTCOMES by name}, "gate": {GATE_REJECTS}, "drops": {NET_DROPS},
 *               "silence": {"silenced", "unsilenced"}, "given_back": {"frames", "failed"},
 *               "transmit": {"frames", "failed", "retransmits"}, "strays", "stale_offers",
 *               "handshake_seconds": {"buckets": [{"le_us", "count"}], each with those before it, "sum_us", "count"}:
 *               how long validated ones took
 *     INTERFACE {"name", "ifindex", "mode": "native"|"generic", "dispatcher": bool, "conntrack": bool, "taken_over": bool,
 *               "program_id", "port", "queues", "mtu", "fallback": "" or why native was not possible,
 *               "heartbeat_age_ms" of the oldest queue, "counters": {ALPNXDP_REASONS by name},
 *               "rings": {"rx_dropped", "rx_ring_full", "rx_fill_empty", "tx_invalid"},
 *               "by_queue": [{"heartbeat_age_ms", "received", "sent": frames that the engine took from its ring and put there}]}
 *
 * status and detach of an interface that the daemon does not have are refused with code 3
 * (EXIT_NOT_ATTACHED).
 */
#ifndef ALPNXDP_CONTROL_H
#define ALPNXDP_CONTROL_H

#include <sys/types.h>
#include "base/base.h"

enum {
	CONTROL_LINE_MAX = 16384,
	CONTROL_WORDS = 16, /* keys of one request */
	CONTROL_CLIENTS = 64,
};

#define CONTROL_IDLE (10 * USEC_PER_SEC)
#define CONTROL_SOCKET_DEFAULT "/run/alpnxdp/control.sock"
#define CONTROL_GROUP "alpnxdp"

/* Exit statuses of the command, and the codes of replies. */
enum control_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_ATTACHED = 3, /* no daemon, or nothing of ours on the interface */
	EXIT_REFUSED = 4,      /* input that cannot be right: a bad name, no such interface */
	EXIT_TRY_AGAIN = 75,   /* EX_TEMPFAIL of sysexits.h */
};

/* --------------------------------------------------------- messages (pure) */

struct control_request {
	const char *verb;
	size_t words;
	struct {
		const char *key;
		const char *value;
	} word[CONTROL_WORDS];
};

/*
 * Parses a line of len bytes (without its newline) in place; line[len] must be writable, the NUL goes there.
 * 0; -EINVAL with *why. The request points into line.
 */
int control_parse(char *line, size_t len, struct control_request *out, const char **why);
const char *control_value(const struct control_request *r, const char *key); /* NULL: not there */
/*
 * Builds a line, newline included; pairs is key, value, key, value, ..., NULL (a NULL value skips its key).
 * To be freed.
 */
char *control_format(const char *verb, const char *const *pairs);

/* A reply with ok: false. system and fix may be NULL or "". To be freed. */
char *control_refusal(enum control_exit code, const char *error, const char *system, const char *fix);

/* What the negative errno of xdp.h and daemon.h means to the caller of the command. */
enum control_exit control_exit_of(int err);

/* ------------------------------------------------------------------ server */

struct control_server;

/* Which client a deferred reply goes to. A client that has left is noticed by its number. */
struct control_client {
	unsigned slot;
	uint64_t number;
	uid_t uid; /* from SO_PEERCRED */
};

struct control_server_options {
	int listen_fd; /* non-blocking; the server owns it from here on */
	/*
	 * Answers a request: returns a reply line without newline, to be freed by the server, or NULL when
	 * the reply comes later, also from within this call.
	 */
	char *(*answer)(const struct control_request *r, const struct control_client *from, void *context);
	void *context;
};
int control_server_new(const struct control_server_options *o, struct control_server **out);
void control_server_free(struct control_server *s);

/*
 * A late reply (ownership of the line passes to the server; NULL: no memory, the client is closed). Ignored
 * if the client has left. It is written when the client is next served: call it before control_server_poll().
 */
void control_server_reply(struct control_server *s, const struct control_client *to, char *line);

/*
 * For a poll() loop: fills at most max entries, returns how many (CONTROL_CLIENTS + 1 is enough); then serve
 * what is ready, a few requests per call. Serve also when the deadline has come, count may be 0. Never
 * blocks. One client too many is told so (EXIT_TRY_AGAIN). System calls: accept4, getsockopt, recvfrom,
 * sendto, close.
 */
struct pollfd;
size_t control_server_poll(struct control_server *s, struct pollfd *fds, size_t max);
void control_server_serve(struct control_server *s, const struct pollfd *fds, size_t count, usec_t now);
usec_t control_server_deadline(const struct control_server *s); /* when the next idle client is dropped */

/*
 * Creates and binds the listening socket, replacing one that nobody answers. Keeper. fd or -errno
 * (-EADDRINUSE: a daemon is there; -EEXIST: there is something else than a socket; -ENOENT: no such folder,
 * the caller makes it). Mode 0660, owner root, group CONTROL_GROUP if it exists.
 */
int control_listen(const char *path);

/* ------------------------------------------------------------------ client */

/*
 * Sends one line and waits for the reply, at most timeout_ms. *reply is to be freed, without newline. 0;
 * -ENOENT or -ECONNREFUSED (no daemon), -ECONNRESET (it ended without a reply), -EACCES, -ETIMEDOUT, -EPROTO
 * (no line, or more than one, or more than 64 MiB).
 */
int control_call(const char *path, const char *line, int timeout_ms, char **reply);

#endif
