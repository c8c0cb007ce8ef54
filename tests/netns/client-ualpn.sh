#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# uacme with its own unmodified ualpn.sh, which runs Debian's ualpn as a client of our socket.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-acme.sh"
clients_up
attach --ualpn-socket "$DIR/ualpn.sock" || exit 1

# ualpn's socket is compiled in. /run of this command alone is a directory that has ours.
ualpn_sh() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	trusting sh -c 'mount -t tmpfs none /run && touch /run/ualpn.sock && mount --bind "$1" /run/ualpn.sock && shift && exec "$@"' sh \
		"$DIR/ualpn.sock" uacme -v -a "$ACME_URL" -c "$DIR/uacme" -t EC -h /usr/share/uacme/ualpn.sh "$@"
}

ok "uacme with ualpn.sh: an account" ualpn_sh -y new
ok "uacme with ualpn.sh: a name" ualpn_sh issue ualpn.example.org
ok "the certificate is there" certified "$(issued ualpn.example.org)" ualpn.example.org
ok "its validations were answered, and nothing is left" answered 1
ok "uacme with ualpn.sh: two names" ualpn_sh issue a.example.org b.example.org
ok "the certificate is there" certified "$(issued a.example.org)" a.example.org b.example.org
ok "uacme with ualpn.sh: an address" ualpn_sh issue "$WWW4"
ok "the certificate is there" certified "$(issued "$WWW4")" "$WWW4"
ok "their validations were answered, and nothing is left" answered 3
clients_finish
