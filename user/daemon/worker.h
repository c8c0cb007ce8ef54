/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine process: its state, and what its files do for each other. */
#ifndef ALPNXDP_DAEMON_WORKER_H
#define ALPNXDP_DAEMON_WORKER_H

#include <pthread.h>
#include "capture/capture.h"
#include "challenge/challenge.h"
#include "control/control.h"
#include "daemon/channel.h"
#include "engine/engine.h"
#include "ledger/ledger.h"
#include "selfcheck/selfcheck.h"
#include "xdp/xdp.h"

/* How much of the pending names is in the program's map. */
struct worker_names {
	bool missed;                    /* not all: some did not fit */
	struct challenge_cursor cursor; /* open: it is being loaded */
};

struct worker_interface {
	bool used;
	bool serving;
	struct xdp_attachment attachment; /* its descriptors are ours */
	struct xdp_shared shared;
	struct xdp_sweep sweep;
	struct engine_port port;
	struct xdp_rings *rings[ALPNXDP_MAX_QUEUES]; /* NULL: not there (yet) */
	struct worker_names names;
	struct {
		bool due; /* or under way; the descriptors are open */
		int main_fd, peek_fd;
		struct selfcheck_host host;
		char text[400]; /* how the last one ended, and what to do; "": there was none */
	} check;
};

/* The file of pending challenges, as far as it has been written. */
struct worker_save {
	bool begun;
	int fd;
	struct challenge_cursor cursor; /* closed: complete, and not taken by the keeper yet */
};

/* The process of the front ends. */
struct worker_front {
	int fd;      /* -1: there is none */
	char *reply; /* that found no room yet */
};

/* Names that the front ends were asked for, within the last second or without an answer yet. */
enum { HARVEST_NAMES = 256, HARVEST_OUTSTANDING = 16 };
struct harvest_name {
	char sni[IDENT_MAX + 1];
	usec_t asked;
	bool outstanding;
};
struct worker_harvest {
	pthread_mutex_t lock; /* of all of this, and of front.fd: any thread may ask */
	bool on;
	usec_t nobody_until; /* nobody listens there: not asked before */
	struct {
		uint64_t asked, answered, failed, refused; /* refused: by a limit of ours */
	} counters;
	struct harvest_name name[HARVEST_NAMES];
};

/* What the last engine process left, as far as it has not been taken up yet. */
struct worker_restore {
	char *text; /* NULL: all has been */
	size_t len;
	struct challenge_restore at;
};

/* A list that is asked for page by page. */
enum { WORKER_LISTINGS = 8 };
struct worker_listing {
	uint64_t number; /* its name; 0: none */
	struct challenge_cursor cursor;
};

/* The self-check that is under way. */
struct worker_check {
	struct tls_context *tls;   /* made for the first one */
	struct selfcheck *running; /* NULL: none */
	unsigned port;
	bool pending; /* its challenge is */
	usec_t began; /* to be */
	const struct worker_interface
		*alone; /* nobody else is offered to us there meanwhile; read by all threads */
	usec_t next;    /* not before this */
	struct engine_counters before;
};

struct worker_notify {
	int fd; /* the service manager's; -1: none */
	usec_t fed;
	char line[400];
};

/* Connections whose hello was let pass, so that each gets one record; worker_notes.c. */
struct worker_notes {
	usec_t refilled;
	unsigned next;
	struct {
		struct flow_key key;
		usec_t at;
	} seen[64];
};

/* While somebody traces; worker_trace.c. */
struct trace_row;
struct worker_trace {
	usec_t all_until, one_until; /* 0: nobody asks for everybody's hellos, or those of `one` */
	uint8_t one[16];
	uint64_t next, oldest; /* numbers of the next row, and of the first since it was begun */
	struct trace_row *row; /* NULL: off */
};

