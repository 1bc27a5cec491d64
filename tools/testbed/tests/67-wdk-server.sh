# SPDX-License-Identifier: GPL-2.0-only
# No bus of the host's is there: hv_vmbus is not even loaded.
title="a Windows driver has both ends: servers, function by function, and the sample"
kernels="6.1-amd64 6.12-amd64 6.12-debug"
cpu_counts=2
timeout=900
. "$TESTBED/checks/wdk/test.sh"
allow=(
	"kmcl: [a-z0-9_-]+: the host's offer could not be opened \(-111\)"
	"kmcl_wdk: [a-z0-9_-]+: GPADL 0x[0-9a-f]+ was not unmapped \(-2\)"
	"kmcl: [a-z0-9_-]+: the driver has not unmapped GPADL 0x[0-9a-f]+; kmcl does"
	# Those of which allocations fail
	"kmcl_wdk: fault: (DriverEntry failed with|its device did not start:) 0xc000009a"
	"debugfs: out of free dentries"
	"kmemleak: Cannot allocate a scan area, scanning the full object"
)

# The debug kernel is slow
count() { [ "$kernel" = 6.12-debug ] && echo $(($1 / 10)) || echo "$1"; }

guest() {
	wdk_guest
	printf 'SAMPLE=%s ECHO=%s EXTERNAL=%s\n' "$(count 100)" "$(count 10000)" "$(count 1000)"
	cat <<'END'
load kmcl
load kmcl_wdk
load kmcl_loopback
wdk_checks server groups=server
if faults_allowed; then wdk_checks fault groups=fault; fi
load wdk_loopback parameters="Count=$SAMPLE,Opens=3"
cat $DEBUG/wdk_loopback/wait | put loopback
for dir in $DEBUG/kmcl/wdk_loopback_*/; do cat "$dir/stats"; done | put stats
unload wdk_loopback
# The server alone: it answers any client of an echo device
load wdk_loopback parameters="Client=0"
load wdk_echo parameters="Count=$ECHO,Min=8,Max=4000,Depth=64"
cat $DEBUG/wdk_echo/wait | put echo
unload wdk_echo
load wdk_echo parameters="Count=$EXTERNAL,Max=512,External=20000"
cat $DEBUG/wdk_echo/wait | put external
# Whoever goes first
unload wdk_loopback
unload wdk_echo
load wdk_loopback parameters="Count=1000000"
busy() { [ "$(sed -n 's/^completions_received //p' $DEBUG/kmcl/wdk_loopback_client/stats)" -gt 15 ]; }
await 30 busy || fail "the sample is not under load"
unload wdk_loopback
dmesg | grep 'wdk_loopback: opens' | tail -n 1 | put cut
unload kmcl_loopback
unload kmcl_wdk
unload kmcl
! loaded hv_vmbus || fail "hv_vmbus is loaded"
END
}

check() {
	cases server
	[ "${kernel%-amd64}" != "$kernel" ] || cases fault
	is "the sample: opened" "$(figure loopback opens)" 3
	is "the sample: echoed" "$(figure loopback echoed)" "$(count 300)"
	is "the sample: external data" "$(figure loopback external)" "$(count 300)"
	at_least "the sample: external data that came again" "$(figure loopback pended)" 1
	is "the sample: shared" "$(figure loopback shared)" "$(count 300)"
	is "the sample: wrong" "$(figure loopback wrong)" 0
	is "the sample: GPADLs are mapped and unmapped" "$(file stats | awk '/^gpadls_(un)?mapped / { n += $2 } END { print n }')" "$(count 600)"
	is "echo: completed" "$(figure echo completed)" "$(count 10000)"
	is "echo: mismatched" "$(figure echo mismatched)" 0
	is "external: completed" "$(figure external completed)" "$(count 1000)"
	is "external: mismatched" "$(figure external mismatched)" 0
	at_least "the sample is cut short" "$(figure cut echoed)" 3
	is "and nothing is wrong then" "$(figure cut wrong)" 0
}
