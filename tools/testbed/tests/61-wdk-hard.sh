# SPDX-License-Identifier: GPL-2.0-only
title="a Windows driver: GPADLs, transfer pages, external data"
timeout=240

arguments() { printf '%s\n' --device echo --device gpadl; }

guest() {
	cat <<'END'
kmcl
load kmcl_wdk
load wdk_hard parameters="Count=500,Rounds=4,Pages=16,Quota=8,Defer=7,Echo=100"
cat $DEBUG/wdk_hard/wait | put hard
cat $DEBUG/wdk_hard/log | put log
for dir in $DEBUG/kmcl/*/; do cat "$dir/stats"; done | put stats
unload wdk_hard
unload kmcl_wdk
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "received" "$(figure hard received)" 4000
	is "completed" "$(figure hard completed)" 4000
	is "mismatched" "$(figure hard mismatched)" 0
	is "requests failed" "$(figure hard failed)" 0
	is "requests" "$(figure hard requests)" 517
	is "mapped" "$(device gpadl mapped)" 2
	is "unmapped" "$(device gpadl unmapped)" 2
	is "xfer completed" "$(device gpadl xfer_completed)" 4000
	is "no protocol errors" "$(protocol_errors)" 0
}
