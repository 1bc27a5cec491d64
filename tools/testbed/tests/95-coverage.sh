# SPDX-License-Identifier: GPL-2.0-only
# After all others: it looks at what their guests have left.
title="Documentation/coverage.md lists every name of the interface, and the test of each ran"

# doctored NAME SED-SCRIPT: coverage-check has to complain about this document
doctored() {
	sed "$2" "$TOP/Documentation/coverage.md" >"$JOB/doctored.md"
	if "$TESTBED/coverage-check" --document "$JOB/doctored.md" >"$JOB/doctored.out" 2>&1; then
		fail "it notices $1" "$(cat "$JOB/doctored.out")"
	else
		pass "it notices $1"
	fi
}

# spoiled NAME SED-SCRIPT: and about these results, if they are good as they are
spoiled() {
	local guest
	rm -rf "$JOB/spoiled"
	for guest in "$SHARE"/jobs/6[5678]-wdk*; do
		mkdir -p "$JOB/spoiled/jobs/$(basename "$guest")"
		sed "$2" "$guest/results" >"$JOB/spoiled/jobs/$(basename "$guest")/results"
	done
	if "$TESTBED/coverage-check" --results "$JOB/spoiled" >"$JOB/spoiled.out" 2>&1; then
		fail "it notices $1" "$(cat "$JOB/spoiled.out")"
	else
		pass "it notices $1"
	fi
}

host() {
	doctored "a name that is missing" '/`VmbPacketSend`/d'
	doctored "a name that does not exist" 's/`VmbPacketSend`/`VmbPacketSent`/'
	doctored "a name of another kind" '/`VmbPacketSend`/s/function/callback/'
	doctored "a test of two names" '/`VmbPacketSend`/s/| `[^`]*` |$/| `send.external_mdl_sends_a_part` |/'
	doctored "a name without a test" '/`STATUS_CANCELLED`/s/| `[^`]*` |$/| none: forgotten |/'
	"$TESTBED/coverage-check" --results "$SHARE" >"$JOB/verdict" || true
	cat "$JOB/verdict"
	if grep -q 'not part of this run' "$JOB/verdict"; then return; fi
	spoiled "a test that failed" 's/^ok - \(send\.send_carries_any_payload\)$/not ok - \1/'
	spoiled "a test that did not run" '/^ok - send\.send_carries_any_payload$/d'
}
