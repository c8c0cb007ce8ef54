/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * xdp: everything that talks to the kernel about XDP: attaching, AF_XDP sockets, maps, injection.
 *
 * Owns: programs and maps of an interface, their sockets and rings. Refuses: to replace or remove a program that is
 * not ours; to leave anything half attached (a failed call has undone what it did).
 *
 * Two processes use it. The keeper (privileged) attaches, opens sockets and finds what is attached; it hands file
 * descriptors to the engine, which maps and uses them without any capability. Each function says whose it is.
 *
 * Errors are negative errno, and a struct xdp_error says what happened, the system's own words, and the command that
 * fixes it.
 */
#ifndef ALPNXDP_XDP_H
#define ALPNXDP_XDP_H

#include <net/if.h>
#include <alpnxdp/abi.h>
#include "base/base.h"

struct xdp_error {
	char what[160];   /* "eth0: another XDP program is attached: xdp_filter (id 42), native mode" */
	char system[160]; /* the kernel's or the library's words, "" if none */
	char fix[160];    /* "xdp-loader unload eth0 --id 42", "" if none */
};

enum xdp_mode { XDP_MODE_AUTO, XDP_MODE_NATIVE, XDP_MODE_GENERIC };
const char *xdp_mode_name(enum xdp_mode mode);

/*
 * Routes the messages of libbpf and libxdp into the log (debug; warnings are kept for struct xdp_error.system). Without
 * it they print to stderr. Call it first.
 */
void xdp_setup_log(void);

/* ---------------------------------------------------- attaching (keeper) */

/* The maps of one attachment, as descriptors. -1: not open. */
struct xdp_maps {
	int config;
	int queues;
	int live;
	int flows;
	int names;
	int hellos;
	int counters;
	int xsks;
	int notes;
};

struct xdp_attachment {
	char ifname[IF_NAMESIZE];
	unsigned ifindex;
	enum xdp_mode mode; /* native or generic */
	bool dispatcher;    /* beside others through libxdp's dispatcher; false: the only program */
	bool conntrack;     /* it asks conntrack, so web servers behind DNAT are served, too */
	bool taken_over;    /* it was attached already, left by an earlier daemon */
	uint32_t prog_id;
	uint16_t port;   /* host order */
	unsigned queues; /* RX queues */
	uint16_t mtu;
	char fallback[160]; /* auto mode: why native was not possible, "" otherwise */
	struct xdp_maps maps;
};

struct xdp_attach_options {
	const char *ifname;
	enum xdp_mode mode;
	uint16_t port; /* host order */
};

/*
 * Attaches the steering program; one that an earlier daemon left there (same ABI and mode) is taken over without
 * detaching, one of another ABI is replaced. With nobody serving its queues the program passes everything.
 * -ENODEV no such interface; -EPERM not root; -EBUSY someone else's program; -EEXIST ours, in another mode than the one
 * asked for, or served by another daemon; -EOPNOTSUPP kernel too old or mode not possible (names the feature).
 */
int xdp_attach(const struct xdp_attach_options *o, struct xdp_attachment *out, struct xdp_error *error);

/* Has this process the capabilities that attaching needs? root has; so may others. */
bool xdp_permitted(void);

/* What xdp_attach() would refuse before it tries anything. Changes nothing. The same errors; 0: it would try. */
int xdp_check(const struct xdp_attach_options *o, struct xdp_error *error);

/*
 * Whether this kernel lets the program ask conntrack, which it needs for a web server behind DNAT. Changes nothing.
 */
bool xdp_conntrack_available(void);

/* Closes descriptors; what is attached stays attached. */
void xdp_attachment_close(struct xdp_attachment *a);

/*
 * Finds our program on an interface by program id and map names, whoever attached it and wherever its pins are, and
 * opens its maps. -ENOENT: nothing of ours there.
 */
int xdp_find(const char *ifname, struct xdp_attachment *out, struct xdp_error *error);

/* Removes our program from an interface and every pin of it. Works without a daemon. -ENOENT: nothing of ours there. */
int xdp_detach(const char *ifname, struct xdp_error *error);

/* Names of all interfaces of this network namespace that carry our program; *names is to be freed. Returns how many. */
int xdp_list(char (**names)[IF_NAMESIZE], struct xdp_error *error);

