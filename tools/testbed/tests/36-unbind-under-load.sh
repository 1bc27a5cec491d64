# SPDX-License-Identifier: GPL-2.0-only
title="unbind and bind through sysfs while packets fly; what the administrator keeps is not taken"
timeout=120
# The one that is handed to a channel that has another
allow=("probe (of|with driver) .* failed with error -16" "probe failed for device .*\(-16\)")

# The first is kept from everybody; the last goes when it is used, and comes again: then all
# channels look around
arguments() {
	check_device echo kept
	check_device echo echo
	check_device source coming,count=0
	printf '%s\n' --rescind-after "0.2,$(check_instance coming),reoffer=0.2,count=1000"
}

guest() {
	printf 'device=%s\nkept=%s\n' "$(check_instance echo)" "$(check_instance kept)"
	cat <<'END'
kmcl
echo nobody >"/sys/bus/vmbus/devices/$kept/driver_override"
load kmcl_echo count=0 min=8 max=4000 depth=64
completed() { sed -n 's/^completed //p' $DEBUG/kmcl_echo/stats; }
more() { [ "$(completed)" -gt $((before + 200)) ]; }
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
# One is enough for a channel
echo $driver >"/sys/bus/vmbus/devices/$kept/driver_override"
if echo "$kept" 2>/dev/null >"/sys/bus/vmbus/drivers/$driver/bind"; then fail "it takes two"; fi
if driver_of "$kept"; then fail "two are bound"; fi
before=$(completed)
await 30 more || fail "no traffic after the second was refused"
# What was unbound stays so, whatever else comes
echo nobody >"/sys/bus/vmbus/devices/$kept/driver_override"
echo "$device" >"/sys/bus/vmbus/drivers/$driver/unbind"
load kmcl_sink count=0
offers() { dmesg | grep -c "Unknown GUID: 16798a7e"; }
others() { [ "$(offers)" -ge 4 ]; }
await 30 others || fail "no other device comes"
unload kmcl_sink
if driver_of "$device" || driver_of "$kept"; then fail "bound against the administrator's will"; fi
unload kmcl_echo
dmesg | grep 'kmcl_echo: sent' | put echo
unload kmcl_vmbus
unload kmcl
END
}

check() {
	is "sent = completed + failed" "$(($(figure echo completed) + $(figure echo failed)))" "$(figure echo sent)"
	is "mismatched" "$(figure echo mismatched)" 0
	is "opened each time" "$(device_field "$(check_instance echo)" opens)" 11
	is "the one that is kept is not opened" "$(device_field "$(check_instance kept)" opens)" 0
	is "never taken away by the host" "$(device_field "$(check_instance echo)" rescinds)" 0
	is "no protocol errors" "$(protocol_errors)" 0
}
