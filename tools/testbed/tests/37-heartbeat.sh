# SPDX-License-Identifier: GPL-2.0-only
title="kmcl_heartbeat takes the device over from hv_utils, and gives it back"

arguments() { printf '%s\n' --device heartbeat,period-ms=100; }

guest() {
	cat <<'END'
stock hv_utils
bound_to() { [ "$(driver_of "$device")" = "$1" ]; }
device=$(vmbus_device $HEARTBEAT)
await 20 bound_to hv_utils || fail "hv_utils does not take the device"
kmcl kmcl_heartbeat
bound_to hv_utils || fail "kmcl_heartbeat took the device without being asked"

echo "$device" >/sys/bus/vmbus/drivers/hv_utils/unbind
if [ "$(driver_of "$device")" = "" ]; then
	echo "$device" >/sys/bus/vmbus/drivers/kmcl_vmbus/bind || fail "cannot bind"
fi
beats() { [ "$(cat /sys/module/kmcl_heartbeat/parameters/beats)" -ge 10 ]; }
await 20 beats || fail "no heartbeats with kmcl_heartbeat"
echo "beats $(cat /sys/module/kmcl_heartbeat/parameters/beats)" | put heartbeat

unload kmcl_heartbeat
driver=$(driver_of "$device") && echo "$device" >"/sys/bus/vmbus/drivers/$driver/unbind"
echo "$device" >/sys/bus/vmbus/drivers/hv_utils/bind || fail "cannot give it back"
bound_to hv_utils || fail "hv_utils does not take it back"
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "opened by hv_utils, kmcl_heartbeat, hv_utils" "$(device_field heartbeat opens)" 3
	at_least "answered by kmcl_heartbeat" "$(figure heartbeat beats)" 10
	is "no wrong answer" "$(device heartbeat wrong_seq)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
