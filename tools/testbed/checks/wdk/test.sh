# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the tests that run wdk_check: the devices that its cases look for by
# name (bed.h), and what the guest does.

# What the cases provoke and kmcl, or hv_vmbus, then says
WDK_PROVOKED=(
	"kmcl_wdk: [a-z0-9_-]+: not cleaned up \(-16\): it is enabled, or packet objects are left"
	"kmcl_wdk: [a-z0-9_-]+: not cleaned up \(-35\): it is enabled, or packet objects are left"
	"kmcl_wdk: [a-z0-9_-]+: (pausing|starting|disabling) was refused \(-35\)"
	"kmcl_wdk: [a-z0-9_-]+: a completion payload "
	"kmcl_wdk: [a-z0-9_-]+: a packet cannot be deferred after its callback"
	"kmcl_wdk: [a-z0-9_-]+: GPADL 0x[0-9a-f]+ was not deleted \(-2\)"
	"kmcl: [a-z0-9_-]+: the driver has failed a packet of the host"
	"kmcl: [a-z0-9_-]+: the driver has not deleted GPADL 0x[0-9a-f]+; kmcl does"
	"kmcl: [a-z0-9_-]+: refused a packet of the host: type 11, "
	"kmcl: [a-z0-9_-]+: the host's offer could not be opened \(-122\)"
	"[Ff]ailed to establish GPADL: err = 0xc000009a"
	"kmcl_wdk: [a-z]*: parameters= must be like Name=1,Other=0x10"
	"kmcl_wdk: [a-z]+: DriverEntry failed with 0x[0-9a-f]+"
	"kmcl_wdk: [a-z]+: its device did not start: 0x[0-9a-f]+"
	"wdk_check: (an error 1|a warning 2)"
)

wdk_devices() {
	check_device echo echo
	check_device echo invert,gpa-write=on
	check_device echo silent,silent=on
	check_device echo slow,delay-ms=300
	check_device echo reverse,reorder=4
	check_device echo pipe,pipe=on
	check_device echo mmio,mmio-mb=8,monitor=on
	check_device echo bad,bad-answer=gap
	check_device echo gone,silent=off
	check_device source source,count=64,min=16,max=1024,depth=16
	check_device source oneway,count=10,completion=off
	check_device source endless,count=0,rate=4000,depth=512
	check_device source wide,count=4,min=8000,max=8000
	check_device source srcgone,count=0,depth=64
	check_device gpadl gpadl
	check_device gpadl refuse,refuse=on
	printf '%s\n' --rescind-after "1,$(check_instance gone),reoffer=0.2,count=1000"
	printf '%s\n' --rescind-after "1,$(check_instance srcgone),reoffer=0.2,count=1000"
}

# Guest's side: wdk_checks NAME [PARAMETER=VALUE...] runs the cases and hands their
# results out under that name
wdk_guest() {
	cat <<'END'
wdk_checks() {
	local name=$1 hung=
	shift
	load wdk_check parameters=Answer=42,Question=0x10 "$@"
	timeout 300 cat $DEBUG/wdk_check/wait >/dev/null || hung=yes
	put "$name" $DEBUG/wdk_check/results
	[ -z "$hung" ] || fail "a case does not end: $(dmesg | grep 'wdk_check: ' | tail -n 1)"
	unload wdk_check
}

# Whoever may sleep is no longer spared, if the kernel can have allocations fail
faults_allowed() {
	local kind
	for kind in failslab fail_page_alloc; do
		[ -d "$DEBUG/$kind" ] || return 1
		echo 0 >"$DEBUG/$kind/verbose"
		echo N >"$DEBUG/$kind/ignore-gfp-wait"
	done
	echo N >"$DEBUG/fail_page_alloc/ignore-gfp-highmem"
	echo 0 >"$DEBUG/fail_page_alloc/min-order"
}
END
}
