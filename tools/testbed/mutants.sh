#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: mutants.sh [--list] [PATTERN...]
#
# Are the tests worth their time? Each file in tools/testbed/mutants is a small change that
# breaks one of the rules in Documentation/design.md. One after the other is applied to a copy
# of the sources; the cases that its header names must then fail, and must not fail without it.
# Prints TAP; the last line is "N passed, N failed".
#
# PATTERN picks mutants whose name matches, a shell pattern, anywhere in the name.
#
# --list  print name, rule and cases, and exit
#
# A patch begins with a sentence on what it breaks, and these lines:
#
#   Rule: N            of "Rules that never bend"
#   Red: SUITE.CASE    must fail with it; may stand there several times
#   Hangs: yes         the machine may stop instead
#
# Suites that also run in user space (tools/unit) do so here, the others on the debug kernel.
#
# Environment: KMCL_CACHE, KMCL_BUILD; KMCL_KUNIT_TIMEOUT, here 120 seconds for each machine.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

MUTANTS=$TESTBED/mutants
WORK=$KMCL_BUILD/mutants
SOURCES=$WORK/sources
export KMCL_KUNIT_TIMEOUT=${KMCL_KUNIT_TIMEOUT:-120}

passed=0
failed=0
mutants=()

# --- what a patch says of itself -------------------------------------------

header() { sed -n "/^---/q;s/^$2: //p" "$MUTANTS/$1.patch"; }
files_of() { sed -n 's|^+++ b/||p' "$MUTANTS/$1.patch"; }

