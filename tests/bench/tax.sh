#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the XDP program costs each kind of packet: build/tests/bpf/test_tax, which runs it by BPF_PROG_TEST_RUN without a
# network, alternating with a program that does nothing.
. "$(dirname "$0")/lib.sh"

rounds=40
[ -z "$SHORT" ] || rounds=10
VERB=tax
mkdir -p "$OUT"
"$ROOT/build/tests/bpf/test_tax" --tsv "$rounds" >"$OUT/tax.tsv" 2>"$OUT/tax.log" ||
	die "test_tax --tsv failed: $(tail -n 3 "$OUT/tax.log")"
awk -F '\t' 'NF != 4 || $4 !~ /^[0-9.]+$/ { bad = 1 } END { exit bad || !NR }' "$OUT/tax.tsv" ||
	die "test_tax --tsv did not print metric, contestant, round and value between tabs"
bench_end
