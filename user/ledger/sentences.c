/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is said of each cause, and of those that an alert, the gate or the program tells more about. Each is one sentence that
 * goes behind a name and an address, and a fix that somebody can type or look for. Pure.
 */
#include "ledger/private.h"

enum { ANY = -1 };

#define COMPARE                                                                                   \
	"compare the digest that is pending (alpnxdp list) with the SHA-256 of this order's key " \
	"authorization; one of an older order: alpnxdp remove NAME --digest D"
#define LOST_ANSWER                                                                                             \
	"look for a firewall that drops what this host sends, for a route back that goes elsewhere, and for a " \
	"smaller MTU on the way"
#define IN_BETWEEN "look for a middlebox on the way: a firewall or a proxy that looks into TLS"
#define TOO_MANY "the CA tries again; who takes the places: alpnxdp events, alpnxdp status"
#define NO_VALIDATOR "no CA validates like this: a scanner or a test; if it is yours, mend its hello"

/* ------------------------------------------------------------------ causes */

/* By cause, then phase; the last row of a cause goes for every phase. */
static const struct {
	enum ledger_cause cause;
	int phase;
	struct sentence sentence;
} rows[] = {
	{ LEDGER_VALIDATED, ANY, { "finished: the validator has our certificate", NULL } },
	{ LEDGER_HELLO_INCOMPLETE,
	  ANY,
	  { "the validator sent the beginning of its hello and, for 5 s, not the rest: passed to the web server",
	    "something on the way loses its second packet: look for a smaller MTU and for firewalls that look into "
	    "TLS" } },
	{ LEDGER_STOPPED_AFTER_CERTIFICATE,
	  LEDGER_PHASE_RETRY,
	  { "the validator closed when we asked it for another key share (HelloRetryRequest)",
	    NO_VALIDATOR } },
	{ LEDGER_STOPPED_AFTER_CERTIFICATE,
	  LEDGER_PHASE_SENT,
	  { "the validator closed before it had confirmed that our certificate came", LOST_ANSWER } },
	{ LEDGER_STOPPED_AFTER_CERTIFICATE,
	  ANY,
	  { "the validator stopped after our certificate without a word: it did not accept it", COMPARE } },
	{ LEDGER_NO_CHANGE_CIPHER_SPEC,
	  ANY,
	  { "the validator sent its keys (TLS 1.2), never its ChangeCipherSpec", IN_BETWEEN } },
	{ LEDGER_NO_FINISHED,
	  ANY,
	  { "the validator sent everything but its last message (Finished), or only a part of that",
	    IN_BETWEEN } },
	{ LEDGER_ALERT_RECEIVED, ANY, { "the validator broke off with an alert", COMPARE } },
	{ LEDGER_ALERT_SENT,
	  ANY,
	  { "what the validator sent was not what comes next in a handshake: we broke off", IN_BETWEEN } },
	{ LEDGER_RESET,
	  LEDGER_PHASE_RECEIVED,
	  { "the validator reset the connection after our certificate: it did not accept it, or something on the "
	    "way did not",
	    COMPARE } },
	{ LEDGER_RESET,
	  LEDGER_PHASE_SENT,
	  { "the connection was reset before our certificate was confirmed",
	    "look for a firewall that answers with RST, and for another program that answers for this address" } },
	{ LEDGER_RESET,
	  ANY,
	  { "the connection was reset in the middle of the handshake",
	    "look for a firewall that answers with RST, and for another program that answers for this address" } },
	{ LEDGER_TIMED_OUT,
	  LEDGER_PHASE_SENT,
	  { "we sent our certificate, and no confirmation that all of it came, though it was repeated",
	    LOST_ANSWER } },
	{ LEDGER_TIMED_OUT,
	  LEDGER_PHASE_RECEIVED,
	  { "the validator received our certificate, said nothing more, and did not close either",
	    "a validator that hangs, or what it sends is lost: " IN_BETWEEN } },
	{ LEDGER_TIMED_OUT, ANY, { "the validator fell silent in the middle of the handshake", IN_BETWEEN } },
	{ LEDGER_NOT_PENDING,
	  ANY,
	  { "no challenge was pending for this name: passed to the web server",
	    "add it before the CA is told to validate: alpnxdp add NAME --digest D; what is pending: alpnxdp list" } },
	{ LEDGER_GATE,
	  ANY,
	  { "not a hello that may be answered (RFC 8737): passed to the web server", NO_VALIDATOR } },
	{ LEDGER_BUDGET, ANY, { "too many connections at once: passed to the web server", TOO_MANY } },
	{ LEDGER_KERNEL,
	  ANY,
	  { "the kernel's state of the connection did not match: passed to the web server",
	    "the CA tries again; if it stays like this: alpnxdp doctor" } },
	{ LEDGER_ENGINE_ERROR,
	  ANY,
	  { "no certificate could be made, or there was no memory: passed to the web server",
	    "the daemon's log says which: journalctl -t alpnxdp" } },
	{ LEDGER_TAKEN_BACK,
	  ANY,
	  { "we had not answered for a second: the web server has the connection",
	    "this host was too busy, or suspended; the CA tries again" } },
	{ LEDGER_PUT_OUT,
	  ANY,
	  { "reset by us: all places were taken, and others needed this one more", TOO_MANY } },
	{ LEDGER_NOT_ANSWERED,
	  ANY,
	  { "nobody who was asked (harvest) had a challenge for this name in time: passed to the web server",
	    "see that the ACME client listens on the address of `harvest` while the CA validates" } },
	{ LEDGER_CLOSED_BEFORE_HELLO,
	  LEDGER_PHASE_DECISION,
	  { "the validator closed while the challenge was still being asked for",
	    "add challenges before the CA is told to validate: alpnxdp add NAME --digest D" } },
	{ LEDGER_CLOSED_BEFORE_HELLO,
	  ANY,
	  { "the validator closed, or was reset, in the middle of its hello: passed to the web server",
	    IN_BETWEEN } },
};

