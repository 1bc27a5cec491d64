#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: coverage.sh [--suites|--missed|--sum]
#
# Runs the KUnit suites on the gcov kernel, in plain QEMU and in a Hyper-V guest, and after them
# the tests of guests that are about drivers/, on the same kernel. Writes which lines and branches
# of drivers/ they have reached: coverage/index.html in $KMCL_BUILD, and coverage.info beside it.
# Before its last line, which sums up, stand the functions with lines that were missed and that
# Documentation/uncovered.md does not explain. Fails if a test fails.
#
# --suites  only the suites in plain QEMU, in a tenth of the time
# --missed  run nothing; of the last run, every line that was missed
# --sum     run nothing; the last words of the last run again
#
# Environment: KMCL_CACHE, KMCL_BUILD.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

SUITES=$KMCL_BUILD/kunit/gcov
FLAVOUR=6.12-gcov
GUESTS=$KMCL_BUILD/modules/$FLAVOUR
# The samples, the native interface, and the Windows one; without those that need a debug kernel,
# or hv_utils
TESTS=('3[0-68-9]-*-2cpu' '4[0-4]-*-2cpu' '6[0-35-8]-*-2cpu')
OUT=$KMCL_BUILD/coverage
BRANCHES=(--rc lcov_branch_coverage=1)

# --- what to run ----------------------------------------------------------

# run RESULTS COMMAND...: its TAP goes to that file; what failed, to us
run() {
	local results=$OUT/$1
	shift
	say "runs $(basename "$1") ${*:2} (results: $results)"
	"$@" >"$results" && return
	grep -B 8 '^not ok' "$results" >&2 || true
	die "fails on the gcov kernel: $*; see $results"
}

run_suites() {
	run suites "$TESTBED/kunit.sh" --kernel gcov
}

run_guests() {
	run suites-hyperv "$TESTBED/kunit.sh" --kernel gcov --hyperv
	KMCL_RUN=coverage KMCL_KERNELS=$FLAVOUR run guests "$TESTBED/run-tests" "${TESTS[@]}"
}

# --- what was counted -----------------------------------------------------

# add_counters TREE: to those in $OUT/counters
add_counters() {
	local all=$OUT/counters
	if [ ! -e "$all" ]; then
		cp -r "$1" "$all"
		return
	fi
	rm -rf "$all.new"
	gcov-tool merge -o "$all.new" "$all" "$1" >/dev/null
	rm -rf "$all"
	mv "$all.new" "$all"
}

# capture OBJECTS NAME: what $OUT/counters say of objects, as NAME.info, with the paths of this tree
capture() {
	local objects=$1 info=$OUT/$2.info
	find "$objects" -name '*.gcda' -delete
	cp -r "$OUT/counters/." "$objects"
	rm -rf "$OUT/counters"
	lcov --quiet "${BRANCHES[@]}" --capture --initial --directory "$objects/drivers" --output-file "$info.zero"
	lcov --quiet "${BRANCHES[@]}" --capture --directory "$objects" --output-file "$info.ran"
	lcov --quiet "${BRANCHES[@]}" -a "$info.zero" -a "$info.ran" --output-file "$info.all"
	lcov --quiet "${BRANCHES[@]}" --extract "$info.all" "$objects/drivers/*" --output-file "$info"
	sed -i "s|^SF:$objects/|SF:$TOP/|" "$info"
	rm "$info".{zero,ran,all}
}

collect_suites() {
	local machine
	for machine; do
		add_counters "$SUITES/$machine/counters"
	done
	capture "$SUITES/modules" suites
}

