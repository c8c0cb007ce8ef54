/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A record in words: which sentence of sentences.c it is. Pure. */
#include <stdio.h>
#include "ledger/private.h"

static bool is_alert(const struct ledger_record *r)
{
	return r->cause == LEDGER_ALERT_RECEIVED || r->cause == LEDGER_ALERT_SENT;
}

static bool has_gate(const struct ledger_record *r)
{
	return r->cause == LEDGER_GATE && r->detail >= 0 && r->detail < NUM_GATE_REJECTS;
}

/* Where the program has decided. */
static bool has_reason(const struct ledger_record *r)
{
	return (r->cause == LEDGER_KERNEL || r->cause == LEDGER_BUDGET || r->cause == LEDGER_NOT_PENDING ||
		r->cause == LEDGER_TAKEN_BACK) &&
	       r->detail >= 0 && reason_name((unsigned)r->detail);
}

/* Of what ended in the middle, the phase is what a person wants to know. */
static bool shows_phase(const struct ledger_record *r)
{
	return r->cause == LEDGER_RESET || r->cause == LEDGER_TIMED_OUT || r->cause == LEDGER_PUT_OUT ||
	       r->cause == LEDGER_CLOSED_BEFORE_HELLO;
}

static void put_detail(const struct ledger_record *r, struct ledger_words *out)
{
	const char *name = "";

	if (is_alert(r) && r->detail >= 0) {
		snprintf(out->detail, sizeof(out->detail), "%s (%d)", ledger_alert_name((unsigned)r->detail),
			 r->detail);
		return;
	}
	if (has_gate(r))
		name = gate_reject_name((enum gate_reject)r->detail);
	else if (has_reason(r))
		name = reason_name((unsigned)r->detail);
	else if (shows_phase(r))
		name = ledger_phase_name((enum ledger_phase)r->phase);
	snprintf(out->detail, sizeof(out->detail), "%s", name);
}

static struct sentence own_sentence(const struct ledger_record *r)
{
	if (r->cause == LEDGER_ALERT_RECEIVED)
		return sentence_of_alert_received(r->detail);
	if (r->cause == LEDGER_ALERT_SENT)
		return sentence_of_alert_sent(r->detail);
	if (has_gate(r))
		return sentence_of_gate(r->detail);
	if (has_reason(r))
		return sentence_of_reason(r->detail);
	return (struct sentence){ 0 };
}

/* Where what is missing may have been waited for in vain, or been given up. */
static const char *ending_of(const struct ledger_record *r)
{
	if (r->cause != LEDGER_NO_CHANGE_CIPHER_SPEC && r->cause != LEDGER_NO_FINISHED)
		return "";
	return r->closed_by_fin ? ", and closed the connection" : ", and fell silent";
}

static const struct sentence unsolicited = {
	"someone asked for the challenge of this name of yours while none was pending: perhaps an ACME client that "
	"you forgot, perhaps somebody who wants a certificate for your name",
	"look who asked; if it was none of yours: which certificates exist (https://crt.sh), and a CAA record that "
	"names your CA and account (RFC 8657)"
};

void ledger_words(const struct ledger_record *r, struct ledger_words *out)
{
	struct sentence s = r->unsolicited ? unsolicited : own_sentence(r);

	if (!s.text)
		s = sentence_of_cause((enum ledger_cause)r->cause, (enum ledger_phase)r->phase);
	put_detail(r, out);
	snprintf(out->text, sizeof(out->text), "%s%s", s.text, ending_of(r));
	snprintf(out->fix, sizeof(out->fix), "%s", s.fix ? s.fix : "");
}
