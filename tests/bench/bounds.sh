# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Figures with a limit each, to be sourced after tests/netns/lib.sh.
#
# bounds_begin VERB; then bound and figure; then bounds_end. Every figure is a line of VERB.tsv in build/bench (or $BENCH_OUT), "metric TAB
# contestant TAB round TAB value", and a row of the table. bounds_end fails and names what was missed.

bounds_begin() {
	BOUNDS=${BENCH_OUT:-$ROOT/build/bench}/$1.tsv VERB=$1
	missed=()
	mkdir -p "${BOUNDS%/*}"
	: >"$BOUNDS"
	printf '%-58s %12s  %s\n' "$1" measured bound
}

# figure METRIC VALUE [CONTESTANT]: a number that has no limit. The unit stands in brackets at the metric's end.
figure() { row "$1" "$2" '' "${3:-alpnxdp}"; }

# bound METRIC VALUE RELATION LIMIT: RELATION is < or > or =, and what must hold.
bound() {
	row "$1" "$2" "$3 $4" alpnxdp
	awk -v value="$2" -v limit="$4" -v relation="$3" 'BEGIN {
		held = relation == "<" ? value < limit : relation == ">" ? value > limit : value == limit
		exit value == "" || !held
	}' || {
		missed+=("$1: $2, not $3 $4")
		return 0
	}
}

row() {
	printf '%s\t%s\t1\t%s\n' "$1" "$4" "${2:-nan}" >>"$BOUNDS"
	printf '%-58s %12s  %s\n' "$1" "$2" "$3"
}

bounds_end() {
	local one
	[ ! -x "$ROOT/tests/bench/report.py" ] || "$ROOT/tests/bench/report.py" "$VERB" >/dev/null || missed+=("the report")
	for one in "${missed[@]}"; do echo "$VERB: missed: $one"; done
	[ "${#missed[@]}" -eq 0 ]
}