collect_guests() {
	local job tree=$OUT/one
	for job in "$KMCL_BUILD"/runs/test-coverage/jobs/*; do
		rm -rf "$tree"
		mkdir "$tree"
		tar -xzf "$job/files/counters" -C "$tree"
		add_counters "$tree"
	done
	rm -rf "$tree"
	capture "$GUESTS" guests
}

pages() {
	genhtml --quiet --branch-coverage --legend --title "drivers/, by the tests" \
		--prefix "$TOP" --output-directory "$OUT" "$OUT/coverage.info"
}

# --- what it says ---------------------------------------------------------

# "FILE FUNCTION LINE,LINE-LINE..." of all that has a line without a hit. A line belongs to
# the last function that begins before it; of those that a macro makes on one line, the first by
# name, whatever order lcov has them in
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
	/^FN:/ { if (!($2 in begins) || $NF < begins[$2]) begins[$2] = $NF }
	/^DA:/ { known[$2] = 1; hits[$2] += $3; if ($2 > last) last = $2 }
	/^end_of_record/ { flush() }' "$OUT/coverage.info"
}

# A row of the document is "| `FILE` | `FUNCTION` | why |"
unexplained() {
	missed | while read -r file name lines; do
		grep -qF "| \`$file\` | \`$name\` |" "$TOP/Documentation/uncovered.md" 2>/dev/null ||
			printf 'missed and not explained: %s %s %s\n' "$file" "$name" "$lines"
	done
}

# The totals of an lcov file, of the records LF (lines found), LH (hit), BRF, BRH
totals() {
	awk -F: '
	function percent(hit, found) { return found ? sprintf("%.1f%% (%d of %d)", 100 * hit / found, hit, found) : "none" }
	/^(LF|LH|BRF|BRH):/ { sum[$1] += $2 }
	/^SF:/ && match($2, /drivers\/[^\/]*/) { name = substr($2, RSTART, RLENGTH); if (!seen[name]++) names = names (names ? " " : "") name }
	END {
		printf "coverage of %s: lines %s, branches %s\n", names, percent(sum["LH"], sum["LF"]), percent(sum["BRH"], sum["BRF"])
		exit !sum["LF"]
	}'
}

# of_driver NAME: its records of the whole
of_driver() {
	awk -v name="/drivers/$1/" '/^SF:/ { mine = index($0, name) } mine' "$OUT/coverage.info"
}

conclude() {
	local dir
	unexplained
	for dir in "$TOP"/drivers/*/; do
		grep -q "/drivers/$(basename "$dir")/" "$OUT/coverage.info" || continue
		of_driver "$(basename "$dir")" | totals
	done
	if [ -e "$OUT/guests.info" ]; then
		printf 'the suites alone: '
		totals <"$OUT/suites.info"
	fi
	totals <"$OUT/coverage.info"
}

# lcov speaks of what is no fault: of objects without a function, for one. In a process of its
# own, so that it stops at the first command that fails
quietly() {
	"$@" 2>>"$OUT/lcov.log" &
	wait $! || { tail -n 20 "$OUT/lcov.log" >&2; die "lcov failed: see $OUT/lcov.log"; }
}

measure() {
	rm -rf "$OUT"
	mkdir -p "$OUT"
	run_suites
	if [ "$1" = suites ]; then
		quietly collect_suites plain
		cp "$OUT/suites.info" "$OUT/coverage.info"
	else
		run_guests
		quietly collect_suites plain hyperv
		quietly collect_guests
		quietly lcov --quiet "${BRANCHES[@]}" -a "$OUT/suites.info" -a "$OUT/guests.info" --output-file "$OUT/coverage.info"
	fi
	quietly pages
	say "pages: $OUT/index.html"
	conclude
}

main() {
	help_if_asked "$@"
	case $* in
	--missed | --sum) [ -e "$OUT/coverage.info" ] || die "there was no run yet" ;;
	'' | --suites) command -v lcov >/dev/null || die "lcov is missing: run tools/testbed/packages.sh coverage" ;;
	*) die "takes no such argument; see --help" ;;
	esac
	case ${1:-} in
	--missed) missed ;;
	--sum) conclude ;;
	--suites) measure suites ;;
	*) measure all ;;
	esac
}

main "$@"; exit
