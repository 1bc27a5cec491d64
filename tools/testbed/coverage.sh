#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: coverage.sh
#
# Runs the KUnit suites on the gcov kernel and writes which lines and branches of
# drivers/ they have reached: coverage/index.html in $KMCL_BUILD, and coverage.info
# beside it. Its last line sums up. Fails if the run of the suites fails.
#
# Environment: KMCL_CACHE, KMCL_BUILD.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

MODULES=$KMCL_BUILD/kunit/gcov/modules
OUT=$KMCL_BUILD/coverage
BRANCHES=(--rc lcov_branch_coverage=1)

# collect: what was counted in the modules and in the suites that contain their sources
collect() {
	lcov --quiet "${BRANCHES[@]}" --capture --initial --directory "$MODULES/drivers" --output-file "$OUT/zero.info" &&
	lcov --quiet "${BRANCHES[@]}" --capture --directory "$MODULES" --output-file "$OUT/ran.info" &&
	lcov --quiet "${BRANCHES[@]}" -a "$OUT/zero.info" -a "$OUT/ran.info" --output-file "$OUT/all.info" &&
	lcov --quiet "${BRANCHES[@]}" --extract "$OUT/all.info" "$MODULES/drivers/*" --output-file "$OUT/coverage.info" &&
	rm "$OUT"/{zero,ran,all}.info
}

pages() {
	genhtml --quiet --branch-coverage --legend --title "drivers/, by the KUnit suites" \
		--prefix "$MODULES" --output-directory "$OUT" "$OUT/coverage.info"
}

# The totals, of the records LF (lines found), LH (hit), BRF, BRH
sum_up() {
	awk -F: '
	function percent(hit, found) { return found ? sprintf("%.1f%% (%d of %d)", 100 * hit / found, hit, found) : "none" }
	/^(LF|LH|BRF|BRH):/ { sum[$1] += $2 }
	/^SF:/ && match($2, /drivers\/[^\/]*/) { name = substr($2, RSTART, RLENGTH); if (!seen[name]++) names = names (names ? " " : "") name }
	END {
		printf "coverage of %s: lines %s, branches %s\n", names, percent(sum["LH"], sum["LF"]), percent(sum["BRH"], sum["BRF"])
		exit !sum["LF"]
	}' "$OUT/coverage.info"
}

main() {
	help_if_asked "$@"
	[ $# -eq 0 ] || die "takes no arguments; see --help"
	command -v lcov >/dev/null || die "lcov is missing: run tools/testbed/packages.sh coverage"
	mkdir -p "$OUT"
	if ! "$TESTBED/kunit.sh" --kernel gcov >"$OUT/results"; then
		grep -B 8 '^not ok' "$OUT/results" >&2 || true
		die "the suites fail on the gcov kernel: see $OUT/results"
	fi
	# lcov speaks of what is no fault: of objects without a function, for one
	{ collect && pages; } 2>"$OUT/lcov.log" || { tail -n 20 "$OUT/lcov.log" >&2; die "lcov failed: see $OUT/lcov.log"; }
	say "pages: $OUT/index.html"
	sum_up
}

main "$@"; exit