struct sentence sentence_of_cause(enum ledger_cause cause, enum ledger_phase phase)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].cause == cause && (rows[i].phase == ANY || rows[i].phase == (int)phase))
			return rows[i].sentence;
	return (struct sentence){ "not known", NULL };
}

/* --------------------------------------------------- alerts, gate, reasons */

struct numbered {
	int number;
	struct sentence sentence;
};

static struct sentence find(const struct numbered *table, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].sentence;
	return (struct sentence){ 0 };
}

struct sentence sentence_of_alert_received(int alert)
{
	static const struct sentence refused = { "the validator refused our certificate", COMPARE };
	static const struct sentence garbled = {
		"the validator could not read or verify what we sent: something on the way changes it, or it is not "
		"us who answered",
		IN_BETWEEN
	};
	static const struct sentence in_common = {
		"the validator and we have nothing in common that it would use", NO_VALIDATOR
	};
	const struct numbered table[] = {
		{ 42, refused },
		{ 43, refused },
		{ 46, refused },
		{ 49, refused },
		{ 44, refused },
		{ 45,
		  { "the validator says that our certificate is not valid at this time",
		    "compare this host's clock with the real time: timedatectl" } },
		{ 48,
		  { "the client wants a certificate from a CA that it knows: it checks like a browser, and no "
		    "validator does",
		    "a test with curl or openssl: have it skip verification; in a real validation nothing is to "
		    "be done" } },
		{ 20, garbled },
		{ 22, garbled },
		{ 50, garbled },
		{ 51, garbled },
		{ 10, garbled },
		{ 47, garbled },
		{ 40, in_common },
		{ 70, in_common },
		{ 71, in_common },
		{ 120, in_common },
		{ 80, { "the validator had a trouble of its own", "let the CA try again" } },
		{ 90, { "the validator gave up in the middle of the handshake", "let the CA try again" } },
		{ 112,
		  { "the validator says that we answered for another name than it asked for",
		    "see that nothing else answers for it: alpnxdp list" } },
	};

	return find(table, ARRAY_SIZE(table), alert);
}

struct sentence sentence_of_alert_sent(int alert)
{
	static const struct sentence wrong = {
		"the validator's last message (Finished) was wrong: it has other keys than we, or something on the "
		"way changed it",
		IN_BETWEEN
	};
	const struct numbered table[] = {
		{ 20, wrong },
		{ 51, wrong },
		{ 0,
		  { "the validator sent data where the handshake should have been finished",
		    "RFC 8737 has nothing but a handshake: " NO_VALIDATOR } },
	};

	return find(table, ARRAY_SIZE(table), alert);
}

