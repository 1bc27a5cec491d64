# SPDX-License-Identifier: GPL-2.0-only
# All DMA goes through 1 MiB, as in a confidential VM, but less: so it matters in which
# direction external data go, and they can run out.
title="a Windows driver's external data bounce in their direction, and may have no room"
cpu_counts=2
timeout=400
append="swiotlb=512,force rcupdate.rcu_expedited=1"
. "$TESTBED/checks/wdk/test.sh"
allow=("${WDK_PROVOKED[@]}" "swiotlb buffer is full")

arguments() { wdk_devices; }

guest() {
	wdk_guest
	cat <<'END'
kmcl
load kmcl_wdk
wdk_checks scarce groups=scarce
unload kmcl_vmbus
unload kmcl_wdk
unload kmcl
END
}

check() {
	cases scarce
	is "no external data were wrong" "$(stat '[.devices[].counters.gpa_bad // 0] | add')" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