/* What is on the hook of an interface, ours included, in order of running. For status. Returns how many, or -errno. */
struct xdp_neighbour {
	char name[32];
	uint32_t id;
	bool ours;
};
int xdp_neighbours(const char *ifname, struct xdp_neighbour *out, size_t max, enum xdp_mode *mode);

/* --------------------------------------------------------- inject (both) */

struct xdp_inject {
	int frame_fd; /* passes a frame on as it is */
	int rst_fd; /* sets a RST's sequence number to the kernel's rcv_nxt, unless that is still behind it */
	int probe_fd; /* answers enum probe_answer */
	int peek_fd;  /* the same with listeners, and the numbers of a request */
};
int xdp_inject_load(struct xdp_inject *out, struct xdp_error *error); /* keeper */
void xdp_inject_close(struct xdp_inject *i);

/*
 * Engine, no capability needed, but the network namespace of the interface. len <= ALPNXDP_MAX_FRAME, else -EMSGSIZE.
 * One frame per call, 11 µs warm. 0 or -errno.
 */
int xdp_inject_frame(const struct xdp_inject *i, unsigned ifindex, const uint8_t *frame, size_t len);
int xdp_inject_rst(const struct xdp_inject *i, unsigned ifindex, const uint8_t *frame, size_t len);
/* enum probe_answer or -errno. */
int xdp_probe(const struct xdp_inject *i, unsigned ifindex, const uint8_t *frame, size_t len);

/* ----------------------------------------------------- self-check (both) */

/*
 * Keeper: the program that the kernel runs on an interface: the steering program, or the dispatcher that calls it (which
 * alone cannot be run). A descriptor, or -errno.
 */
int xdp_main_open(unsigned ifindex);

/*
 * Engine, as above. xdp_peek(): enum probe_answer or -errno; of PROBE_REQUEST *snd_nxt, what the kernel sends next.
 * xdp_try(): what the program would do with the frame (enum xdp_action), its books included, or -errno.
 * xdp_run(): does it, as if the frame had come to queue 0. It must be the only one that redirects to that queue's
 * socket at the moment: the kernel takes no lock there, since a queue has one reader.
 */
int xdp_peek(int peek_fd, unsigned ifindex, const uint8_t *frame, size_t len, uint32_t *snd_nxt);
int xdp_try(int main_fd, unsigned ifindex, const uint8_t *frame, size_t len);
int xdp_run(int main_fd, unsigned ifindex, const uint8_t *frame, size_t len);

/* -------------------------------------------------------------- sockets */

enum {
	XDP_FRAME_SIZE = 4096,
	XDP_FRAMES = 1024,   /* per queue: 4 MiB */
	XDP_RING_SIZE = 512, /* fill, completion, receive and transmit ring of a queue */
};

/*
 * Keeper: an AF_XDP socket of one queue in copy mode, and its memory (a memfd). The order is: xdp_socket_open() here,
 * xdp_rings_map() in the engine, xdp_socket_bind() here, xdp_socket_close() here. Linux before 6.3 refuses to map the
 * rings of a socket that is bound (xsk_mmap, EBUSY). Bound, it is in the XSKMAP and frames come; the queue may be busy
 * for some milliseconds after its last owner's death, so bind is tried for up to a second (-EBUSY).
 */
struct xdp_socket {
	int fd;
	int umem_fd;
	unsigned queue;
};
int xdp_socket_open(const struct xdp_attachment *a, unsigned queue, struct xdp_socket *out,
		    struct xdp_error *error);
int xdp_socket_bind(const struct xdp_attachment *a, const struct xdp_socket *s, struct xdp_error *error);
/*
 * Keeper, before or after binding: xdp_rings_look() has the device's queue served by the caller (SO_PREFER_BUSY_POLL and its
 * like, Linux 5.11, CAP_NET_ADMIN). -errno: this kernel does not, and xdp_rings_look() only looks.
 */
int xdp_socket_busy_poll(const struct xdp_socket *s, unsigned usec);
void xdp_socket_close(struct xdp_socket *s);

/* Engine: the rings of that socket, mapped. All calls but xdp_rings_stats() are for one thread. */
struct xdp_rings;
int xdp_rings_map(const struct xdp_socket *s, struct xdp_rings **out); /* 0 or -errno */
void xdp_rings_unmap(struct xdp_rings *r);

/*
 * Received frames: bytes point into shared memory until xdp_rings_release() of the same batch. A length that does not
 * fit its chunk is dropped here. Returns how many (0: none).
 */
