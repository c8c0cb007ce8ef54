#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Instructions against their budgets: budget.sh NAME, a row of the table below; budget.sh --list names the rows.
#
# What is counted is one function and all that it calls, by valgrind, per call of the thing that it is for: the same number on a
# fast machine and a slow one, with others or alone. Budgets stand in tests/bench/budgets, "NAME INSTRUCTIONS". More
# than TOLERANCE above it fails; much less is said, so that the budget follows. Public-key operations, which no change of
# ours makes shorter, are counted apart: NAME-without-pk is what is left.
#
# Of the ladder of the XDP program one packet of each kind is counted, each against a budget of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
TOLERANCE=2 LOWER=5 # percent; three runs of ten handshakes differed by 0.04

# NAME | program and its arguments | how many times it does it | the function | functions counted apart
# A pattern instead of the function: all so called, each by itself (NAME-REST), without what they call of the second pattern.
rows='
walk | build/tests/bench/walk | 1 | walk_all |
ladder | build/tests/bench/ladder | 1 | cell_* helper_* |
handshake-1.3 | build/tests/bench/handshake 1.3 5 | 5 | counted_input | wc_curve25519_make_key wc_curve25519_shared_secret_ex wc_ecc_sign_hash
handshake-1.2 | build/tests/bench/handshake 1.2 5 | 5 | counted_input | wc_curve25519_make_key wc_curve25519_shared_secret_ex wc_ecc_sign_hash
'
names() { awk -F' *[|] *' 'NF > 1 { print $1 }' <<<"$rows"; }

# compare NAME INSTRUCTIONS
compare() {
	awk -v name="$1" -v counted="$2" -v above="$TOLERANCE" -v below="$LOWER" '
		$1 == name { found = 1; budget = $2 }
		END {
			if (!found) {
				printf "%s: %d instructions, and no budget in tests/bench/budgets\n", name, counted
				exit 1
			}
			percent = (counted / budget - 1) * 100
			printf "%s: %d instructions, %+.2f %% of its budget of %d\n", name, counted, percent, budget
			if (percent < -below)
				printf "%s: lower its budget\n", name
			exit percent > above
		}' tests/bench/budgets
}

# What was counted in each function and all that it calls: "FUNCTION INSTRUCTIONS".
inclusive() {
	callgrind_annotate --inclusive=yes --threshold=100 "$counts" | awk '
		/^ *[0-9,]+ \(/ {
			name = $0
			sub(/ \[[^]]*\]$/, "", name)
			sub(/.*:/, "", name)
			gsub(/,/, "", $1)
			print name, $1
		}'
}

# apart FUNCTIONS: what they took of all that was counted, calls from one to the other only once.
apart() {
	inclusive | awk -v functions="$1" '
		BEGIN { n = split(functions, list, " "); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
		$1 in wanted { sum += $2 }
		END { print sum + 0 }'
}

# each PREFIX TIMES: every function so called has a budget, and every budget of that name its function.
each() {
	local function counted compared=0 failed=0
	while read -r function counted; do
		function=${function#"$1"}
		compare "$name-${function//_/-}" $((counted / $2)) || failed=1
		compared=$((compared + 1))
	done < <(inclusive | grep "^$1" | sort)
	[ "$compared" -eq "$(grep -c "^$name-" tests/bench/budgets)" ] ||
		{ echo "$name: $compared functions, and not as many budgets in tests/bench/budgets"; failed=1; }
	return "$failed"
}

[ "${1:-}" != --list ] || { names; exit; }
IFS='|' read -r name program times function functions < <(grep "^${1:?usage: budget.sh NAME | --list} *|" <<<"$rows" | sed 's/ *| */|/g')
[ -n "$name" ] || { echo "budget.sh: no row $1; there are: $(names | paste -sd' ')" >&2; exit 2; }
# Cryptography chooses its code by what the processor has, and each compiler makes its own of the rest.
[ "$(${CC:-gcc} -dumpversion)" = 12 ] || { echo "SKIP: the budgets are for gcc 12"; exit 0; }
for feature in avx2 bmi2 adx; do
	grep -qw -m 1 "$feature" /proc/cpuinfo || { echo "SKIP: the budgets are for processors with $feature"; exit 0; }
done

counts=$(mktemp)
trap 'rm -f "$counts" "$counts.log"' EXIT
read -ra patterns <<<"$function"
# shellcheck disable=SC2086 # a command and its arguments
valgrind --tool=callgrind "${patterns[@]/#/--toggle-collect=}" --callgrind-out-file="$counts" $program >"$counts.log" 2>&1 ||
	{ tail -n 20 "$counts.log"; exit 1; }
if [[ $function = *\** ]]; then
	each "${patterns[0]%\*}" "$times"
	exit
fi
total=$(awk '/^totals:/ { print $2 }' "$counts")
failed=0
compare "$name" $((total / times)) || failed=1
[ -z "$functions" ] || compare "$name-without-pk" $(((total - $(apart "$functions")) / times)) || failed=1
exit "$failed"
