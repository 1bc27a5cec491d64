# SPDX-License-Identifier: GPL-2.0-only
title="Windows drivers on a kernel with lockdep, kmemleak and DMA_API_DEBUG; the gpadl device vanishes"
kernels=6.12-debug
cpu_counts=2
timeout=240

arguments() { printf '%s\n' --device echo --device gpadl --rescind-after 4,gpadl,reoffer=0.3,count=5; }

guest() {
	cat <<'END'
kmcl
load kmcl_wdk
echo clear >$DEBUG/kmemleak
run() {
	load "$@"
	cat "$DEBUG/$1/wait"
	unload "$1"
}
run wdk_echo parameters="Count=500,Depth=32" | put echo
run wdk_echo parameters="Count=100,Max=512,External=20000" | put external
load wdk_hard parameters="Count=100000,Rounds=1,Echo=50"
offers() { dmesg | grep -c "Unknown GUID: fae20227"; }
last() { [ "$(offers)" -ge 6 ]; }
await 150 last || fail "only $(offers) offers came"
busy() { [ "$(sed -n "s/^received //p" $DEBUG/kmcl/wdk_hard_transfer/stats)" -gt $before ]; }
before=$(($(sed -n "s/^received //p" $DEBUG/kmcl/wdk_hard_transfer/stats) + 50))
await 60 busy || fail "no traffic after the last round"
cat $DEBUG/kmcl/*/stats | put stats
unload wdk_hard
dmesg | grep 'wdk_hard: ' | put log
dmesg | grep 'wdk_hard: received' | put hard
unload kmcl_wdk
unload kmcl_vmbus
unload kmcl
leaks leaks
END
}

check() {
	is "echo: completed" "$(figure echo completed)" 500
	is "echo: mismatched" "$(figure echo mismatched)" 0
	is "external: completed" "$(figure external completed)" 100
	is "external: mismatched" "$(figure external mismatched)" 0
	is "hard: mismatched" "$(figure hard mismatched)" 0
	is "hard: failed" "$(figure hard failed)" 0
	is "hard: received = completed" "$(figure hard completed)" "$(figure hard received)"
	at_least "hard: received" "$(figure hard received)" 100
	is "nothing is lost" "$(cat "$JOB/files/leaks")" ""
	is "no protocol errors" "$(protocol_errors)" 0
}
