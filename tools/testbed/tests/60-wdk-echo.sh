# SPDX-License-Identifier: GPL-2.0-only
title="a Windows driver: 10,000 packets there and back, and external data"
timeout=240
READ=d3000000-0000-4000-8000-000000000001
WRITE=d3000000-0000-4000-8000-000000000002
variants="read write"

arguments() {
	[ "$variant" = read ] && printf '%s\n' --device echo || printf '%s\n' --device echo,gpa-write=on
}

guest() {
	printf 'WRITE=%s\n' "$([ "$variant" = read ] && echo 0 || echo 1)"
	cat <<'END'
kmcl
load kmcl_wdk
load wdk_echo parameters="Count=10000,Min=8,Max=4000,Depth=64"
cat $DEBUG/wdk_echo/wait | put echo
unload wdk_echo
load wdk_echo parameters="Count=1000,Max=512,External=20000,GpaWrite=$WRITE"
cat $DEBUG/wdk_echo/wait | put external
unload wdk_echo
unload kmcl_wdk
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "sent" "$(figure echo sent)" 10000
	is "completed" "$(figure echo completed)" 10000
	is "failed" "$(figure echo failed)" 0
	is "mismatched" "$(figure echo mismatched)" 0
	is "external: completed" "$(figure external completed)" 1000
	is "external: mismatched" "$(figure external mismatched)" 0
	is "external: the host saw all of it" "$(device echo gpa_bytes)" 20000000
	is "the host saw each packet once" "$(device echo packets)" 11000
	is "no protocol errors" "$(protocol_errors)" 0
}
