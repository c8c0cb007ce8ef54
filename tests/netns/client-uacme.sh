#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# uacme with share/hooks/uacme gets certificates for a name, several names and an address.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/netns/lib-acme.sh"
clients_up
attach || exit 1

ok "uacme: an account" acme -y new
ok "uacme: a name" acme issue uacme.example.org
ok "the certificate is there" certified "$(issued uacme.example.org)" uacme.example.org
ok "its validations were answered, and nothing is left" answered 1
ok "uacme: two names, one written large" acme issue a.example.org B.Example.org
ok "the certificate is there" certified "$(issued a.example.org)" a.example.org b.example.org
ok "their validations were answered, and nothing is left" answered 2
ok "uacme: an address" acme issue "$WWW4"
ok "the certificate is there" certified "$(issued "$WWW4")" "$WWW4"
ok "its validations were answered, and nothing is left" answered 1
clients_finish
