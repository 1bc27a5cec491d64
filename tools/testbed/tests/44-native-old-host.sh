# SPDX-License-Identifier: GPL-2.0-only
# Hosts before Windows 10 answer nothing about GPADLs once their channel is closed, so kmcl ends
# them first. Then a host that keeps one until the close would be waited for for ever: the cases
# of test 42 that have it do so are left out.
title="GPADLs and transfer pages with a host that speaks VMBus 3.0"
kernels=6.12-amd64
cpu_counts=1
timeout=600
allow=(
	"kmcl: check-[a-z-]+-[0-9]+: refused a packet of the host: type 7, "
	"rx_count_refusal: [0-9]+ callbacks suppressed"
	"hv_vmbus: Failed to establish GPADL: err = 0xc000009a"
	"kmcl: check-gpadl-[0-9]+: the driver has failed a packet of the host"
	"kmcl: check-gpadl-[0-9]+: the driver has not deleted GPADL 0x[0-9a-f]+; kmcl does"
)

arguments() {
	printf '%s\n' --vmbus-version 3.0
	check_device gpadl gpadl
	check_device gpadl slow
	check_device gpadl refuse,refuse=on
	check_device gpadl mute,mute-gpadl=on
	printf '%s\n' --rescind-after "2,$(check_instance mute)"
	check_device gpadl leaving
	printf '%s\n' --rescind-after "2,$(check_instance leaving)"
}

guest() {
	cat <<'END'
kmcl
checks shared groups=gpadl
checks packets groups=xfer cases=completed_*,delete_waits_*,delete_in_*
unload kmcl_vmbus
unload kmcl
END
}

check() {
	matches "hv_vmbus negotiates 3.0" "$(kernel_log)" "Vmbus version:3\.0"
	cases shared
	cases packets
	is "no GPADL is left at the host" "$(stat .vmbus.gpadls)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