find_mutants() {
	local file name pattern
	for file in "$MUTANTS"/*.patch; do
		name=$(basename "$file" .patch)
		for pattern in "${@:-*}"; do
			# shellcheck disable=SC2053
			[[ $name == *$pattern* ]] || continue
			mutants+=("$name")
			break
		done
	done
	[ ${#mutants[@]} -gt 0 ] || die "no mutant matches: $*"
}

list() {
	local name
	for name in "${mutants[@]}"; do
		printf '%s rule %s: %s\n' "$name" "$(header "$name" Rule)" "$(header "$name" Red | tr '\n' ' ')"
	done
}

# A rule without two mutants is a rule that nobody tests
check_headers() {
	local name red known rule
	known=$("$TESTBED/kunit.sh" --list)
	for name in "${mutants[@]}"; do
		[ -n "$(header "$name" Red)" ] || die "$name.patch names no case: Red: SUITE.CASE"
		for red in $(header "$name" Red); do
			grep -qxF "$red" <<<"$known" || die "$name.patch: there is no case $red"
		done
	done
	for rule in 1 2 3 4 5 6 7 8 9; do
		[ "$(grep -lx "Rule: $rule" "$MUTANTS"/*.patch | wc -l)" -ge 2 ] ||
			die "rule $rule has fewer than two mutants"
	done
}

# --- the copy ---------------------------------------------------------------

sources() {
	(cd "$1" && find VERSION include drivers kunit tools/unit -type f -not -path '*/corpus/*' \
		\( -name '*.[ch]' -o -name 'Kbuild*' -o -name Makefile -o -name VERSION \)) | sort
}

# What has changed gets the time of now, also if that takes a mutant of an earlier run back:
# make compares times, no contents
copy_sources() {
	local file
	mkdir -p "$SOURCES"/{include,drivers,kunit,tools/unit}
	: >>"$SOURCES/VERSION"
	comm -13 <(sources "$TOP") <(sources "$SOURCES") | (cd "$SOURCES" && xargs -r rm)
	sources "$TOP" | while read -r file; do
		cmp -s "$TOP/$file" "$SOURCES/$file" && continue
		mkdir -p "$(dirname "$SOURCES/$file")"
		cat "$TOP/$file" >"$SOURCES/$file"
	done
}

# The kernel's modules have seen it: with the time of now. Else with its own, for a header would
# have all of them built again
restore() {
	local file reds
	reds=$(header "$1" Red)
	for file in $(files_of "$1"); do
		if is_all_in_user_space "$reds"; then
			cp -p "$WORK/before/$file" "$SOURCES/$file"
		else
			cat "$TOP/$file" >"$SOURCES/$file"
		fi
	done
}

keep() {
	local file
	rm -rf "$WORK/before"
	for file in $(files_of "$1"); do
		mkdir -p "$(dirname "$WORK/before/$file")"
		cp -p "$SOURCES/$file" "$WORK/before/$file"
	done
}

# --- running cases ----------------------------------------------------------

in_user_space() { grep -qx "suites += ${1#kmcl_}_kunit" "$TOP/tools/unit/Makefile"; }

suites_of() { sed 's/\..*//' | sort -u; }

is_all_in_user_space() {
	local suite
	for suite in $(suites_of <<<"$1"); do
		in_user_space "$suite" || return 1
	done
}

# unit SUITE CASE...: KTAP becomes the lines of kunit.sh. Always built: see restore()
unit() {
	local suite=$1
	shift
	rm -f "$WORK/unit/suite/${suite#kmcl_}_kunit"{,.o}
	if ! make --no-print-directory -s -C "$SOURCES/tools/unit" O="$WORK/unit" \
		"$WORK/unit/suite/${suite#kmcl_}_kunit" >"$WORK/unit.log" 2>&1; then
		sed -n '1,20s/^/# /p' "$WORK/unit.log"
		echo "not ok 1 - kunit.builds_without_warnings"
		return
	fi
	"$WORK/unit/suite/${suite#kmcl_}_kunit" "$@" 2>&1 |
		sed -n "s/^    \(not ok\|ok\) \([0-9]*\) /\1 \2 - $suite./p" || true
}

# run SUITE [CASE...]: prints ok and not ok lines
run() {
	local suite=$1 pattern=$1
	shift
	if in_user_space "$suite"; then
		unit "$suite" "$@"
		return
	fi
	[ $# -ne 1 ] || pattern=$suite.$1
	KMCL_BUILD=$WORK "$TESTBED/kunit.sh" --sources "$SOURCES" "$pattern" 2>/dev/null || true
}

# ran VERDICT CASE OUTPUT
ran() { grep -Eq "^$1 [0-9]+ - ${2//./\\.}( #.*)?\$" <<<"$3"; }

# run_all CASE...: each suite once
run_all() {
	local suite
	for suite in $(printf '%s\n' "$@" | suites_of); do
		# shellcheck disable=SC2046
		run "$suite" $(printf '%s\n' "$@" | sed -n "s/^$suite\.//p" | sort -u)
	done
}

# --- TAP --------------------------------------------------------------------

tap() {
	if [ "$1" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	printf '%s %d - %s\n' "$1" $((passed + failed)) "$2"
}

# Without any change all cases that somebody names are green
try_unchanged() {
	local cases red out bad=
	cases=$(for red in "${mutants[@]}"; do header "$red" Red; done | sort -u)
	# shellcheck disable=SC2086
	out=$(run_all $cases)
	for red in $cases; do
		ran ok "$red" "$out" || bad+=" $red"
	done
	if [ -z "$bad" ]; then
		tap ok "unchanged: $(wc -w <<<"$cases") cases are green"
		return
	fi
	sed -n '/^ok /d;s/^/# /p' <<<"$out"
	tap 'not ok' "unchanged:$bad should be green"
}

try() {
	local name=$1 red out reds bad=
	if ! patch -p1 -s -F0 --dry-run -d "$SOURCES" <"$MUTANTS/$name.patch" >"$WORK/patch.log" 2>&1; then
		sed 's/^/# /' "$WORK/patch.log"
		tap 'not ok' "$name: the patch does not apply: the sources have changed below it"
		return
	fi
	keep "$name"
	patch -p1 -s -F0 -d "$SOURCES" <"$MUTANTS/$name.patch"
	reds=$(header "$name" Red)
	# shellcheck disable=SC2086
	out=$(run_all $reds)
	restore "$name"
	if ran 'not ok' kunit.builds_without_warnings "$out"; then
		sed -n 's/^/# /p' <<<"$out"
		tap 'not ok' "$name: it does not compile"
		return
	fi
	if ran 'not ok' kunit.finishes "$out" && [ "$(header "$name" Hangs)" = yes ]; then
		tap ok "$name: the machine stopped"
		return
	fi
	for red in $reds; do
		ran 'not ok' "$red" "$out" || bad+=" $red"
	done
	if [ -z "$bad" ]; then
		tap ok "$name: red: ${reds//$'\n'/ }"
		return
	fi
	sed -n 's/^/# /p' <<<"$out"
	tap 'not ok' "$name: survives:$bad"
}

work() {
	local name
	copy_sources
	printf 'TAP version 13\n1..%d\n' $((${#mutants[@]} + 1))
	try_unchanged
	for name in "${mutants[@]}"; do
		try "$name"
	done
	printf '# %d s\n%d passed, %d failed\n' "$SECONDS" "$passed" "$failed"
	[ "$failed" -eq 0 ]
}

main() {
	local arg list=no patterns=()
	help_if_asked "$@"
	for arg; do
		case $arg in
		--list) list=yes ;;
		-*) die "unknown option '$arg'; see --help" ;;
		*) patterns+=("$arg") ;;
		esac
	done
	find_mutants ${patterns[@]+"${patterns[@]}"}
	if [ "$list" = yes ]; then
		list
		return
	fi
	check_headers
	command -v patch >/dev/null || die "patch is missing: run tools/testbed/packages.sh"
	mkdir -p "$WORK"
	with_lock "mutants-$(basename "$KMCL_BUILD")" work
}

main "$@"
