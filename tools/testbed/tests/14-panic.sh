# SPDX-License-Identifier: GPL-2.0-only
# A real panic: it ends hvhost with its own exit status, the bus is told (UNLOAD
# comes from the panic path too), and the log check goes red on a real splat.
title="a panic is told apart, and the log check sees it"
cpu_counts=1
expect=4
kmsg=no
allow=(".*")

arguments() { printf '%s\n' --device heartbeat; }

guest() {
	cat <<'END'
stock hv_utils
echo c >/proc/sysrq-trigger
END
}

check() {
	matches "the console shows it" "$(cat "$JOB/console")" "Kernel panic"
	if "$TESTBED/log-check" "$JOB/console" >"$JOB/found"; then
		fail "the log check finds it"
	else
		matches "the log check finds it" "$(cat "$JOB/found")" "^splat: .*Kernel panic"
	fi
}
