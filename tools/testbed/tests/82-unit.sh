# SPDX-License-Identifier: GPL-2.0-only
title="the parts that only compute pass their KUnit suites in user space, under sanitizers"

# Each case of the KTAP becomes a result, SUITE.CASE; what a case said stands before it. A
# suite that does not fulfil its plan has died: its last words are a failure too.
results() {
	awk '
	function fail(what) { print "not ok - " what; printf "%s", said; said = "" }
	function end_suite() {
		if (suite != "" && plan != seen) fail(suite ": " seen " of " plan " cases reported")
		suite = said = ""
	}
	/^ *KTAP version/ || /^1\.\.1$/ || /^        # Subtest: / { next }
	/^    # Subtest: / { end_suite(); suite = $3; seen = 0; suites++; next }
	/^    1\.\.[0-9]+$/ { plan = substr($1, 4); next }
	/^    ok [0-9]+ / { seen++; sub(/^    ok [0-9]+ /, ""); print "ok - " suite "." $0; said = ""; next }
	/^    not ok [0-9]+ / { seen++; sub(/^    not ok [0-9]+ /, ""); fail(suite "." $0); next }
	/^        ok / { next }
	/^ok / { end_suite(); next }
	/^not ok / { end_suite(); next }
	/^# .*: pass:/ || /^make(\[[0-9]+\])?: / { next }
	{ sub(/^ */, ""); sub(/^# /, ""); said = said "# " $0 "\n" }
	END {
		end_suite()
		if (said != "" || !suites) fail("builds, and says nothing else")
	}' "$1"
}

# The suites that the Makefile names are those that ran
suites_listed() { sed -n 's/^suites += \(.*\)_kunit$/kmcl_\1/p' "$TOP/tools/unit/Makefile"; }
suites_run() { sed -n 's/^    # Subtest: //p' "$1"; }

host() {
	local rc=0
	make --no-print-directory -s -k -C "$TOP/tools/unit" "O=$KMCL_BUILD/unit" unit \
		>"$JOB/unit.log" 2>&1 || rc=$?
	results "$JOB/unit.log"
	is "every suite ran" "$(suites_run "$JOB/unit.log")" "$(suites_listed)"
	is "make unit: exit status" "$rc" 0
}
