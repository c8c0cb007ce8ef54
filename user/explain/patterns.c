/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sentences of Boulder's va/tlsalpn.go and va/va.go, Pebble's va/va.go and step-ca's acme/challenge.go, and the problem
 * types. What is more exact stands before what is less so: a sentence belongs to the first row that it fits.
 */
#include <strings.h>
#include <string.h>
#include "explain/private.h"

const struct explain_pattern explain_patterns[] = {
	/* Boulder, certificate */
	{ EXPLAIN_NOT_SELF_SIGNED, "Received certificate which is not self-signed" },
	{ EXPLAIN_OBSOLETE, "Extension OID 1.3.6.1.5.5.7.1.30.1" },
	{ EXPLAIN_NO_SAN,
	  "Received certificate with unexpected extensions: \"Required extension OID 2.5.29.17 is not present" },
	{ EXPLAIN_TWICE, "Received certificate with unexpected extensions: \"Extension OID %* seen twice" },
	{ EXPLAIN_NO_EXTENSION, "Received certificate with unexpected extensions" },
	{ EXPLAIN_NO_EXTENSION, "Required extension OID 1.3.6.1.5.5.7.1.31 is not present" },
	{ EXPLAIN_NO_SAN, "Required extension OID 2.5.29.17 is not present" },
	{ EXPLAIN_TWICE, "Extension OID %* seen twice" },
	{ EXPLAIN_SPELLING,
	  "Received certificate with unexpected identifiers (%S): \"SAN extension does not match expected bytes" },
	{ EXPLAIN_NAMES, "Received certificate with unexpected identifiers (%S): " },
	{ EXPLAIN_NOT_CRITICAL, "acmeValidationV1 extension that is not Critical" },
	{ EXPLAIN_MALFORMED, "Received certificate with malformed acmeValidationV1 extension value" },
	{ EXPLAIN_DIGEST, "acmeValidationV1 extension value %G but expected %W" },
	/* step-ca, certificate */
	{ EXPLAIN_DIGEST, "expected acmeValidationV1 extension value %W for this challenge but got %G" },
	{ EXPLAIN_DIGEST, "expected acmeValidationV1 extension value %W but got %G" },
	{ EXPLAIN_OBSOLETE, "obsolete id-pe-acmeIdentifier" },
	{ EXPLAIN_NOT_CRITICAL, "acmeValidationV1 extension not critical" },
	{ EXPLAIN_MALFORMED, "malformed acmeValidationV1 extension value" },
	{ EXPLAIN_NO_EXTENSION,
	  "missing acmeValidationV1 extension" }, /* Pebble says so of one that is not critical, too */
	{ EXPLAIN_NAMES, "leaf certificate must contain a single %*DNS name" },
	{ EXPLAIN_NO_CERTIFICATE, "challenge for %N resulted in no certificates" },
	/* Pebble, certificate */
	{ EXPLAIN_NAMES, "Received %* certificate(s), first certificate had names %S" },
	{ EXPLAIN_MALFORMED, "Malformed acmeValidation" },
	{ EXPLAIN_DIGEST, "Invalid acmeValidation" },
	/* no certificate, or not by acme-tls/1 */
	{ EXPLAIN_NO_CERTIFICATE, "No certs presented for" },
	{ EXPLAIN_NO_ALPN, "Cannot negotiate ALPN protocol" },
	{ EXPLAIN_NO_ALPN, "cannot negotiate ALPN acme-tls/1" },
	{ EXPLAIN_NO_ALPN, "server selected unadvertised ALPN protocol" },
	{ EXPLAIN_NO_FALLBACK, "Unable to contact \"%N\" at \"%A\", no IPv4 addresses to try as fallback" },
	/* the connection */
	{ EXPLAIN_CONNECT_TIMEOUT, "Timeout during connect" },
	{ EXPLAIN_SILENT, "Timeout after connect" },
	{ EXPLAIN_SILENT, "Timeout during read" },
	{ EXPLAIN_SILENT, "Timeout during write" },
	{ EXPLAIN_PLAIN, "Server only speaks HTTP, not TLS" },
	{ EXPLAIN_PLAIN, "Server is speaking HTTP/2 over HTTP" },
	{ EXPLAIN_NOT_OURS, "remote error: tls: no application protocol" },
	{ EXPLAIN_NOT_OURS, "remote error: tls: unrecognized name" },
	{ EXPLAIN_ALERT, "remote error: tls: %L" },
	{ EXPLAIN_GARBLED, "Error getting validation data" },
	/* DNS; before what begins the same way */
	{ EXPLAIN_DNS_FAILED, "DNS problem: SERVFAIL looking up %* for %N" },
	{ EXPLAIN_DNS_FAILED, "DNS problem: query timed out looking up %* for %N" },
	{ EXPLAIN_DNS_FAILED, "DNS problem: networking error looking up %* for %N" },
	{ EXPLAIN_NO_ADDRESS, "DNS problem: NXDOMAIN looking up %* for %N" },
	{ EXPLAIN_DNS_FAILED, "DNS problem: " },
	{ EXPLAIN_NO_ADDRESS, "no valid A records found for %N;" },
	{ EXPLAIN_NO_ADDRESS, "No valid IP addresses found for %N" },
	{ EXPLAIN_NO_ADDRESS, "Could not resolve URL" },
	{ EXPLAIN_DNS_FAILED, "Error occurred while resolving URL" },
	{ EXPLAIN_NOT_REACHED, "Failed to connect to %A for the tls-alpn-01 challenge" },
	{ EXPLAIN_REFUSED, "error doing TLS dial for %A: dial tcp %*connect: connection refused" },
	{ EXPLAIN_NOT_REACHED, "error doing TLS dial for %A" },
	/* not about a certificate of ours */
	{ EXPLAIN_RATE, "too many failed authorizations" },
	{ EXPLAIN_RATE, "too many certificates" },
	{ EXPLAIN_RATE, "too many new orders" },
	{ EXPLAIN_RATE, "too many currently pending" },
	{ EXPLAIN_RATE, "too many registrations" },
	{ EXPLAIN_CAA, "CAA record for %N prevents issuance" },
	{ EXPLAIN_OTHER_METHOD, "/.well-known/acme-challenge/" },
	{ EXPLAIN_OTHER_METHOD, "No TXT record found at" },
	{ EXPLAIN_OTHER_METHOD, "Incorrect TXT record" },
	{ EXPLAIN_OTHER_METHOD, "key authorization file from the server" },
	/* last: other programs say these words, too */
	{ EXPLAIN_REFUSED, "Connection refused" },
	{ EXPLAIN_UNREACHABLE, "Network unreachable" },
	{ EXPLAIN_RESET, "Connection reset by peer" },
};
const size_t explain_pattern_count = ARRAY_SIZE(explain_patterns);