/* While somebody captures; worker_capture.c. */
struct worker_captured;
struct worker_capture {
	bool on, keys; /* somebody asks for frames, and for secrets; read by all threads */
	struct capture_lease lease;
	pthread_mutex_t lock;         /* of what follows */
	uint64_t next;                /* off: the number of the first frame when it is on again */
	struct worker_captured *kept; /* NULL: off */
};

/* Names of ours, and who asked for them unasked; worker_probes.c. */
struct worker_probes {
	pthread_mutex_t lock;
	size_t names;
	char name[SETTINGS_OWN_NAMES][IDENT_MAX + 1]; /* struct identifier.sni */
	uint64_t count;
	usec_t logged, told;
	unsigned unlogged;
	usec_t quiet_until; /* no alarm at all before this */
	unsigned removed;
	struct probe_recent {
		name_hash_t name;
		usec_t until;
	} recent[256];
};

/* Frames that another thread has found in its queues; worker_letters.c. */
enum { WORKER_LETTERS = 64 };
struct worker_letters {
	pthread_mutex_t lock;
	unsigned count, taken;
	struct worker_letter {
		unsigned port, queue;
		size_t len;
		uint8_t bytes[ALPNXDP_MAX_FRAME];
	} letter[WORKER_LETTERS];
};

/* A packet loop, its engine and its queues; worker_threads.c. */
struct worker_thread {
	struct worker *worker;
	unsigned number;
	unsigned took;    /* frames of its last turn */
	unsigned skipped; /* times that poll(2) was left out, in a row */
	struct engine *engine;
	usec_t now;                           /* of its turn */
	uint64_t kick[DAEMON_MAX_INTERFACES]; /* a bit per queue: frames wait in its transmit ring */
	usec_t turned;                        /* the beginning of its last turn, for others to see */
	/* These are for several threads. */
	int wake;    /* an eventfd */
	bool wanted; /* thread 0 waits for the end of its turn */
	pthread_mutex_t next, turn;
	pthread_t id;
	struct worker_letters letters;
};

struct worker {
	unsigned threads;      /* in thread[]; the queue's number modulo this is who has it */
	unsigned busy_poll_us; /* 0: none */
	pthread_barrier_t born;
	struct worker_thread thread[SETTINGS_THREADS];
	int channel;
	uid_t owner; /* of the keeper: root, or who systemd has it run as */
	bool ended;  /* the keeper is gone */
	usec_t now;
	usec_t started;
	int64_t started_unix;
	usec_t saved; /* when the challenges were last handed to the keeper */
	struct worker_save save;
	struct worker_restore restore;
	int listen_fd; /* for the server, once all is restored */
	struct worker_listing listing[WORKER_LISTINGS];
	uint64_t listings; /* numbers given so far */
	usec_t names_due;  /* when names are to be loaded into a map */
	usec_t swept;      /* when the flow maps were last swept */
	usec_t all_turned; /* when a turn was for all, not for the queues alone */
	bool quick;        /* the last one was not */
	bool unsaved;      /* challenges have changed since */
	struct xdp_inject inject;
	struct challenge_store *store;
	struct ledger *ledger;
	struct control_server *server;
	struct worker_front front;
	struct worker_harvest harvest;
	struct worker_notes notes;
	struct worker_trace trace;
	struct worker_capture capture;
	struct worker_probes probes;
	struct worker_notify notify;
	struct worker_check check;
	struct engine_settings settings;
	struct worker_interface interface[DAEMON_MAX_INTERFACES];
};

/* The engine process: enters the sandbox, serves until the keeper is gone, returns its exit status. */
int worker_run(int channel, unsigned threads, unsigned busy_poll_us);

/* worker_threads.c */
#define WORKER_BEAT (250 * USEC_PER_MSEC) /* no thread sleeps longer */
/* How long what costs something goes on after somebody has asked for it: with a beat it is off within 3 s. */
#define WORKER_LEASE (3 * USEC_PER_SEC - WORKER_BEAT - 50 * USEC_PER_MSEC)
int worker_threads_start(void *worker); /* held; for sandbox_enter(). 0 or -errno */
void worker_threads_hold(
	struct worker *w); /* thread 0, outside its turn: all others wait between two turns */