struct xdp_frame {
	uint8_t *bytes;
	uint32_t len;
	uint64_t address; /* private */
};
unsigned xdp_rings_receive(struct xdp_rings *r, struct xdp_frame *frames, unsigned max);
void xdp_rings_release(struct xdp_rings *r, const struct xdp_frame *frames, unsigned count);
bool xdp_rings_pending(const struct xdp_rings *r); /* a frame waits; no system call */

/* Has a frame come? Never waits; lets the device look, too, where xdp_socket_busy_poll() was done. */
bool xdp_rings_look(const struct xdp_rings *r);

/* Copies a frame into the transmit ring. False: no free frame or ring full. Nothing leaves before xdp_rings_kick(). */
bool xdp_rings_transmit(struct xdp_rings *r, const uint8_t *frame, size_t len);
/* A system call per 16 or 32 frames, none if there is nothing to send. Never waits. */
void xdp_rings_kick(struct xdp_rings *r);
int xdp_rings_fd(const struct xdp_rings *r); /* for poll() */

/* Frames that went through the rings, and XDP_STATISTICS of the socket. */
struct xdp_ring_stats {
	uint64_t received, sent;
	uint64_t rx_dropped; /* by the kernel, or here because a descriptor did not fit */
	uint64_t rx_ring_full;
	uint64_t rx_fill_empty;
	uint64_t tx_invalid;
};
int xdp_rings_stats(const struct xdp_rings *r, struct xdp_ring_stats *out);

/* ------------------------------------------------------------ maps (engine) */

/* The memory-mapped ones of an attachment. */
struct xdp_shared {
	struct config *config;
	struct queue_state *queues; /* ALPNXDP_MAX_QUEUES */
	struct live *live;
	const struct hello_slot *hellos; /* ALPNXDP_SLOTS */
	struct {
		uint64_t *consumer;     /* how far we have read */
		const uint8_t *records; /* how far the kernel has written, and from the second page on what */
	} notes;
};
int xdp_shared_map(const struct xdp_maps *maps, struct xdp_shared *out); /* 0 or -errno */
void xdp_shared_unmap(struct xdp_shared *s);

/*
 * The next note, of one reader: 1; 0: there is none for now; -EPROTO: what stood there was no note of ours, and is skipped.
 * xdp_notes_refill(): the queue may write ALPNXDP_NOTES_CREDIT again. xdp_notes_lost(): how many it could not, ever.
 */
int xdp_note_next(struct xdp_shared *s, struct note *out);
void xdp_notes_refill(struct xdp_shared *s, unsigned queue);
uint64_t xdp_notes_lost(const struct xdp_shared *s, unsigned queues);

/* For CONFIG_TRACE*: of everybody (NULL), of one address, or, not on, of nobody. */
void xdp_notes_trace(struct xdp_shared *s, bool on, const uint8_t from[16]);

/* The flow map. All keep `live` in step. get: -ENOENT also for an entry of another epoch. */
int xdp_flow_get(const struct xdp_maps *m, const struct xdp_shared *s, const struct flow_key *key,
		 struct flow *out);
int xdp_flow_set(const struct xdp_maps *m, const struct flow_key *key, const struct flow *flow);
int xdp_flow_delete(const struct xdp_maps *m, struct xdp_shared *s, const struct flow_key *key);

enum { XDP_SWEEP = 256 };
struct xdp_sweep {
	uint32_t at; /* a place in the map that only the kernel understands */
	bool started;
};

/*
 * Deletes entries of other epochs, and offers older than ALPNXDP_OFFER_MS. Looks at XDP_SWEEP entries per call, and goes
 * on from *sweep (all zero at first), which is not `started` when all have been looked at. Returns how many it
 * deleted. One thread at a time.
 */
unsigned xdp_flow_sweep(const struct xdp_maps *m, struct xdp_shared *s, struct xdp_sweep *sweep,
			uint64_t now_ns);

int xdp_name_add(const struct xdp_maps *m, const char *sni);
int xdp_name_remove(const struct xdp_maps *m, const char *sni);
int xdp_name_clear(const struct xdp_maps *m);

/* Sums the per-CPU counters. */
int xdp_counters_read(const struct xdp_maps *m, uint64_t out[NUM_REASONS]);
const char *xdp_reason_name(enum reason reason);
const char *xdp_reason_help(enum reason reason);

#endif
