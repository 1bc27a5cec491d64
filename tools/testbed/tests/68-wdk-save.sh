# SPDX-License-Identifier: GPL-2.0-only
title="a Windows driver saves a server and restores it to another"
kernels="6.1-amd64 6.12-amd64 6.12-debug"
cpu_counts=2
timeout=300
. "$TESTBED/checks/wdk/test.sh"
# Of cleanup_ends_what_was_restored, and of no other
allow=("kmcl_wdk: restored: not cleaned up \(-16\)")

guest() {
	wdk_guest
	cat <<'END'
load kmcl
load kmcl_wdk
load kmcl_loopback
wdk_checks save groups=save
unload kmcl_loopback
unload kmcl_wdk
unload kmcl
END
}

check() { cases save; }