void worker_threads_release(struct worker *w);           /* and wakes them: there may be something new */
bool worker_threads_turn(const struct worker *w);        /* false: one has not for a second */
void worker_thread_wake(struct worker_thread *t);        /* for a turn */
void worker_thread_woken(const struct worker_thread *t); /* its descriptor is readable: takes that off */
int worker_wait_ms(usec_t now, usec_t due);

/* worker_queues.c: a turn, in this order; what else there is to do goes between the two. */
struct pollfd;
void worker_take(struct worker_thread *t);
void worker_publish(struct worker_thread *t);
size_t worker_queues_poll(const struct worker_thread *t,
			  struct pollfd *fds);               /* its own wake first, if there is one */
bool worker_spin(const struct worker_thread *t, usec_t due); /* --busy-poll; true: there are frames */
bool worker_skips_poll(struct worker_thread *t); /* frames wait already: another turn, and no poll(2) */

/* worker_letters.c */
bool worker_pass_on(struct worker_thread *from, const struct engine_frame *frame, unsigned queue);
void worker_letters(struct worker_thread *t); /* takes those that are there */

/* worker_ports.c: what an engine reaches outside through. */
struct engine_ports worker_ports(struct worker_thread *t);

/* worker_messages.c: from the keeper. */
void worker_message(struct worker *w, struct message *m);
void worker_withdraw(struct worker_interface *i); /* tells its program that nobody serves it any more */
struct worker_interface *worker_find(struct worker *w, const char *ifname); /* NULL: not attached */

/* worker_names.c: the map of pending names of every program. */
void worker_names_changed(const char *sni, bool pending, void *worker);
void worker_names_load(struct worker *w, struct worker_interface *i);   /* all, into a new interface */
void worker_names_forget(struct worker *w, struct worker_interface *i); /* it is gone */
bool worker_names_serve(struct worker *w); /* goes on loading; true: there is more to load */
void worker_arm(struct worker *w);         /* tells every program how many are pending */
void worker_names_any(struct worker *w);   /* hellos are dismissed by name, or, for harvest, not any more */

/*
 * worker_restore.c: saved challenges; fd -1: there are none. Whoever may change them is served when all are there: nobody
 * asks the control socket or the front meanwhile.
 */
void worker_restore(struct worker *w, int fd); /* takes the descriptor */
void worker_restore_serve(struct worker *w);
static inline bool worker_restoring(const struct worker *w)
{
	return w->restore.text;
}

/* worker_challenges.c: their expiry, and the file of them. */
void worker_challenges_serve(struct worker *w);
usec_t worker_challenges_due(const struct worker *w);

/* worker_front.c */
void worker_front_open(struct worker *w, int fd); /* instead of the one before */
void worker_front_close(struct worker *w);
size_t worker_front_poll(const struct worker *w, struct pollfd *fd); /* 0 or 1 */
void worker_front_serve(struct worker *w);
bool worker_front_tell(struct worker *w, const char *line); /* false: no front, or no room */

/* worker_harvest.c */
void worker_harvest_set(struct worker *w, bool on);
enum engine_ask worker_harvest_ask(void *thread, const char *sni);        /* any thread */
void worker_harvested(struct worker *w, const struct control_request *r); /* an answer of the front */
void worker_harvest_again(struct worker *w); /* a new front: asks it what the last one left open */

/* worker_selfcheck.c */
void worker_check_want(struct worker *w, struct worker_interface *i, const struct message *m);
void worker_check_gone(struct worker *w, struct worker_interface *i); /* before its descriptors are closed */
void worker_check(struct worker *w); /* once a turn, before credit is given */
usec_t worker_check_due(const struct worker *w);
bool worker_check_takes(struct worker *w, unsigned port, const uint8_t *frame, size_t len);

