#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: coverage.sh [--missed|--sum]
#
# Runs the KUnit suites on the gcov kernel and writes which lines and branches of
# drivers/ they have reached: coverage/index.html in $KMCL_BUILD, and coverage.info
# beside it. Before its last line, which sums up, stand the functions with lines that were
# missed and that Documentation/kunit-uncovered.md does not explain. Fails if the run of
# the suites fails.
#
# --missed  run nothing; of the last run, every line that was missed
# --sum     run nothing; the last words of the last run again
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

# "FILE FUNCTION LINE,LINE-LINE..." of all that has a line without a hit. A line belongs to
# the last function that begins before it
missed() {
	awk -F '[:,]' '
	function flush(   n, i, j, k, l, at, name, found, out, from, to) {
		n = asort_(begins, sorted)
		for (i = 1; i <= n; i++) {
			found = ""; from = to = 0
			for (l = sorted[i]; l < (i < n ? sorted[i + 1] : last + 1); l++) {
				if (!(l in known)) continue
				if (hits[l]) { if (from) found = found span(from, to); from = 0; continue }
				if (!from) from = l
				to = l
			}
			if (from) found = found span(from, to)
			if (found != "") print file, begins[sorted[i]], substr(found, 2)
		}
		delete begins; delete hits; delete known; last = 0
	}
	function span(from, to) { return "," from (to > from ? "-" to : "") }
	function asort_(from, to,   n, i, j, key) {
		delete to
		for (key in from) {
			for (j = n++; j > 0 && to[j] > key + 0; j--) to[j + 1] = to[j]
			to[j + 1] = key + 0
		}
		return n
	}
	/^SF:/ { file = $2; sub(/.*\/drivers\//, "drivers/", file) }
	/^FN:/ { begins[$2] = $NF }
	/^DA:/ { known[$2] = 1; hits[$2] += $3; if ($2 > last) last = $2 }
	/^end_of_record/ { flush() }' "$OUT/coverage.info"
}

# A row of the document is "| `FILE` | `FUNCTION` | why |"
unexplained() {
	missed | while read -r file name lines; do
		grep -qF "| \`$file\` | \`$name\` |" "$TOP/Documentation/kunit-uncovered.md" 2>/dev/null ||
			printf 'missed and not explained: %s %s %s\n' "$file" "$name" "$lines"
	done
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

conclude() {
	unexplained
	sum_up
}

main() {
	help_if_asked "$@"
	case $* in
	'') ;;
	--missed | --sum)
		[ -e "$OUT/coverage.info" ] || die "there was no run yet"
		if [ "$1" = --missed ]; then missed; else conclude; fi
		return ;;
	*) die "takes no such argument; see --help" ;;
	esac
	command -v lcov >/dev/null || die "lcov is missing: run tools/testbed/packages.sh coverage"
	mkdir -p "$OUT"
	if ! "$TESTBED/kunit.sh" --kernel gcov >"$OUT/results"; then
		grep -B 8 '^not ok' "$OUT/results" >&2 || true
		die "the suites fail on the gcov kernel: see $OUT/results"
	fi
	# lcov speaks of what is no fault: of objects without a function, for one
	{ collect && pages; } 2>"$OUT/lcov.log" || { tail -n 20 "$OUT/lcov.log" >&2; die "lcov failed: see $OUT/lcov.log"; }
	say "pages: $OUT/index.html"
	conclude
}

main "$@"; exit
