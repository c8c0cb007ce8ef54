/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each cause means and what to do, for somebody who reads nothing else. */
#include "check/check.h"

static const char *const names[] = {
#define X(symbol, name, class) name,
	CHECK_CAUSES(X)
#undef X
};
static const enum check_class classes[] = {
#define X(symbol, name, class) class,
	CHECK_CAUSES(X)
#undef X
};
static const char *const ends[] = {
#define X(symbol, name) name,
	CHECK_ENDS(X)
#undef X
};
static const char *const kinds[] = {
	[CHECK_AS_CA] = "as-ca", [CHECK_TLS12] = "tls-1.2", [CHECK_LARGE] = "large-hello", [CHECK_WEB] = "web"
};
_Static_assert(ARRAY_SIZE(kinds) == NUM_CHECK_KINDS, "every kind needs a name");

#define CLIENT_FIX "let the ACME client, or 'alpnxdp add', make the certificate: do not write it by hand"

static const struct {
	const char *means, *fix;
} words[] = {
	[CHECK_FINE] = { "a right challenge certificate came over acme-tls/1, and every rule for it is kept",
			 "" },
	[CHECK_NO_ADDRESS] = { "the name has neither an A nor an AAAA record that the resolver of this machine finds",
			       "publish an A or AAAA record that points to the host that answers the challenge; "
			       "look at it with: dig +short NAME A NAME AAAA" },
	[CHECK_RESERVED] = { "the name points only to private or reserved addresses, to which no CA connects",
			     "publish the public address, or use dns-01 for a host that is not reachable from outside" },
	[CHECK_CONNECT_TIMEOUT] = { "the first packet of the connection was never answered: a firewall drops it, or the "
				    "address is not that of a running host",
				    "open TCP port 443 for everybody, in the host's firewall and in the provider's (security "
				    "group); check that the address is this host's" },
	[CHECK_REFUSED] = { "the host is there, and nothing listens on the port (or a firewall rejects)",
			    "start the server that is to answer on this port: alpnxdp needs a web server listening there, a "
			    "client of its own kind only listens during the validation" },
	[CHECK_UNREACHABLE] = { "there is no way to this address: a route is missing, or a router said so",
				"check the address in DNS; if only IPv6 fails, check this machine's own IPv6 first" },
	[CHECK_SILENT] = { "the connection was accepted, and nothing came back for the hello: whoever listens is hung or "
			   "overloaded, is not a TLS server, or a firewall swallows the hello",
			   "look at the process that listens there (ss -ltnp 'sport = :443') and at firewalls that inspect TLS" },
	[CHECK_STALLED] = { "the handshake began, and then nothing came any more: the server hangs, or packets are lost on the "
			    "way, often large ones (MTU)",
			    "look at the server's log, and at the path MTU: ping -M do -s 1472 ADDRESS" },
	[CHECK_CLOSED] = { "the connection was accepted, and closed before the handshake was complete: a proxy without a "
			   "backend, a limit on connections, or a service that refuses this client or this name",
			   "look at the log of what listens on the port, and of the proxy before it" },
	[CHECK_RESET] = { "the connection was broken off with a reset: a firewall or intrusion prevention on the way, or a "
			  "server that has crashed or refuses this client",
			  "look for a rule that rejects by content or by country, and at the log of the server" },
	[CHECK_LARGE_HELLO] = { "a small hello is answered, and one as large as the CA's is not: a middlebox or proxy before the "
				"server reads only the beginning of a hello, or loses its second packet. CAs' hellos have 1,500 "
				"bytes and more since they carry post-quantum key shares",
				"update or bypass what stands before the server (firewall with TLS inspection, SNI proxy, load "
				"balancer): it has to take hellos of several packets" },
	[CHECK_HTTP] = { "a web server answers in plain HTTP on this port: TLS is not switched on for it",
			 "switch TLS on for the listener (nginx: listen 443 ssl; Apache: SSLEngine on), or point the port "
			 "to the TLS one" },
	[CHECK_SSH] = { "an SSH server answers on this port",
			"move the SSH server to another port, or correct the port "
			"forwarding of the router" },
	[CHECK_SMTP] = { "a mail server answers on this port",
			 "correct the port forwarding, or the address in DNS" },
	[CHECK_NOT_TLS] = { "what answers on this port does not speak TLS",
			    "find out what listens there: ss -ltnp 'sport = :443'" },
	[CHECK_OLD_TLS] = { "the server has neither TLS 1.2 nor TLS 1.3 (RFC 8737 4)",
			    "allow TLS 1.2 and 1.3 in the server's configuration (nginx: ssl_protocols TLSv1.2 TLSv1.3)" },
	[CHECK_ALERT_NAME] = { "a TLS server answers that does not know this name: no challenge is set up there for it",
			       "have the responder answer for this name while the CA validates; check that DNS leads to "
			       "the right host" },
	[CHECK_ALERT] = { "the server refused the handshake with this alert",
			  "look at the log of the TLS server at that moment. handshake_failure: no common cipher, or a client "
			  "certificate is asked for; internal_error: it has no certificate for the name" },
	[CHECK_HANDSHAKE] = { "the handshake began and failed: what the server sent breaks the protocol or does not fit its key",
			      "look at the log of the TLS server; openssl s_client -alpn acme-tls/1 -connect ADDRESS:443 "
			      "shows the handshake" },
	[CHECK_ALPN_OTHER] = { "the server chose a protocol that was not offered (RFC 7301 3.2): it ignores what clients ask for",
			       "have the responder choose acme-tls/1 when it is offered; OpenSSL: an ALPN callback" },
	[CHECK_ALERT_ALPN] = { "a TLS server answers that does not have acme-tls/1: an ordinary web server, or a responder that "
			       "has no challenge for this name at the moment",
			       "have the challenge pending while the CA validates (alpnxdp list), on the host to which DNS leads" },
	[CHECK_NO_ALPN] = { "an ordinary TLS server answered without acme-tls/1: no responder took the connection",
			    "have the challenge pending while the CA validates (alpnxdp list), on the host to which DNS leads" },
	[CHECK_CDN] = { "a CDN terminates TLS before your host: its hello never reaches your responder",
			"switch the proxying off for this name while validating (Cloudflare: DNS only), or use dns-01" },
	[CHECK_NO_CERTIFICATE] = { "the server showed no certificate at all",
				   "have the responder show the challenge certificate for this name" },
	[CHECK_PARSE] = { "the certificate cannot be read: the CA's parser refuses damaged DER, malformed alternative names, an "
			  "extension that occurs twice, and negative serial numbers",
			  CLIENT_FIX "; openssl x509 -text shows where it is damaged" },
	[CHECK_NOT_SELF_SIGNED] = { "acme-tls/1 was chosen, and an ordinary certificate shown, or one with a wrong or a SHA-1 "
				    "signature: a challenge certificate is signed with its own key (RFC 8737 3)",
				    "have the challenge pending for this name; " CLIENT_FIX },
	[CHECK_NO_ACME] = { "acme-tls/1 was chosen, and the certificate is not one of a challenge: it has no acmeIdentifier "
			    "extension. The server shows its fallback",
			    "have the challenge pending for exactly this name while the CA validates" },
	[CHECK_OBSOLETE_OID] = { "the certificate has the extension of an early draft (1.3.6.1.5.5.7.1.30.1), which CAs no longer "
				 "take since January 2022",
				 "update the ACME client or responder: RFC 8737 has 1.3.6.1.5.5.7.1.31" },
	[CHECK_NO_SAN] = { "the certificate has no subjectAltName extension; the common name does not count",
			   CLIENT_FIX },
	[CHECK_SAN_COUNT] = { "the certificate has not exactly one name: one challenge has one certificate, for one name "
			      "(RFC 8737 3)",
			      CLIENT_FIX },
	[CHECK_SAN_KIND] = { "the certificate's name is of the wrong kind: an address has to be an iPAddress, a name a dNSName "
			     "(RFC 8738 3)",
			     CLIENT_FIX },
	[CHECK_SAN_OTHER] = { "the certificate is for another name",
			      "have the responder choose the certificate by the hello's "
			      "server name; for an address that is its in-addr.arpa or "
			      "ip6.arpa name" },
	[CHECK_SAN_CASE] = { "the certificate's name has capital letters or a trailing dot; the CA compares bytes, in lower case",
			     "write the name in lower case in the certificate" },
	[CHECK_SAN_BYTES] = { "the certificate's name is right, but not encoded as the CA encodes it: another name beside it, or "
			      "the 16-byte form of an IPv4 address",
			      CLIENT_FIX },
	[CHECK_NOT_CRITICAL] = { "the acmeIdentifier extension is there, but not marked critical (RFC 8737 3)",
				 "mark it critical; openssl: 1.3.6.1.5.5.7.1.31=critical,DER:0420..." },
	[CHECK_MALFORMED] = { "the acmeIdentifier extension holds something else than an OCTET STRING of 32 bytes",
			      "its value is the bytes 04 20 and the SHA-256 of the key authorization" },
	[CHECK_STALE] = { "a right challenge certificate, but for another order: its digest is pending here for this name, too, and what was added last is answered with",
			  "alpnxdp list shows both; add the wanted one again, or remove the other: alpnxdp remove NAME --digest D" },
	[CHECK_DIGEST] = { "a right challenge certificate, but for another key authorization: of an earlier order, of another ACME "
			   "account, or of another responder that took the connection",
			   "compare the digests: start the order again, and let only one ACME client answer for this name" },
};
_Static_assert(ARRAY_SIZE(words) == NUM_CHECK_CAUSES, "every cause needs words");

const char *check_cause_name(enum check_cause cause)
{
	return names[cause];
}

enum check_class check_cause_class(enum check_cause cause)
{
	return classes[cause];
}

const char *check_cause_means(enum check_cause cause)
{
	return words[cause].means;
}

const char *check_cause_fix(enum check_cause cause)
{
	return words[cause].fix;
}

const char *check_kind_name(enum check_kind kind)
{
	return kinds[kind];
}

const char *check_end_name(enum check_end end)
{
	return ends[end];
}
