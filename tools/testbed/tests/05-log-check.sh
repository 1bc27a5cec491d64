# SPDX-License-Identifier: GPL-2.0-only
title="the log check finds what it must find, and nothing else"

clean() {
	cat <<'END'
<5>[    0.000000] Linux version 6.1.0 (someone@somewhere)
<6>[    0.100000] Hypervisor detected: Microsoft Hyper-V
<4>[    1.000000] kmcl: loading out-of-tree module taints kernel.
<12>[    1.500000] kmcl: loading out-of-tree module taints kernel.
END
}

# red WHAT LINE: the clean log is refused once LINE is in it, and LINE is named
red() {
	local out
	{ clean; printf '%s\n' "$2"; } >"$JOB/log"
	if out=$("$TESTBED/log-check" "$JOB/log"); then
		fail "finds $1" "not found: $2"
	else
		is "finds $1" "$(printf '%s\n' "$out" | wc -l)" 1
	fi
}

host() {
	clean >"$JOB/clean"
	succeeds "accepts a clean log" "$TESTBED/log-check" "$JOB/clean"
	red "an unknown warning" "<4>[    2.000000] kmcl: something odd"
	red "an unknown error" "<3>[    2.000000] kmcl: something worse"
	red "an error from user space's facility" "<11>[    2.000000] kmcl: something worse"
	red "a warning on a console" "[    2.000000] kmcl: something odd"
	red "a WARN" "<6>[    2.0] WARNING: CPU: 0 PID: 1 at lib/refcount.c:25 refcount_warn_saturate"
	red "a BUG" "<1>[    2.0] BUG: kernel NULL pointer dereference, address: 0000000000000000"
	red "an Oops" "<4>[    2.0] Oops: 0002 [#1] PREEMPT SMP NOPTI"
	red "a general protection fault" "<4>[    2.0] general protection fault, probably for non-canonical address"
	red "KASAN" "<6>[    2.0] KASAN: null-ptr-deref in range [0x0-0x7]"
	red "KCSAN" "<6>[    2.0] BUG: KCSAN: data-race in one / other"
	red "a debug object" "<6>[    2.0] ODEBUG: free active (active state 0) object: ff11 object type: timer_list"
	red "an object that is lost" "<6>[    2.0] unreferenced object 0xff11000006260a20 (size 40):"
	red "UBSAN" "<6>[    2.0] UBSAN: array-index-out-of-bounds in a.c:3:2"
	red "lockdep" "<6>[    2.0] WARNING: possible circular locking dependency detected"
	red "a refcount" "<6>[    2.0] refcount_t: underflow; use-after-free."
	red "an RCU stall" "<6>[    2.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"
	red "a hung task" "<6>[    2.0] INFO: task insmod:71 blocked for more than 120 seconds."
	red "kmemleak" "<6>[    2.0] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)"
	red "atomic sleep" "<6>[    2.0] BUG: sleeping function called from invalid context at mm.c:1"
	red "a list corruption" "<6>[    2.0] list_del corruption. prev->next should be"
	{ clean; echo "<4>[    2.0] provoked"; } >"$JOB/log"
	succeeds "excuses what a test expects" "$TESTBED/log-check" --allow '^prov.ked$' "$JOB/log"
	matches "a long log in which the first line matches" "$(seq 200000)" '^1$'
	if "$TESTBED/log-check" "$JOB/none" 2>/dev/null; then
		fail "refuses a log that is not there"
	else
		pass "refuses a log that is not there"
	fi
}
