# SPDX-License-Identifier: GPL-2.0-only
title="unbind and bind through sysfs while packets fly"
timeout=120

arguments() { printf '%s\n' --device echo; }

guest() {
	cat <<'END'
kmcl kmcl_echo count=0 min=8 max=4000 depth=64
ECHO_TYPE=97683cbb-ecf6-4c20-bb86-35f8ba0e67f4
completed() { sed -n 's/^completed //p' $DEBUG/kmcl_echo/stats; }
more() { [ "$(completed)" -gt $((before + 200)) ]; }
device=$(vmbus_device $ECHO_TYPE)
driver=kmcl_echo
bound() { [ "$(driver_of "$device")" = $driver ]; }
await 30 bound || fail "$driver does not take the device"
# Its table of ids is empty: by hand it binds what the override names
echo $driver >"/sys/bus/vmbus/devices/$device/driver_override"
for round in 1 2 3 4 5 6 7 8 9 10; do
	before=$(completed)
	await 30 more || fail "no traffic in round $round"
	echo "$device" >"/sys/bus/vmbus/drivers/$driver/unbind"
	if driver_of "$device"; then fail "still bound in round $round"; fi
	echo "$device" >"/sys/bus/vmbus/drivers/$driver/bind"
done
before=$(completed)
await 30 more || fail "no traffic after the last round"
unload kmcl_echo
dmesg | grep 'kmcl_echo: sent' | put echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "sent = completed + failed" "$(($(figure echo completed) + $(figure echo failed)))" "$(figure echo sent)"
	is "mismatched" "$(figure echo mismatched)" 0
	is "opened each time" "$(device_field echo opens)" 11
	is "never taken away by the host" "$(device_field echo rescinds)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
