# SPDX-License-Identifier: GPL-2.0-only
title="the native interface on a real bus: setup, states, packets, requests, external data, pipes"
timeout=600
# Refused packets of the host, a driver's name that the bus has, what kmcl says of a silent host
allow=(
	"kmcl: check-[a-z-]+-[0-9]+: refused a packet of the host: type (6|11), "
	"Driver 'taken' is already registered"
)

arguments() {
	local name
	check_device echo echo
	check_device echo silent,silent=on
	check_device echo pair,hold=2,idle-ms=60000
	check_device echo shuffle,hold=8,order=random
	check_device echo invert,gpa-write=on
	check_device echo storm,gpa-write=on,hold=8,order=random
	check_device echo pipe,pipe=on
	check_device echo mmio,mmio-mb=8
	check_device echo greedy,mmio-mb=128
	check_device source few,count=10
	check_device source right,count=10
	check_device gpadl gpadl
	for name in gone-a gone-b gone-c gone-d gone-e gone-f; do
		check_device echo "$name,silent=on"
		printf '%s\n' --rescind-after "2,$(check_instance "$name")"
	done
	check_device echo back
	printf '%s\n' --rescind-after "2,$(check_instance back),reoffer=0.2"
}

guest() {
	cat <<'END'
load kmcl
count_events
checks alone groups=alone
stock hv_vmbus
load kmcl_vmbus
load kmcl_check_taken
checks setup groups=setup,pause
checks packets groups=packet,queue
checks requests groups=request,rescind
checks external groups=external,pipe
events events
unload kmcl_check_taken
unload kmcl_vmbus
unload kmcl
END
}

check() {
	local name
	cases alone
	cases setup
	cases packets
	cases requests
	cases external
	for name in state send queue packet_done send_refused receive refuse incoming_complete request_left; do
		at_least "tracepoint kmcl_$name was hit" "$(figure events "kmcl_$name")" 1
	done
	is "one packet went to a source, which takes none: a case sends it" "$(protocol_errors)" 1
}
