/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of metrics, and the text that it makes of a status. */
#include <stdlib.h>
#include "metrics/rows.h"

/* clang-format off */
const struct metric metrics[] = {
	{ "build", METRIC_INFO, NULL, "The version of the daemon and its TLS library, and of its interface to the program.",
	  samples_build, NULL, NULL, NULL },
	{ "start_time_seconds", METRIC_GAUGE, "seconds", "When the engine started, as UNIX time: its counters began at 0.",
	  samples_member, "daemon", "started_unix", NULL },
	{ "uptime_seconds", METRIC_GAUGE, "seconds", "How long the engine has been running.",
	  samples_member, "daemon", "uptime_s", NULL },
	{ "engines", METRIC_COUNTER, NULL, "Engine processes that have served these interfaces, one after the other.",
	  samples_member, "daemon", "epoch", NULL },
	{ "front_up", METRIC_GAUGE, NULL, "Whether the process of the front ends runs; there is none when none is set up.",
	  samples_member, "front", "up", NULL },

	{ "interface", METRIC_INFO, NULL, "Attached interfaces and the mode of the program on each.",
	  samples_modes, "interfaces", NULL, NULL },
	{ "heartbeat_age_seconds", METRIC_GAUGE, "seconds",
	  "Since the packet loop last gave a sign of life to an interface; above 1 everything passes.",
	  samples_heartbeats, "interfaces", NULL, NULL },
	{ "self_check_passed", METRIC_GAUGE, NULL, "Whether the last validation of our own through the live path passed, where one was done.",
	  samples_self_checks, "self_check", NULL, NULL },
	{ "packets", METRIC_COUNTER, NULL, "Packets that the XDP program let pass or redirected to the engine, and why.",
	  samples_packets, "interfaces", NULL, NULL },
	{ "clienthello", METRIC_COUNTER, NULL, "Segments of TLS hellos on their way in, while a challenge was pending.",
	  samples_hellos, "interfaces", NULL, "result" },
	{ "failopen", METRIC_COUNTER, NULL, "What went to the web server because something was wrong with us, or full.",
	  samples_failopen, "interfaces", NULL, "reason" },
	{ "xsk_rx_dropped", METRIC_COUNTER, NULL, "Frames that AF_XDP sockets dropped on receipt, for other reasons than a full ring.",
	  samples_rings, "interfaces", "rx_dropped", NULL },
	{ "xsk_rx_ring_full", METRIC_COUNTER, NULL, "Frames that AF_XDP sockets dropped because the receive ring was full.",
	  samples_rings, "interfaces", "rx_ring_full", NULL },
	{ "xsk_fill_empty", METRIC_COUNTER, NULL, "How often the kernel found no frame in the fill ring.",
	  samples_rings, "interfaces", "rx_fill_empty", NULL },
	{ "xsk_tx_invalid", METRIC_COUNTER, NULL, "Descriptors that the kernel refused to transmit.",
	  samples_rings, "interfaces", "tx_invalid", NULL },

	{ "flows", METRIC_GAUGE, NULL, "Flows that the engine has, by how far they are.",
	  samples_object, "flows_by_state", NULL, "state" },
	{ "handshakes", METRIC_COUNTER, NULL, "How flows that were offered to the engine ended.",
	  samples_object, "outcomes", NULL, "outcome" },
	{ "handshake_duration_seconds", METRIC_HISTOGRAM, "seconds",
	  "From a validator's first frame with data to the end of its handshake.",
	  samples_durations, "handshake_seconds", NULL, NULL },
	{ "gate_rejects", METRIC_COUNTER, NULL, "Hellos that offer acme-tls/1 and are not answered all the same.",
	  samples_object, "gate", NULL, "reason" },
	{ "neutralise", METRIC_COUNTER, NULL, "How the kernel's half of answered connections ended.",
	  samples_silence, "silence", NULL, NULL },
	{ "frame_drops", METRIC_COUNTER, NULL, "Frames of the engine's that it could not read.",
	  samples_object, "drops", NULL, "reason" },
	{ "frames_stray", METRIC_COUNTER, NULL, "Frames of flows that nobody offered.", samples_member, "strays", NULL, NULL },
	{ "offers_stale", METRIC_COUNTER, NULL, "Offers that were another frame's.",
	  samples_member, "stale_offers", NULL, NULL },
	{ "frames_given_back", METRIC_COUNTER, NULL, "Frames given back to the kernel.",
	  samples_member, "given_back", "frames", NULL },
	{ "frames_give_back_failed", METRIC_COUNTER, NULL, "Frames that the kernel did not take back.",
	  samples_member, "given_back", "failed", NULL },
	{ "frames_sent", METRIC_COUNTER, NULL, "Frames sent.", samples_member, "transmit", "frames", NULL },
	{ "frames_send_failed", METRIC_COUNTER, NULL, "Frames that found no room to be sent; TCP repeats them.",
	  samples_member, "transmit", "failed", NULL },
	{ "retransmits", METRIC_COUNTER, NULL, "Segments sent again.", samples_member, "transmit", "retransmits", NULL },

	{ "challenges", METRIC_GAUGE, NULL, "Pending challenges, by who asked for them.",
	  samples_object, "challenges_by_source", NULL, "source" },
	{ "challenge_age_seconds", METRIC_GAUGE, "seconds", "How long the oldest pending challenge has been pending; 0 without any.",
	  samples_member, "oldest_challenge_s", NULL, NULL },
	{ "unsolicited_probes", METRIC_COUNTER, NULL, "Who asked for a challenge of a name of own-names while none was pending.",
	  samples_member, "probes", "unsolicited", NULL },
	{ "own_names", METRIC_GAUGE, NULL, "Names of own-names that are watched over; the program is armed all the time if there is one.",
	  samples_member, "probes", "own_names", NULL },
	{ "notes_lost", METRIC_COUNTER, NULL, "Hellos that the program let pass and could not tell of, since it was attached.",
	  samples_member, "notes_lost", NULL, NULL },
	{ "harvest_enabled", METRIC_GAUGE, NULL, "Whether a local listener is asked for names that nobody added.",
	  samples_member, "harvest", "on", NULL },
	{ "harvest_names", METRIC_COUNTER, NULL, "Names that it was asked for, or by a limit was not, and what came of it.",
	  samples_object, "harvest", NULL, "result" },
};
/* clang-format on */
const size_t metric_count = ARRAY_SIZE(metrics);

static void write_all(FILE *out, const json_t *status, enum metrics_format format)
{
	for (size_t i = 0; i < metric_count; i++) {
		text_head(out, &metrics[i], format);
		metrics[i].samples(out, &metrics[i], status);
	}
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", out);
}

static char *format_status(const json_t *status, enum metrics_format format)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool failed;

	if (!out)
		return NULL;
	write_all(out, status, format);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

char *metrics_format(const char *status_json, enum metrics_format format)
{
	json_t *status = json_loads(status_json, 0, NULL);
	char *text = NULL;

	if (json_is_true(json_object_get(status, "ok")) && json_is_object(json_object_get(status, "daemon")))
		text = format_status(status, format);
	json_decref(status);
	return text;
}