/* worker_alone.c: for the self-check. */
#define WORKER_ALONE_AGAIN (100 * USEC_PER_MSEC) /* when others were there: the next try */
bool worker_alone(struct worker *w,
		  struct worker_interface *i); /* nobody's flow is there, and none can come */
void worker_alone_end(struct worker *w);
bool worker_check_alone(const struct worker *w,
			const struct worker_interface *i); /* no credit at the moment; any thread */

/* worker_notify.c */
void worker_notify(struct worker *w);

/* worker_requests.c: the control socket's verbs. */
char *worker_answer(const struct control_request *r, const struct control_client *from, void *worker);
void worker_result(struct worker *w, const struct message *m); /* the keeper's answer to a relayed one */

void worker_reply_begin(struct jsonw *j); /* {"ok": true */
char *worker_reply_end(struct jsonw *j);
bool worker_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);

/* worker_pending.c, worker_list.c: those of challenges, each as worker_answer(). */
char *worker_add(struct worker *w, const struct control_request *r, const struct control_client *from);
char *worker_remove(struct worker *w, const struct control_request *r, const struct control_client *from);
char *worker_list(struct worker *w, const struct control_request *r, const struct control_client *from);

/* worker_events.c */
void worker_ended(void *thread, unsigned port, const struct ledger_record *record); /* any thread */
char *worker_events(struct worker *w, const struct control_request *r, const struct control_client *from);
/* When and where, from r->began and the interface. */
void worker_record_place(const struct worker_interface *i, struct ledger_record *r, usec_t now);
void worker_put_hello(struct jsonw *j,
		      const struct ledger_record *r); /* when, where, who, and what was offered */
void worker_put_perspectives(struct worker *w, struct jsonw *j,
			     const struct challenge *c); /* of a row of list */

/* worker_notes.c */
void worker_notes_begin(struct worker *w, struct worker_interface *i); /* its program is served from now on */
void worker_notes(struct worker *w);                                   /* once a turn */
uint64_t worker_notes_lost(const struct worker *w);
/* A note as a record, but for place and number. False: it is none that the program writes. */
bool worker_note_read(const struct note *n, struct ledger_record *r);
bool worker_note_is_real(const struct note *n); /* a connection, not just a packet */

/* worker_trace.c */
char *worker_trace(struct worker *w, const struct control_request *r);
void worker_trace_take(struct worker *w, const struct note *n, const struct ledger_record *r);
void worker_trace_serve(struct worker *w); /* ends it when nobody asks any more */
void worker_trace_interface(struct worker *w, struct worker_interface *i); /* a new one */
bool worker_tracing(const struct worker *w);

/* worker_capture.c */
char *worker_capture(struct worker *w, const struct control_request *r);
void worker_capture_serve(struct worker *w); /* ends it when nobody asks any more */
/* Any thread, in its turn, before its engine has the frame; p->interface, the port, is read, time and comment are not. */
void worker_capture_take(struct worker_thread *t, const struct capture_packet *p);
bool worker_capture_wants_keys(void *thread);
void worker_capture_key(void *thread, const char *line);
static inline bool worker_capturing(const struct worker *w)
{
	return __builtin_expect(__atomic_load_n(&w->capture.on, __ATOMIC_RELAXED), false);
}

/* worker_probes.c */
void worker_probes_set(struct worker *w, int fd); /* takes the descriptor: names, a line each */
void worker_probes_removed(struct worker *w, const char *sni);
bool worker_probe(struct worker *w, const struct worker_interface *i, const struct ledger_record *r,
		  usec_t now); /* any thread; true: unsolicited */
void worker_put_probes(struct worker *w, struct jsonw *j);

/* worker_status.c */
char *worker_status(struct worker *w, const char *ifname); /* NULL: all; the reply line */
void worker_put_attachment(struct jsonw *j, const struct xdp_attachment *a);

#endif
