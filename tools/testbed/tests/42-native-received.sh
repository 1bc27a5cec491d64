# SPDX-License-Identifier: GPL-2.0-only
title="the native interface on a real bus: received packets, GPADLs, transfer pages"
timeout=600
# Packets that are refused, and a driver that forgets its GPADLs: the cases provoke them
allow=(
	"kmcl: check-[a-z-]+-[0-9]+: refused a packet of the host: type [67], "
	"rx_count_refusal: [0-9]+ callbacks suppressed"
	"hv_vmbus: Failed to establish GPADL: err = 0xc000009a"
	"kmcl: check-[a-z-]+-[0-9]+: the driver has failed a packet of the host"
	"kmcl: check-gpadl-[0-9]+: the driver has not deleted GPADL 0x[0-9a-f]+; kmcl does"
)
BAD="outside empty count set wrap"

arguments() {
	local name
	check_device source few,count=10
	check_device source right,count=10
	check_device source growing,count=10,min=201,max=201
	check_device source many,count=200,max=600
	check_device gpadl gpadl
	check_device gpadl slow
	check_device gpadl refuse,refuse=on
	check_device gpadl mute,mute-gpadl=on
	printf '%s\n' --rescind-after "2,$(check_instance mute)"
	check_device gpadl leaving
	printf '%s\n' --rescind-after "2,$(check_instance leaving)"
	for name in $BAD; do
		check_device gpadl "$name,bad-xfer=$name"
	done
}

guest() {
	cat <<'END'
kmcl
count_events
checks received groups=errors,quota,defer
checks shared groups=gpadl,xfer
events events
unload kmcl_vmbus
unload kmcl
END
}

check() {
	local name
	cases received
	cases shared
	is "the host held back the teardown of what it had mapped" \
		"$(device "$(check_instance slow)" withheld_torndown)" 2
	for name in receive refuse stall move incoming_complete incoming_end drop gpadl; do
		at_least "tracepoint kmcl_$name was hit" "$(figure events "kmcl_$name")" 1
	done
	name=$(check_instance gpadl)
	is "it unmapped all that it had mapped" "$(device "$name" mapped)" "$(device "$name" unmapped)"
	is "no completion came twice" "$(device "$name" duplicate)" 0
	is "none for what was not sent" "$(device "$name" unknown)" 0
	is "it refused three GPADLs" "$(device "$(check_instance refuse)" refused)" 3
	is "it did not answer one" "$(device "$(check_instance mute)" unanswered)" 1
	for name in $BAD; do
		is "$name: all were answered, with nothing" "$(device "$(check_instance "$name")" xfer_completed)" 50
	done
	is "wrong answers to a source: none" "$(device "$(check_instance many)" mismatched)" 0
	is "answers in place: right" "$(device "$(check_instance right)" mismatched)" 0
	is "no GPADL is left at the host" "$(stat .vmbus.gpadls)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
