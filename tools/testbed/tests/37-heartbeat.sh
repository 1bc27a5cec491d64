# SPDX-License-Identifier: GPL-2.0-only
title="kmcl_heartbeat takes the device over from hv_utils, and gives it back"

arguments() { printf '%s\n' --device heartbeat,period-ms=100; }

guest() {
	cat <<'END'
stock hv_utils
beats() { cat /sys/module/kmcl_heartbeat/parameters/beats; }
enough() { [ "$(beats)" -ge 10 ]; }
takes_over() {
	await 20 bound_to kmcl_heartbeat || fail "kmcl_heartbeat does not take the device"
	await 20 enough || fail "only $(beats) heartbeats"
	echo "beats $(beats)" | put "$1"
}
gives_back() {
	echo "$device" >/sys/bus/vmbus/drivers/hv_utils/bind || fail "cannot give it back"
	bound_to hv_utils || fail "hv_utils does not take it back"
}
bound_to() { [ "$(driver_of "$device")" = "$1" ]; }
device=$(vmbus_device $HEARTBEAT)
await 20 bound_to hv_utils || fail "hv_utils does not take the device"
# As Documentation/heartbeat-on-azure.md says: first unbind, then load
echo "$device" >/sys/bus/vmbus/drivers/hv_utils/unbind
kmcl kmcl_heartbeat
takes_over first
unload kmcl_heartbeat
gives_back

# The other way: it is loaded, waits, and takes nothing from another driver
kmcl kmcl_heartbeat
[ "$(driver_of "$device")" = hv_utils ] || fail "kmcl_heartbeat took the device without being asked"
echo kmcl_heartbeat >"/sys/bus/vmbus/devices/$device/driver_override"
echo "$device" >/sys/bus/vmbus/drivers/hv_utils/unbind
echo "$device" >/sys/bus/vmbus/drivers/kmcl_heartbeat/bind
takes_over second
unload kmcl_heartbeat
echo >"/sys/bus/vmbus/devices/$device/driver_override"
gives_back
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "opened by hv_utils three times, by kmcl_heartbeat twice" "$(device_field heartbeat opens)" 5
	at_least "answered by kmcl_heartbeat" "$(figure first beats)" 10
	at_least "and the second time" "$(figure second beats)" 10
	is "no wrong answer" "$(device heartbeat wrong_seq)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