#define PASSED ": passed to the web server"
struct sentence sentence_of_gate(int why)
{
	static const struct sentence table[NUM_GATE_REJECTS] = {
		[GATE_NOT_HELLO] = { "what came is no TLS hello" PASSED, NO_VALIDATOR },
		[GATE_TOO_LARGE] = { "the client's hello is larger than the 4,096 bytes that we take" PASSED,
				     NO_VALIDATOR },
		[GATE_MALFORMED] = { "the client's hello contradicts itself" PASSED, NO_VALIDATOR },
		[GATE_DUPLICATE_EXTENSION] = { "the client's hello has an extension twice" PASSED,
					       NO_VALIDATOR },
		[GATE_VERSION] = { "the client offers neither TLS 1.2 nor TLS 1.3" PASSED, NO_VALIDATOR },
		[GATE_COMPRESSION] = { "the client offers compression that its TLS version does not have" PASSED,
				       NO_VALIDATOR },
		[GATE_NO_SNI] = { "the client does not say which name it wants (no SNI)" PASSED,
				  "have it send the name: a test with openssl needs -servername NAME" },
		[GATE_SNI] = { "the name that the client wants (SNI) is not one DNS name" PASSED,
			       "for an address the name is the one under in-addr.arpa or ip6.arpa (RFC 8738)" },
		[GATE_NO_ALPN] = { "the client offers no application protocol (ALPN)" PASSED, NO_VALIDATOR },
		[GATE_ALPN] = { "the client offers other protocols beside acme-tls/1, which no validator may" PASSED,
				"have it offer acme-tls/1 alone (RFC 8737 3)" },
		[GATE_CIPHER] = { "the client offers no cipher suite that we have" PASSED, NO_VALIDATOR },
		[GATE_GROUP] = { "the client offers neither X25519 nor P-256" PASSED, NO_VALIDATOR },
		[GATE_KEY_SHARE] = { "the client's key shares are malformed, or of groups that it does not offer" PASSED,
				     NO_VALIDATOR },
		[GATE_SIGNATURE] = { "the client cannot verify the signature of the certificate that is pending" PASSED,
				     "add the challenge by its digest: then we make a certificate over P-256, "
				     "which every validator takes" },
		[GATE_EARLY_DATA] = { "the client wants to resume a session that it cannot have from us" PASSED,
				      NO_VALIDATOR },
		[GATE_TRAILING] = { "the client sent more than its hello before we had answered" PASSED,
				    NO_VALIDATOR },
	};

	return table[why];
}

struct sentence sentence_of_reason(int reason)
{
	const struct numbered table[] = {
		{ REASON_KERNEL_NONE,
		  { "the kernel knows no such connection" PASSED,
		    "a forged packet, or a firewall before the web server that does the handshake itself "
		    "(SYNPROXY): alpnxdp doctor" } },
		{ REASON_KERNEL_LISTENER,
		  { "the kernel has not opened the connection yet: SYN cookies, or a forged packet" PASSED,
		    "a SYN flood, or a backlog that is too small: sysctl net.ipv4.tcp_max_syn_backlog" } },
		{ REASON_KERNEL_STATE,
		  { "the web server's connection had begun already, or was closing" PASSED,
		    "let the CA try again" } },
		{ REASON_KERNEL_SEQ,
		  { "the client's hello does not follow what the kernel has: a repetition, or something on the way changes "
		    "numbers" PASSED,
		    IN_BETWEEN } },
		{ REASON_KERNEL_ACK,
		  { "the client acknowledges something else than the kernel has sent" PASSED, IN_BETWEEN } },
		{ REASON_KERNEL_FEATURE,
		  { "the web server's socket uses MPTCP, MD5 or TCP-AO" PASSED,
		    "turn it off for this listener: with MPTCP, sysctl net.mptcp.enabled=0" } },
		{ REASON_KERNEL_TIMESTAMP,
		  { "the client's timestamp is not one that the kernel sent" PASSED, IN_BETWEEN } },
		{ REASON_NO_SOCKET,
		  { "nobody listened on this queue of the interface: a daemon that was just starting, or ending" PASSED,
		    "alpnxdp status says who serves; let the CA try again" } },
		{ REASON_OVERSIZE,
		  { "the client's packet is too large to be taken (3,368 bytes)" PASSED,
		    "a jumbo MTU, or packets that the card has joined: ethtool -K IFACE lro off" } },
		{ REASON_TCP_FLAGS,
		  { "the client's packet has flags that no hello has: SYN, FIN, RST or URG, or no ACK" PASSED,
		    NO_VALIDATOR } },
		{ REASON_TCP_OPTION,
		  { "the client's packet has TCP options that we do not take: MD5, TCP-AO or MPTCP" PASSED,
		    NO_VALIDATOR } },
		{ REASON_TABLE_FULL, { "the table of connections is full" PASSED, TOO_MANY } },
		{ REASON_ROUTE,
		  { "the way back to the client goes over another interface, where we do not answer" PASSED,
		    "attach to that interface too; which one: ip route get ADDRESS" } },
	};

	return find(table, ARRAY_SIZE(table), reason);
}