const char *explain_known(size_t n)
{
	static const char *const looked_for[] = {
		"a problem document (RFC 8555 6.7), also within an order or an authorization",
		"a sentence of Boulder, Pebble or step-ca, as \"Timeout during connect (likely firewall problem)\"",
		"a problem type, as urn:ietf:params:acme:error:rateLimited",
	};

	return n < ARRAY_SIZE(looked_for) ? looked_for[n] : NULL;
}

static const struct explain_type types[] = {
	{ "accountDoesNotExist", EXPLAIN_TYPE, "the CA does not know the client's account",
	  "let the client register again, at this CA: its account is another CA's, or was deleted" },
	{ "alreadyRevoked", EXPLAIN_TYPE, "the certificate is revoked already", "nothing: it is done" },
	{ "alreadyReplaced", EXPLAIN_TYPE, "the certificate to be replaced has been replaced already",
	  "let the client order without naming the certificate that it replaces" },
	{ "badCSR", EXPLAIN_TYPE, "the CA does not accept the certificate request",
	  "compare the names in the client's request with those of its order; RSA keys need 2048 bits" },
	{ "badNonce", EXPLAIN_TYPE, "the CA did not accept the client's anti-replay nonce",
	  "run the client again: it should have tried again by itself" },
	{ "badPublicKey", EXPLAIN_TYPE, "the CA does not accept the public key",
	  "let the client make another key: P-256, or RSA of 2048 bits" },
	{ "badRevocationReason", EXPLAIN_TYPE, "the CA does not take this reason for a revocation",
	  "revoke without a reason" },
	{ "badSignatureAlgorithm", EXPLAIN_TYPE,
	  "the CA does not know the signature algorithm of the account's key",
	  "let the client use an account key of P-256 or RSA" },
	{ "caa", EXPLAIN_CAA, "", "" },
	{ "compound", -1, "several things went wrong, which the CA lists as subproblems", "" },
	{ "connection", EXPLAIN_NOT_REACHED, "", "" },
	{ "dns", EXPLAIN_DNS_FAILED, "", "" },
	{ "externalAccountRequired", EXPLAIN_TYPE,
	  "this CA wants an account that is bound to one of its customers",
	  "get a key id and an HMAC key from the CA, and register with them" },
	{ "incorrectResponse", -1, "", "" },
	{ "invalidContact", EXPLAIN_TYPE, "the CA does not accept the contact address of the account",
	  "register with another mail address, or none" },
	{ "malformed", EXPLAIN_TYPE, "the CA did not understand the client's request",
	  "update the client; if its request is about a name, see that it is spelled right" },
	{ "orderNotReady", EXPLAIN_TYPE, "the order was finalized before all its names were validated",
	  "look for the first failed challenge in the client's log; explain that one" },
	{ "rateLimited", EXPLAIN_RATE, "", "" },
	{ "rejectedIdentifier", EXPLAIN_TYPE, "the CA issues no certificates for this name",
	  "use a public name that is on no list of high risk: ask the CA" },
	{ "serverInternal", EXPLAIN_TYPE, "the CA has trouble of its own",
	  "try again later; see the CA's status page" },
	{ "tls", EXPLAIN_GARBLED, "", "" },
	{ "unauthorized", -1, "", "" },
	{ "unsupportedContact", EXPLAIN_TYPE, "the CA does not support this kind of contact address",
	  "register with a mail address, or none" },
	{ "unsupportedIdentifier", EXPLAIN_TYPE, "the CA does not issue for identifiers of this kind",
	  "for an IP address use a CA, and a profile, that issues for addresses" },
	{ "userActionRequired", EXPLAIN_TYPE,
	  "the CA wants something done by hand, as new terms to be agreed to",
	  "read the address that the problem names, then run the client again" },
};

const struct explain_type *explain_type_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i].name) == len && !strncasecmp(types[i].name, name, len))
			return &types[i];
	return NULL;
}
