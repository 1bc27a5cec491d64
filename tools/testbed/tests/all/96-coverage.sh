# SPDX-License-Identifier: GPL-2.0-only
title="the tests reach 95 of 100 lines of drivers/, and every function with a line that they miss is explained"

host() {
	local out percent
	"$TESTBED/packages.sh" coverage
	succeeds "make coverage" "$TESTBED/coverage.sh" >"$JOB/verdict"
	cat "$JOB/verdict"
	grep -q '^ok' "$JOB/verdict" || return 0
	out=$("$TESTBED/coverage.sh" --sum)
	printf '# %s\n' "${out//$'\n'/$'\n# '}"
	percent=$(sed -n 's/^coverage of .*: lines \([0-9]*\)\..*/\1/p' <<<"$out" | tail -n 1)
	at_least "lines of 100" "$percent" 95
	is "missed and not explained" "$(grep -c '^missed' <<<"$out")" 0
}
