# SPDX-License-Identifier: GPL-2.0-only
# Documentation/coverage.md says which case is for which name.
title="a Windows driver tries every function, callback, flag and status code of the interface"
cpu_counts=2
timeout=600
. "$TESTBED/checks/wdk/test.sh"
allow=("${WDK_PROVOKED[@]}")

arguments() { wdk_devices; }

guest() {
	wdk_guest
	cat <<'END'
load kmcl
load kmcl_wdk
wdk_checks nobus groups=nobus
kmcl
wdk_checks wdk
unload kmcl_vmbus
unload kmcl_wdk
unload kmcl
END
}

check() {
	local name
	cases nobus
	cases wdk
	matches "the framework has called in its order" "$(kernel_log)" \
		"wdk_check: order of the device's life: APDIsdpfcu"
	for name in source endless srcgone gpadl; do
		is "$name: no completion came twice" "$(device "$(check_instance $name)" duplicate)" 0
		is "$name: none for what was not sent" "$(device "$(check_instance $name)" unknown)" 0
	done
	name=$(check_instance gpadl)
	is "it finds those answers wrong that are" "$(device "$name" xfer_mismatched)" 9
	is "the host refused the GPADL that it should" "$(device "$(check_instance refuse)" refused)" 1
	is "no message of a pipe was wrong" "$(device "$(check_instance pipe)" pipe_bad)" 0
	is "no external data were wrong" "$(stat '[.devices[].counters.gpa_bad // 0] | add')" 0
	is "no GPADL is left at the host" "$(stat .vmbus.gpadls)" 0
	is "no more GPADLs than there are: two were refused, else no protocol errors" \
		"$(protocol_errors)" 2
}
