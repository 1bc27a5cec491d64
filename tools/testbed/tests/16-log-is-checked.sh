# SPDX-License-Identifier: GPL-2.0-only
title="a warning in a guest's log reaches the log check"
kernels=6.12-amd64
cpu_counts=1
allow=("kmcl test: provoked")

guest() { echo "echo '<4>kmcl test: provoked' >/dev/kmsg"; }

check() {
	if "$TESTBED/log-check" "$JOB/files/kmsg" >"$JOB/found"; then
		fail "it goes red without the excuse"
	else
		is "it goes red without the excuse" "$(cat "$JOB/found")" "level 4: kmcl test: provoked"
	fi
}
